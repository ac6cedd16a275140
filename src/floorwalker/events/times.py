"""Times as text: ISO-8601, UTC, milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime

from floorwalker.errors import InputError

# A year within what can be calculated with, so that a store's local day around any time can be, too.
FIRST_YEAR, LAST_YEAR = 1971, 9997


def format_utc(moment: datetime) -> str:
    """Write a moment as ISO-8601 UTC with a Z, with milliseconds only where there are some.

    Args:
        moment: an aware time.

    Returns:
        For example `2026-03-03T14:22:10Z` or `2026-03-03T14:22:10.400Z`.

    Raises:
        ValueError: the time has no zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"expected a time with a zone, got {moment.isoformat()}")
    utc = moment.astimezone(UTC)
    milliseconds = whole_milliseconds_us(utc.microsecond) // 1000
    if milliseconds == 0:
        return utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    return utc.strftime("%Y-%m-%dT%H:%M:%S") + f".{milliseconds:03d}Z"


def whole_milliseconds_us(time_us: int) -> int:
    """A time in whole milliseconds, given in microseconds since 1970.

    Events are written with milliseconds: kept finer, one read back from a file would be another one. What
    rounds up into the next second stays in its own.

    Args:
        time_us: microseconds since 1970, not before.
    """
    seconds, microseconds = divmod(time_us, 1_000_000)
    return seconds * 1_000_000 + min(round(microseconds / 1000), 999) * 1000


def parse_utc(text: str) -> datetime:
    """Read an ISO-8601 time that names its zone.

    Args:
        text: for example `2026-03-03T14:22:10Z` or `2026-03-03T19:52:10+05:30`.

    Returns:
        The same moment in UTC.

    Raises:
        InputError: not a time, no zone, or outside the years 1971 to 9997.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"expected an ISO-8601 time such as 2026-03-03T14:22:10Z, got {text[:60]!r}"
        ) from error
    if moment.tzinfo is None:
        raise InputError(f"expected a time with a zone (…Z or …+05:30), got {text[:60]!r}")
    try:
        utc = moment.astimezone(UTC)
    except OverflowError as error:
        raise _out_of_years(text) from error
    if not FIRST_YEAR <= utc.year <= LAST_YEAR:
        raise _out_of_years(text)
    return utc


def _out_of_years(text: str) -> InputError:
    return InputError(f"expected a time of the years {FIRST_YEAR} to {LAST_YEAR}, got {text[:60]!r}")
