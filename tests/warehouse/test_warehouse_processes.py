"""Several processes at one database: nobody overtakes anybody, and whoever fails is told to come again."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import insert, select, text

from floorwalker.errors import InputError
from floorwalker.resolutions import Attribute, Resolution
from floorwalker.runs import Recording, Run
from floorwalker.site import Site
from floorwalker.warehouse import DatabaseAway, Transaction, Warehouse
from floorwalker.warehouse.engine import Database
from floorwalker.warehouse.records import to_us
from floorwalker.warehouse.schema import events, feeds, resolutions, runs, stores
from floorwalker.warehouse.versions import ensure_stores, touch

# On SQLite one transaction writes at a time: there is nothing to see there.
only_postgres = pytest.mark.parametrize("database_kind", ["postgres"], scope="session")


@pytest.fixture
def two(database_url, warehouse):
    """Two openings of one database, which share no lock: as two server processes."""
    other = Warehouse(database_url, clock=warehouse.now)
    yield warehouse, other
    other.close()


def at_once(*calls):
    """Results of calls that all begin together."""
    barrier = threading.Barrier(len(calls))

    def go(call):
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(go, calls))


def test_the_same_batch_by_two_processes_goes_in_once(two, make_event):
    for _ in range(5):
        batch = [make_event(i) for i in range(200)]
        reports = at_once(*(lambda w=w, b=batch: w.add_events(b) for w in (*two, *two)))
        assert sorted(report.inserted for report in reports) == [0, 0, 0, 200]
        assert all(report.errors == () for report in reports)


def test_one_id_with_two_contents_by_two_processes_is_one_conflict(two, make_event):
    for number in range(10):
        first = make_event(number)
        second = msgspec.structs.replace(first, visitor_id="VIS_other")
        reports = at_once(lambda: two[0].add_events([first]), lambda: two[1].add_events([second]))  # noqa: B023
        assert sorted(report.inserted for report in reports) == [0, 1]
        assert [fault.code for report in reports for fault in report.errors] == ["conflict"]


def test_a_new_store_named_by_all_at_once_is_one_store(two, make_event):
    for number in range(5):
        name = f"N{number}"
        calls = [
            lambda w=w, e=e: w.add_events([e])
            for w in (*two, *two)
            for e in [make_event(store_id=name)]
        ]  # fmt: skip
        assert [report.inserted for report in at_once(*calls)] == [1, 1, 1, 1]
        assert two[0].versions()[name] == 4  # each commit was counted


def test_statements_of_two_processes_all_have_a_version_of_their_own(two, noon):
    said = [
        [Resolution("S1", f"VIS_{n}_{i}", Attribute.IS_STAFF, "true", "rule:x", 0.9, noon) for i in range(20)]
        for n in range(4)
    ]
    added = at_once(*(lambda w=w, s=s: w.add_resolutions(s) for w, s in zip((*two, *two), said, strict=True)))
    assert added == [20] * 4
    with two[0].database.read() as connection:
        versions = connection.scalars(select(resolutions.c.version)).all()
    assert sorted(versions) == list(range(1, 81))


def test_one_statement_by_two_processes_stands_once(two, noon):
    said = [Resolution("S1", "VIS_1", Attribute.IS_STAFF, "true", "rule:x", 0.9, noon)]
    assert sorted(at_once(*(lambda w=w: w.add_resolutions(said) for w in two))) == [0, 1]


def test_one_till_file_by_two_processes_is_loaded_once(two, noon):
    sales = [Transaction("S1", f"T{i}", to_us(noon) + i, 100, "INR") for i in range(100)]
    reports = at_once(*(lambda w=w: w.load_transactions(sales) for w in two))
    assert sorted(report.inserted for report in reports) == [0, 100]
    assert sorted(report.duplicates for report in reports) == [0, 100]


def test_of_two_runs_of_a_recording_at_once_one_counts(two, make_event, noon):
    recording = Recording("S1", "C1", noon, 60.0, "ab" * 32)
    calls = [
        lambda w=w, n=n: w.record_run(
            recording, Run(recording.recording_id, "0", "motion", str(n) * 32), [make_event(n)]
        )
        for n, w in enumerate((*two, *two), start=1)
    ]
    assert [report.inserted for report in at_once(*calls)] == [1] * 4
    with two[0].database.read() as connection:
        active = connection.scalars(select(runs.c.run_id).where(runs.c.active.is_(True))).all()
    assert len(active) == 1
    assert len(two[0].read("S1", noon - timedelta(1), noon + timedelta(1)).events) == 1


def test_a_site_file_registered_by_all_at_once_is_there_once(two, make_event):
    camera = {"id": "C1", "resolution": [100, 100]}
    named = [{"id": f"S{n}", "timezone": "UTC", "camera": [camera]} for n in (3, 1, 2)]
    site = Site.model_validate({"store": named})
    calls = [lambda w=w: w.register_site(site) for w in (*two, *two)]
    calls += [lambda: two[0].add_events([make_event(store_id=f"S{n}") for n in (1, 2, 3)])]
    at_once(*calls)
    assert [store.registered for store in two[1].stores()] == [True] * 3
    assert len(two[1].cameras("S2")) == 1


def test_a_read_sees_one_state_however_much_is_written_meanwhile(two, make_event):
    two[0].add_events([make_event()])
    with two[0].database.read() as connection:
        before = connection.execute(select(stores.c.version)).all()
        two[1].add_events([make_event(1)])
        assert connection.execute(select(stores.c.version)).all() == before
        assert len(connection.execute(select(events)).all()) == 1
        assert len(connection.execute(select(feeds.c.last_event_us)).all()) == 1


@only_postgres
def test_nobody_writes_by_reading(warehouse):
    with pytest.raises(Exception, match="read-only"), warehouse.database.read() as connection:
        connection.execute(
            insert(stores).values(store_id="X", name="X", timezone="UTC", registered=False, version=0)
        )


def test_a_writer_that_another_holds_up_waits_and_then_sees_what_was_written(two, make_event):
    entered, done = threading.Event(), threading.Event()
    known = make_event()

    def slow():
        with two[0].database.write() as connection:
            ensure_stores(connection, ["S1"])
            entered.set()
            assert not done.wait(0.3)  # the other one waits
            touch(connection, "S1", (), 1)

    thread = threading.Thread(target=slow)
    thread.start()
    assert entered.wait(10)
    report = two[1].add_events([known])
    done.set()
    thread.join()
    assert report.inserted == 1
    assert two[0].versions()["S1"] == 2


@only_postgres
def test_writers_of_different_stores_do_not_wait_for_each_other(two, make_event):
    for store in ("S1", "S2"):
        two[0].add_events([make_event(store_id=store)])
    with two[0].database.write() as connection:
        ensure_stores(connection, ["S1"])
        assert two[1].add_events([make_event(store_id="S2")]).inserted == 1


@only_postgres
def test_of_two_that_wait_for_each_other_one_is_told_to_come_again(two, make_event):
    for store in ("S1", "S2"):
        two[0].add_events([make_event(store_id=store)])
    met = threading.Barrier(2)

    def cross(warehouse, first, second):
        try:
            with warehouse.database.write() as connection:
                ensure_stores(connection, [first])
                met.wait(10)
                ensure_stores(connection, [second])
                return "done"
        except DatabaseAway as error:
            return str(error)

    outcomes = at_once(lambda: cross(two[0], "S1", "S2"), lambda: cross(two[1], "S2", "S1"))
    assert outcomes.count("done") == 1
    assert any("deadlock" in outcome for outcome in outcomes)


@pytest.mark.parametrize(
    "trouble",
    [
        "SELECT pg_terminate_backend(pg_backend_pid())",
        "SET LOCAL statement_timeout = 20; SELECT pg_sleep(5)",
        "SET LOCAL idle_in_transaction_session_timeout = 20",
    ],
)
@only_postgres
def test_whatever_postgres_ends_is_away_and_the_next_call_works(warehouse, make_event, trouble):
    warehouse.add_events([make_event()])

    def interrupted():
        with warehouse.database.write() as connection:
            ensure_stores(connection, ["S1"])
            touch(connection, "S1", (), 1)
            for statement in trouble.split(";"):
                connection.execute(text(statement))
            threading.Event().wait(0.2)
            connection.execute(text("SELECT 1"))

    with pytest.raises(DatabaseAway):
        interrupted()
    assert warehouse.versions()["S1"] == 1  # nothing of the block was kept
    assert warehouse.add_events([make_event(1)]).inserted == 1


def test_a_database_that_does_not_answer_is_away_soon():
    with pytest.raises(DatabaseAway, match="cannot be used"):
        Database("postgresql://nobody:secret@127.0.0.1:9/none")


def test_a_password_is_never_shown():
    with pytest.raises(DatabaseAway) as caught:
        Database("postgresql://nobody:secret@127.0.0.1:9/none")
    assert "secret" not in str(caught.value)
    with pytest.raises(InputError) as refused:
        Database("mysql://nobody:secret@127.0.0.1:9/none")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
@only_postgres
def test_every_usual_way_to_write_the_address_works(postgres, database_url, database_kind, scheme):
    opened = Warehouse(database_url.replace("postgresql+psycopg", scheme))
    assert opened.versions() == {}
    opened.close()


def test_without_the_driver_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(InputError, match=r"pip install 'floorwalker\[postgres\]'"):
        Database("postgresql://somebody@127.0.0.1/none")


def test_a_commit_waits_for_the_disk(warehouse, database_kind):
    with warehouse.database.write() as connection:
        if database_kind == "sqlite":
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        else:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_names_are_sorted_alike_everywhere(warehouse, make_event, noon):
    names = ["a", "B", "_", "é", "Z", "z-1", "z1"]
    warehouse.add_events([make_event(store_id=name) for name in names])
    assert [store.store_id for store in warehouse.stores()] == sorted(names)
