"""Rows of events into the database, in as few statements as it takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from floorwalker.events import EventColumns
from floorwalker.warehouse.plain import is_postgres, run

Key = tuple[str, str]
Content = tuple[object, ...]

_COLUMNS = EventColumns.names()
_TABLE = ", ".join((*_COLUMNS, "run_id", "received_us"))
_CONTENT = (
    "camera_id", "visitor_id", "event_type", "time_us", "zone_id", "dwell_ms", "is_staff", "confidence",
    "metadata",
)  # fmt: skip
# Few sizes, so that the driver keeps their statements prepared; SQLite takes 32,766 parameters at most.
_SIZES = (500, 128, 32, 8, 4, 2, 1)
_TYPES = {
    "time_us": "bigint", "dwell_ms": "bigint", "is_staff": "boolean", "confidence": "double precision",
    "queue_depth": "integer",
}  # fmt: skip
_TOLD = "floorwalker_already_there"
_Row = msgspec.defstruct("_Row", _COLUMNS)


class Known(NamedTuple):
    """An event that was there already.

    Attributes:
        is_same: whether what is there has the same content.
        of_run: whether a run found it.
    """

    is_same: bool
    of_run: bool


def teach_sqlite(driver_connection: Any, info: dict[Any, Any]) -> None:
    """Give a new connection to SQLite the function `already_there` that inserting needs.

    It notes the ids that it is called for in the connection's `info`.

    Args:
        driver_connection: the driver's.
        info: what SQLAlchemy keeps with it.
    """
    told: dict[Key, Known] = {}
    info[_TOLD] = told

    def already_there(store_id: str, event_id: str, is_same: int, of_run: int) -> bool:
        told[store_id, event_id] = Known(bool(is_same), bool(of_run))
        return False  # leave the row as it is

    driver_connection.create_function("already_there", 4, already_there)


def contents(columns: EventColumns, places: Sequence[int]) -> list[Content]:
    """What makes an event the same as another of its id; the order of metadata's keys does not count."""
    wanted = [getattr(columns, name) for name in _CONTENT]
    return [tuple(column[place] for column in wanted) for place in places]


def insert_new(
    connection: Connection, columns: EventColumns, run_id: str | None, received_us: int
) -> dict[int, Known]:
    """Insert those events whose id is not there yet.

    Args:
        connection: a writing transaction that holds their stores.
        columns: no id twice within a store.
        run_id: the run that found them, if any.
        received_us: when they came in.

    Returns:
        The places of those that did not go in, ascending, and what is there instead.
    """
    insert = _insert_postgres if is_postgres(connection) else _insert_sqlite
    known = insert(connection, columns, run_id, received_us)
    if not known:
        return {}
    known_ids = {event_id for _, event_id in known}
    places = [place for place, event_id in enumerate(columns.event_id) if event_id in known_ids]
    keys = ((place, (columns.store_id[place], columns.event_id[place])) for place in places)
    return {place: known[key] for place, key in keys if key in known}


def read_contents(connection: Connection, keys: Iterable[Key]) -> dict[Key, Content]:
    """What is there under some ids, as `contents` gives it."""
    # One id a statement: given a long list of them, SQLite would read the whole store.
    statement = f"SELECT {', '.join(_CONTENT)} FROM events WHERE store_id = ? AND event_id = ?"
    return {key: tuple(run(connection, statement, key).fetchall()[0]) for key in keys}


def _insert_sqlite(
    connection: Connection, columns: EventColumns, run_id: str | None, received_us: int
) -> dict[Key, Known]:
    # One statement for many rows, and no rows back: the driver lets other threads work while a statement
    # runs, and beside a busy thread it waits for its turn again after each statement and each row.
    told: dict[Key, Known] = connection.info[_TOLD]
    told.clear()
    width = len(_COLUMNS)
    values: list[Any] = [None] * (width * len(columns))
    for offset, column in enumerate(columns.all()):
        values[offset::width] = column
    values[_COLUMNS.index("is_staff") :: width] = map(int, columns.is_staff)  # a bool takes the driver longer
    start = 0
    while start < len(columns):
        size = next(size for size in _SIZES if size <= len(columns) - start)
        some = values[start * width : (start + size) * width]
        run(connection, _inserting_sqlite(size), (run_id, received_us, *some))
        start += size
    return dict(told)


def _insert_postgres(
    connection: Connection, columns: EventColumns, run_id: str | None, received_us: int
) -> dict[Key, Known]:
    # One JSON text: the driver would take as long to write arrays of these columns as the server to insert.
    rows = msgspec.json.encode(list(map(_Row, *columns.all()))).decode()
    told = run(connection, _inserting_postgres(), (rows, run_id, received_us)).fetchall()
    return {(store_id, event_id): Known(*there) for store_id, event_id, *there in told}


@cache
def _inserting_sqlite(size: int) -> str:
    width = len(_COLUMNS)
    rows = ",".join(
        "(" + ",".join(f"?{3 + width * row + column}" for column in range(width)) + ",?1,?2)"
        for row in range(size)
    )
    # Called for each row whose id is there: what went in need not be told, which would take longer.
    is_same = " AND ".join(f"events.{name} IS excluded.{name}" for name in _CONTENT)
    note = (
        "DO UPDATE SET received_us = events.received_us "
        f"WHERE already_there(excluded.store_id, excluded.event_id, {is_same}, events.run_id IS NOT NULL)"
    )
    return (
        f"INSERT INTO events ({_TABLE}) VALUES {rows} "
        f"ON CONFLICT (store_id, time_us, event_id) {note} ON CONFLICT (store_id, event_id) {note}"
    )


@cache
def _inserting_postgres() -> str:
    # OFFSET 0 keeps the look-up by id as it stands: one by one, by the index, however small the table was
    # when the statement was prepared.
    types = ", ".join(f"{name} {_TYPES.get(name, 'text')}" for name in _COLUMNS)
    is_same = " AND ".join(f"there.{name} IS NOT DISTINCT FROM left_out.{name}" for name in _CONTENT)
    return f"""
        WITH sent AS MATERIALIZED (SELECT * FROM json_to_recordset(?::json) AS row({types})),
        went_in AS (
            INSERT INTO events ({_TABLE}) SELECT {", ".join(_COLUMNS)}, ?::text, ?::bigint FROM sent
            ON CONFLICT DO NOTHING RETURNING store_id, event_id
        ),
        left_out AS MATERIALIZED (
            SELECT * FROM sent WHERE (store_id, event_id) NOT IN (SELECT store_id, event_id FROM went_in)
        )
        SELECT left_out.store_id, left_out.event_id, {is_same}, there.run_id IS NOT NULL
        FROM left_out LEFT JOIN LATERAL (
            SELECT * FROM events
            WHERE events.store_id = left_out.store_id AND events.event_id = left_out.event_id OFFSET 0
        ) AS there ON true
    """
