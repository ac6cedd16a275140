"""From release to release: nothing lost, nothing half, and nobody's database spoilt."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, func, inspect, select, text

from floorwalker.errors import InputError
from floorwalker.events import decode_event
from floorwalker.insights.funnel import funnel
from floorwalker.insights.metrics import metrics
from floorwalker.insights.picture import take_picture
from floorwalker.insights.windows import choose_window
from floorwalker.warehouse import DatabaseAway, Warehouse, migrating
from floorwalker.warehouse.directory import WarehouseStores
from floorwalker.warehouse.records import from_us
from floorwalker.warehouse.schema import day_versions, metadata, resolutions, run_activations

STORE = "STORE_BLR_002"
NOW = datetime(2026, 3, 4, tzinfo=UTC)
FIRST_RELEASE = json.loads(Path(__file__).with_name("first_release.json").read_text())
SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def bare_url(database_kind, request, tmp_path):
    """A database without any table."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'bare.db'}"
        return
    cluster = request.getfixturevalue("postgres")
    url = cluster.new_database()
    yield url
    cluster.drop_database(url)


@pytest.fixture
def first_release(bare_url):
    """A database as the first release left it: its own statements, its own rows."""
    engine = create_engine(bare_url)
    with engine.begin() as connection:
        for statement in FIRST_RELEASE["ddl"][engine.dialect.name]:
            connection.exec_driver_sql(statement)
        for name, rows in FIRST_RELEASE["tables"].items():
            if rows:
                values = ", ".join(f":{column}" for column in rows[0])
                insert = text(f"INSERT INTO {name} ({', '.join(rows[0])}) VALUES ({values})")
                connection.execute(
                    insert, [{key: plain(value) for key, value in row.items()} for row in rows]
                )
    engine.dispose()
    return bare_url


def plain(value):
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else value


def rows_of(url, table, columns):
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(text(f"SELECT {', '.join(columns)} FROM {table}")).mappings().all()
    engine.dispose()
    return sorted((dict(row) for row in rows), key=str)


def as_first_released(table, url):
    """Rows of a table now, in the columns that the first release had of them."""
    before = [{k: plain(v) for k, v in row.items()} for row in FIRST_RELEASE["tables"][table]]
    columns = [name for name in before[0] if name not in ("digest", "undone")]
    kept = [{name: row[name] for name in columns} for row in before]
    now = rows_of(url, table, columns)
    for row in (*kept, *now):
        row.update({name: bool(row[name]) for name in ("registered", "active", "is_staff") if name in row})
    return now, sorted(kept, key=str)


def differences(url):
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, metadata)
    engine.dispose()
    return found


def test_the_known_versions_are_those_that_have_a_step():
    script = ScriptDirectory(str(Path(migrating.__file__).parent / "migrations"))
    assert [step.revision for step in script.walk_revisions()][::-1] == list(migrating.KNOWN)
    assert script.get_current_head() == migrating.HEAD


def test_a_new_database_has_the_tables_of_the_program(bare_url):
    Warehouse(bare_url).close()
    assert differences(bare_url) == []
    assert rows_of(bare_url, "alembic_version", ["version_num"]) == [{"version_num": migrating.HEAD}]


def test_step_by_step_from_nothing_leads_to_the_same_tables(bare_url):
    fresh = Warehouse(bare_url)
    with fresh.database.write() as connection:
        metadata.drop_all(connection)
        connection.execute(text("DELETE FROM alembic_version"))
        migrating._upgrade(connection, None)
    fresh.close()
    assert differences(bare_url) == []
    Warehouse(bare_url).close()


def test_an_upgraded_database_has_the_tables_of_a_new_one(first_release):
    Warehouse(first_release).close()
    assert differences(first_release) == []


@pytest.mark.parametrize("table", [name for name, rows in FIRST_RELEASE["tables"].items() if rows])
def test_every_row_of_the_first_release_is_kept(first_release, table):
    Warehouse(first_release).close()
    now, before = as_first_released(table, first_release)
    assert now == before


def test_every_figure_of_the_first_release_is_kept(first_release):
    warehouse = Warehouse(first_release, clock=lambda: NOW)
    store = warehouse.store(STORE)
    picture = take_picture(warehouse, store, choose_window(warehouse, store, day="2026-03-03"))
    found = metrics(picture) | funnel(picture)
    warehouse.close()
    assert {name: found[name] for name in FIRST_RELEASE["figures"]} == FIRST_RELEASE["figures"]


