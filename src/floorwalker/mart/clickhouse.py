"""The mart in ClickHouse: rows are only ever added, and a part counts once its last row is there."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from floorwalker.errors import InputError, WorkError
from floorwalker.mart import clickhouse_ddl as ddl
from floorwalker.mart.columns import Column, Kind, Table
from floorwalker.mart.parts import URL_EXAMPLES, Part, Stamp, refuse_newer
from floorwalker.mart.tables import MART_VERSION, PARTS, TABLES

SCHEMES = ("clickhouse", "clickhouses", "chdb")
_DEFAULT_DATABASE = "floorwalker"
_DENIED = (192, 193, 194, 516)  # unknown user, wrong password, password required, authentication failed
_REMOVED_AT_ONCE = 500


class ClickHouseMart:
    """A mart in one database of a ClickHouse server, or of the engine inside this process.

    Args:
        url: `clickhouse://user:password@host:8123/database`, `clickhouses://…` over TLS, `chdb://memory` or
            `chdb:///folder?database=…` for the engine inside this process.

    Raises:
        InputError: the URL is wrong, its password is, or the client is not installed.
        WorkError: the server cannot be reached.
    """

    def __init__(self, url: str) -> None:
        self.place, options = _connection(url)
        self._database = options.pop("mart_database")
        try:
            import clickhouse_connect
        except ModuleNotFoundError as error:
            raise InputError(
                f"the mart {self.place} needs the ClickHouse client; "
                "install it with: pip install 'floorwalker[clickhouse]'"
            ) from error
        # What it would write to the error stream by itself is in the error that it raises, too.
        logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())
        with self._errors():
            self._client = clickhouse_connect.get_client(**options)

    def close(self) -> None:
        """Give the connection back."""
        self._client.close()

    def prepare(self) -> None:
        """Make the database, tables and views, or bring them up to date."""
        with self._errors():
            self._command(f"CREATE DATABASE IF NOT EXISTS {self._database}")
            self._command(ddl.meta_statement(self._database))
            found = self._rows(
                f"SELECT version, definition FROM {self._database}.{ddl.META} ORDER BY made_at, version"
            )
            made = found[-1] if found else (0, "")
            refuse_newer(self.place, made[0])
            wanted = (MART_VERSION, ddl.definition(self._database))
            if made == wanted:
                return
            for table in (*TABLES, PARTS):
                self._make_table(table)
            for statement in ddl.view_statements(self._database):
                self._command(statement)
            self._client.insert(
                ddl.META, [wanted], column_names=["version", "definition"], database=self._database
            )

    def known(self, store_id: str) -> dict[str, Stamp]:
        """The stamp of each part of a store as views show it."""
        with self._errors():
            rows = self._rows(
                f"SELECT part, store_version, stamp, epoch FROM {ddl.newest(self._database)} "
                "WHERE store_id = {store:String}",
                {"store": store_id},
            )
        return {part: Stamp(version, text, epoch) for part, version, text, epoch in rows}

    def push(self, parts: Sequence[Part]) -> None:
        """Write the facts, count them, and only then say that they are there."""
        with self._errors():
            for table in TABLES:
                rows = [
                    (*row, part.push_id, part.pushed_at)
                    for part in parts
                    for row in part.rows.get(table.name, ())
                ]
                self._insert(table, rows)
            self._check(parts)
            self._insert(PARTS, [part.record for part in parts])

    def compact(self, before: datetime) -> int:
        """Remove rows of pushes that were superseded or never completed."""
        with self._errors():
            shown = {row[0] for row in self._rows(f"SELECT push_id FROM {ddl.newest(self._database)}")}
            removed: set[int] = set()
            for table in (*TABLES, PARTS):
                place = f"{self._database}.{table.name}"
                old = self._rows(
                    f"SELECT DISTINCT push_id FROM {place} WHERE pushed_at < {{before:DateTime64(3, 'UTC')}}",
                    {"before": before.astimezone(UTC)},
                )
                gone = sorted({row[0] for row in old} - shown)
                for start in range(0, len(gone), _REMOVED_AT_ONCE):
                    ids = ", ".join(map(str, gone[start : start + _REMOVED_AT_ONCE]))
                    self._command(f"DELETE FROM {place} WHERE push_id IN ({ids})")
                removed.update(gone)
        return len(removed)

    def _check(self, parts: Sequence[Part]) -> None:
        """A block that the network made the client send twice, or that got lost, must not become facts."""
        expected = {part.push_id: part.facts for part in parts}
        ids = ", ".join(map(str, expected))
        stores = {f"s{n}": name for n, name in enumerate(sorted({part.store_id for part in parts}))}
        named = ", ".join(f"{{{key}:String}}" for key in stores)
        days = sorted({day for part in parts for day in _days(part)})
        counts = []
        for table in TABLES:
            in_days = f" AND day BETWEEN '{days[0]}' AND '{days[-1]}'" if table.by_day and days else ""
            if table.by_day and not days:
                continue
            counts.append(
                f"SELECT push_id, count() AS n FROM {self._database}.{table.name} "
                f"WHERE store_id IN ({named}){in_days} AND push_id IN ({ids}) GROUP BY push_id"
            )
        found = dict(
            self._rows(f"SELECT push_id, sum(n) FROM ({' UNION ALL '.join(counts)}) GROUP BY push_id", stores)
        )
        for part in parts:
            if found.get(part.push_id, 0) != part.facts:
                raise WorkError(
                    f"the mart {self.place} holds {found.get(part.push_id, 0)} rows of store "
                    f"{part.store_id}, {part.name}, instead of {part.facts}; "
                    "nothing of them counts: run the sync again"
                )

    def _make_table(self, table: Table) -> None:
        self._command(ddl.table_statement(self._database, table))
        present = {
            row[0]
            for row in self._rows(
                "SELECT name FROM system.columns WHERE database = {d:String} AND table = {t:String}",
                {"d": self._database, "t": table.name},
            )
        }
        for column in ddl.columns_of(table):
            if column.name not in present:
                self._command(f"ALTER TABLE {self._database}.{table.name} ADD COLUMN {column.clickhouse}")

    def _insert(self, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            columns = ddl.columns_of(table)
            self._client.insert(
                table.name,
                in_columns(columns, rows),
                column_names=[column.name for column in columns],
                column_type_names=[column.clickhouse_type for column in columns],
                column_oriented=True,
                database=self._database,
            )

    def _rows(self, query: str, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._client.query(query, parameters=values).result_rows]

    def _command(self, statement: str) -> None:
        self._client.command(statement)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (InputError, WorkError):
            raise
        except Exception as error:
            from clickhouse_connect.driver.exceptions import ClickHouseError

            if not isinstance(error, (ClickHouseError, OSError)):
                raise
            reason = _reason(error)
            if any(f"Code: {code}." in reason or f"code {code}" in reason for code in _DENIED):
                raise InputError(
                    f"the mart {self.place} refuses this user or password: {reason}; correct the URL"
                ) from error
            raise WorkError(f"the mart {self.place} cannot be used: {reason}") from error


def _reason(error: Exception) -> str:
    """What went wrong in a sentence: the network's own word where it is at the bottom of it."""
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        seen.append(cause)
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        inner = getattr(cause, "reason", None)
        cause = inner if isinstance(inner, BaseException) else cause.__cause__ or cause.__context__
    text = " ".join(str(error).split())
    return text if len(text) <= 300 else text[:299] + "…"


