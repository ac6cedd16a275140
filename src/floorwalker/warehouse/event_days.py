"""Which days hold events: found from what changed, not by going through the events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Connection, ScalarSelect, cast, literal, select

from floorwalker.warehouse.reading import is_active
from floorwalker.warehouse.records import from_us
from floorwalker.warehouse.rows import rows_at_once
from floorwalker.warehouse.schema import day_versions, events

_DAY_US = 86_400_000_000


def event_days(
    connection: Connection, store_id: str, zone: ZoneInfo, before_us: int, limit: int
) -> Sequence[date]:
    """The local days of a store that hold active events, newest first.

    Every writer notes the UTC days that it changes; of each of them two looks into the index give the first
    and the last event, and with them the local days. No local day lies within a UTC day with an hour to
    spare on both sides, so that there are at most these two.

    Args:
        connection: a transaction.
        store_id: the store.
        zone: its time zone.
        before_us: later events do not count.
        limit: at most so many days.
    """

    def edge(ascending: bool) -> ScalarSelect[int]:
        begin = cast(day_versions.c.day, BigInteger) * literal(_DAY_US, BigInteger)
        return (
            select(events.c.time_us)
            .where(
                events.c.store_id == store_id,
                events.c.time_us >= begin,
                events.c.time_us < begin + _DAY_US,
                events.c.time_us < before_us,
                is_active(store_id),
            )
            .order_by(events.c.time_us.asc() if ascending else events.c.time_us.desc())
            .limit(1)
            .correlate(day_versions)
            .scalar_subquery()
        )

    rows = rows_at_once(
        connection,
        select(edge(True).label("first_us"), edge(False).label("last_us"))
        .where(day_versions.c.store_id == store_id, day_versions.c.day <= before_us // _DAY_US)
        .order_by(day_versions.c.day.desc())
        .limit(4 * limit + 2),  # a day may have changed by what holds no events
    )
    found = {
        from_us(at_us).astimezone(zone).date() for first_us, last_us in rows if first_us is not None
        for at_us in (first_us, last_us)
    }  # fmt: skip
    return sorted(found, reverse=True)[:limit]