def test_an_event_of_the_first_release_stays_known(first_release):
    warehouse = Warehouse(first_release, clock=lambda: NOW)
    rows = [row for row in FIRST_RELEASE["tables"]["events"] if row["time_us"] > 0]
    again = [decode_event(json.dumps(contract_event(row))) for row in rows]
    report = warehouse.add_events(again, live=False)
    assert (report.inserted, report.duplicates, report.errors) == (0, len(again), ())
    warehouse.close()


def contract_event(row):
    names = (
        "event_id", "store_id", "camera_id", "visitor_id", "event_type", "zone_id",
        "dwell_ms", "is_staff", "confidence",
    )  # fmt: skip
    moment = from_us(row["time_us"]).isoformat(timespec="milliseconds")
    return {name: row[name] for name in names} | {
        "timestamp": moment,
        "metadata": json.loads(row["metadata"]),
    }


def test_what_later_tables_hold_is_filled_from_the_first_release(first_release):
    warehouse = Warehouse(first_release)
    with warehouse.database.read() as connection:
        days = {(row.store_id, row.day) for row in connection.execute(select(day_versions))}
        assert (STORE, 20515) in days  # 2026-03-03
        assert min(day for _, day in days) < 0  # an event before 1970 has its day too
        undone = connection.scalars(select(resolutions.c.subject).where(resolutions.c.undone_us.is_not(None)))
        assert undone.all() == ["VIS_3"]
        latest = select(run_activations.c.run_id).order_by(run_activations.c.version.desc()).limit(1)
        active = [row["run_id"] for row in FIRST_RELEASE["tables"]["runs"] if row["active"]]
        assert connection.scalars(latest).all() == active
        versions = {row["store_id"]: row["version"] for row in FIRST_RELEASE["tables"]["stores"]}
        assert connection.scalar(select(func.max(run_activations.c.version))) <= versions[STORE]
    assert WarehouseStores(warehouse.database).find(STORE).store_id == STORE
    warehouse.close()


def _open_and_die(url):
    # The log line is written when everything is done but the commit.
    migrating._LOG.warning = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    Warehouse(url)


def test_killed_in_the_middle_an_upgrade_never_happened(first_release):
    tables_before = tables_of(first_release)
    child = SPAWN.Process(target=_open_and_die, args=(first_release,))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    assert tables_of(first_release) == tables_before
    now, before = as_first_released("events", first_release)
    assert now == before
    Warehouse(first_release).close()
    now, before = as_first_released("events", first_release)
    assert now == before


def tables_of(url):
    engine = create_engine(url)
    inspector = inspect(engine)
    found = {
        name: sorted(column["name"] for column in inspector.get_columns(name))
        for name in inspector.get_table_names()
    }
    engine.dispose()
    return found


def _open_and_count(url, answers):
    warehouse = Warehouse(url)
    answers.put(len(warehouse.versions()))
    warehouse.close()


@pytest.mark.parametrize("state", ["first release", "empty"])
def test_processes_that_start_together_take_turns(request, state, bare_url):
    if state == "first release":
        request.getfixturevalue("first_release")
    answers = SPAWN.Queue()
    children = [SPAWN.Process(target=_open_and_count, args=(bare_url, answers)) for _ in range(2)]
    for child in children:
        child.start()
    stores = 2 if state == "first release" else 0
    assert [answers.get(timeout=60) for _ in children] == [stores] * 2
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0, 0]


def test_a_database_of_a_newer_program_is_refused_and_not_touched(bare_url):
    warehouse = Warehouse(bare_url)
    with warehouse.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(text("CREATE TABLE of_tomorrow (a INTEGER)"))
        connection.execute(text("DROP TABLE feeds"))
    warehouse.close()
    before = tables_of(bare_url)
    with pytest.raises(InputError, match=r"9999.*newer.*update the program"):
        Warehouse(bare_url)
    assert tables_of(bare_url) == before


def test_somebody_elses_tables_of_our_names_are_refused(bare_url):
    engine = create_engine(bare_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE events (title VARCHAR(20))"))
    engine.dispose()
    with pytest.raises(InputError, match="database of its own"):
        Warehouse(bare_url)
    assert tables_of(bare_url) == {"events": ["title"]}


def test_somebody_elses_other_tables_stay(bare_url):
    engine = create_engine(bare_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE recipes (title VARCHAR(20))"))
    engine.dispose()
    Warehouse(bare_url).close()
    assert "recipes" in tables_of(bare_url)


def test_a_program_whose_tables_were_changed_meanwhile_is_told_and_does_not_fail(database_url):
    running = Warehouse(database_url)
    assert running.versions() == {}
    newer = create_engine(database_url)
    with newer.begin() as connection:
        connection.execute(text("ALTER TABLE stores RENAME TO shops"))
    newer.dispose()
    with pytest.raises(DatabaseAway, match="stores"):
        running.versions()
    running.close()
