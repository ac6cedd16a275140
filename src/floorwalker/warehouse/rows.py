"""Many rows at once, without standing in line for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, func, select

_DECODER = msgspec.json.Decoder(list[tuple[Any, ...]])


def rows_at_once(connection: Connection, statement: Select[Any]) -> Sequence[Sequence[Any]]:
    """The rows of a query as tuples, in its order.

    SQLite's driver gives Python's lock away and asks for it back at every row; beside a thread that computes
    it then waits at every row, and a day's four thousand events take seconds. There the database puts
    the rows together itself and hands them over as one value.

    Args:
        connection: a transaction.
        statement: selects integers, texts and truth values; truth values may come as 0 and 1. No fractions:
            SQLite would write their last digits differently.
    """
    if connection.dialect.name != "sqlite":
        return connection.execute(statement).all()
    rows = statement.subquery()
    together = select(func.json_group_array(func.json_array(*rows.c)))
    return _DECODER.decode(connection.execute(together).scalar_one())
