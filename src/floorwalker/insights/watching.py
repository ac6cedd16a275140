"""Which zones nobody watched: a camera that had ended says nothing of an empty zone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from floorwalker.runs import Recording
from floorwalker.warehouse import Feed, ResolvedEvent
from floorwalker.warehouse.records import to_us

_UNSEEN_US = 60 * 1_000_000  # recordings of one day end some seconds apart


def unwatched_zones(
    cameras: Mapping[str, Iterable[str]],
    recordings: Sequence[Recording],
    feeds: Sequence[Feed],
    events: Sequence[ResolvedEvent],
    stretch_us: tuple[int, int],
    quiet_us: int,
) -> frozenset[str]:
    """The zones of which no camera is known to have watched a stretch of time.

    Args:
        cameras: the cameras that watch each zone.
        recordings: those of the store that may touch the stretch; where a camera has some, they decide.
        feeds: the store's feeds; a live one without recordings is taken to watch, for `STALE_FEED` tells
            where it does not.
        events: of the store; any other camera is taken to watch while it tells of somebody.
        stretch_us: the stretch.
        quiet_us: such a camera may tell of nobody for so long before the stretch ends.
    """
    begin_us, end_us = stretch_us
    live = {feed.camera_id for feed in feeds if feed.last_live_us is not None}
    seen = {event.camera_id for event in events if end_us - quiet_us <= event.time_us <= end_us}
    recorded: dict[str, list[Recording]] = {}
    for recording in recordings:
        recorded.setdefault(recording.camera_id, []).append(recording)

    def watches(camera_id: str) -> bool:
        mine = recorded.get(camera_id)
        if mine:
            return _unseen_us(mine, begin_us, end_us) <= _UNSEEN_US
        return camera_id in live or camera_id in seen

    return frozenset(zone for zone, mine in cameras.items() if not any(map(watches, mine)))


def _unseen_us(recordings: Sequence[Recording], begin_us: int, end_us: int) -> int:
    """How much of a stretch no recording shows; gaps show nothing."""
    spans: list[tuple[int, int]] = []
    for recording in recordings:
        start_us, at_s = to_us(recording.start_utc), 0.0
        for gap in sorted(recording.gaps, key=lambda gap: gap.start_s):
            spans.append((start_us + round(at_s * 1e6), start_us + round(gap.start_s * 1e6)))
            at_s = max(at_s, gap.end_s)
        spans.append((start_us + round(at_s * 1e6), start_us + round(recording.duration_s * 1e6)))
    unseen_us, reached_us = 0, begin_us
    for start_us, stop_us in sorted(spans):
        unseen_us += max(0, min(start_us, end_us) - reached_us)
        reached_us = max(reached_us, min(stop_us, end_us), min(start_us, end_us))
    return unseen_us + max(0, end_us - reached_us)
