"""Retention: what a store keeps for how long, and what goes when that time is over."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection, and_, delete, exists, select, update

from floorwalker.warehouse.engine import Database
from floorwalker.warehouse.records import StoreInfo, from_us, to_us
from floorwalker.warehouse.removing import Rows, Swept, count, day_start_us, local_day, remove, write_receipt
from floorwalker.warehouse.schema import (
    anomaly_log,
    corrections,
    deliveries,
    events,
    receipts,
    recordings,
    reid_buckets,
    reid_bursts,
    resolutions,
    run_activations,
    runs,
    stores,
    transactions,
)
from floorwalker.warehouse.versions import DAY_US

TRACKS = "tracks"


class Kind(StrEnum):
    """What retention tells apart; statements about visitors go with the events of their day.

    `EMBEDDINGS` are the vectors, attributes and addresses of pictures of entries at the door. When they go,
    who the entries were stays.
    """

    EVENTS = "events"
    TRANSACTIONS = "transactions"
    RECORDINGS = "recordings"
    ANOMALIES = "anomalies"
    DELIVERIES = "deliveries"
    EMBEDDINGS = "embeddings"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was taken of one kind and store in one sweep.

    Attributes:
        store_id: whose.
        receipt_id: the receipt.
        kind: of which kind; `resolutions` where they went with their events.
        before: rows before this moment went.
        removed: how many.
        days: how many by local day.
        sha256: digest over the rows as JSON lines with sorted keys, oldest first.
        swept_at: when, by the clock on the wall.
    """

    store_id: str
    receipt_id: str
    kind: str
    before: datetime
    removed: int
    days: dict[str, int]
    sha256: str
    swept_at: datetime


def swept_before_us(store: StoreInfo, days: int, now: datetime) -> int:
    """The moment before which rows go: the start of the store's local day so many days before today."""
    today = now.astimezone(store.zone_info).date()
    return day_start_us(today - timedelta(days=days), store.zone_info)


def sweep_store(
    database: Database, store: StoreInfo, keep_days: Mapping[Kind, int], now: datetime
) -> Iterator[Swept]:
    """Take away what a store has kept long enough.

    It may be stopped or killed at any moment: what is gone has its receipt, and the next sweep goes on.

    Args:
        database: where.
        store: whose.
        keep_days: full days to keep before today, by kind; a kind left out is kept for ever.
        now: the present.

    Yields:
        What was taken so far of each kind, after each transaction; the same object for one kind.
    """
    zone, now_us = store.zone_info, to_us(now)
    for rows, before_us in _plan(database, store, keep_days, now):
        yield from remove(database, rows, store.store_id, before_us, zone, now_us)


def preview(
    database: Database, store: StoreInfo, keep_days: Mapping[Kind, int], now: datetime
) -> list[Swept]:
    """What `sweep_store` would take now; changes nothing."""
    found = []
    for rows, before_us in _plan(database, store, keep_days, now):
        with database.read() as connection:
            found.append(count(connection, rows, store.store_id, before_us, store.zone_info))
    return found


def write_digests(
    database: Database,
    store_id: str,
    before: datetime,
    digests: Mapping[str, str],
    now: datetime,
    kind: str = TRACKS,
) -> str | None:
    """Note what was removed of a store that lay outside of the database.

    Args:
        database: where.
        store_id: whose.
        before: what was written before it went.
        digests: SHA-256 of each file's or document's content, by the day it is of and its name.
        now: the present.
        kind: what it was.

    Returns:
        The receipt; None where nobody knows the store, and none was written.
    """
    days = Counter(name[:10] for name in digests)
    lines = "".join(f"{digests[name]}  {name}\n" for name in sorted(digests))
    sha256 = hashlib.sha256(lines.encode()).hexdigest()
    swept = Swept(store_id, kind, to_us(before), days, sha256)
    with database.write() as connection:
        known = connection.scalar(select(stores.c.store_id).where(stores.c.store_id == store_id))
        if known is not None:
            write_receipt(connection, swept, to_us(now))
    return swept.receipt_id


def list_receipts(database: Database, store_ids: Sequence[str] | None = None) -> list[Receipt]:
    """All receipts, the latest first.

    Args:
        database: where.
        store_ids: of these stores only; None: of all.
    """
    table = receipts.c
    query = select(receipts).order_by(table.swept_us.desc(), table.store_id, table.kind, table.receipt_id)
    if store_ids is not None:
        query = query.where(table.store_id.in_(store_ids))
    with database.read() as connection:
        rows = connection.execute(query).all()
    return [_receipt(row) for row in rows]


