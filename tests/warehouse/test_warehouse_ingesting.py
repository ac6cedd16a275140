"""Batches against what is there already: known, swept, repeated, mixed, at the same moment."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import func, select, update

from floorwalker.events import columns_of, decode_event, encode_event
from floorwalker.warehouse import Warehouse
from floorwalker.warehouse.ingesting import Arrival, take_in
from floorwalker.warehouse.records import to_us
from floorwalker.warehouse.schema import day_versions, events, feeds, stores
from floorwalker.warehouse.sweeping import Kind, sweep_store
from floorwalker.warehouse.versions import utc_day

DAY_S = 24 * 3600


def replaced(event, **changes):
    return msgspec.structs.replace(event, **changes)


def rows(warehouse, statement):
    with warehouse.database.read() as connection:
        return connection.execute(statement).all()


def sweep(warehouse, store_id, moment):
    with warehouse.database.write() as connection:
        connection.execute(
            update(stores).where(stores.c.store_id == store_id).values(swept_before_us=to_us(moment))
        )


def test_what_lies_before_the_sweep_is_expired_for_ever(warehouse, make_event, noon):
    old, young = make_event(-DAY_S), make_event(0)
    warehouse.add_events([old, young])
    with warehouse.database.write() as connection:
        connection.execute(events.delete().where(events.c.event_id == old.event_id))
    sweep(warehouse, "S1", noon - timedelta(hours=1))
    report = warehouse.add_events([young, old, make_event(-7200), make_event(60), make_event(-3600)])
    assert (report.inserted, report.duplicates) == (2, 1)
    assert [(fault.index, fault.code) for fault in report.errors] == [(1, "expired"), (2, "expired")]
    assert warehouse.add_events([old]).errors[0].event_id == old.event_id


def test_the_sweep_of_one_store_is_not_another_ones(warehouse, make_event, noon):
    warehouse.add_events([make_event(0)])
    sweep(warehouse, "S1", noon)
    report = warehouse.add_events([make_event(-60), make_event(-60, store_id="S2")])
    assert (report.inserted, [fault.index for fault in report.errors]) == (1, [0])


def test_every_place_of_a_batch_is_told_right(warehouse, make_event):
    known, twice, other = make_event(1), make_event(2), make_event(3)
    warehouse.add_events([known])
    batch = [
        twice,
        known,
        replaced(known, visitor_id="VIS_2"),
        twice,
        other,
        replaced(twice, dwell_ms=5),
        known,
        make_event(7 * 3600),
        replaced(twice, store_id="S2"),
        replaced(known, timestamp=known.timestamp + timedelta(seconds=1)),
    ]
    outcome = warehouse.intake.take(columns_of(batch))
    assert outcome.inserted == 3
    assert outcome.duplicates == [1, 3, 6]
    told = [(fault.index, fault.code, fault.event_id) for fault in outcome.faults]
    assert told == [
        (2, "conflict", known.event_id),
        (5, "conflict", twice.event_id),
        (7, "future", batch[7].event_id),
        (9, "conflict", known.event_id),
    ]


def test_a_known_event_after_a_conflict_with_it_is_a_duplicate(warehouse, make_event):
    known = make_event()
    warehouse.add_events([known])
    outcome = warehouse.intake.take(columns_of([replaced(known, zone_id="Z"), known]))
    assert (outcome.duplicates, [fault.index for fault in outcome.faults]) == ([1], [0])


@pytest.mark.parametrize(
    "change",
    [
        {"camera_id": "C2"},
        {"visitor_id": "VIS_2"},
        {"kind": "EXIT"},
        {"at_s": 1},
        {"zone_id": "Z"},
        {"dwell_ms": 1},
        {"is_staff": True},
        {"confidence": 0.5},
        {"metadata": {}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_other_content_is_a_conflict_whatever_it_differs_in(warehouse, make_event, change):
    names = {"event_id": str(uuid.uuid4()), "confidence": 0.75}
    first = make_event(**names)
    other = make_event(**names | change)
    warehouse.add_events([first])
    assert warehouse.add_events([other]).errors[0].code == "conflict"
    assert warehouse.add_events([first]).duplicates == 1


@pytest.mark.parametrize("size", [1, 3, 37, 499, 500, 501, 1234])
def test_batches_of_any_size_go_in_once(warehouse, make_event, size):
    batch = [make_event(i) for i in range(size)]
    assert warehouse.add_events(batch[::-1]).inserted == size
    assert warehouse.add_events([*batch, make_event(9000)]).duplicates == size


def test_a_batch_of_many_stores_is_kept_apart(warehouse, make_event):
    batch = [make_event(i, store_id=f"S{i % 60}", camera_id=f"C{i % 7}") for i in range(300)]
    assert warehouse.add_events(batch).inserted == 300
    assert len(warehouse.versions()) == 60
    assert rows(warehouse, select(func.count()).select_from(feeds)) == [
        (len({(event.store_id, event.camera_id) for event in batch}),)
    ]


def test_a_late_event_touches_its_own_day_and_no_other(warehouse, make_event, noon):
    warehouse.add_events([make_event(0), make_event(-3 * DAY_S)])

    def versions():
        return dict(rows(warehouse, select(day_versions.c.day, day_versions.c.version)))

    before = versions()
    today = utc_day(to_us(noon))
    assert set(before) == {today, today - 3}
    warehouse.add_events([make_event(-3 * DAY_S + 60)])
    after = versions()
    assert after[today] == before[today]
    assert after[today - 3] > before[today - 3]
    assert after[today - 3] == warehouse.versions()["S1"]


def test_a_batch_that_brings_nothing_new_touches_nothing(warehouse, make_event):
    event = make_event()
    warehouse.add_events([event])
    before = (warehouse.versions(), rows(warehouse, select(day_versions)), rows(warehouse, select(feeds)))
    warehouse.add_events([event, replaced(event, dwell_ms=1), make_event(10 * 3600)])
    after = (warehouse.versions(), rows(warehouse, select(day_versions)), rows(warehouse, select(feeds)))
    assert after == before


def test_a_store_named_only_by_what_was_refused_stays_unknown(warehouse, make_event):
    warehouse.add_events([make_event(10 * 3600, store_id="NOWHERE")])
    assert warehouse.versions() == {}


def test_a_feed_knows_its_latest_event_and_its_latest_live_one(warehouse, make_event, noon):
    def feed():
        return rows(warehouse, select(feeds.c.last_event_us, feeds.c.last_live_us))[0]

    def us(seconds):
        return to_us(noon + timedelta(seconds=seconds))

    warehouse.add_events([make_event(0), make_event(3600)])  # it is six hours after noon
    assert feed() == (us(3600), None)
    warehouse.add_events([make_event(5.5 * 3600)])
    assert feed() == (us(5.5 * 3600), us(5.5 * 3600))
    warehouse.add_events([make_event(5.2 * 3600), make_event(60)])
    assert feed() == (us(5.5 * 3600), us(5.5 * 3600))
    warehouse.add_events([make_event(5.9 * 3600)], live=False)
    assert feed() == (us(5.9 * 3600), us(5.5 * 3600))


def test_times_are_kept_in_whole_milliseconds(warehouse, make_event, noon):
    warehouse.add_events([make_event(0.9996), make_event(1.0004)])
    kept = rows(warehouse, select(events.c.time_us).order_by(events.c.time_us))
    assert [time_us - to_us(noon) for (time_us,) in kept] == [999_000, 1_000_000]


def test_a_group_with_a_nul_in_its_name_is_no_obstacle(warehouse, make_event):
    event = make_event(metadata={"group_id": "a\0b", "note": "\0", "session_seq": 2**70})
    assert warehouse.add_events([event]).inserted == 1
    assert warehouse.add_events([event]).duplicates == 1
    assert rows(warehouse, select(events.c.group_id)) == [("ab",)]


def test_two_programs_with_one_batch_at_the_same_moment_insert_it_once(database_url, make_event, noon):
    """Two warehouses share nothing but the database, as two processes do."""
    batches = [[make_event(i, store_id=f"S{i % 3}") for i in range(n, n + 300)] for n in range(0, 1500, 300)]
    opened = [Warehouse(database_url, clock=lambda: noon + timedelta(hours=6)) for _ in range(2)]
    reports: list[list] = [[], []]
    start = threading.Barrier(2)

    def send(place):
        for batch in batches:
            start.wait(30)
            order = batch if place else batch[::-1]
            reports[place].append(opened[place].add_events(order))

    threads = [threading.Thread(target=send, args=(place,)) for place in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for one, other in zip(*reports, strict=True):
        assert one.inserted + other.inserted == 300
        assert one.inserted + one.duplicates == other.inserted + other.duplicates == 300
    assert rows(opened[0], select(func.count()).select_from(events)) == [(1500,)]
    for warehouse in opened:
        warehouse.close()


def test_an_event_made_in_this_process_is_the_same_over_http(warehouse, make_event, noon):
    event = make_event(metadata={})
    assert warehouse.add_events([event]).inserted == 1
    with warehouse.database.write() as connection:
        outcome = take_in(connection, columns_of([decode_event(encode_event(event))]), Arrival(to_us(noon)))
    assert (outcome.duplicates, outcome.faults) == ([0], [])


def test_the_id_of_a_swept_event_is_free_for_a_later_day(database_url, make_event, noon):
    warehouse = Warehouse(database_url, clock=lambda: noon + timedelta(days=5))
    event = make_event()
    warehouse.add_events([event])
    list(sweep_store(warehouse.database, warehouse.store("S1"), {Kind.EVENTS: 3}, warehouse.now()))
    assert [fault.code for fault in warehouse.add_events([event]).errors] == ["expired"]
    assert warehouse.add_events([make_event(4 * 86_400, event_id=event.event_id)]).inserted == 1
    warehouse.close()
