"""A store's local days as stretches of time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from floorwalker.resolutions import Resolution
from floorwalker.warehouse.records import from_us, to_us
from floorwalker.warehouse.schema import stores

_NO_ZONE = "UTC"
_DAY = timedelta(days=1)


class StoreDays:
    """The local days of one store.

    Args:
        zone: the store's time zone.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    def day(self, time_us: int) -> date:
        """The local day in which a time lies."""
        return from_us(time_us).astimezone(self._zone).date()

    def begin_us(self, day: date) -> int:
        """The moment at which a local day begins."""
        return to_us(datetime.combine(day, time.min, tzinfo=self._zone).astimezone(UTC))

    def whole(self, from_us: int, to_us: int) -> tuple[int, int]:
        """Beginning and end of the whole days that a stretch of time touches; the end is not in it."""
        last = self.day(max(from_us, to_us - 1))
        return self.begin_us(self.day(from_us)), self.begin_us(last + _DAY)

    def split(self, rows: Sequence[Any]) -> Iterator[tuple[date, Sequence[Any]]]:
        """Rows by local day.

        Args:
            rows: each begins with its time in microseconds; in order of it.
        """
        start = 0
        while start < len(rows):
            day = self.day(rows[start][0])
            end = bisect_left(rows, self.begin_us(day + _DAY), lo=start + 1, key=_time_us)
            yield day, rows if (start, end) == (0, len(rows)) else rows[start:end]
            start = end

    def said(self, resolutions: Iterable[Resolution]) -> dict[date, list[Resolution]]:
        """What was said of each local day: that in which the moment of the statement lies."""
        found: dict[date, list[Resolution]] = {}
        for resolution in resolutions:
            found.setdefault(self.day(to_us(resolution.decided_utc)), []).append(resolution)
        return found


def read_store_days(connection: Connection, store_id: str) -> StoreDays:
    """The local days of a store, as its time zone is known in this transaction."""
    zone = connection.scalar(select(stores.c.timezone).where(stores.c.store_id == store_id))
    return StoreDays(ZoneInfo(zone or _NO_ZONE))


def _time_us(row: Any) -> int:
    return int(row[0])
