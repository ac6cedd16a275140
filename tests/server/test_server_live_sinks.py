"""A live camera's words arrive alike whether they go to a server or into the database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from floorwalker.adapters.server_sink import ServerSink
from floorwalker.adapters.warehouse_sink import WarehouseSink
from floorwalker.errors import InputError
from floorwalker.events import Event, EventType
from floorwalker.pipeline.delivery import Away, EventsItem, StretchItem
from floorwalker.resolutions import Attribute, Resolution
from floorwalker.runs import Gap, Recording, Run
from floorwalker.warehouse import Warehouse


@pytest.fixture
def words(house):
    start = house.clock.now - timedelta(hours=1)
    recording = Recording("S1", "C", start, 3000.0, "ab" * 32, (Gap(60.0, 90.5, "dark"),))
    run = Run(recording.recording_id, "0.1.0", "motion", "cd" * 16)
    event = Event(
        event_id="00000000-0000-4000-8000-000000000001",
        store_id="S1",
        camera_id="C",
        visitor_id="VIS_1",
        event_type=EventType.ENTRY,
        timestamp=start + timedelta(seconds=30.25),
        metadata={"queue_depth": None, "sku_zone": None, "session_seq": 1, "run_id": run.run_id},
    )
    said = Resolution("S1", "VIS_1", Attribute.IS_STAFF, "true", "rule:staff-only-zone", 0.8, event.timestamp)
    return EventsItem([event]), StretchItem(recording, run, [said])


def kept(warehouse, recording):
    around = (recording.start_utc - timedelta(hours=2), recording.start_utc + timedelta(hours=2))
    view = warehouse.read("S1", *around)
    return (
        [(e.event_id, e.visitor_id, e.is_staff, e.time_us) for e in view.events],
        warehouse.recordings("S1", *around),
        warehouse.feeds(),
    )


def test_a_server_and_the_database_keep_the_same(house, words, tmp_path):
    own = Warehouse(f"sqlite:///{tmp_path / 'own.db'}", clock=house.clock)
    for sink in (ServerSink(str(house.http.base_url)), WarehouseSink(own)):
        for _ in range(2):  # what is sent again changes nothing
            assert [sink.send(item) for item in words] == [[], []]
    here, there = (kept(warehouse, words[1].recording) for warehouse in (own, house.warehouse))
    assert here == there
    events, recordings, _ = here
    assert [event[2] for event in events] == [True]
    assert recordings == [words[1].recording]
    own.close()


def test_what_is_refused_for_good_is_told_apart_from_what_is_away(house, words):
    events, stretch = words
    sink = ServerSink(str(house.http.base_url))
    assert sink.send(events) == []
    (refused,) = sink.send(EventsItem([Event(**{**_fields(events.events[0]), "dwell_ms": 5})]))
    assert refused.code == "conflict"
    assert b"VIS_1" in bytes(refused.what)
    ahead = Recording("S1", "C", house.clock.now, 9000.0, "ab" * 32)
    (refused,) = sink.send(StretchItem(ahead, stretch.run))
    assert refused.code == "http 422"
    with pytest.raises(Away, match="no answer"):
        ServerSink("http://127.0.0.1:9").send(events)


def test_a_key_that_is_not_taken_waits_for_a_better_one(house, words):
    sink = ServerSink(str(house.http.base_url), "fw_nonsense")
    with pytest.raises(Away, match="401"):
        sink.send(words[0])


def test_an_address_that_is_none_is_refused_without_its_password():
    with pytest.raises(InputError) as failure:
        ServerSink("ftp://a:geheim@h")
    assert "geheim" not in str(failure.value)


def _fields(event):
    return {name: getattr(event, name) for name in event.__struct_fields__}
