"""Only what changed is pushed, and whatever happens on the way, views show whole days once."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from unittest.mock import patch

import pytest
from sqlalchemy import update

from floorwalker.errors import WorkError
from floorwalker.mart import clickhouse, postgres, sync
from floorwalker.mart.tables import TABLES
from floorwalker.mart.views import VIEWS
from floorwalker.resolutions import Attribute, Resolution
from floorwalker.warehouse.schema import stores
from floorwalker.warehouse.sweeping import Kind, sweep_store

NOON = datetime(2026, 3, 3, 5, tzinfo=UTC)
FACTS = [view.name for view in VIEWS if view.name != "v_pushes"]


def shown(mart):
    """All that the views show of facts."""
    return {name: mart.view(name) for name in FACTS}


def visitors(mart):
    return {(row["store_id"], row["day"].day): row["unique_visitors"] for row in mart.view("v_days")}


def test_nothing_changed_nothing_is_pushed(two_days, mart):
    sink = mart.sink()
    first = two_days.sync(sink)
    before = shown(mart)
    again = two_days.sync(sink)
    assert (again.pushed, again.rows, again.unchanged) == (0, 0, first.pushed)
    assert shown(mart) == before


def test_a_late_event_pushes_its_day_alone_and_is_seen_once(two_days, mart):
    sink = mart.sink()
    two_days.sync(sink)
    before = visitors(mart)
    two_days.shopper("IND", "VIS_LATE", NOON)
    assert two_days.sync(sink).pushed <= 2  # the local day, and the next one, which the UTC day touches too
    assert visitors(mart) == before | {("IND", 3): before["IND", 3] + 1}
    assert len(mart.view("v_visits", "visitor_id = 'VIS_LATE'")) == 1
    assert two_days.sync(sink).pushed == 0


def test_a_merge_and_a_word_on_staff_correct_their_day(two_days, mart):
    sink = mart.sink()
    two_days.sync(sink)
    before = visitors(mart)

    def say(subject, attribute, value):
        return Resolution("IND", subject, attribute, value, "person:anna", 1.0, NOON)

    two_days.warehouse.add_resolutions(
        [say("VIS_10", Attribute.SAME_AS, "VIS_0"), say("VIS_30", Attribute.IS_STAFF, "true")]
    )
    two_days.sync(sink)
    assert visitors(mart)["IND", 3] == before["IND", 3] - 2
    assert {key: n for key, n in visitors(mart).items() if key[0] == "NYC"} == {
        key: n for key, n in before.items() if key[0] == "NYC"
    }


def test_two_stores_never_mix(two_days, mart):
    sink = mart.sink()
    two_days.sync(sink)
    ours = [row for rows in shown(mart).values() for row in rows if row["store_id"] == "NYC"]
    two_days.shopper("IND", "VIS_LATE", NOON)
    two_days.register(IND="Asia/Kolkata")
    two_days.sync(sink)
    assert [row for rows in shown(mart).values() for row in rows if row["store_id"] == "NYC"] == ours
    # The same names of visitors, at the same hour of the day, are other people in another store.
    named = mart.view("v_visits", "visitor_id = 'VIS_0'")
    assert sorted((row["store_id"], row["day"].day) for row in named) == [
        ("IND", 3), ("IND", 4), ("NYC", 3), ("NYC", 4),
    ]  # fmt: skip


def test_another_time_zone_moves_days_and_leaves_none_behind(two_days, mart):
    sink = mart.sink()
    two_days.shopper("IND", "VIS_NIGHT", datetime(2026, 3, 4, 20, tzinfo=UTC))  # the 5th in India
    two_days.sync(sink)
    assert visitors(mart)["IND", 5] == 1
    two_days.register(IND="UTC", NYC="America/New_York")
    two_days.sync(sink)
    assert [key for key in visitors(mart) if key[0] == "IND"] == [("IND", 3), ("IND", 4)]
    assert not mart.view("v_visits", "store_id = 'IND' AND day = '2026-03-05'")


def test_a_day_that_goes_on_is_told_of_once_more_when_it_is_over(chain, mart):
    chain.now = datetime(2026, 3, 3, 6, tzinfo=UTC)
    chain.register(IND="Asia/Kolkata")
    chain.shopper("IND", "VIS_1", NOON)
    sink = mart.sink()
    chain.sync(sink)
    assert [row["is_final"] for row in mart.view("v_days")] == [False]
    chain.now += timedelta(days=1)
    chain.sync(sink)
    assert [row["is_final"] for row in mart.view("v_days")] == [True]
    chain.now += timedelta(days=1)
    assert chain.sync(sink).pushed <= 1  # the empty day beside it at most


class Killed(BaseException):
    """The process ends here."""


def _dying(original, at):
    """A writer of rows that dies half way through its call number `at`."""
    calls = iter(range(10_000))

    def write(*arguments):
        *before, rows = arguments
        if next(calls) == at:
            original(*before, rows[: len(rows) // 2])
            raise Killed
        original(*arguments)

    return write


@pytest.mark.parametrize("parts_at_once", [1, 64])
def test_a_sync_that_is_killed_anywhere_leaves_whole_days(two_days, mart, monkeypatch, parts_at_once):
    monkeypatch.setattr(sync, "_BATCH_PARTS", parts_at_once)
    owner, name = (
        (clickhouse.ClickHouseMart, "_insert") if mart.engine == "clickhouse" else (postgres, "_copy")
    )
    original = getattr(owner, name)
    two_days.sync(mart.sink())
    old = visitors(mart)
    late = [("IND", 3), ("NYC", 4)]
    for store, day in late:
        two_days.shopper(store, "VIS_NEW", datetime(2026, 3, day, 17, tzinfo=UTC))
    new = {key: count + (key in late) for key, count in old.items()}
    kills = 0
    sink = mart.sink()
    for at in range(200):
        with patch.object(owner, name, _dying(original, at)):
            try:
                two_days.sync(sink)
            except Killed:
                kills += 1
        now = visitors(mart)
        assert now.keys() == old.keys()
        for key, count in now.items():
            assert count in (old[key], new[key])
        assert len(mart.view("v_days")) == len(now)
        people = "SELECT store_id, day, count(*) FROM {m}.v_visits GROUP BY store_id, day"
        assert {(store, day.day): n for store, day, n in mart.query(people)[1]} == now
        if now == new:
            break
    assert visitors(mart) == new
    assert kills >= (2 if parts_at_once == 64 else 4)
    two_days.sync(mart.sink())
    whole = shown(mart)
    two_days.sync(mart.sink(), full=True)
    assert shown(mart) == whole


def test_two_syncs_at_once_count_once(two_days, mart, make_mart):
    sinks = [mart.sink(), mart.sink()]
    gate = threading.Barrier(2)
    failed = []

    def run(sink):
        try:
            names = [store.store_id for store in two_days.warehouse.stores()]
            plan = sync.plan_sync(two_days.warehouse, sink, names)
            gate.wait(20)
            sync.sync(two_days.warehouse, sink, plan)
        except BaseException as error:
            failed.append(error)
            raise

    threads = [threading.Thread(target=run, args=(sink,)) for sink in sinks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failed
    alone = make_mart(mart.engine)
    two_days.sync(alone.sink())
    assert shown(mart) == shown(alone)


def test_an_older_state_that_arrives_late_does_not_stand(two_days, mart):
    sink = mart.sink()
    names = [store.store_id for store in two_days.warehouse.stores()]
    slow = list(
        sync._parts(
            two_days.warehouse,
            sync.plan_sync(two_days.warehouse, sink, names),
            lambda: None,
            iter(range(99)).__next__,
        )
    )
    two_days.shopper("IND", "VIS_LATE", NOON)
    two_days.sync(sink)
    after = shown(mart)
    sink.push(
        [
            replace(part, pushed_at=part.pushed_at + timedelta(hours=1))
            for part in slow
            if part.store_id == "IND"
        ]
    )
    assert shown(mart) == after


@pytest.mark.parametrize("kind", [Kind.EVENTS, Kind.TRANSACTIONS])
def test_what_retention_swept_stays_in_the_mart(two_days, mart, kind):
    sink = mart.sink()
    two_days.sync(sink)
    before = shown(mart)
    house = two_days.warehouse
    keep_days = (two_days.now.date() - date(2026, 3, 4)).days  # the 3rd goes, the 4th stays
    for store in house.stores():
        swept = list(sweep_store(house.database, store, {kind: keep_days}, two_days.now))
        assert sum(part.removed for part in swept)
    two_days.register(IND="Asia/Kolkata", NYC="America/New_York")
    report = two_days.sync(sink)
    assert report.kept >= 2
    assert shown(mart) == before
    two_days.sync(sink, full=True)
    assert shown(mart) == before
    two_days.shopper("IND", "VIS_LATE", NOON + timedelta(days=1))
    two_days.sync(sink)
    assert (
        visitors(mart)["IND", 4]
        == {(r["store_id"], r["day"].day): r for r in before["v_days"]}["IND", 4]["unique_visitors"] + 1
    )


def test_a_day_that_the_mart_never_had_is_told_of_though_its_sales_were_swept(two_days, mart):
    house = two_days.warehouse
    keep_days = (two_days.now.date() - date(2026, 3, 4)).days
    for store in house.stores():
        list(sweep_store(house.database, store, {Kind.TRANSACTIONS: keep_days}, two_days.now))
    two_days.sync(mart.sink())
    assert visitors(mart)["IND", 3] > 0


def test_a_restored_backup_is_refused_until_a_full_sync(two_days, mart):
    sink = mart.sink()
    two_days.sync(sink)
    before = shown(mart)
    with two_days.warehouse.database.write() as connection:
        connection.execute(update(stores).values(version=1))
    with pytest.raises(WorkError, match="--full"):
        two_days.sync(sink)
    assert shown(mart) == before
    two_days.sync(sink, full=True)
    assert shown(mart) == before
    two_days.shopper("IND", "VIS_LATE", NOON)
    two_days.sync(sink)
    assert len(mart.view("v_visits", "visitor_id = 'VIS_LATE'")) == 1


def test_a_day_watched_without_a_visitor_is_a_zero_and_an_unknown_day_is_no_row(chain, mart):
    chain.register(IND="Asia/Kolkata")
    chain.record_empty_morning("IND", datetime(2026, 3, 3, 5, tzinfo=UTC))
    chain.sync(mart.sink())
    assert visitors(mart) == {("IND", 3): 0}


def _stored(mart, table):
    place = "{m}." + table
    return mart.query(f"SELECT count(*) FROM {place}")[1][0][0]


def test_what_was_replaced_goes_when_the_mart_is_compacted(two_days, mart):
    sink = mart.sink()
    two_days.sync(sink)
    rows = {table.name: _stored(mart, table.name) for table in TABLES}
    for _ in range(3):
        two_days.sync(sink, full=True)
    before = shown(mart)
    sync.compact(two_days.warehouse, sink)
    if mart.engine == "clickhouse":  # what is young may belong to a sync that runs now
        assert _stored(mart, "fact_visits") == 4 * rows["fact_visits"]
    two_days.now += timedelta(days=1)
    sync.compact(two_days.warehouse, sink)
    assert shown(mart) == before
    assert {table.name: _stored(mart, table.name) for table in TABLES} == rows


def test_a_mart_of_an_earlier_program_gets_the_new_columns(two_days, mart):
    two_days.sync(mart.sink())
    for view in VIEWS:
        mart.execute(f"DROP VIEW {{m}}.{view.name}")
    mart.execute("ALTER TABLE {m}.fact_days DROP COLUMN queue_max")
    mart.execute("TRUNCATE TABLE {m}.mart_meta")
    mart.execute("INSERT INTO {m}.mart_meta (version, definition) VALUES (0, '')")
    two_days.sync(mart.sink(), full=True)
    assert {row["queue_max"] for row in mart.view("v_days")} == {1}


def test_a_mart_of_a_later_program_is_left_alone(two_days, mart):
    two_days.sync(mart.sink())
    mart.execute("TRUNCATE TABLE {m}.mart_meta")
    mart.execute("INSERT INTO {m}.mart_meta (version, definition) VALUES (99, '')")
    with pytest.raises(WorkError, match="newer floorwalker"):
        mart.sink()


def test_rows_that_the_network_sent_twice_do_not_count(two_days, make_mart):
    mart = make_mart("clickhouse")
    sink = mart.sink()
    original = clickhouse.ClickHouseMart._insert

    def twice(self, table, rows):
        original(self, table, rows)
        if table.name == "fact_visits":
            original(self, table, rows)

    with patch.object(clickhouse.ClickHouseMart, "_insert", twice), pytest.raises(WorkError, match="again"):
        two_days.sync(sink)
    assert not mart.view("v_days")
    two_days.sync(sink)
    assert len(mart.view("v_visits", "visitor_id = 'VIS_0' AND store_id = 'IND'")) == 2


def test_days_of_the_mart_are_local_days(two_days, mart):
    two_days.shopper("NYC", "VIS_NIGHT", datetime(2026, 3, 5, 3, tzinfo=UTC))  # 22:00 of the 4th in New York
    two_days.sync(mart.sink())
    (row,) = mart.view("v_visits", "visitor_id = 'VIS_NIGHT'")
    assert row["day"] == date(2026, 3, 4)
    assert row["first_seen_local"] == datetime(2026, 3, 4, 22)
