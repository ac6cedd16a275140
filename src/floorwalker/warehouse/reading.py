"""Reading the warehouse: every query goes by store and time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from floorwalker.resolutions import Attribute, Resolution
from floorwalker.runs import Gap, Recording
from floorwalker.site import Store, ZoneKind
from floorwalker.warehouse.records import (
    ResolvedEvent,
    StoreInfo,
    StoreView,
    Transaction,
    ZoneInfo,
    from_us,
)
from floorwalker.warehouse.resolving import Resolver
from floorwalker.warehouse.schema import events, recordings, resolutions, runs, stores, transactions, zones


def store_info(row: Any) -> StoreInfo:
    """A row of `stores` as a value."""
    site = Store.model_validate_json(row.config) if row.config else None
    return StoreInfo(row.store_id, row.name, row.timezone, row.registered, site, row.version)


def store_row(connection: Connection, store_id: str) -> Any | None:
    """The row of a store, or None."""
    return connection.execute(select(stores).where(stores.c.store_id == store_id)).first()


def is_active(store_id: str) -> ColumnElement[bool]:
    """The condition that an event belongs to no run, or to one that nothing has superseded."""
    superseded = select(runs.c.run_id).where(runs.c.store_id == store_id, runs.c.active.is_(False))
    return or_(events.c.run_id.is_(None), events.c.run_id.not_in(superseded))


def read_view(connection: Connection, store_id: str, from_time_us: int, to_time_us: int) -> StoreView:
    """The resolved view of a store from one time up to, not including, another."""
    resolver = Resolver(read_resolutions(connection, store_id))
    rows = connection.execute(
        select(
            events.c.time_us,
            events.c.event_id,
            events.c.camera_id,
            events.c.visitor_id,
            events.c.event_type,
            events.c.zone_id,
            events.c.dwell_ms,
            events.c.is_staff,
            events.c.queue_depth,
            events.c.group_id,
        )
        .where(_between(events.c.time_us, events.c.store_id, store_id, from_time_us, to_time_us))
        .where(is_active(store_id))
        .order_by(events.c.time_us, events.c.event_id)
    ).all()
    return StoreView(
        _resolved(rows, resolver),
        read_transactions(connection, store_id, from_time_us, to_time_us),
        resolver.corrections,
    )


def read_resolutions(connection: Connection, store_id: str) -> list[Resolution]:
    """What was said and not undone, in order of version."""
    rows = connection.execute(
        select(resolutions)
        .where(resolutions.c.store_id == store_id, resolutions.c.undone_us.is_(None))
        .order_by(resolutions.c.version)
    )
    return [
        Resolution(
            row.store_id,
            row.subject,
            Attribute(row.attribute),
            row.value,
            row.reason,
            row.confidence,
            from_us(row.decided_us),
        )
        for row in rows
    ]


def read_transactions(
    connection: Connection, store_id: str, from_time_us: int, to_time_us: int
) -> tuple[Transaction, ...]:
    """A store's transactions, sorted by time."""
    table = transactions.c
    rows = connection.execute(
        select(transactions)
        .where(_between(table.time_us, table.store_id, store_id, from_time_us, to_time_us))
        .order_by(table.time_us, table.transaction_id)
    )
    return tuple(
        Transaction(
            row.store_id,
            row.transaction_id,
            row.time_us,
            row.amount_minor,
            row.currency,
            row.kind,
            tuple(msgspec.json.decode(row.salespeople, type=list[str])),
        )
        for row in rows
    )


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
    active = select(runs.c.recording_id).where(runs.c.store_id == store_id, runs.c.active.is_(True))
    rows = connection.execute(
        select(recordings)
        .where(_between(table.start_us, table.store_id, store_id, from_time_us, to_time_us))
        .where(table.recording_id.in_(active))
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
    return _extreme(connection, func.max(events.c.time_us), store_id, events.c.time_us < before_us)


def first_event_us(connection: Connection, store_id: str, not_before_us: int) -> int | None:
    """Time of the earliest active event at or after a time."""
    return _extreme(connection, func.min(events.c.time_us), store_id, events.c.time_us >= not_before_us)


def _extreme(
    connection: Connection, value: ColumnElement[int], store_id: str, bound: ColumnElement[bool]
) -> int | None:
    found: Sequence[int | None] = connection.scalars(
        select(value).where(events.c.store_id == store_id, bound, is_active(store_id))
    ).all()
    return found[0]


def _between(
    time: ColumnElement[int], store: ColumnElement[str], store_id: str, from_time_us: int, to_time_us: int
) -> ColumnElement[bool]:
    return and_(store == store_id, time >= from_time_us, time < to_time_us)


def _resolved(rows: Sequence[Any], resolver: Resolver) -> tuple[ResolvedEvent, ...]:
    # A store-day is thousands of rows: each name is looked up once, and rows are taken apart by place.
    names = {observed: resolver.name(observed) for observed in {row[3] for row in rows}}
    staff = resolver.staff({names[row[3]] for row in rows if row[7]})
    return tuple(
        [
            ResolvedEvent(
                time_us, event_id, camera_id, observed_id, names[observed_id], kind, zone_id, dwell_ms,
                names[observed_id] in staff, queue_depth, group_id,
            )
            for time_us, event_id, camera_id, observed_id, kind, zone_id, dwell_ms, _, queue_depth, group_id
            in rows
        ]
    )  # fmt: skip