def _receipt(row: Any) -> Receipt:
    content = msgspec.json.decode(row.content)
    return Receipt(
        row.store_id,
        row.receipt_id,
        row.kind,
        from_us(row.before_us),
        row.removed,
        content["days"],
        content["sha256"],
        from_us(row.swept_us),
    )


def _plan(
    database: Database, store: StoreInfo, keep_days: Mapping[Kind, int], now: datetime
) -> Iterator[tuple[Rows, int]]:
    """Which rows go, in which order, and before when."""

    def before(kind: Kind) -> int | None:
        return swept_before_us(store, keep_days[kind], now) if kind in keep_days else None

    events_before = before(Kind.EVENTS)
    if events_before is not None:
        yield _EVENTS, events_before
        yield _statements(store.zone_info), events_before
    recordings_before = before(Kind.RECORDINGS)
    if recordings_before is not None:
        # A run says which of its events count: it stays as long as any of them is there.
        limit_us = min(recordings_before, max(events_before or 0, _watermark(database, store.store_id)))
        yield _recordings(limit_us), limit_us
    for kind, rows in _OTHERS.items():
        limit = before(kind)
        if limit is not None:
            yield rows, limit


def _watermark(database: Database, store_id: str) -> int:
    with database.read() as connection:
        found = connection.scalar(select(stores.c.swept_before_us).where(stores.c.store_id == store_id))
    return found or 0


def _raise_watermark(connection: Connection, store_id: str, bound_us: int) -> None:
    """In the transaction that removes events, so that none of them can ever come in again."""
    here = (stores.c.store_id == store_id, stores.c.swept_before_us < bound_us)
    connection.execute(update(stores).where(*here).values(swept_before_us=bound_us))


def _close_buckets(connection: Connection, store_id: str, bound_us: int) -> None:
    """Nobody is compared in a store's day of which only some are left."""
    burst, bucket = reid_bursts.c, reid_buckets.c
    mine = (burst.store_id == store_id, burst.time_us < bound_us)
    days = select(burst.day_id).where(*mine).distinct()
    here = (bucket.store_id == store_id, bucket.day_id.in_(days))
    connection.execute(update(reid_buckets).where(*here).values(swept=True))


_EVENTS = Rows("events", events, events.c.time_us, events.c.event_id, also=_raise_watermark)
_OTHERS = {
    Kind.TRANSACTIONS: Rows(
        "transactions", transactions, transactions.c.time_us, transactions.c.transaction_id
    ),
    Kind.ANOMALIES: Rows(
        "anomalies",
        anomaly_log,
        anomaly_log.c.detected_us,
        anomaly_log.c.anomaly_id,
        condition=anomaly_log.c.closed_us.is_not(None),
    ),
    Kind.DELIVERIES: Rows(
        "deliveries",
        deliveries,
        deliveries.c.due_us,
        deliveries.c.delivery_id,
        condition=deliveries.c.done_us.is_not(None),
    ),
    Kind.EMBEDDINGS: Rows(
        "embeddings",
        reid_bursts,
        reid_bursts.c.time_us,
        reid_bursts.c.number,
        also=_close_buckets,
        chunk=2000,  # a row holds a burst of vectors
    ),
}


def _statements(zone: ZoneInfo) -> Rows:
    def forget_corrections(connection: Connection, store_id: str, bound_us: int) -> None:
        table = corrections.c
        here = (table.store_id == store_id, table.day < local_day(bound_us, zone))
        connection.execute(delete(corrections).where(*here))

    key, time = resolutions.c.version, resolutions.c.decided_us
    return Rows("resolutions", resolutions, time, key, also=forget_corrections)


def _recordings(limit_us: int) -> Rows:
    """Recordings that were over by then and of which no event is left."""
    table = recordings.c
    end_us = table.start_us + table.duration_s * 1_000_000
    left = exists().where(
        runs.c.store_id == table.store_id,
        runs.c.recording_id == table.recording_id,
        events.c.store_id == table.store_id,
        events.c.time_us >= limit_us,
        events.c.time_us < table.start_us + table.duration_s * 1_000_000 + DAY_US,
        events.c.run_id == runs.c.run_id,
    )
    condition = and_(end_us < limit_us, ~left)

    def forget_runs(connection: Connection, store_id: str, bound_us: int) -> None:
        gone = select(table.recording_id).where(rows.before(store_id, bound_us))
        for other in (run_activations, runs):
            here = (other.c.store_id == store_id, other.c.recording_id.in_(gone))
            connection.execute(delete(other).where(*here))

    rows = Rows("recordings", recordings, table.start_us, table.recording_id, condition, forget_runs)
    return rows
