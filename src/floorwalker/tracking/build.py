"""Which trackers there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from floorwalker.errors import InputError
from floorwalker.tracking.bytetrack import ByteTrack
from floorwalker.tracking.tracker import Tracker

DEFAULT_TRACKER = "bytetrack"
# Whatever stands here is held to the shared checks of tests/tracking.
TRACKERS: Mapping[str, Callable[[], Tracker]] = MappingProxyType({DEFAULT_TRACKER: ByteTrack})


def build_tracker(name: str | None = None) -> Tracker:
    """Make a fresh tracker for one recording.

    Args:
        name: one of `TRACKERS`; default: ByteTrack.

    Raises:
        InputError: no such tracker.
    """
    make = TRACKERS.get(name or DEFAULT_TRACKER)
    if make is None:
        raise InputError(f"unknown tracker {name!r}; expected one of {', '.join(sorted(TRACKERS))}")
    return make()
