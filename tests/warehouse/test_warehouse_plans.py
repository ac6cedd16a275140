"""What is asked often is answered from an index by store and time: no table is looked through."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event, insert, text

from floorwalker.resolutions import Attribute, Resolution
from floorwalker.runs import Recording, Run
from floorwalker.warehouse import Transaction, Warehouse
from floorwalker.warehouse.records import to_us
from floorwalker.warehouse.schema import (
    day_versions,
    events,
    metadata,
    recordings,
    resolutions,
    runs,
    stores,
    transactions,
)

STORES = [f"S{number:02d}" for number in range(20)]
DAYS = 10
PER_DAY = 200
# Large in a real database; of the others there is a row a store, a camera or a key.
LARGE = {"events", "transactions", "resolutions", "recordings", "runs", "run_activations", "day_versions"}

TABLES_OF_INDEXES = {
    name: table.name
    for table in metadata.sorted_tables
    for name in (
        f"{table.name}_pkey",
        *(index.name for index in table.indexes),
        *(constraint.name for constraint in table.constraints),
    )
}


@pytest.fixture(scope="module")
def filled(session_database_url, noon_of_module):
    """Twenty stores of ten days; the planner knows how many rows there are."""
    warehouse = Warehouse(session_database_url, clock=lambda: noon_of_module + timedelta(hours=6))
    with warehouse.database.write() as connection:
        for name in STORES:
            connection.execute(
                insert(stores).values(
                    store_id=name, name=name, timezone="UTC", registered=False, version=1, swept_before_us=0
                )
            )
            fill(connection, name, to_us(noon_of_module))
        connection.execute(text("ANALYZE"))
    yield warehouse
    with warehouse.database.write() as connection:
        for table in (events, transactions, resolutions, runs, recordings, day_versions):
            connection.execute(table.delete())
    warehouse.close()


@pytest.fixture(scope="module")
def noon_of_module():
    from datetime import UTC, datetime

    return datetime(2026, 3, 3, 12, tzinfo=UTC)


def fill(connection, store_id, noon_us):
    hour_us = 3_600_000_000
    moments = [
        noon_us - day * 24 * hour_us + place * hour_us // PER_DAY
        for day in range(DAYS)
        for place in range(PER_DAY)
    ]
    observed = {
        "store_id": store_id, "camera_id": "C1", "event_type": "ENTRY", "dwell_ms": 0, "is_staff": False,
        "confidence": 1.0, "metadata": "{}", "received_us": noon_us,
    }  # fmt: skip
    connection.execute(
        insert(events),
        [
            observed | {"event_id": str(uuid.uuid4()), "time_us": at_us, "visitor_id": f"V{place}"}
            for place, at_us in enumerate(moments)
        ],
    )
    sold = {
        "store_id": store_id, "amount_minor": 1, "currency": "INR", "kind": "sale", "salespeople": "[]",
        "received_us": noon_us,
    }  # fmt: skip
    connection.execute(
        insert(transactions),
        [sold | {"transaction_id": f"T{at_us}", "time_us": at_us} for at_us in moments[::2]],
    )
    said = {
        "store_id": store_id, "attribute": "is_staff", "value": "true", "reason": "rule:x", "confidence": 1.0,
        "recorded_us": noon_us,
    }  # fmt: skip
    connection.execute(
        insert(resolutions),
        [
            said | {"version": place, "subject": f"V{place}", "decided_us": at_us}
            for place, at_us in enumerate(moments[::2], start=1)
        ],
    )
    parts = [(f"{place:032d}", noon_us - place * 2 * hour_us) for place in range(1500)]
    filmed = {"store_id": store_id, "camera_id": "C1", "duration_s": 60.0, "content_hash": "a", "gaps": "[]"}
    connection.execute(
        insert(recordings), [filmed | {"recording_id": name, "start_us": at_us} for name, at_us in parts]
    )
    run = {
        "store_id": store_id, "code_version": "0", "detector": "motion", "config_hash": "a",
        "recorded_us": noon_us, "active": True,
    }  # fmt: skip
    connection.execute(insert(runs), [run | {"run_id": name, "recording_id": name} for name, _ in parts])
    days = [
        {"store_id": store_id, "day": day, "version": 1, "changed_us": 0} for day in range(19_000, 20_600)
    ]
    connection.execute(insert(day_versions), days)


@contextmanager
def listening(database):
    """The statements that are sent meanwhile."""
    heard = []

    def hear(_connection, _cursor, statement, parameters, _context, executemany):
        if not executemany:
            heard.append((statement, parameters))

    event.listen(database._engine, "before_cursor_execute", hear)
    event.listen(database._readers, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(database._engine, "before_cursor_execute", hear)
        if event.contains(database._readers, "before_cursor_execute", hear):
            event.remove(database._readers, "before_cursor_execute", hear)


def looked_through(database, statement, parameters):
    """The large tables of which a statement would read all rows, or all rows of a store."""
    with database.write() as connection:  # to explain an insert, one must be allowed to
        if connection.dialect.name == "sqlite":
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            return {table for row in plan if (table := looked_through_by_sqlite(row.detail))} & LARGE
        plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar()
        return set(looked_through_by_postgres(plan[0]["Plan"])) & LARGE


def looked_through_by_sqlite(detail):
    """For example of "SEARCH events USING PRIMARY KEY (store_id=? AND time_us>?)"."""
    words = detail.split()
    if words[0] not in ("SCAN", "SEARCH") or "runs_superseded" in words:
        return None  # that index holds nothing but what is asked for
    _, _, condition = detail.partition("(")
    return words[1] if words[0] == "SCAN" or condition in ("", "store_id=?)") else None


def looked_through_by_postgres(node):
    """Names of tables that a plan goes through."""
    kind, condition = node["Node Type"], node.get("Index Cond", "")
    by_index = kind in ("Index Scan", "Index Only Scan", "Bitmap Index Scan")
    if node.get("Index Name") == "runs_superseded":
        return  # that index holds nothing but what is asked for
    if kind == "Seq Scan" or (by_index and " AND " not in condition):
        yield node.get("Relation Name") or TABLES_OF_INDEXES[node["Index Name"]]
    for child in node.get("Plans", ()):
        yield from looked_through_by_postgres(child)


def made(noon, **more):
    from floorwalker.events import Event, EventType

    values = {
        "event_id": str(uuid.uuid4()), "store_id": "S07", "camera_id": "C1", "visitor_id": "V1",
        "event_type": EventType.ENTRY, "timestamp": noon,
    }  # fmt: skip
    return Event(**values | more)


def ingest(warehouse, noon):
    batch = [made(noon + timedelta(seconds=i), store_id=STORES[i % 3]) for i in range(300)]
    warehouse.add_events(batch)
    warehouse.add_events([*batch, made(noon)])


def say(warehouse, noon):
    said = [Resolution("S07", f"VIS_{i}", Attribute.IS_STAFF, "true", "rule:y", 0.9, noon) for i in range(9)]
    warehouse.add_resolutions(said)
    warehouse.replace_resolutions("S07", {"VIS_1"}, ["rule:y"], said[2:])


def load(warehouse, noon):
    sales = [Transaction("S07", f"N{i}", to_us(noon) + i, 1, "INR") for i in range(20)]
    warehouse.load_transactions(sales)
    warehouse.load_transactions(sales)


def record(warehouse, noon):
    recording = Recording("S07", "C9", noon, 60.0, "cd" * 32)
    for number in (1, 2):
        run = Run(recording.recording_id, "0", "motion", str(number) * 32)
        warehouse.record_run(recording, run, [made(noon, camera_id="C9", visitor_id=f"r{number}")])


WORK = {
    "a day's view": lambda w, noon: w.read("S07", noon - timedelta(hours=12), noon + timedelta(hours=12)),
    "the last event": lambda w, noon: w.last_event("S07", noon),
    "the first event": lambda w, noon: w.first_event("S07", noon - timedelta(days=2)),
    "a day's recordings": lambda w, noon: w.recordings("S07", noon - timedelta(days=1), noon),
    "all feeds": lambda w, noon: w.feeds(),
    "all versions": lambda w, noon: w.versions(),
    "ingest": ingest,
    "statements": say,
    "a till's file": load,
    "a run": record,
}


@pytest.mark.parametrize("work", WORK)
def test_no_large_table_is_looked_through(filled, noon, work):
    with listening(filled.database) as heard:
        WORK[work](filled, noon)
    assert heard
    found = {
        statement: tables
        for statement, parameters in heard
        if not statement.startswith("SELECT max(resolutions.version)")  # the end of its index, no more
        and (tables := looked_through(filled.database, statement, parameters))
    }
    assert found == {}


def test_the_test_would_notice(filled):
    assert looked_through(filled.database, "SELECT count(*) FROM events WHERE camera_id = 'C1'", ()) == {
        "events"
    }
    assert looked_through(filled.database, "SELECT max(time_us) FROM events", ()) == {"events"}


def test_the_last_event_is_found_without_reading_the_days_before(filled, noon):
    """A maximum over a store would read all of its events, were it not for the order of the index."""
    with listening(filled.database) as heard:
        filled.last_event("S07", noon)
    statement, parameters = heard[-1]
    with filled.database.read() as connection:
        if connection.dialect.name == "postgresql":
            plan = connection.exec_driver_sql(
                f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters
            ).scalar()
            assert max(rows_read(plan[0]["Plan"], "events"), default=0) <= 10


def rows_read(node, table):
    if node.get("Relation Name") == table:
        yield node["Actual Rows"] * node["Actual Loops"] + node.get("Rows Removed by Filter", 0)
    for child in node.get("Plans", ()):
        yield from rows_read(child, table)
