"""Parties: who came in together, by time, place and walking side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from floorwalker.journeys.line_crossing import Crossing
from floorwalker.tracking.track import Track

FloatArray = npt.NDArray[np.float64]
TYPICAL_HEIGHT_M = 1.7
_STEP_S = 0.2


@dataclass(frozen=True, slots=True)
class PartySettings:
    """When two people who come in are together.

    Attributes:
        within_s: between their crossings. Raising it, or any of the distances, finds more groups and joins
            more strangers who came one behind the other.
        around_s: their ways are compared so long before the first and after the second crossing.
        least_s: both must be in view together for so long.
        side_by_side_m: how far apart they usually are, at most; a person's height in the picture stands for
            1.7 m without calibration.
        apart_m: how far apart they ever are, at most.
    """

    within_s: float = 3.5
    around_s: float = 4.0
    least_s: float = 0.6
    side_by_side_m: float = 1.7
    apart_m: float = 2.3


def parties(
    crossings: Sequence[Crossing],
    tracks: Mapping[int, Track],
    settings: PartySettings,
    *,
    inward: bool = True,
) -> dict[int, int]:
    """Who came in (or went out) together.

    Args:
        crossings: of one camera's entry lines.
        tracks: by track_id.
        settings: what counts.
        inward: those who came in, else those who went out.

    Returns:
        For each track of a party its first track; who came alone is left out. Chains count: two who each
        walk beside a third are one party.
    """
    passed = sorted(
        (crossing for crossing in crossings if crossing.inward == inward),
        key=lambda crossing: (crossing.time_s, crossing.track_id),
    )
    party = {crossing.track_id: crossing.track_id for crossing in passed}
    for first, second in combinations(passed, 2):
        if second.time_s - first.time_s > settings.within_s or first.track_id == second.track_id:
            continue
        if _together(first, second, tracks, settings):
            old, new = party[second.track_id], party[first.track_id]
            party = {track: new if label == old else label for track, label in party.items()}
    shared = [label for label in set(party.values()) if sum(other == label for other in party.values()) > 1]
    return {track: label for track, label in party.items() if label in shared}


def _together(
    first: Crossing, second: Crossing, tracks: Mapping[int, Track], settings: PartySettings
) -> bool:
    one, other = tracks[first.track_id], tracks[second.track_id]
    start_s = max(one.start_s, other.start_s, first.time_s - settings.around_s)
    end_s = min(one.end_s, other.end_s, second.time_s + settings.around_s)
    moments = np.arange(start_s, end_s + 1e-9, _STEP_S)
    if len(moments) * _STEP_S < settings.least_s:
        return False
    apart = np.linalg.norm(_places(one, moments) - _places(other, moments), axis=1)
    return bool(np.median(apart) <= settings.side_by_side_m and apart.max() <= settings.apart_m)


def _places(track: Track, moments: FloatArray) -> FloatArray:
    """Where a track was, in metres or their like."""
    path = track.floor_m
    if not np.isfinite(path).all():
        height = np.median(track.xyxy[:, 3] - track.xyxy[:, 1])
        path = track.foot_px.astype(np.float64) * TYPICAL_HEIGHT_M / max(float(height), 1.0)
    return np.column_stack([np.interp(moments, track.time_s, path[:, axis]) for axis in (0, 1)])
