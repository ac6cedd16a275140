"""Times that name no zone: what the clock on the store's wall showed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from floorwalker.events import FIRST_YEAR, LAST_YEAR, EventError


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as read.

    Attributes:
        utc: in whole milliseconds, as events are kept.
        local_day: the day that the store's calendar showed.
        written: the time as it was written, in one form, for deterministic ids.
        doubt: `ambiguous` where the clock showed this time twice, `skipped` where it never showed it; None
            where there is no doubt.
    """

    utc: datetime
    local_day: date
    written: str
    doubt: str | None = None

    @property
    def utc_ms(self) -> int:
        """Milliseconds since 1970."""
        return int(self.utc.timestamp()) * 1000 + self.utc.microsecond // 1000


def read_moment(field: str, text: str, zone: ZoneInfo | None, not_before: Moment | None = None) -> Moment:
    """Read an ISO-8601 time; where it names no zone it is in the store's own.

    An hour that the clock showed twice, when summer time ended, is taken for the first unless that would
    lie before `not_before`. A time that the clock skipped, when summer time began, was shown by a clock
    that had not been put forward yet.

    Args:
        field: its name, for messages.
        text: for example `2026-03-08T18:10:05.120000`.
        zone: the store's time zone; None where it is not known.
        not_before: an earlier moment of the same story.

    Raises:
        EventError: `timestamp` where it is no time of the years 1971 to 9997, `timezone` where nobody knows
            the zone.
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise EventError(
            "timestamp", f"{field}: expected a time such as 2026-03-08T18:10:05, got {text[:60]!r}"
        ) from error
    if len(text) <= 10 or not FIRST_YEAR <= read.year <= LAST_YEAR:
        raise EventError(
            "timestamp",
            f"{field}: expected a date and time of the years {FIRST_YEAR} to {LAST_YEAR}, got {text[:60]!r}",
        )
    read = read.replace(microsecond=read.microsecond // 1000 * 1000)
    if read.tzinfo is not None:
        utc = read.astimezone(UTC)
        return Moment(utc, utc.astimezone(zone or read.tzinfo).date(), utc.isoformat())
    if zone is None:
        raise EventError(
            "timezone",
            f"{field}: the time {text[:60]!r} names no zone, and that of its store is not known; "
            "describe the store in a site file",
        )
    utc, doubt = _from_wall(read, zone, not_before)
    return Moment(utc, read.date(), read.isoformat(), doubt)


def _from_wall(wall: datetime, zone: ZoneInfo, not_before: Moment | None) -> tuple[datetime, str | None]:
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if first == second:
        return first, None
    if first > second:  # skipped: by the offset that held before, as the clock not put forward shows it
        return first, "skipped"
    if not_before is not None and first < not_before.utc <= second:
        return second, "ambiguous"
    return first, "ambiguous"
