"""Opening a database and running transactions in it."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from floorwalker.errors import InputError, WorkError
from floorwalker.warehouse.errors import DatabaseAway, database_errors
from floorwalker.warehouse.inserting import teach_sqlite
from floorwalker.warehouse.migrating import Standing, bring_up_to_date, check, found_version

Listener = Callable[[], None]
CHANGED = "floorwalker_changed"  # set on a writer by whoever changes what figures rest on
_BUSY_TIMEOUT_S = 10.0
_CONNECT_TIMEOUT_S = 5
_WRITER_CACHE_KIB = 32 * 1024
_LOG_PAGES = 8000
_POSTGRES_DRIVERS = ("postgresql", "postgres", "postgresql+psycopg")
_EXPECTED = "expected for example sqlite:////folder/floorwalker.db or postgresql://user:password@host/name"


class _Turn:
    """One writer at a time; who waits in vain is told so, as by a database that others hold.

    Args:
        place: the database, for the message.
    """

    def __init__(self, place: str) -> None:
        self._lock = threading.Lock()
        self._place = place

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=_BUSY_TIMEOUT_S):
            raise DatabaseAway(f"the database {self._place} is being written for {_BUSY_TIMEOUT_S:g} s")

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class Database:
    """One database: many readers at a time, and writers that never overtake one another at one store.

    On SQLite one transaction writes at a time, of all processes. On PostgreSQL several do: whoever reads
    what decides what it writes calls `versions.ensure_stores` first, which holds the stores' rows to the
    end of the transaction.

    Args:
        url: SQLAlchemy URL of SQLite or PostgreSQL.
        prepare: whether tables are made or upgraded where they are not what this program needs; without,
            the database is taken as it is.

    Attributes:
        place: the database, as a person would recognise it, without its password.
        one_writer: whether all writers wait for one another, of whatever stores.

    Raises:
        InputError: no such kind of database, or tables that this program cannot work with.
        DatabaseAway: it cannot be reached.
    """

    def __init__(self, url: str, *, prepare: bool = True) -> None:
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError) as error:
            raise InputError(f"cannot open a database by {_shown(url)}: {error}; {_EXPECTED}") from error
        self.place = parsed.render_as_string(hide_password=True)
        if parsed.drivername in _POSTGRES_DRIVERS:
            self._engine: Engine = _postgres_engine(parsed, self.place)
            # Two queries of one read see the same rows; whoever reads can change nothing by mistake.
            self._readers: Engine = self._engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            self.one_writer = False
            self._write_lock: AbstractContextManager[Any] = nullcontext()
        elif parsed.get_backend_name() == "sqlite":
            self._engine = self._readers = _sqlite_engine(parsed, self.place, pool_size=1, max_overflow=0)
            if _is_in_file(parsed):
                event.listen(self._engine, "connect", _prepare_sqlite_writer)
                self._readers = _sqlite_engine(parsed, self.place)
            self.one_writer = True
            self._write_lock = _Turn(self.place)
        else:
            raise InputError(
                f"cannot open a database by {self.place}: there is no {parsed.drivername}; {_EXPECTED}"
            )
        self._listeners: list[Listener] = []
        self._listeners_lock = threading.Lock()
        try:
            if prepare:
                self.upgrade()
        except BaseException:
            self.close()
            raise

    def standing(self) -> tuple[Standing, str | None]:
        """How the tables stand to this program, and their version; changes nothing."""
        with self.read() as connection:
            return found_version(connection)

    def upgrade(self) -> str | None:
        """Make the tables what this program needs, all of it or nothing; other processes wait.

        Returns:
            The version they had; None where there were none.

        Raises:
            InputError: a newer program made them, or another program did; nothing was touched.
        """
        standing, version = self.standing()
        check(standing, version, self.place)
        if standing is Standing.CURRENT:
            return version
        with self.write() as connection:
            return bring_up_to_date(connection, self.place)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database throughout.

        Raises:
            DatabaseAway: the database cannot be reached, is locked or broken.
        """
        with database_errors(self.place), self._readers.connect() as connection, connection.begin():
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
        self._readers.dispose()


def _shown(url: str) -> str:
    return repr(url.split("@")[-1])  # what stands before the @ may be a password


def _postgres_engine(parsed: URL, place: str) -> Engine:
    defaults: dict[str, Any] = {
        "connect_timeout": _CONNECT_TIMEOUT_S,
        "application_name": "floorwalker",
        # A server that vanished without a word is noticed within half a minute.
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 20_000,
    }
    try:
        engine = create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            connect_args={name: value for name, value in defaults.items() if name not in parsed.query},
            hide_parameters=True,  # a failure that is logged shows no row
            # Whatever the server's default is: a writer that waited for another one sees what that wrote.
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,  # a connection that died while it rested is replaced, not handed out
            pool_size=10,
            max_overflow=30,
            pool_timeout=_BUSY_TIMEOUT_S,
        )
    except ImportError as error:
        raise InputError(
            f"cannot open {place}: the driver of PostgreSQL is not installed ({error}); "
            "install it with: pip install 'floorwalker[postgres]'"
        ) from error
    event.listen(engine, "connect", _prepare_postgres)
    return engine


def _prepare_postgres(connection: Any, _record: Any) -> None:
    connection.execute(f"SET lock_timeout = {int(_BUSY_TIMEOUT_S * 1000)}")
    # A plan that was made while a table was all but empty would be kept when it has grown: then an event is
    # looked for by its id among all of its store's. Planning anew takes a fraction of a millisecond.
    connection.execute("SET plan_cache_mode = force_custom_plan")
    connection.commit()


def _is_in_file(parsed: URL) -> bool:
    return parsed.database not in (None, "", ":memory:")


def _sqlite_engine(parsed: URL, place: str, **pool: int) -> Engine:
    options: dict[str, Any] = {"connect_args": {"timeout": _BUSY_TIMEOUT_S}, "hide_parameters": True}
    if not _is_in_file(parsed):
        options["poolclass"] = StaticPool  # an in-memory database lives in one connection
        options["connect_args"]["check_same_thread"] = False
    else:
        options |= pool
        folder = Path(str(parsed.database)).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WorkError(f"cannot make the folder {folder}: {error.strerror or error}") from error
    try:
        engine = create_engine(parsed, **options)
    except (NoSuchModuleError, ImportError) as error:
        raise InputError(f"cannot open a database by {place}: {error}; {_EXPECTED}") from error
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # transactions begin where `_begin_sqlite` says, nowhere else
    connection.execute(f"PRAGMA busy_timeout={int(_BUSY_TIMEOUT_S * 1000)}")
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    teach_sqlite(connection, record.info)


def _prepare_sqlite_writer(connection: Any, _record: Any) -> None:
    # The writers of a process share one connection: what it remembers of the file stays true as long as
    # nobody else writes, and it remembers the pages that batches of events change again and again. For the
    # same reason they go from the log into the file less often than SQLite would have it.
    connection.execute(f"PRAGMA cache_size={-_WRITER_CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint={_LOG_PAGES}")


def _write_ahead(connection: Any) -> None:
    # SQLite does not wait its turn for this one change: a second process that starts at the same moment
    # would be told that the database is locked.
    deadline = time.monotonic() + _BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its lock at once: a deferred one could fail half way, after it has read.
    writes = connection.get_execution_options().get("floorwalker_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
