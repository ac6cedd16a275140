"""Delivery: in order, at least once, again after every failure, and what nobody takes set aside."""

import time
from datetime import UTC, datetime

import msgspec

from floorwalker.adapters.spool import Spool
from floorwalker.events import Event, EventType
from floorwalker.pipeline.delivery import Away, Delivery, DeliveryRules, EventsItem, Refusal, StretchItem
from floorwalker.runs import Gap, Recording, Run

QUICK = DeliveryRules(first_pause_s=0.01, longest_pause_s=0.05)


def event(number):
    return Event(
        event_id=f"00000000-0000-4000-8000-{number:012d}",
        store_id="S1",
        camera_id="C",
        visitor_id="VIS_1",
        event_type=EventType.ENTRY,
        timestamp=datetime(2026, 3, 3, 10, 0, number, 250_000, tzinfo=UTC),
        metadata={"queue_depth": None},
    )


class Moody:
    """A sink that is away for a while, and never takes one of the events."""

    name = "the sink"

    def __init__(self, away=3, refused=()):
        self.away, self.refused, self.taken = away, refused, []

    def send(self, item):
        if self.away:
            self.away -= 1
            raise Away("no answer")
        self.taken.append(item)
        events = getattr(item, "events", ())
        return [
            Refusal("conflict", "other content", msgspec.Raw(b"{}"))
            for e in events
            if e.event_id in self.refused
        ]


def test_all_arrive_in_order_after_the_sink_was_away(tmp_path):
    said, sink = [], Moody(away=4)
    delivery = Delivery(Spool(tmp_path), sink, said.append, QUICK)
    items = [EventsItem([event(number)]) for number in range(20)]
    for item in items:
        delivery.put(item)
    delivery.start()
    assert delivery.stop(10)
    assert sink.taken == items
    assert delivery.state.sent == 20
    assert said == [
        f"the sink takes nothing: no answer; {said[0].split()[-3]} bytes wait",
        "the sink takes again",
    ]


def test_what_was_put_comes_out_as_it_was(tmp_path):
    recording = Recording("S1", "C", datetime(2026, 3, 3, tzinfo=UTC), 12.5, "aa", (Gap(1.0, 2.0, "dark"),))
    run = Run(recording.recording_id, "0", "motion", "cc")
    sink = Moody(away=0)
    delivery = Delivery(Spool(tmp_path), sink, print, QUICK)
    delivery.put(StretchItem(recording, run))
    delivery.start()
    assert delivery.stop(10)
    assert sink.taken == [StretchItem(recording, run)]


def test_what_is_refused_is_set_aside_and_the_rest_goes_on(tmp_path):
    said, sink = [], Moody(away=0, refused={event(1).event_id})
    delivery = Delivery(Spool(tmp_path), sink, said.append, QUICK)
    for number in range(3):
        delivery.put(EventsItem([event(number)]))
    delivery.start()
    assert delivery.stop(10)
    assert (delivery.state.sent, delivery.state.refused) == (3, 1)
    assert said == ["the sink refused 1, first: conflict: other content"]
    assert len((tmp_path / "rejects.jsonl").read_bytes().splitlines()) == 1


def test_an_end_while_the_sink_is_away_keeps_everything_for_the_next_start(tmp_path):
    spool = Spool(tmp_path)
    delivery = Delivery(spool, Moody(away=10**6), print, QUICK)
    delivery.start()
    delivery.put(EventsItem([event(1)]))
    began = time.monotonic()
    assert not delivery.stop(0.2)
    assert time.monotonic() - began < 5
    spool.close()
    sink = Moody(away=0)
    again = Delivery(Spool(tmp_path), sink, print, QUICK)
    again.start()
    assert again.stop(10)
    assert sink.taken == [EventsItem([event(1)])]


def test_an_item_of_another_version_of_the_program_stops_nothing(tmp_path):
    spool, sink = Spool(tmp_path), Moody(away=0)
    spool.put(b'{"type": "something new"}')
    delivery = Delivery(spool, sink, print, QUICK)
    delivery.put(EventsItem([event(1)]))
    delivery.start()
    assert delivery.stop(10)
    assert sink.taken == [EventsItem([event(1)])]
    assert b"something new" in (tmp_path / "rejects.jsonl").read_bytes()
