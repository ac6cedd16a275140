"""The rate that a database itself allows: the same rows from a loop that does nothing else.

Two ways are tried, and the faster one counts: row by row as drivers offer it, and a whole batch in one
statement. Each batch is a transaction of its own, durable when the loop goes on, on a connection with the
program's own settings.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import Any

from _ingest_load import Batch
from floorwalker.events import EventColumns
from floorwalker.warehouse import Warehouse

_NAMES = (*EventColumns.names(), "run_id", "received_us")
_INSERT = f"INSERT INTO events ({', '.join(_NAMES)})"
_TYPES = {
    "time_us": "bigint", "dwell_ms": "bigint", "is_staff": "boolean", "queue_depth": "integer",
    "confidence": "double precision", "received_us": "bigint",
}  # fmt: skip
_NO_CONFLICT = "ON CONFLICT DO NOTHING"


class BareLoop(ABC):
    """A loop over batches on one connection of the driver."""

    def __init__(self, url: str) -> None:
        self._warehouse = Warehouse(url)
        self._pooled = self._warehouse.database._engine.raw_connection()
        self.connection: Any = self._pooled.driver_connection

    @abstractmethod
    def prepare(self, batch: Batch) -> Any:
        """What the driver wants of a batch; not timed."""

    @abstractmethod
    def take(self, prepared: Any) -> None:
        """Insert a batch and commit."""

    def count(self) -> int:
        """How many rows are there."""
        rows = self.connection.execute("SELECT count(*) FROM events").fetchone()
        return int(rows[0])

    def close(self) -> None:
        """Give the connection back."""
        self._pooled.close()
        self._warehouse.close()


class SqliteRows(BareLoop):
    """SQLite, one row a statement."""

    statement = f"{_INSERT} VALUES ({', '.join('?' * len(_NAMES))}) {_NO_CONFLICT}"

    def prepare(self, batch: Batch) -> Any:
        """Rows as they are."""
        return batch.rows

    def take(self, prepared: Any) -> None:
        """Insert a batch and commit."""
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.executemany(self.statement, prepared)
        self.connection.execute("COMMIT")


class SqliteBatch(BareLoop):
    """SQLite, one statement a batch."""

    def prepare(self, batch: Batch) -> Any:
        """All values in one row, and the statement."""
        row = f"({', '.join('?' * len(_NAMES))})"
        statement = f"{_INSERT} VALUES {', '.join([row] * len(batch.rows))} {_NO_CONFLICT}"
        return statement, [value for values in batch.rows for value in values]

    def take(self, prepared: Any) -> None:
        """Insert a batch and commit."""
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.execute(*prepared)
        self.connection.execute("COMMIT")


class PostgresRows(BareLoop):
    """PostgreSQL, one row a statement, sent without waiting for each answer."""

    statement = f"{_INSERT} VALUES ({', '.join(['%s'] * len(_NAMES))}) {_NO_CONFLICT}"

    def prepare(self, batch: Batch) -> Any:
        """Rows as they are."""
        return batch.rows

    def take(self, prepared: Any) -> None:
        """Insert a batch and commit."""
        self.connection.cursor().executemany(self.statement, prepared)
        self.connection.commit()


class PostgresBatch(BareLoop):
    """PostgreSQL, one statement and one parameter a batch."""

    def prepare(self, batch: Batch) -> Any:
        """The rows as one JSON text."""
        return [json.dumps([dict(zip(_NAMES, row, strict=True)) for row in batch.rows])]

    def take(self, prepared: Any) -> None:
        """Insert a batch and commit."""
        columns = ", ".join(f"{name} {_TYPES.get(name, 'text')}" for name in _NAMES)
        rows = f"SELECT * FROM json_to_recordset(%s) AS row({columns})"
        self.connection.execute(f"{_INSERT} {rows} {_NO_CONFLICT}", prepared)
        self.connection.commit()


LOOPS: dict[str, tuple[type[BareLoop], ...]] = {
    "sqlite": (SqliteRows, SqliteBatch),
    "postgres": (PostgresRows, PostgresBatch),
}
