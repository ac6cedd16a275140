"""Which zones nobody watched: a camera that had ended says nothing of an empty zone."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence

from floorwalker.insights.camera_time import shown_spans
from floorwalker.insights.spans import length_us, without
from floorwalker.runs import Recording
from floorwalker.warehouse import Feed, ResolvedEvent

_UNSEEN_US = 60 * 1_000_000  # recordings of one day end some seconds apart


class Watching:
    """What tells whether somebody watched a zone.

    Args:
        cameras: the cameras that watch each zone.
        recordings: those of the store that may touch the time in question; where a camera has some, they
            decide.
        feeds: the store's feeds; a live one without recordings is taken to watch, for `STALE_FEED` tells
            where it does not.
        events: of the store; any other camera is taken to watch while it tells of somebody.
        quiet_us: such a camera may tell of nobody for so long.
    """

    def __init__(
        self,
        cameras: Mapping[str, Iterable[str]],
        recordings: Sequence[Recording],
        feeds: Sequence[Feed],
        events: Sequence[ResolvedEvent],
        quiet_us: int,
    ) -> None:
        self._cameras = cameras
        self._live = {feed.camera_id for feed in feeds if feed.last_live_us is not None}
        self._quiet_us = quiet_us
        self._recorded: dict[str, list[Recording]] = {}
        for recording in recordings:
            self._recorded.setdefault(recording.camera_id, []).append(recording)
        self._told: dict[str, list[int]] = {}
        for event in events:
            times = self._told.get(event.camera_id)
            if times is None:
                times = self._told[event.camera_id] = []
            times.append(event.time_us)
        for times in self._told.values():
            times.sort()

    def watched(self, zone: str, stretch_us: tuple[int, int]) -> bool:
        """Whether some camera of a zone is known to have watched a stretch of time."""
        return any(self._watches(camera, *stretch_us) for camera in self._cameras.get(zone, ()))

    def _watches(self, camera_id: str, begin_us: int, end_us: int) -> bool:
        mine = self._recorded.get(camera_id)
        if mine:
            return _unseen_us(mine, begin_us, end_us) <= _UNSEEN_US
        if camera_id in self._live:
            return True
        told = self._told.get(camera_id, ())
        return bisect_left(told, end_us - self._quiet_us) < bisect_right(told, end_us)


def _unseen_us(recordings: Sequence[Recording], begin_us: int, end_us: int) -> int:
    """How much of a stretch no recording shows; gaps show nothing."""
    return length_us(without([(begin_us, end_us)], shown_spans(recordings)))
