"""Days in the store's own time, and uniques that are never sums."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from floorwalker.events import Event, EventType
from floorwalker.insights.answers import answer_metrics, answer_traffic
from floorwalker.insights.opening import opening_spans
from floorwalker.insights.picture import take_picture
from floorwalker.insights.windows import choose_window
from floorwalker.site import Site
from floorwalker.warehouse.records import from_us


def site(zone):
    hours = {"opens": "09:00", "closes": "21:00"}
    store = {"id": "S", "timezone": zone, "opening_hours": dict.fromkeys(("sun", "mon", "tue"), hours)}
    return Site.model_validate({"store": [store]})


def event(kind, at, visitor="a"):
    moment = datetime.fromisoformat(at).astimezone(UTC)
    return Event(
        event_id=str(uuid.uuid4()),
        store_id="S",
        camera_id="C",
        visitor_id=visitor,
        event_type=EventType(kind),
        timestamp=moment,
    )


@pytest.fixture
def shop(empty_warehouse):
    opened = []

    def make(zone, *events, now="2027-01-01T00:00:00+00:00"):
        warehouse = empty_warehouse(clock=lambda: datetime.fromisoformat(now))
        opened.append(warehouse)
        warehouse.register_site(site(zone))
        warehouse.add_events(list(events), live=False)
        store = warehouse.store("S")

        def ask(answer=answer_metrics, **window):
            return answer(take_picture(warehouse, store, choose_window(warehouse, store, **window)))

        return ask

    yield make
    for warehouse in opened:
        warehouse.close()


@pytest.mark.parametrize(
    ("zone", "day", "first", "last", "hours"),
    [
        ("Asia/Kolkata", "2026-03-03", "2026-03-03T00:00:00+05:30", "2026-03-03T23:59:59+05:30", 24),
        ("America/Los_Angeles", "2026-03-08", "2026-03-08T00:00:00-08:00", "2026-03-08T23:59:59-07:00", 23),
        ("America/Los_Angeles", "2026-11-01", "2026-11-01T00:00:00-07:00", "2026-11-01T23:59:59-08:00", 25),
        ("Europe/Berlin", "2026-03-29", "2026-03-29T00:00:00+01:00", "2026-03-29T23:59:59+02:00", 23),
        ("Australia/Adelaide", "2026-04-05", "2026-04-05T00:00:00+10:30", "2026-04-05T23:59:59+09:30", 25),
        ("Pacific/Kiritimati", "2026-03-03", "2026-03-03T00:00:00+14:00", "2026-03-03T23:59:59+14:00", 24),
        ("Asia/Kathmandu", "2026-03-03", "2026-03-03T00:00:00+05:45", "2026-03-03T23:59:59+05:45", 24),
    ],
)
def test_a_day_holds_its_first_and_last_second_and_no_other(shop, zone, day, first, last, hours):
    begin, end = datetime.fromisoformat(first), datetime.fromisoformat(last)
    outside = [(begin - timedelta(seconds=1)).isoformat(), (end + timedelta(seconds=1)).isoformat()]
    ask = shop(zone, *(event("ENTRY", at, f"v{n}") for n, at in enumerate([first, last, *outside])))
    found = ask(day=day)
    assert found["unique_visitors"] == 2
    window = found["window"]
    length = datetime.fromisoformat(window["to"]) - datetime.fromisoformat(window["from"])
    assert length == timedelta(hours=hours)
    rows = ask(lambda picture: answer_traffic(picture, timedelta(minutes=15)), day=day)["buckets"]
    assert len(rows) == hours * 4
    assert (rows[0]["entries"], rows[-1]["entries"]) == (1, 1)


def test_opening_hours_go_by_the_wall_clock(shop):
    spans = {}
    for day in ("2026-03-08", "2026-03-09"):
        ask = shop("America/Los_Angeles")
        picture = ask(lambda picture: picture, day=day)
        ((begin, end),) = opening_spans(picture.store, picture.window)
        spans[day] = (from_us(begin), end - begin)
    assert spans["2026-03-08"][0] == datetime(2026, 3, 8, 16, tzinfo=UTC)
    assert spans["2026-03-09"][0] == datetime(2026, 3, 9, 16, tzinfo=UTC)
    assert spans["2026-03-08"][1] == spans["2026-03-09"][1] == 12 * 3600 * 1_000_000


def test_the_peak_hour_of_a_half_hour_zone_is_of_its_own_clock(shop):
    ask = shop("Asia/Kolkata", *(event("ENTRY", f"2026-03-03T10:{m}0:00+05:30", f"v{m}") for m in range(6)))
    peak = ask(day="2026-03-03")["peak_hour"]
    assert (peak["from"], peak["ways_in"]) == ("2026-03-03T04:30:00Z", 6)


def test_the_hour_that_comes_twice_is_two_hours(shop):
    twice = ["2026-11-01T01:30:00-07:00", "2026-11-01T01:30:00-08:00", "2026-11-01T01:40:00-08:00"]
    ask = shop("America/Los_Angeles", *(event("ENTRY", at, at) for at in twice))
    assert ask(day="2026-11-01")["peak_hour"] == {
        "from": "2026-11-01T09:00:00Z",
        "to": "2026-11-01T10:00:00Z",
        "ways_in": 2,
        "n": 3,
    }


def test_uniques_are_no_sums_of_parts(shop):
    """One who comes in each hour, and one who comes on two days under one name."""
    comes = [event("ENTRY", "2026-03-02T10:00:00+00:00")]
    for day, hour in (("02", 11), ("02", 12), ("03", 10)):
        comes += [event("EXIT", f"2026-03-{day}T{hour - 1:02d}:50:00+00:00")]
        comes += [event("REENTRY", f"2026-03-{day}T{hour}:00:00+00:00")]
    ask = shop("UTC", *comes)
    hours = [
        ask(from_text=f"2026-03-02T{h}:00:00Z", to_text=f"2026-03-02T{h + 1}:00:00Z")["unique_visitors"]
        for h in (10, 11, 12)
    ]
    assert hours == [1, 1, 1]
    assert ask(day="2026-03-02")["unique_visitors"] == 1
    both = ask(from_text="2026-03-02T00:00:00Z", to_text="2026-03-04T00:00:00Z")
    assert (both["unique_visitors"], both["visits"]) == (1, 2)
    overlapping = ask(from_text="2026-03-02T10:30:00Z", to_text="2026-03-02T12:30:00Z")
    assert overlapping["unique_visitors"] == 1


def test_a_replay_is_judged_at_its_own_time(shop):
    ask = shop(
        "UTC", event("ENTRY", "2026-03-03T10:00:00+00:00"), event("ENTRY", "2026-03-03T11:00:00+00:00")
    )
    assert ask()["as_of"] == "2026-03-03T11:00:00Z"
    assert ask(from_text="2026-03-03T09:00:00Z", to_text="2026-03-03T10:30:00Z")["as_of"] == (
        "2026-03-03T10:00:00Z"
    )
