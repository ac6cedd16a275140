"""The mart in PostgreSQL: a schema of its own, beside the operational tables or in another database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from floorwalker.errors import InputError, WorkError
from floorwalker.mart.columns import PUSH_COLUMNS, Column
from floorwalker.mart.parts import STORE_PART, URL_EXAMPLES, Part, Stamp, refuse_newer
from floorwalker.mart.tables import MART_VERSION, PARTS, PUSH_ORDER, TABLES
from floorwalker.mart.views import VIEWS

if TYPE_CHECKING:
    import psycopg

SCHEMES = ("postgresql", "postgresql+psycopg")
SCHEMA = "mart"
_LOCK = 0x6D617274  # one writer of a mart at a time; readers are never held up
_META = "mart_meta"


class PostgresMart:
    """A mart in the schema `mart` of a PostgreSQL database.

    Args:
        url: `postgresql+psycopg://user:password@host/database`; the operational database may be named too.

    Raises:
        InputError: the URL is wrong, its password is, or the driver is not installed.
        WorkError: the server cannot be reached.
    """

    def __init__(self, url: str) -> None:
        try:
            parsed = urlsplit(url)
            _ = parsed.port  # checked by being read
        except ValueError as error:
            raise InputError(f"cannot read the mart's URL: {error}; expected {URL_EXAMPLES}") from error
        if not parsed.path.strip("/"):
            raise InputError(f"the mart's URL names no database; expected {URL_EXAMPLES}")
        self.place = f"postgresql://{parsed.netloc.rpartition('@')[2]}{parsed.path}, schema {SCHEMA}"
        self._url = url.replace("postgresql+psycopg:", "postgresql:", 1)
        self._open: psycopg.Connection | None = None
        try:
            import psycopg  # noqa: F401
        except ModuleNotFoundError as error:
            raise InputError(
                f"the mart {self.place} needs the PostgreSQL driver; "
                "install it with: pip install 'floorwalker[postgres]'"
            ) from error
        with self._transaction():
            pass

    def close(self) -> None:
        """Give the connection back."""
        if self._open is not None:
            self._open.close()

    def prepare(self) -> None:
        """Make the schema, tables and views, or bring them up to date."""
        with self._transaction() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            # IF NOT EXISTS would ask for the right to make schemas even where there is nothing to make.
            if not cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [SCHEMA]).fetchone():
                cursor.execute(f"CREATE SCHEMA {SCHEMA}")
            cursor.execute(
                f"CREATE TABLE IF NOT EXISTS {SCHEMA}.{_META} "
                "(version bigint NOT NULL, definition text NOT NULL)"
            )
            made = cursor.execute(f"SELECT version, definition FROM {SCHEMA}.{_META}").fetchone() or (0, "")
            refuse_newer(self.place, made[0])
            wanted = (MART_VERSION, _definition())
            if made == wanted:
                return
            columns: dict[str, set[str]] = {}
            for table, column in cursor.execute(
                "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = %s",
                [SCHEMA],
            ):
                columns.setdefault(table, set()).add(column)
            for statement in (*_table_statements(columns), *_view_statements()):
                cursor.execute(statement)
            cursor.execute(f"DELETE FROM {SCHEMA}.{_META}")
            cursor.execute(f"INSERT INTO {SCHEMA}.{_META} VALUES (%s, %s)", wanted)

    def known(self, store_id: str) -> dict[str, Stamp]:
        """The stamp of each part of a store as views show it."""
        with self._transaction() as cursor:
            rows = cursor.execute(
                f"SELECT part, store_version, stamp, epoch FROM {SCHEMA}.{PARTS.name} WHERE store_id = %s",
                [store_id],
            ).fetchall()
        return {part: Stamp(version, text, epoch) for part, version, text, epoch in rows}

    def push(self, parts: Sequence[Part]) -> None:
        """Replace parts in one transaction."""
        with self._transaction() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            newer = [part for part in parts if _stands_above(part, self._order_of(cursor, part))]
            for part in newer:
                _remove(cursor, part)
            for table in TABLES:
                rows = [
                    (*row, part.push_id, part.pushed_at)
                    for part in newer
                    for row in part.rows.get(table.name, ())
                ]
                _copy(cursor, table.name, (*table.columns, *PUSH_COLUMNS), rows)
            _copy(cursor, PARTS.name, PARTS.columns, [part.record for part in newer])

    def compact(self, before: datetime) -> int:
        """Nothing is left over here: a part that is replaced is removed in the same transaction."""
        return 0

    def _order_of(self, cursor: psycopg.Cursor, part: Part) -> tuple[Any, ...] | None:
        return cursor.execute(
            f"SELECT {', '.join(PUSH_ORDER)} FROM {SCHEMA}.{PARTS.name} WHERE store_id = %s AND part = %s",
            [part.store_id, part.name],
        ).fetchone()

    @contextmanager
    def _transaction(self) -> Iterator[psycopg.Cursor]:
        import psycopg

        try:
            if self._open is None or self._open.closed:
                self._open = psycopg.connect(self._url, connect_timeout=10)
            with self._open.transaction(), self._open.cursor() as cursor:
                yield cursor
        except psycopg.Error as error:
            reason = " ".join(str(error).split())[:300]
            if self._open is None and _denied(reason):
                raise InputError(f"the mart {self.place} refuses: {reason}; correct the URL") from error
            raise WorkError(f"the mart {self.place} cannot be used: {reason}") from error


def _denied(reason: str) -> bool:
    return any(
        part in reason
        for part in (
            "password authentication failed",
            "no password supplied",
            "does not exist",
            "invalid URI",
        )
    )


def _stands_above(part: Part, there: tuple[Any, ...] | None) -> bool:
    mine = dict(zip(PARTS.names, part.record, strict=True))
    return there is None or tuple(mine[name] for name in PUSH_ORDER) > there


def _remove(cursor: psycopg.Cursor, part: Part) -> None:
    own = part.name == STORE_PART
    condition, values = ("", [part.store_id]) if own else (" AND day = %s", [part.store_id, part.name])
    for table in TABLES:
        if table.by_day != own:
            cursor.execute(f"DELETE FROM {SCHEMA}.{table.name} WHERE store_id = %s{condition}", values)
    cursor.execute(
        f"DELETE FROM {SCHEMA}.{PARTS.name} WHERE store_id = %s AND part = %s", [part.store_id, part.name]
    )


def _copy(
    cursor: psycopg.Cursor, table: str, columns: Sequence[Column], rows: Sequence[tuple[Any, ...]]
) -> None:
    if rows:
        names = ", ".join(column.name for column in columns)
        with cursor.copy(f"COPY {SCHEMA}.{table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def _table_statements(present: dict[str, set[str]]) -> Iterator[str]:
    for table in (*TABLES, PARTS):
        columns = table.columns if table is PARTS else (*table.columns, *PUSH_COLUMNS)
        name = f"{SCHEMA}.{table.name}"
        if table.name not in present:
            yield f"CREATE TABLE {name} ({', '.join(column.postgres for column in columns)})"
            key = ("store_id", *(("day",) if table.by_day else ()), *table.order)
            unique = "UNIQUE " if table is PARTS else ""
            yield f"CREATE {unique}INDEX {table.name}_by_store ON {name} ({', '.join(key)})"
            continue
        for column in columns:
            if column.name not in present[table.name]:
                # Rows that are there get none: nobody knows what they would have held.
                yield f"ALTER TABLE {name} ADD COLUMN {column.name} {column.kind.postgres}"


def _definition() -> str:
    """Digest of all that `prepare` makes."""
    return hashlib.sha256("\0".join((*_table_statements({}), *_view_statements())).encode()).hexdigest()


def _view_statements() -> list[str]:
    statements = []
    for view in VIEWS:
        statements += [
            f"DROP VIEW IF EXISTS {SCHEMA}.{view.name}",
            f"CREATE VIEW {SCHEMA}.{view.name} AS "
            + view.select(lambda table: f"{SCHEMA}.{table.name} AS {table.name}_now"),
        ]
    return statements
