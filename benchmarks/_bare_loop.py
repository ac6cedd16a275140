"""The rate that a database itself allows: the same rows from a loop that does nothing else.

Plain loops do it as the drivers offer it, on a plain connection; the faster one counts. Tuned ones borrow
what this program does: its settings of SQLite's cache and log, its one JSON text a batch for PostgreSQL.
They show what that brings, and what is left. Each batch is a transaction of its own, durable when the loop
goes on.
"""

from __future__ import annotations

import json
import sqlite3
from abc import ABC, abstractmethod
from typing import Any

from _ingest_load import Batch
from floorwalker.events import EventColumns
from floorwalker.warehouse import Warehouse
from floorwalker.warehouse.engine import _LOG_PAGES, _WRITER_CACHE_KIB

_NAMES = (*EventColumns.names(), "run_id", "received_us")
_INSERT = f"INSERT INTO events ({', '.join(_NAMES)})"
_TYPES = {
    "time_us": "bigint", "dwell_ms": "bigint", "is_staff": "boolean", "queue_depth": "integer",
    "confidence": "double precision", "received_us": "bigint",
}  # fmt: skip
_NO_CONFLICT = "ON CONFLICT DO NOTHING"


class BareLoop(ABC):
    """A loop over batches on one connection of the driver.

    Args:
        url: of an empty database, whose tables are made.
    """

    def __init__(self, url: str) -> None:
        Warehouse(url).close()
        self.connection: Any = self.connect(url)

    @abstractmethod
    def connect(self, url: str) -> Any:
        """A connection of the driver."""

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
        """Close the connection."""
        self.connection.close()


class Sqlite(BareLoop):
    """SQLite with a log that is on the disk at each commit."""

    def connect(self, url: str) -> Any:
        """A connection of the driver."""
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        return connection


class SqliteRows(Sqlite):
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


class SqliteRowsTuned(SqliteRows):
    """The same with the program's settings."""

    def connect(self, url: str) -> Any:
        """A connection of the driver."""
        connection = super().connect(url)
        connection.execute(f"PRAGMA cache_size={-_WRITER_CACHE_KIB}")
        connection.execute(f"PRAGMA wal_autocheckpoint={_LOG_PAGES}")
        return connection


class SqliteBatch(Sqlite):
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


class Postgres(BareLoop):
    """PostgreSQL by its driver."""

    def connect(self, url: str) -> Any:
        """A connection of the driver."""
        import psycopg

        return psycopg.connect(url.replace("+psycopg", ""))


class PostgresRows(Postgres):
    """PostgreSQL, one row a statement, sent without waiting for each answer."""

    statement = f"{_INSERT} VALUES ({', '.join(['%s'] * len(_NAMES))}) {_NO_CONFLICT}"

    def prepare(self, batch: Batch) -> Any:
        """Rows as they are."""
        return batch.rows

    def take(self, prepared: Any) -> None:
        """Insert a batch and commit."""
        self.connection.cursor().executemany(self.statement, prepared)
        self.connection.commit()


class PostgresJsonTuned(Postgres):
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


TUNED = frozenset({SqliteRowsTuned.__name__, PostgresJsonTuned.__name__})
LOOPS: dict[str, tuple[type[BareLoop], ...]] = {
    "sqlite": (SqliteRows, SqliteBatch, SqliteRowsTuned),
    "postgres": (PostgresRows, PostgresJsonTuned),
}
