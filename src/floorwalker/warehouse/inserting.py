"""Rows of events into the database, in as few statements as it takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Connection

from floorwalker.events import EventColumns

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
_Row = msgspec.defstruct("_Row", _COLUMNS)


def contents(columns: EventColumns, places: Sequence[int]) -> list[Content]:
    """What makes an event the same as another of its id; the order of metadata's keys does not count."""
    wanted = [getattr(columns, name) for name in _CONTENT]
    return [tuple(column[place] for column in wanted) for place in places]


def insert_new(
    connection: Connection, columns: EventColumns, run_id: str | None, received_us: int
) -> list[int]:
    """Insert those events whose id is not there yet.

    Args:
        connection: a writing transaction that holds their stores.
        columns: no id twice within a store.
        run_id: the run that found them, if any.
        received_us: when they came in.

    Returns:
        The places of those that did not go in, ascending.
    """
    insert = _insert_postgres if connection.dialect.name == "postgresql" else _insert_sqlite
    went_in: list[tuple[str, ...]] = insert(connection, columns, run_id, received_us)
    if len(went_in) == len(columns):
        return []
    keys = set(went_in)
    return [
        place
        for place, key in enumerate(zip(columns.store_id, columns.event_id, strict=True))
        if key not in keys
    ]


def read_contents(connection: Connection, keys: Iterable[Key]) -> dict[Key, Content]:
    """What is there under some ids, as `contents` gives it."""
    statement = _reading(connection.dialect.name)
    wanted = msgspec.json.encode(list(keys)).decode()
    rows = connection.exec_driver_sql(statement, (wanted,)).cursor.fetchall()
    return {(row[0], row[1]): tuple(row[2:]) for row in rows}


def _insert_sqlite(
    connection: Connection, columns: EventColumns, run_id: str | None, received_us: int
) -> list[tuple[str, ...]]:
    # One statement for many rows: the driver lets other threads work while it runs, and between the rows
    # of many statements it would not.
    width = len(_COLUMNS)
    rows: list[Any] = [None] * (width * len(columns))
    for offset, column in enumerate(columns.all()):
        rows[offset::width] = column
    rows[_COLUMNS.index("is_staff") :: width] = map(int, columns.is_staff)  # a bool takes the driver longer
    went_in: list[tuple[str, ...]] = []
    start = 0
    while start < len(columns):
        size = next(size for size in _SIZES if size <= len(columns) - start)
        parameters = (run_id, received_us, *rows[start * width : (start + size) * width])
        result = connection.exec_driver_sql(_inserting_sqlite(size), parameters)
        went_in += result.cursor.fetchall()
        start += size
    return went_in


def _insert_postgres(
    connection: Connection, columns: EventColumns, run_id: str | None, received_us: int
) -> list[tuple[str, ...]]:
    # One JSON text: the driver would take as long to write arrays of these columns as the server to insert.
    rows = msgspec.json.encode(list(map(_Row, *columns.all()))).decode()
    result = connection.exec_driver_sql(_inserting_postgres(), (run_id, received_us, rows))
    return list(result.cursor.fetchall())


@cache
def _inserting_sqlite(size: int) -> str:
    width = len(_COLUMNS)
    rows = ",".join(
        "(" + ",".join(f"?{3 + width * row + column}" for column in range(width)) + ",?1,?2)"
        for row in range(size)
    )
    return f"INSERT INTO events ({_TABLE}) VALUES {rows} ON CONFLICT DO NOTHING RETURNING store_id, event_id"


@cache
def _inserting_postgres() -> str:
    types = ", ".join(f"{name} {_TYPES.get(name, 'text')}" for name in _COLUMNS)
    return (
        f"INSERT INTO events ({_TABLE}) SELECT {', '.join(_COLUMNS)}, given.run_id, given.received_us "
        "FROM (SELECT %s::text AS run_id, %s::bigint AS received_us, %s::json AS rows) given, "
        f"json_to_recordset(given.rows) AS row({types}) "
        "ON CONFLICT DO NOTHING RETURNING store_id, event_id"
    )


@cache
def _reading(dialect: str) -> str:
    # A join from the ids to the events: given a long list of ids, SQLite would read the whole store.
    content = ", ".join(f"events.{name}" for name in ("store_id", "event_id", *_CONTENT))
    ids = (
        "json_array_elements(%s::json) AS wanted(value)"
        if dialect == "postgresql"
        else "json_each(?) AS wanted"
    )
    return (
        f"SELECT {content} FROM {ids} CROSS JOIN events "
        "WHERE events.store_id = wanted.value ->> 0 AND events.event_id = wanted.value ->> 1"
    )
