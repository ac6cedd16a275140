"""Time zones as people write them on the command line."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from floorwalker.errors import InputError


def time_zone(name: str) -> ZoneInfo:
    """The zone of an IANA name.

    Raises:
        InputError: there is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError(f"unknown time zone {name!r}; expected an IANA name such as Asia/Kolkata") from error
