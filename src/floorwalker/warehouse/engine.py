"""Opening a database and running transactions in it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from floorwalker.errors import InputError, WorkError
from floorwalker.warehouse.errors import database_errors
from floorwalker.warehouse.schema import metadata

Listener = Callable[[], None]
CHANGED = "floorwalker_changed"  # set on a writer by whoever changes what figures rest on
_BUSY_TIMEOUT_S = 10.0


class Database:
    """One database: many readers at a time, one writer of this process at a time."""

    def __init__(self, url: str) -> None:
        try:
            parsed = make_url(url)
            self.place = parsed.render_as_string(hide_password=True)
            if parsed.get_backend_name() == "sqlite":
                self._engine = _sqlite_engine(url, parsed.database)
            else:
                self._engine = create_engine(url, pool_pre_ping=True)
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            raise InputError(
                f"cannot open a database by {url.split('@')[-1]!r}: {error}; "
                "expected for example sqlite:////folder/floorwalker.db"
            ) from error
        self._write_lock = threading.Lock()
        self._listeners: list[Listener] = []
        self._listeners_lock = threading.Lock()
        with self.write() as connection:
            metadata.create_all(connection)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database throughout.

        Raises:
            DatabaseAway: the database cannot be reached, is locked or broken.
        """
        with database_errors(self.place), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is committed, durably, when the block ends without an error.

        Raises:
            DatabaseAway: as for `read`, or the disk is full; nothing of the block was kept.
        """
        with self._write_lock, database_errors(self.place), self._engine.connect() as connection:
            writer = connection.execution_options(floorwalker_writes=True)
            writer.info.pop(CHANGED, None)
            with writer.begin():
                yield writer
            changed = writer.info.pop(CHANGED, False)
        with self._listeners_lock:
            listeners = list(self._listeners) if changed else []
        for listener in listeners:
            listener()

    def on_commit(self, listener: Listener) -> Callable[[], None]:
        """Have a function called, in the writer's thread, after every commit that changed a store.

        Returns:
            A function that ends it.
        """
        with self._listeners_lock:
            self._listeners.append(listener)

        def end() -> None:
            with self._listeners_lock:
                self._listeners.remove(listener)

        return end

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()


def _sqlite_engine(url: str, database: str | None) -> Engine:
    options: dict[str, Any] = {"connect_args": {"timeout": _BUSY_TIMEOUT_S}}
    if database in (None, "", ":memory:"):
        options["poolclass"] = StaticPool  # an in-memory database lives in one connection
        options["connect_args"]["check_same_thread"] = False
    else:
        folder = Path(str(database)).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WorkError(f"cannot make the folder {folder}: {error.strerror or error}") from error
    engine = create_engine(url, **options)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where `_begin_sqlite` says, nowhere else
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={int(_BUSY_TIMEOUT_S * 1000)}",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its lock at once: a deferred one could fail half way, after it has read.
    writes = connection.get_execution_options().get("floorwalker_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
