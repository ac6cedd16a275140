"""The doorstep: whoever is lost from sight outside is gone; who appears there next is somebody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from floorwalker.identity.likeness import LikenessScale, likeness
from floorwalker.journeys.line_geometry import Approach, approach
from floorwalker.site import Calibration, Camera
from floorwalker.tracking.track import Track

LOST_S = 1.0
TURN_LOST_S = 2.0
OUTSIDE_M = 0.3
_SAME = 0.5
_PACE_S = 0.8
_PACE_M_PER_S = 0.3


def part_on_doorstep(
    tracks: Sequence[Track], camera: Camera, lost_s: float = LOST_S, outside_m: float = OUTSIDE_M
) -> list[Track]:
    """Cut tracks that were out of sight outside an entry line, or came over it or turned while out of sight.

    Near a door people come and go within a step of one another, and a tracker may give one who leaves and
    one who comes in the same track: over a gap, or in full sight, where looks before and after tell.
    Whether it was one person after all is for looks to say, as with anybody else who comes back.

    Args:
        tracks: of one recording.
        camera: its entry lines and calibration.
        lost_s: gaps in sight shorter than this are bridged. Raising it believes the tracker longer.
        outside_m: how far outside the line both sides of the gap lie at least.

    Returns:
        The tracks, renumbered from 1 in order of first sighting where any was cut.
    """
    calibration = camera.calibrated()
    parts = [part for track in tracks for part in _parted(track, camera, calibration, lost_s, outside_m)]
    if len(parts) == len(tracks):
        return list(tracks)
    parts.sort(key=lambda track: (track.start_s, track.track_id))
    return [replace(track, track_id=number) for number, track in enumerate(parts, start=1)]


def _parted(
    track: Track, camera: Camera, calibration: Calibration | None, lost_s: float, outside_m: float
) -> list[Track]:
    gaps = np.flatnonzero(np.diff(track.time_s) >= lost_s)
    cuts: set[int] = set()
    for line in camera.entry_lines:
        path = approach(track, line, calibration)
        cuts.update(_exchanged(track, path, outside_m, lost_s))
        for gap in gaps.tolist():
            before, after = path.time_s <= track.time_s[gap], path.time_s >= track.time_s[gap + 1]
            if not before.any() or not after.any():
                continue
            gone = path.across_m[before][-1] < -outside_m and path.across_m[after][0] < -outside_m
            long = track.time_s[gap + 1] - track.time_s[gap] >= TURN_LOST_S
            if gone or (long and _turned(path, before, after)) or _came_about_unseen(path, before, after):
                cuts.add(gap + 1)
    bounds = [0, *sorted(cuts), len(track.time_s)]
    return [_rows(track, first, end) for first, end in pairwise(bounds)]


def _exchanged(track: Track, path: Approach, outside_m: float, lost_s: float) -> list[int]:
    """Rows where a track that goes out in full sight and comes in again looks like another from then on."""
    inside, outside = path.across_m > outside_m, path.across_m < -outside_m
    found = []
    for before, after in pairwise(np.flatnonzero(inside | outside).tolist()):
        if not (inside[before] and outside[after]):
            continue
        back = np.flatnonzero(inside[after:])
        if len(back) == 0:
            break
        away = slice(before, after + back[0] + 1)
        if np.diff(path.time_s[away]).max() >= lost_s:
            continue
        turn_s = path.time_s[away][np.argmin(path.across_m[away])]
        row = int(np.searchsorted(track.time_s, turn_s))
        first, second = _rows(track, 0, row), _rows(track, row, len(track.time_s))
        alike = likeness(first.appearance, second.appearance, LikenessScale())
        if alike is not None and alike < _SAME:
            found.append(row)
    return found


def _came_about_unseen(path: Approach, before: npt.NDArray[np.bool_], after: npt.NDArray[np.bool_]) -> bool:
    """Whether a gap leads over the line, and the walk before or after it does not."""
    start_m, end_m = path.across_m[before][-1], path.across_m[after][0]
    if start_m * end_m >= 0:
        return False
    onward = 1.0 if end_m > start_m else -1.0
    return min(onward * way for way in _ways(path, before, after)) <= -_PACE_M_PER_S


def _turned(path: Approach, before: npt.NDArray[np.bool_], after: npt.NDArray[np.bool_]) -> bool:
    """Whether somebody walked one way before a gap and the other way after it."""
    ways = _ways(path, before, after)
    return min(np.abs(ways)) >= _PACE_M_PER_S and ways[0] * ways[1] < 0


def _ways(path: Approach, before: npt.NDArray[np.bool_], after: npt.NDArray[np.bool_]) -> list[float]:
    """How fast somebody walked inwards just before and just after a gap, metres a second."""
    last_s, first_s = path.time_s[before][-1], path.time_s[after][0]
    ways = []
    for near in (before & (path.time_s >= last_s - _PACE_S), after & (path.time_s <= first_s + _PACE_S)):
        t, across = path.time_s[near], path.across_m[near]
        ways.append(float((across[-1] - across[0]) / (t[-1] - t[0])) if len(t) > 1 else 0.0)
    return ways


def _rows(track: Track, first: int, end: int) -> Track:
    """A stretch of a track with its share of the descriptors, which lie in order of time."""
    count, rows = len(track.time_s), slice(first, end)
    if count == end - first:
        return track
    looks: npt.NDArray[np.intp] = np.arange(len(track.appearance))
    place = (looks + 0.5) / max(len(looks), 1) * count
    return replace(
        track,
        time_s=track.time_s[rows],
        xyxy=track.xyxy[rows],
        foot_px=track.foot_px[rows],
        floor_m=track.floor_m[rows],
        confidence=track.confidence[rows],
        appearance=track.appearance[(place >= first) & (place < end)],
    )
