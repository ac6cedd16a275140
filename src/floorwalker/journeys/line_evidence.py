"""Crossings nobody saw: tracks that begin just behind a line or end just before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from floorwalker.journeys.line_crossing import Crossing, CrossingSettings
from floorwalker.journeys.line_geometry import Approach

_WINDOW_S = 0.8
_INFERRED_EVIDENCE = 0.5


@dataclass(frozen=True, slots=True)
class TrackEnd:
    """The first or last moment of a track near a line.

    Attributes:
        track_id: whose.
        birth: first moment, else last.
        time_s: when.
        across_m: distance from the line, positive inside.
        speed_m_per_s: across the line, positive inward.
        beyond_m: past the line's ends.
        place_m: (2,) where.
        side: on which side it began or ended for good, 1 inside, -1 outside, 0 unknown.
    """

    track_id: int
    birth: bool
    time_s: float
    across_m: float
    speed_m_per_s: float
    beyond_m: float
    place_m: npt.NDArray[np.float64]
    side: int


def track_ends(track_id: int, path: Approach, sides: Sequence[int]) -> list[TrackEnd]:
    """Both ends of a track as seen from a line.

    Args:
        track_id: whose.
        path: as seen from the line.
        sides: the sides it was on in turn, 1 inside, -1 outside.

    Returns:
        Birth and loss, or nothing where the track is too short to tell a direction.
    """
    if len(path.time_s) < 2:
        return []
    ends = []
    for birth, at in ((True, 0), (False, -1)):
        near = np.abs(path.time_s - path.time_s[at]) <= _WINDOW_S
        t, across = path.time_s[near], path.across_m[near]
        centred = t - t.mean()
        spread = float(centred @ centred)
        speed = float(centred @ (across - across.mean())) / spread if spread > 0 else 0.0
        ends.append(
            TrackEnd(
                track_id,
                birth,
                float(path.time_s[at]),
                float(path.across_m[at]),
                speed,
                float(path.beyond_m[at]),
                path.place_m[at],
                sides[at] if sides else 0,
            )
        )
    return ends


def inferred_crossings(
    ends: Sequence[TrackEnd],
    line_id: str,
    duration_s: float,
    settings: CrossingSettings,
    seen: Mapping[int, Sequence[Crossing]],
) -> list[Crossing]:
    """Crossings that a gap in sight hides.

    A person appears within a step behind the line and walks on away from it, or vanishes within a step
    before it while walking towards it. No crossing is inferred where another track's end explains the gap,
    nor at the recording's own start and end.

    Args:
        ends: of all tracks near the line.
        line_id: which line.
        duration_s: length of the recording.
        settings: what counts.
        seen: the crossings that were seen, by track.

    Returns:
        Inferred crossings of low evidence, in order of time.
    """
    candidates = [end for end in ends if _points_at_line(end, duration_s, settings, seen)]
    found = []
    for end in candidates:
        inward = end.speed_m_per_s > 0
        beside = _counterparts(end, ends, settings)
        if any(_settled(other) == end.side for other in beside):
            continue
        # The one that stays in the shop's sight carries the crossing; its other half is left out.
        primary = end.birth == inward
        if not primary and any(other in candidates for other in beside):
            continue
        at = end.time_s - end.across_m / end.speed_m_per_s
        seen_as = "appeared behind" if end.birth else "vanished before"
        found.append(
            Crossing(
                end.track_id,
                line_id,
                float(np.clip(at, 0.0, duration_s)),
                inward,
                _INFERRED_EVIDENCE,
                seen_as,
            )
        )
    return sorted(found, key=lambda crossing: (crossing.time_s, crossing.track_id))


def _settled(end: TrackEnd) -> int:
    """The side a track was on for good; a step over the line that was too short to count is none."""
    return end.side or (1 if end.across_m > 0 else -1)


def _points_at_line(
    end: TrackEnd, duration_s: float, settings: CrossingSettings, seen: Mapping[int, Sequence[Crossing]]
) -> bool:
    """Whether the unseen part of the path leads over the line, close by."""
    if abs(end.across_m) > settings.near_m or end.beyond_m > settings.margin_m:
        return False
    if end.time_s < settings.memory_s / 2 or end.time_s > duration_s - settings.memory_s / 2:
        return False
    if abs(end.speed_m_per_s) < settings.least_speed_m_per_s:
        return False
    direction = 1 if end.speed_m_per_s > 0 else -1
    if end.side != (direction if end.birth else -direction):
        return False
    # Time still to go (or already gone) to the line: negative for a birth behind it, positive for a loss.
    to_line_s = -end.across_m / end.speed_m_per_s
    # Who is seen to cross just then either crossed only then, or stepped over the line and back.
    observed = any(
        abs(crossing.time_s - end.time_s) < settings.memory_s for crossing in seen.get(end.track_id, ())
    )
    if observed:
        return False
    # Who appears outside and then comes in was not seen to leave: a way out would make a return of it.
    later = seen.get(end.track_id, ())
    if end.birth and direction < 0 and later and later[0].inward:
        return False
    slack_s = settings.band_m / abs(end.speed_m_per_s)
    return to_line_s <= slack_s if end.birth else to_line_s >= -slack_s


def _counterparts(end: TrackEnd, ends: Sequence[TrackEnd], settings: CrossingSettings) -> list[TrackEnd]:
    """Ends of other tracks that may be the same person before a birth or after a loss."""
    found = []
    for other in ends:
        if other.track_id == end.track_id or other.birth == end.birth:
            continue
        gap = end.time_s - other.time_s if end.birth else other.time_s - end.time_s
        near = np.linalg.norm(end.place_m - other.place_m) <= settings.nearby_m
        if -0.2 <= gap <= settings.memory_s and near:
            found.append(other)
    return found
