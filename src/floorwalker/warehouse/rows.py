"""Many rows at once, without standing in line for each of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from types import SimpleNamespace
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Float, Select, case, func, select

_CHUNK = 400  # as many values as any database takes in one IN
_DECODER = msgspec.json.Decoder(list[list[Any]])


def rows_at_once(connection: Connection, statement: Select[*tuple[Any, ...]]) -> Sequence[Sequence[Any]]:
    """The rows of a query by place, in its order.

    SQLite's driver gives Python's lock away and asks for it back at every row; beside a thread that
    computes it then waits at every row, and a day's four thousand events take seconds. Here the database
    puts the rows together itself and hands them over as one value.

    Args:
        connection: a transaction.
        statement: selects integers, fractions, texts and truth values; on SQLite the latter come as 0 and 1.
    """
    if connection.dialect.name != "sqlite":
        return connection.execute(statement).all()
    inner = statement.subquery()
    fractions = [place for place, column in enumerate(inner.c) if isinstance(column.type, Float)]
    together = select(func.json_group_array(func.json_array(*map(_exact, inner.c))))
    rows = _DECODER.decode(connection.execute(together).scalar_one())
    for place in fractions:
        for row in rows:
            row[place] = None if row[place] is None else float(row[place])
    return rows


def named_rows_at_once(connection: Connection, statement: Select[Any]) -> Sequence[Any]:
    """The rows of a query by name; see `rows_at_once`."""
    if connection.dialect.name != "sqlite":
        return connection.execute(statement).all()
    names = statement.selected_columns.keys()
    rows = rows_at_once(connection, statement)
    return [SimpleNamespace(**dict(zip(names, row, strict=True))) for row in rows]


def rows_among(
    connection: Connection, statement: Select[Any], column: ColumnElement[str], values: Collection[str]
) -> list[Any]:
    """The rows of a query whose column holds one of any number of values.

    Args:
        connection: a transaction.
        statement: the query, without this condition.
        column: what is compared.
        values: no value twice.
    """
    ordered = sorted(values)
    return [
        row
        for start in range(0, len(ordered), _CHUNK)
        for row in connection.execute(statement.where(column.in_(ordered[start : start + _CHUNK])))
    ]


def _exact(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A column as it may stand in JSON: SQLite writes but 15 digits of a fraction there."""
    if not isinstance(column.type, Float):
        return column
    return case((column.is_(None), None), else_=func.printf("%!.17g", column))
