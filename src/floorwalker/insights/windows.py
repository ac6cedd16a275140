"""Stretches of a store's time: its local days, and windows that people ask for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from floorwalker.errors import InputError
from floorwalker.events import FIRST_YEAR, LAST_YEAR, parse_utc
from floorwalker.warehouse import StoreInfo, Warehouse
from floorwalker.warehouse.event_days import event_days
from floorwalker.warehouse.records import to_us

FUTURE_LIMIT = timedelta(minutes=5)
MAX_DAYS = 92


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a store's time.

    Attributes:
        from_utc: its beginning.
        to_utc: its end, itself not in it.
        first_day: the local day in which it begins.
        last_day: the local day in which its last moment lies.
        zone: the store's time zone.
    """

    from_utc: datetime
    to_utc: datetime
    first_day: date
    last_day: date
    zone: ZoneInfo

    @property
    def days(self) -> list[date]:
        """The local days that it touches."""
        count = (self.last_day - self.first_day).days + 1
        return [self.first_day + timedelta(days=ordinal) for ordinal in range(count)]

    @property
    def whole_from_utc(self) -> datetime:
        """Beginning of the first day."""
        return day_start(self.first_day, self.zone)

    @property
    def whole_to_utc(self) -> datetime:
        """End of the last day."""
        return day_start(self.last_day + timedelta(days=1), self.zone)

    def holds(self, moment_utc: datetime) -> bool:
        """Whether a moment lies in the window."""
        return self.from_utc <= moment_utc < self.to_utc


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The moment a local day begins, in UTC; days of 23 and 25 hours come out right."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def window_of_day(day: date, zone: ZoneInfo) -> Window:
    """One local day."""
    return Window(day_start(day, zone), day_start(day + timedelta(days=1), zone), day, day, zone)


def window_between(from_utc: datetime, to_utc: datetime, zone: ZoneInfo) -> Window:
    """The window from one moment to another.

    Raises:
        InputError: it ends before it begins, or is longer than 92 days.
    """
    if to_utc <= from_utc:
        raise InputError(f"expected from before to, got {from_utc.isoformat()} and {to_utc.isoformat()}")
    if to_utc - from_utc > timedelta(days=MAX_DAYS):
        raise InputError(f"expected a window of at most {MAX_DAYS} days, got {(to_utc - from_utc).days}")
    last = to_utc - timedelta(microseconds=1)
    return Window(from_utc, to_utc, from_utc.astimezone(zone).date(), last.astimezone(zone).date(), zone)


def choose_window(
    warehouse: Warehouse,
    store: StoreInfo,
    day: str | None = None,
    from_text: str | None = None,
    to_text: str | None = None,
) -> Window:
    """The window that a request means.

    Args:
        warehouse: asked for the last day with events where nothing is named.
        store: whose time it is.
        day: local day, `2026-03-03`.
        from_text: ISO-8601 time with a zone; without `to_text` the window ends with that local day.
        to_text: ISO-8601 time with a zone; without `from_text` the window begins with that local day.

    Returns:
        The window; with nothing named: today there, or the last day with events if there is none today.

    Raises:
        InputError: not a day or time, day and times together, or an empty or overlong window.
    """
    zone = store.zone_info
    if day is not None:
        if from_text is not None or to_text is not None:
            raise InputError("expected either day or from and to, got both")
        return window_of_day(parse_day(day), zone)
    if from_text is None and to_text is None:
        return _default_window(warehouse, store)
    begin = None if from_text is None else parse_time("from", from_text)
    end = None if to_text is None else parse_time("to", to_text)
    if begin is None and end is not None:
        begin = day_start((end - timedelta(microseconds=1)).astimezone(zone).date(), zone)
    elif end is None and begin is not None:
        end = day_start(begin.astimezone(zone).date() + timedelta(days=1), zone)
    if begin is None or end is None:
        raise InputError("expected from, to or day")
    return window_between(begin, end, zone)


def parse_day(text: str, name: str = "day") -> date:
    """A local day.

    Args:
        text: the day.
        name: the parameter, for the message.

    Raises:
        InputError: not a day of the years 1971 to 9997 in the form 2026-03-03.
    """
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        try:
            day = date.fromisoformat(text)
        except ValueError as error:
            raise InputError(f"{name}: {text} is not in the calendar") from error
        if FIRST_YEAR <= day.year <= LAST_YEAR:
            return day
    raise InputError(f"{name}: expected a day such as 2026-03-03, got {text[:60]!r}")


def days_with_events(
    warehouse: Warehouse, stores: Sequence[StoreInfo], limit: int = 400
) -> dict[str, list[date]]:
    """The local days of stores that hold events, newest first.

    Args:
        warehouse: where to look.
        stores: whose days.
        limit: at most so many of each.
    """
    zones = {store.store_id: store.zone_info for store in stores}
    if not zones:
        return {}
    with warehouse.database.read() as connection:
        return event_days(connection, zones, to_us(warehouse.now() + FUTURE_LIMIT), limit)


def _default_window(warehouse: Warehouse, store: StoreInfo) -> Window:
    now = warehouse.now()
    zone = store.zone_info
    last = warehouse.last_event(store.store_id, now + FUTURE_LIMIT)
    day = (last or now).astimezone(zone).date()
    return window_of_day(min(day, now.astimezone(zone).date()), zone)


def parse_time(name: str, text: str) -> datetime:
    """A time that a request names.

    Args:
        name: the parameter, for the message.
        text: ISO-8601 with a zone.

    Raises:
        InputError: not such a time, or outside the years 1971 to 9997.
    """
    # A plus sign that the client left unescaped in the address arrives as a space.
    repaired = re.sub(r"(T\S+) (\d{2}:?\d{2})$", r"\1+\2", text)
    try:
        moment = parse_utc(repaired)
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
    return moment
