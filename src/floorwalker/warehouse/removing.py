"""Taking rows of one kind and store away: oldest first, a bounded part a transaction, with a receipt."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Column, ColumnElement, Connection, Table, and_, delete, func, select

from floorwalker.warehouse.engine import Database
from floorwalker.warehouse.records import from_us, to_us
from floorwalker.warehouse.schema import receipts
from floorwalker.warehouse.versions import ensure_stores, touch, upsert

CHUNK = 20_000  # rows a transaction, so that nobody waits long for the store

_ENCODER = msgspec.json.Encoder(order="deterministic")


@dataclass(frozen=True, slots=True)
class Rows:
    """Which rows retention takes of one kind.

    Attributes:
        kind: the kind's name, as in receipts.
        table: where they are.
        time: the column that says of when a row is.
        key: what orders rows of one moment.
        condition: what else must hold for a row to go; None: nothing.
        also: more to be done in each transaction, before its rows go: gets the store and the time before
            which all rows will be gone.
        chunk: rows a transaction; None: `CHUNK`.
    """

    kind: str
    table: Table
    time: Column[int]
    key: Column[Any]
    condition: ColumnElement[bool] | None = None
    also: Callable[[Connection, str, int], None] | None = None
    chunk: int | None = None

    def before(self, store_id: str, before_us: int) -> ColumnElement[bool]:
        """The rows of a store that lie before a time and may go."""
        mine = and_(self.table.c.store_id == store_id, self.time < before_us)
        return mine if self.condition is None else and_(mine, self.condition)


@dataclass(slots=True)
class Swept:
    """What was taken, or would be.

    Attributes:
        store_id: whose.
        kind: of which kind.
        before_us: rows before this are gone.
        days: rows by the store's local day.
        digest: SHA-256 over the rows as JSON lines, oldest first; empty where nothing was taken.
        receipt_id: the receipt; None where none was written.
    """

    store_id: str
    kind: str
    before_us: int
    days: Counter[str] = field(default_factory=Counter)
    digest: str = ""
    receipt_id: str | None = None

    @property
    def removed(self) -> int:
        """How many rows."""
        return self.days.total()


def count(connection: Connection, rows: Rows, store_id: str, before_us: int, zone: ZoneInfo) -> Swept:
    """What a removal would take, by day; changes nothing."""
    found = Swept(store_id, rows.kind, before_us)
    mine = rows.before(store_id, before_us)
    oldest = connection.scalar(select(func.min(rows.time)).where(mine))
    while oldest is not None:
        end_us = min(day_end_us(oldest, zone), before_us)
        counted = select(func.count()).select_from(rows.table).where(mine, rows.time >= oldest)
        found.days[local_day(oldest, zone)] += connection.scalar(counted.where(rows.time < end_us)) or 0
        oldest = connection.scalar(select(func.min(rows.time)).where(mine, rows.time >= end_us))
    return found


def remove(
    database: Database, rows: Rows, store_id: str, before_us: int, zone: ZoneInfo, now_us: int
) -> Iterator[Swept]:
    """Take the rows of a store before a time, a day or a part of one in each transaction.

    Whenever it stops, everything before the last answer's `before_us` is gone, its receipt says exactly
    what, and nothing else was touched.

    Args:
        database: where.
        rows: which.
        store_id: whose.
        before_us: rows before this go.
        zone: the store's time zone, by which days are told apart.
        now_us: the clock's time.

    Yields:
        What was taken so far, after each transaction; the same object each time.
    """
    swept = Swept(store_id, rows.kind, before_us)
    digest = hashlib.sha256()
    while True:
        with database.write() as connection:
            ensure_stores(connection, [store_id])
            if connection.dialect.name == "sqlite":
                # What retention takes is not to be found in the file's free pages either.
                connection.exec_driver_sql("PRAGMA secure_delete=ON")
            bound_us, is_last = _bound(connection, rows, store_id, before_us, zone)
            if rows.also:
                rows.also(connection, store_id, bound_us)
            taken = _take(connection, rows, store_id, bound_us)
            swept.before_us = bound_us
            for row in taken:
                digest.update(_ENCODER.encode(row._asdict()) + b"\n")
                swept.days[local_day(getattr(row, rows.time.name), zone)] += 1
            if taken:
                swept.digest = digest.hexdigest()
                write_receipt(connection, swept, now_us)
                touch(connection, store_id, (), now_us)
        yield swept
        if is_last:
            return


def _bound(
    connection: Connection, rows: Rows, store_id: str, before_us: int, zone: ZoneInfo
) -> tuple[int, bool]:
    """The time up to which one transaction goes, and whether that is all."""
    mine = rows.before(store_id, before_us)
    first = connection.scalar(select(func.min(rows.time)).where(mine))
    if first is None:
        return before_us, True
    bound_us = min(day_end_us(first, zone), before_us)
    beyond = connection.scalar(
        select(rows.time).where(mine).order_by(rows.time, rows.key).offset(rows.chunk or CHUNK).limit(1)
    )
    if beyond is not None:
        # Rows of one moment go together, however many there are.
        bound_us = min(bound_us, max(beyond, first + 1))
    return bound_us, False


def _take(connection: Connection, rows: Rows, store_id: str, bound_us: int) -> list[Any]:
    # What the database says it removed, not what was there a moment ago.
    statement = delete(rows.table).where(rows.before(store_id, bound_us)).returning(rows.table)
    place = attrgetter(rows.time.name, rows.key.name)
    return sorted(connection.execute(statement).all(), key=place)


def write_receipt(connection: Connection, swept: Swept, now_us: int) -> None:
    """Write what was taken so far; later transactions of the same sweep write it anew."""
    content = {"days": dict(sorted(swept.days.items())), "sha256": swept.digest}
    values = {
        "before_us": swept.before_us,
        "removed": swept.removed,
        "content": _ENCODER.encode(content).decode(),
        "swept_us": now_us,
    }
    swept.receipt_id = swept.receipt_id or str(uuid.uuid4())
    key = {"store_id": swept.store_id, "receipt_id": swept.receipt_id, "kind": swept.kind}
    statement = upsert(connection, receipts).values(**key, **values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["store_id", "receipt_id"], set_=values)
    )


def local_day(time_us: int, zone: ZoneInfo) -> str:
    """The local day that a time lies in."""
    return from_us(time_us).astimezone(zone).date().isoformat()


def day_end_us(time_us: int, zone: ZoneInfo) -> int:
    """When the local day ends that a time lies in."""
    return day_start_us(from_us(time_us).astimezone(zone).date() + timedelta(days=1), zone)


def day_start_us(day: date, zone: ZoneInfo) -> int:
    """When a local day begins."""
    return to_us(datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC))
