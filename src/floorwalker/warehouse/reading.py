"""Reading the warehouse: every query goes by store and time."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, UnaryExpression, and_, exists, or_, select

from floorwalker.resolutions import Resolution
from floorwalker.runs import Gap, Recording
from floorwalker.site import Store, ZoneKind
from floorwalker.warehouse.log import shifted
from floorwalker.warehouse.log_reading import (
    EVENT_COLUMNS,
    read_log,
    resolution_of,
    sales_between,
    statements_of,
    transaction_of,
)
from floorwalker.warehouse.records import StoreInfo, StoreView, Transaction, ZoneInfo, from_us
from floorwalker.warehouse.resolving import DayResolver
from floorwalker.warehouse.rows import named_rows_at_once, rows_among, rows_at_once
from floorwalker.warehouse.schema import clock_offsets, events, recordings, resolutions, runs, stores, zones
from floorwalker.warehouse.store_days import StoreDays, read_store_days


def store_info(row: Any) -> StoreInfo:
    """A row of `stores` as a value."""
    site = Store.model_validate_json(row.config) if row.config else None
    return StoreInfo(
        row.store_id, row.name, row.timezone, row.registered, site, row.version, row.swept_before_us
    )


def store_row(connection: Connection, store_id: str) -> Any | None:
    """The row of a store, or None."""
    return connection.execute(select(stores).where(stores.c.store_id == store_id)).first()


def is_active(store_id: str) -> ColumnElement[bool]:
    """The condition that an event belongs to no run, or to one that nothing has superseded."""
    superseded = select(runs.c.run_id).where(runs.c.store_id == store_id, runs.c.active.is_(False))
    return or_(events.c.run_id.is_(None), events.c.run_id.not_in(superseded))


def read_view(
    connection: Connection, store_id: str, from_time_us: int, to_time_us: int, known_us: int | None = None
) -> StoreView:
    """The resolved view of a store from one time up to, not including, another.

    Args:
        connection: a reading transaction.
        store_id: whose.
        from_time_us: beginning of the stretch.
        to_time_us: its end, itself not in it.
        known_us: the moment of the clock on the wall as of which it was known; None is now, and faster.
    """
    if known_us is not None:
        return read_log(connection, store_id, from_time_us, to_time_us).view(known_us)
    rows = rows_at_once(
        connection,
        select(*EVENT_COLUMNS, events.c.run_id)
        .where(_between(events.c.time_us, events.c.store_id, store_id, from_time_us, to_time_us))
        .order_by(events.c.time_us, events.c.event_id),
    )
    superseded = _superseded(connection, store_id, {row[-1] for row in rows} - {None})
    if superseded:
        rows = [row for row in rows if row[-1] not in superseded]
    days = read_store_days(connection, store_id)
    said = read_resolutions(connection, store_id, days, from_time_us, to_time_us)
    resolver = DayResolver(said, days)
    shift_us = applied_offset_us(connection, store_id)
    return StoreView(
        resolver.resolve(rows),
        _sales(connection, store_id, from_time_us, to_time_us, shift_us),
        resolver.corrections,
        shift_us / 1e6,
    )


def _superseded(connection: Connection, store_id: str, run_ids: set[str]) -> frozenset[str]:
    """Those among runs that others of their recordings have superseded."""
    statement = select(runs.c.run_id).where(runs.c.store_id == store_id, runs.c.active.is_(False))
    return frozenset(row.run_id for row in rows_among(connection, statement, runs.c.run_id, run_ids))


def read_resolutions(
    connection: Connection, store_id: str, days: StoreDays, from_time_us: int, to_time_us: int
) -> list[Resolution]:
    """What was said of the local days that a stretch of time touches and not undone, in order of version.

    A statement is of the local day in which its moment lies, and of no other.
    """
    standing = statements_of(store_id, days, from_time_us, to_time_us).where(
        resolutions.c.undone_us.is_(None)
    )
    return [resolution_of(row) for row in named_rows_at_once(connection, standing)]


def read_transactions(
    connection: Connection, store_id: str, from_time_us: int, to_time_us: int
) -> tuple[Transaction, ...]:
    """A store's transactions, by time; where an offset of the till is applied, by the cameras' clock."""
    return _sales(connection, store_id, from_time_us, to_time_us, applied_offset_us(connection, store_id))


def _sales(
    connection: Connection, store_id: str, from_time_us: int, to_time_us: int, shift_us: int
) -> tuple[Transaction, ...]:
    rows = named_rows_at_once(
        connection, sales_between(store_id, from_time_us + shift_us, to_time_us + shift_us)
    )
    return tuple(shifted(transaction_of(row), shift_us) for row in rows)


def applied_offset_us(connection: Connection, store_id: str) -> int:
    """How far a person said that the till's clock is ahead of the cameras'; 0 where nobody did."""
    table = clock_offsets.c
    offset_s = connection.scalar(
        select(table.offset_s)
        .where(table.store_id == store_id, table.applied_us.is_not(None), table.withdrawn_us.is_(None))
        .order_by(table.applied_us.desc(), table.version.desc())
        .limit(1)
    )
    return 0 if offset_s is None else round(offset_s * 1e6)


def read_zones(connection: Connection, store_id: str) -> list[ZoneInfo]:
    """The zones of a registered store, by name."""
    rows = connection.execute(select(zones).where(zones.c.store_id == store_id).order_by(zones.c.zone_id))
    return [
        ZoneInfo(
            row.zone_id,
            row.camera_id,
            ZoneKind(row.kind),
            row.sku_zone,
            msgspec.json.decode(row.floor_polygon_m, type=tuple[tuple[float, float], ...])
            if row.floor_polygon_m
            else None,
        )
        for row in rows
    ]


def read_recordings(
    connection: Connection, store_id: str, from_time_us: int, to_time_us: int
) -> list[Recording]:
    """The recordings that began in a stretch of time and have an active run."""
    table = recordings.c
    counts = exists().where(
        runs.c.store_id == table.store_id,
        runs.c.recording_id == table.recording_id,
        runs.c.active.is_(True),
    )
    rows = connection.execute(
        select(recordings)
        .where(_between(table.start_us, table.store_id, store_id, from_time_us, to_time_us))
        .where(counts)
        .order_by(table.start_us, table.camera_id)
    )
    return [
        Recording(
            row.store_id,
            row.camera_id,
            from_us(row.start_us),
            row.duration_s,
            row.content_hash,
            msgspec.json.decode(row.gaps, type=tuple[Gap, ...]),
        )
        for row in rows
    ]


def last_event_us(connection: Connection, store_id: str, before_us: int) -> int | None:
    """Time of the latest active event before a time."""
    return _first(connection, store_id, events.c.time_us < before_us, events.c.time_us.desc())


def first_event_us(connection: Connection, store_id: str, not_before_us: int) -> int | None:
    """Time of the earliest active event at or after a time."""
    return _first(connection, store_id, events.c.time_us >= not_before_us, events.c.time_us.asc())


def _first(
    connection: Connection, store_id: str, bound: ColumnElement[bool], order: UnaryExpression[int]
) -> int | None:
    # In the order of the index: the first row that counts ends the search.
    return connection.scalar(
        select(events.c.time_us)
        .where(events.c.store_id == store_id, bound, is_active(store_id))
        .order_by(order)
        .limit(1)
    )


def _between(
    time: ColumnElement[int], store: ColumnElement[str], store_id: str, from_time_us: int, to_time_us: int
) -> ColumnElement[bool]:
    return and_(store == store_id, time >= from_time_us, time < to_time_us)
