"""Facts of past days: kept while they hold, and never wrong."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from floorwalker.events import Event, EventType
from floorwalker.insights.facts import days_between, facts_of, keep_facts, read_facts
from floorwalker.insights.picture import take_picture
from floorwalker.insights.windows import window_of_day
from floorwalker.resolutions import Attribute, Resolution
from floorwalker.runs import Recording, Run
from floorwalker.site import Site
from floorwalker.warehouse import Transaction, Warehouse
from floorwalker.warehouse.records import to_us
from floorwalker.warehouse.schema import day_facts
from floorwalker.warehouse.sweeping import Kind, sweep_store

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
DAY = date(2026, 3, 3)
DAYS = days_between(date(2026, 3, 1), date(2026, 3, 6))


def event(kind="ENTRY", visitor="a", at=NOON, zone=None, camera="C1", **more):
    return Event(
        event_id=str(uuid.uuid4()), store_id="S", camera_id=camera, visitor_id=visitor,
        event_type=EventType(kind), timestamp=at, zone_id=zone, **more,
    )  # fmt: skip


@pytest.fixture
def warehouse(empty_warehouse):
    opened = empty_warehouse(lambda: NOON + timedelta(days=10))
    yield opened
    opened.close()


def keep_all(warehouse: Warehouse) -> int:
    store = warehouse.store("S")
    found = read_facts(warehouse, store, DAYS)
    assert keep_facts(warehouse, store, found.fresh)
    return len(found.fresh)


def assert_right(warehouse: Warehouse) -> None:
    """What is kept or computed is what the events say now."""
    store = warehouse.store("S")
    found = read_facts(warehouse, store, DAYS)
    for day in DAYS:
        true = facts_of(take_picture(warehouse, store, window_of_day(day, store.zone_info)))
        if day in found.days:
            assert found.days[day] == true, day
        else:
            assert (true.visitors, true.figures["transactions"]) == (0, 0)


def test_facts_are_kept_and_hold(warehouse):
    warehouse.add_events([event(), event(visitor="b", at=NOON + timedelta(days=1))])
    assert keep_all(warehouse) == 2
    assert keep_all(warehouse) == 0
    facts = read_facts(warehouse, warehouse.store("S"), [DAY]).days[DAY]
    assert (facts.visitors, facts.figures["unique_visitors"], facts.ways_in) == (1, 1, {12: 1})
    with warehouse.database.read() as connection:
        assert len(connection.execute(select(day_facts)).all()) == 2


def test_a_day_that_is_not_over_is_never_kept(empty_warehouse):
    warehouse = empty_warehouse(lambda: NOON + timedelta(hours=1))
    warehouse.add_events([event()])
    assert keep_all(warehouse) == 0
    assert read_facts(warehouse, warehouse.store("S"), [DAY]).days[DAY].visitors == 1
    warehouse.close()


def late_event(warehouse):
    warehouse.add_events([event(visitor="late")])


def sale(warehouse):
    warehouse.load_transactions([Transaction("S", "T1", to_us(NOON), 100, "INR")])


def merge(warehouse):
    said = Resolution("S", "b", Attribute.SAME_AS, "a", "person:x", 1.0, NOON)
    warehouse.add_resolutions([said])


def staff_said_of_the_day_after(warehouse):
    """The same name on another day: that day changes, and the one before it does not."""
    warehouse.add_events([event(at=NOON + timedelta(days=1))])
    keep_all(warehouse)
    said = Resolution(
        "S", "a", Attribute.IS_STAFF, "true", "person:x", 1.0, NOON + timedelta(days=1, hours=9)
    )
    warehouse.add_resolutions([said])
    found = read_facts(warehouse, warehouse.store("S"), DAYS).days
    assert found[DAY].figures["staff_excluded"] == 0
    assert found[DAY + timedelta(days=1)].figures["staff_excluded"] == 1


def taken_back(warehouse):
    merge(warehouse)
    keep_all(warehouse)
    warehouse.replace_resolutions("S", ["b"], ["rule:x"], [])
    said = Resolution("S", "b", Attribute.SAME_AS, "b", "person:x", 1.0, NOON)
    warehouse.add_resolutions([said])


def site(warehouse):
    content = {"store": [{"id": "S", "timezone": "Pacific/Auckland"}]}
    warehouse.register_site(Site.model_validate(content))


def run(warehouse):
    recording = Recording("S", "C2", NOON, 600.0, "ab" * 32)
    made = Run(recording.recording_id, "0", "motion", "1" * 32)
    warehouse.record_run(recording, made, [event(visitor="r", camera="C2")])
    keep_all(warehouse)
    better = Run(recording.recording_id, "0", "motion", "2" * 32)
    warehouse.record_run(recording, better, [event(visitor=name, camera="C2") for name in "rst"])


def moved_run(warehouse):
    """The same file, but it was filmed three days later."""
    first = Recording("S", "C2", NOON, 600.0, "ab" * 32)
    warehouse.record_run(
        first, Run(first.recording_id, "0", "motion", "1" * 32), [event(visitor="r", camera="C2")]
    )
    keep_all(warehouse)
    later = NOON + timedelta(days=3)
    moved = Recording("S", "C2", later, 600.0, "ab" * 32)
    found = [event(visitor="r", camera="C2", at=later)]
    warehouse.record_run(moved, Run(moved.recording_id, "0", "motion", "2" * 32), found)


def swept(kind):
    def sweep_kind(warehouse):
        warehouse.load_transactions([Transaction("S", "T1", to_us(NOON), 100, "INR")])
        keep_all(warehouse)
        store = warehouse.store("S")
        assert [part.removed for part in sweep_store(warehouse.database, store, {kind: 9}, warehouse.now())]

    sweep_kind.__name__ = f"swept_{kind}"
    return sweep_kind


CHANGES = [late_event, sale, merge, staff_said_of_the_day_after, taken_back, site, run, moved_run]
CHANGES += [swept(Kind.EVENTS), swept(Kind.TRANSACTIONS)]


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_a_day_makes_its_facts_anew(warehouse, change):
    warehouse.add_events([event(), event(visitor="b"), event(visitor="c", at=NOON + timedelta(days=1))])
    keep_all(warehouse)
    change(warehouse)
    assert_right(warehouse)
    keep_all(warehouse)
    assert_right(warehouse)


def test_what_happens_today_leaves_the_facts_of_other_days_alone(warehouse):
    warehouse.add_events([event(at=NOON + timedelta(days=n), visitor=f"v{n}") for n in range(4)])
    assert keep_all(warehouse) == 4
    warehouse.add_events([event(at=NOON + timedelta(days=3, hours=1), visitor="new")])
    assert keep_all(warehouse) == 1
    assert_right(warehouse)


def test_any_order_of_changes_and_reads_gives_right_facts(warehouse):
    chance = random.Random(5)
    warehouse.add_events([event()])
    for _ in range(12):
        chance.choice([late_event, merge, staff_said_of_the_day_after, sale])(warehouse)
        at = NOON + timedelta(days=chance.randint(-1, 2), hours=chance.randint(-11, 11))
        warehouse.add_events([event(visitor=f"n{chance.random()}", at=at)])
        if chance.random() < 0.6:
            keep_all(warehouse)
        assert_right(warehouse)


def test_a_site_file_that_changes_in_between_leaves_no_wrong_facts(warehouse):
    warehouse.add_events([event(), event(visitor="b", at=NOON + timedelta(hours=11))])
    read_before = warehouse.store("S")
    site(warehouse)  # by another process, between the request's first read and its second
    found = read_facts(warehouse, read_before, DAYS)
    assert found.days[DAY].visitors == 2
    assert found.fresh == {}
    assert_right(warehouse)
    keep_all(warehouse)
    assert read_facts(warehouse, read_before, DAYS).days[DAY].visitors == 2
    assert_right(warehouse)


def test_a_database_that_takes_no_writing_still_answers(database_url, locked_by_another, database_kind):
    if database_kind != "sqlite":
        pytest.skip("a reader of PostgreSQL waits for who locks whole tables")
    warehouse = Warehouse(database_url, clock=lambda: NOON + timedelta(days=10))
    warehouse.add_events([event()])
    store = warehouse.store("S")
    with warehouse.database._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=50")
    with locked_by_another(database_url):
        found = read_facts(warehouse, store, [DAY])
        assert found.days[DAY].visitors == 1
        assert not keep_facts(warehouse, store, found.fresh)
    warehouse.close()
