"""Statements in plain SQL, for the few that every batch of events runs: no compiler before the driver."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection

_ROWS_AT_ONCE = 50


def run(connection: Connection, statement: str, parameters: Sequence[Any]) -> Any:
    """Run a statement that SQLite and PostgreSQL read alike.

    Args:
        connection: on either.
        statement: with `?` where parameters go.
        parameters: as many.

    Returns:
        The driver's cursor.
    """
    if is_postgres(connection):
        statement = _for_postgres(statement)
    return connection.exec_driver_sql(statement, tuple(parameters)).cursor


def run_rows(connection: Connection, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows with as few statements as it takes.

    Args:
        connection: on either.
        statement: an INSERT with `{rows}` after VALUES.
        rows: of equal length; none is inserted by none.
    """
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[start : start + _ROWS_AT_ONCE]
        run(connection, _for_rows(statement, len(some), len(some[0])), list(chain.from_iterable(some)))


def is_postgres(connection: Connection) -> bool:
    """Whether the database is PostgreSQL; else it is SQLite."""
    return connection.dialect.name == "postgresql"


@cache
def _for_postgres(statement: str) -> str:
    return statement.replace("?", "%s")


@cache
def _for_rows(statement: str, rows: int, width: int) -> str:
    row = f"({', '.join('?' * width)})"
    return statement.replace("{rows}", ", ".join([row] * rows))
