"""Which trackers there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from floorwalker.errors import InputError
from floorwalker.tracking.bytetrack import ByteTrack, ByteTrackSettings
from floorwalker.tracking.observation_centric import ObservationCentric, ObservationCentricSettings
from floorwalker.tracking.tracker import Tracker

DEFAULT_TRACKER = "bytetrack"
MOST_ACCURATE = "observation-centric"


def _bytetrack(believes_first: bool) -> Tracker:
    return ByteTrack(ByteTrackSettings(believes_first_frame=believes_first))


def _bytetrack_as_published(believes_first: bool) -> Tracker:
    return ByteTrack(replace(ByteTrackSettings.as_published(), believes_first_frame=believes_first))


def _observation_centric(believes_first: bool) -> Tracker:
    return ObservationCentric(ObservationCentricSettings(believes_first_frame=believes_first))


# Whatever stands here is held to the shared checks of tests/tracking.
TRACKERS: Mapping[str, Callable[[bool], Tracker]] = MappingProxyType(
    {
        DEFAULT_TRACKER: _bytetrack,
        "bytetrack-published": _bytetrack_as_published,
        MOST_ACCURATE: _observation_centric,
    }
)


def build_tracker(name: str | None = None, *, believes_first: bool = False) -> Tracker:
    """Make a fresh tracker for one recording.

    Args:
        name: one of `TRACKERS`; default: ByteTrack with the settings for shops.
        believes_first: the sequence begins in the midst of a scene, with people whom somebody has chosen to
            be followed: whoever is in its first frame is believed at once. A camera's day begins anyhow.

    Raises:
        InputError: no such tracker.
    """
    make = TRACKERS.get(name or DEFAULT_TRACKER)
    if make is None:
        raise InputError(f"unknown tracker {name!r}; expected one of {', '.join(sorted(TRACKERS))}")
    return make(believes_first)
