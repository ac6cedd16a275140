"""Statements in plain SQL, for the few that every batch of events runs: no compiler before the driver."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection

Parameters = tuple[Any, ...]


def run(connection: Connection, statement: str, parameters: Parameters | Sequence[Parameters]) -> Any:
    """Run a statement that SQLite and PostgreSQL read alike.

    Args:
        connection: on either.
        statement: with `?` where parameters go.
        parameters: one tuple, or a list of tuples to run it once for each.

    Returns:
        The driver's cursor.
    """
    if is_postgres(connection):
        statement = _for_postgres(statement)
    given = parameters if isinstance(parameters, tuple) else list(parameters)
    return connection.exec_driver_sql(statement, given).cursor


def is_postgres(connection: Connection) -> bool:
    """Whether the database is PostgreSQL; else it is SQLite."""
    return connection.dialect.name == "postgresql"


@cache
def _for_postgres(statement: str) -> str:
    return statement.replace("?", "%s")
