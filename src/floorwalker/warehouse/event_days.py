"""Which days hold events: found from what changed, not by going through the events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Connection, Label, cast, exists, literal, or_, select

from floorwalker.warehouse.records import from_us
from floorwalker.warehouse.rows import rows_at_once
from floorwalker.warehouse.schema import day_versions, events, runs

_DAY_US = 86_400_000_000


def event_days(
    connection: Connection, zones: Mapping[str, ZoneInfo], before_us: int, limit: int
) -> dict[str, list[date]]:
    """The local days of stores that hold active events, newest first.

    Every writer notes the UTC days that it changes; of each of them two looks into the index give the first
    and the last event, and with them the local days: no more than two local days share a UTC day.

    Args:
        connection: a transaction.
        zones: the stores, and the time zone of each.
        before_us: later events do not count.
        limit: at most so many days of a store.
    """
    rows = rows_at_once(
        connection,
        select(day_versions.c.store_id, _edge(before_us, first=True), _edge(before_us, first=False))
        .where(day_versions.c.store_id.in_(sorted(zones)), day_versions.c.day <= before_us // _DAY_US)
        .order_by(day_versions.c.store_id, day_versions.c.day.desc()),
    )
    found: dict[str, set[date]] = {store_id: set() for store_id in zones}
    for store_id, first_us, last_us in rows:
        days = found[store_id]
        if first_us is not None and len(days) <= limit:  # the newest come first, two at a time
            zone = zones[store_id]
            days |= {from_us(at_us).astimezone(zone).date() for at_us in (first_us, last_us)}
    return {store_id: sorted(days, reverse=True)[:limit] for store_id, days in found.items()}


def _edge(before_us: int, *, first: bool) -> Label[int]:
    """Time of the first or last active event of a UTC day."""
    begin = cast(day_versions.c.day, BigInteger) * literal(_DAY_US, BigInteger)
    superseded = exists().where(
        runs.c.store_id == events.c.store_id, runs.c.run_id == events.c.run_id, runs.c.active.is_(False)
    )
    return (
        select(events.c.time_us)
        .where(
            events.c.store_id == day_versions.c.store_id,
            events.c.time_us >= begin,
            events.c.time_us < begin + literal(_DAY_US, BigInteger),
            events.c.time_us < before_us,
            or_(events.c.run_id.is_(None), ~superseded),
        )
        .order_by(events.c.time_us.asc() if first else events.c.time_us.desc())
        .limit(1)
        .correlate(day_versions)
        .scalar_subquery()
        .label("first_us" if first else "last_us")
    )
