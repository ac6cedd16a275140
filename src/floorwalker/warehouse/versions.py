"""Versions: what changed, of which store and day, so that nobody has to look at everything again."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from floorwalker.warehouse.engine import CHANGED
from floorwalker.warehouse.plain import is_postgres, run, run_rows
from floorwalker.warehouse.schema import stores

DAY_US = 86_400_000_000


def upsert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can say ON CONFLICT, in the words of the connection's database."""
    return postgresql.insert(table) if is_postgres(connection) else sqlite.insert(table)


def utc_day(time_us: int) -> int:
    """The UTC day of a time, in days since 1970-01-01."""
    return time_us // DAY_US


def ensure_stores(connection: Connection, store_ids: Iterable[str]) -> dict[str, int]:
    """Make stores known that no site file describes, and hold them to the end of the transaction.

    Other writers of these stores, of any process, wait. Whoever reads what decides what it writes calls
    this before it reads, with all of its stores at once: two writers that take them one by one in
    different order would wait for each other.

    Args:
        connection: a writing transaction.
        store_ids: whom events, transactions or resolutions name.

    Returns:
        Each store's `swept_before_us`: events before it are expired.
    """
    wanted = sorted(set(store_ids))
    known = _hold(connection, wanted)
    missing = [name for name in wanted if name not in known]
    if missing:
        unknown = {"timezone": "UTC", "registered": False, "config": None, "version": 0}
        rows = [{"store_id": name, "name": name, **unknown} for name in missing]
        connection.execute(upsert(connection, stores).on_conflict_do_nothing(), rows)
        known |= _hold(connection, missing)  # another process may have been the one that made them known
    return known


def _hold(connection: Connection, store_ids: list[str]) -> dict[str, int]:
    # SQLite knows no row locks and needs none: one transaction writes at a time there. Rows of other
    # tables that point at the store may be written meanwhile, hence not the stronger FOR UPDATE.
    statement = "SELECT store_id, swept_before_us FROM stores WHERE store_id = ?"
    if is_postgres(connection):
        statement += " FOR NO KEY UPDATE"
    return dict(row for store_id in store_ids for row in run(connection, statement, (store_id,)).fetchall())


def touch(connection: Connection, store_id: str, times_us: Collection[int], now_us: int) -> int:
    """Note that a store's data changed; every writer calls this in its own transaction.

    Args:
        connection: a writing transaction; the store is known.
        store_id: whose data.
        times_us: times in the days that changed; empty where no day's figures can have changed.
        now_us: the clock's time.

    Returns:
        The store's new version.
    """
    connection.info[CHANGED] = True
    raised = "UPDATE stores SET version = version + 1 WHERE store_id = ? RETURNING version"
    version: int = run(connection, raised, (store_id,)).fetchall()[0][0]
    days = sorted({utc_day(time_us) for time_us in times_us})
    if days:
        noted = (
            "INSERT INTO day_versions (store_id, day, version, changed_us) VALUES {rows} "
            "ON CONFLICT (store_id, day) "
            "DO UPDATE SET version = excluded.version, changed_us = excluded.changed_us"
        )
        run_rows(connection, noted, [(store_id, day, version, now_us) for day in days])
    return version
