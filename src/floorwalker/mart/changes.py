"""Which store-days the mart has to hear of."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from floorwalker.insights.windows import day_start
from floorwalker.mart.parts import STORE_PART, Stamp
from floorwalker.mart.tables import MART_VERSION
from floorwalker.warehouse import UnknownStore, Warehouse
from floorwalker.warehouse.records import from_us, to_us
from floorwalker.warehouse.schema import day_versions, stores
from floorwalker.warehouse.versions import utc_day

_YEARS = (1971, 2148)  # days that every engine's DATE can hold


@dataclass(frozen=True, slots=True)
class StoreState:
    """A store as the warehouse had it at one moment.

    Attributes:
        store_id: the store.
        version: its version.
        zone: its time zone.
        basis: digest of all that figures rest on beside the days' events: site file, zone, formulas.
        kept_until_us: events before it were swept away.
        days: version by UTC day, days since 1970-01-01.
    """

    store_id: str
    version: int
    zone: ZoneInfo
    basis: str
    kept_until_us: int
    days: dict[int, int]

    def local_days(self) -> set[date]:
        """The local days of which something may be known."""
        found: set[date] = set()
        for day in self.days:
            begin = from_us(day * 86_400_000_000)
            for moment in (begin, begin + timedelta(days=1) - timedelta(microseconds=1)):
                found.add(moment.astimezone(self.zone).date())
        return {day for day in found if _YEARS[0] <= day.year <= _YEARS[1]}

    def is_swept(self, day: date) -> bool:
        """Whether events of the day may be gone: what the mart holds of it cannot be computed again."""
        return to_us(day_start(day, self.zone)) < self.kept_until_us

    def stamp(self, part: str, now: datetime, epoch: int) -> Stamp:
        """What a part's facts rest on now."""
        if part == STORE_PART:
            return Stamp(self.version, self.basis, epoch)
        day = date.fromisoformat(part)
        version = max(self.days.get(utc, 0) for utc in utc_days_of(day, self.zone))
        end = day_start(day + timedelta(days=1), self.zone)
        # A day that goes on is told of once more when it is over, even if nothing more happens.
        return Stamp(self.version, f"{self.basis}.{version}.{'over' if end <= now else 'open'}", epoch)


def store_state(warehouse: Warehouse, store_id: str, utc_days: Collection[int] | None = None) -> StoreState:
    """Read a store's state.

    Args:
        warehouse: where.
        store_id: which.
        utc_days: only these days' versions; None: all.

    Raises:
        UnknownStore: nobody named it yet.
    """
    with warehouse.database.read() as connection:
        row = connection.execute(select(stores).where(stores.c.store_id == store_id)).first()
        if row is None:
            raise UnknownStore(store_id)
        days = _day_versions(connection, store_id, utc_days)
    told = "\0".join((str(MART_VERSION), row.name, row.timezone, str(row.registered), row.config or ""))
    basis = hashlib.sha256(told.encode()).hexdigest()[:16]
    return StoreState(store_id, row.version, ZoneInfo(row.timezone), basis, row.swept_before_us, days)


def _day_versions(connection: Connection, store_id: str, utc_days: Collection[int] | None) -> dict[int, int]:
    table = day_versions.c
    query = select(table.day, table.version).where(table.store_id == store_id)
    if utc_days is not None:
        query = query.where(table.day.in_(sorted(utc_days)))
    return {row.day: row.version for row in connection.execute(query)}


def utc_days_of(day: date, zone: ZoneInfo) -> range:
    """The UTC days that a local day touches, in days since 1970-01-01."""
    begin, end = day_start(day, zone), day_start(day + timedelta(days=1), zone)
    return range(utc_day(to_us(begin)), utc_day(to_us(end) - 1) + 1)