def _connection(url: str) -> tuple[str, dict[str, Any]]:
    """The place to show and what the client needs."""
    try:
        parsed = urlsplit(url)
        port = parsed.port
    except ValueError as error:
        raise InputError(f"cannot read the mart's URL: {error}; expected {URL_EXAMPLES}") from error
    if parsed.scheme == "chdb":
        options = {name: values[-1] for name, values in parse_qs(parsed.query).items()}
        path = parsed.path if not parsed.netloc else ""
        named = options.get("database") or (parsed.path.strip("/") if parsed.netloc else "")
        database = _checked(named or _DEFAULT_DATABASE)
        chosen = {"interface": "chdb", "mart_database": database}
        place = f"chdb://{parsed.netloc}{path}, database {database}"
        return (place, chosen | ({"path": path} if path.strip("/") else {}))
    if not parsed.hostname:
        raise InputError(f"the mart's URL names no host; expected {URL_EXAMPLES}")
    database = _checked(unquote(parsed.path.strip("/")) or _DEFAULT_DATABASE)
    secure = parsed.scheme == "clickhouses"
    port = port or (8443 if secure else 8123)
    return (
        f"{parsed.scheme}://{parsed.hostname}:{port}/{database}",
        {
            "interface": "https" if secure else "http",
            "host": parsed.hostname,
            "port": port,
            "username": unquote(parsed.username or "default"),
            "password": unquote(parsed.password or ""),
            "connect_timeout": 10,
            "mart_database": database,
        },
    )


def _checked(database: str) -> str:
    # It is written into statements as it is.
    if not database.isascii() or not database.isidentifier():
        raise InputError(
            f"the mart's database: expected letters, digits and underscores, got {database[:60]!r}"
        )
    return database


def _days(part: Part) -> set[Any]:
    return {row[1] for table in TABLES if table.by_day for row in part.rows.get(table.name, ())}


def in_columns(columns: Sequence[Column], rows: Sequence[tuple[Any, ...]]) -> list[Sequence[Any]]:
    """Rows turned to columns; wall-clock times go in as they stand.

    Args:
        columns: what the values are.
        rows: at least one.
    """
    # The client would take a time without a zone for one of this machine's.
    return [
        [moment.replace(tzinfo=UTC) for moment in values] if column.kind is Kind.LOCAL else values
        for column, values in zip(columns, zip(*rows, strict=True), strict=True)
    ]
