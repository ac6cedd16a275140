"""Stitching: fragments of one person in a finished recording become one track again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from floorwalker.tracking.overlap import assign
from floorwalker.tracking.track import Track

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.intp]
TYPICAL_HEIGHT_M = 1.7


@dataclass(frozen=True, slots=True)
class StitchSettings:
    """When two tracks of one camera are fragments of one person.

    Attributes:
        longest_gap_s: between the end of one and the start of the other. Raising it bridges longer
            occlusions and joins more strangers.
        reach_m: distance from the predicted place at which a join becomes impossible for a gap of 0 s.
        reach_m_per_s: how that distance grows with the gap, since people turn and stop.
        fastest_m_per_s: no one moves faster between the two sightings.
        turn_m_per_s: greatest change of velocity at once, and
        turn_m_per_s2: how much more a second of gap allows; who comes back at once is someone else.
        least_likeness: cosine of the appearances below which two fragments are two people.
        samples: appearance descriptors kept of a joined track.
    """

    longest_gap_s: float = 4.0
    reach_m: float = 0.6
    reach_m_per_s: float = 0.5
    fastest_m_per_s: float = 2.5
    turn_m_per_s: float = 1.5
    turn_m_per_s2: float = 1.5
    least_likeness: float = 0.88
    samples: int = 24


@dataclass(frozen=True, slots=True)
class _Ends:
    """One end each of n tracks.

    Attributes:
        floor_m: (n, 2) places on the floor, NaN where the camera is not calibrated.
        floor_m_per_s: (n, 2) velocities there.
        foot_px: (n, 2) places in the picture, and
        foot_px_per_s: (n, 2) velocities there.
        height_px: (n,) usual heights.
    """

    floor_m: FloatArray
    floor_m_per_s: FloatArray
    foot_px: FloatArray
    foot_px_per_s: FloatArray
    height_px: FloatArray


def stitch_tracks(tracks: Sequence[Track], settings: StitchSettings | None = None) -> list[Track]:
    """Join fragments whose end and start are near in time and place, never two at one time.

    Args:
        tracks: all tracks of one recording.
        settings: how near is near.

    Returns:
        The tracks, renumbered from 1 in order of first sighting.
    """
    rules = settings or StitchSettings()
    chains = fragment_chains(tracks, rules)
    return [join_tracks(chain, number, rules.samples) for number, chain in enumerate(chains, start=1)]


def fragment_chains(tracks: Sequence[Track], settings: StitchSettings | None = None) -> list[list[Track]]:
    """The fragments of each person in turn, as `stitch_tracks` would join them.

    Args:
        tracks: of one camera.
        settings: how near is near.

    Returns:
        Chains in order of first sighting; a track that goes on in no other is a chain of its own.
    """
    ordered = sorted(tracks, key=lambda track: (track.start_s, track.track_id))
    following = _successors(ordered, settings or StitchSettings())
    chains: list[list[Track]] = []
    taken: set[int] = set()
    for first in range(len(ordered)):
        if first in taken:
            continue
        chain, at = [], first
        while True:
            taken.add(at)
            chain.append(ordered[at])
            if at not in following:
                break
            at = following[at]
        chains.append(chain)
    return chains


def _successors(tracks: Sequence[Track], rules: StitchSettings) -> dict[int, int]:
    """For each track that goes on in another, the index of that other."""
    count = len(tracks)
    if count < 2:
        return {}
    starts = np.array([track.start_s for track in tracks])
    ends = np.array([track.end_s for track in tracks])
    gap = starts[None, :] - ends[:, None]
    earlier, later = np.nonzero((gap > 0) & (gap <= rules.longest_gap_s))
    if len(earlier) == 0:
        return {}
    nearness = _nearness(tracks, earlier, later, gap[earlier, later], rules)
    score = np.zeros((count, count))
    for pair in np.flatnonzero(nearness > 0.0).tolist():
        a, b = int(earlier[pair]), int(later[pair])
        likeness = similarity(tracks[a].appearance, tracks[b].appearance)
        score[a, b] = nearness[pair] * _share_of_likeness(likeness, rules)
    rows, columns = assign(score, 1e-6)
    return dict(zip(rows.tolist(), columns.tolist(), strict=True))


def _share_of_likeness(likeness: float | None, rules: StitchSettings) -> float:
    if likeness is None:
        return 1.0
    if likeness < rules.least_likeness:
        return 0.0
    return float(np.clip((likeness - rules.least_likeness) / (1.0 - rules.least_likeness), 0.1, 1.0))


def _nearness(
    tracks: Sequence[Track], earlier: IndexArray, later: IndexArray, gap_s: FloatArray, rules: StitchSettings
) -> FloatArray:
    """(pairs,) how near each track goes on where another ended, 0 (cannot) to 1 (exactly there)."""
    last = _ends(tracks, slice(-9, None), -1)
    first = _ends(tracks, slice(0, 9), 0)
    known = np.isfinite(last.floor_m[earlier]) & np.isfinite(first.floor_m[later])
    on_floor = known.all(axis=1, keepdims=True)
    height_px = (last.height_px[earlier] + first.height_px[later]) / 2
    metres_per_px = (TYPICAL_HEIGHT_M / np.maximum(height_px, 1.0))[:, None]

    def metres(ends: _Ends, at: IndexArray) -> tuple[FloatArray, FloatArray]:
        place = np.where(on_floor, ends.floor_m[at], ends.foot_px[at] * metres_per_px)
        return place, np.where(on_floor, ends.floor_m_per_s[at], ends.foot_px_per_s[at] * metres_per_px)

    (from_m, from_speed), (to_m, to_speed) = metres(last, earlier), metres(first, later)
    possible = np.linalg.norm(to_m - from_m, axis=1) <= rules.fastest_m_per_s * gap_s + rules.reach_m
    turn = np.linalg.norm(to_speed - from_speed, axis=1)
    possible &= turn <= rules.turn_m_per_s + rules.turn_m_per_s2 * gap_s
    # The two ends predict each other half way; a person who stops makes each prediction overshoot.
    half_s = (np.minimum(gap_s, 1.0) / 2)[:, None]
    miss = np.linalg.norm((from_m + half_s * from_speed) - (to_m - half_s * to_speed), axis=1)
    reach = rules.reach_m + rules.reach_m_per_s * gap_s
    return np.where(possible & (miss < reach), 1.0 - miss / reach, 0.0)


def similarity(a: npt.NDArray[np.float32], b: npt.NDArray[np.float32]) -> float | None:
    """Mean of the best cosines between two sets of descriptors, or None where one has none.

    Args:
        a: (k, d) of norm 1.
        b: (l, d) of norm 1.
    """
    if len(a) == 0 or len(b) == 0:
        return None
    cosines = a @ b.T
    return float((cosines.max(axis=0).mean() + cosines.max(axis=1).mean()) / 2)


def _ends(tracks: Sequence[Track], window: slice, at: int) -> _Ends:
    boxes = [track.xyxy[window] for track in tracks]
    return _Ends(
        np.array([track.floor_m[at] for track in tracks], dtype=np.float64),
        np.array([_velocity(track.time_s[window], track.floor_m[window]) for track in tracks]),
        np.array([track.foot_px[at] for track in tracks], dtype=np.float64),
        np.array([_velocity(track.time_s[window], track.foot_px[window]) for track in tracks]),
        np.array([float(np.median(box[:, 3] - box[:, 1])) for box in boxes]),
    )


def _velocity(time_s: FloatArray, path: npt.NDArray[np.floating]) -> FloatArray:
    good = np.isfinite(path).all(axis=1)
    t, p = time_s[good], path[good].astype(np.float64)
    if len(t) < 3 or t[-1] - t[0] < 0.2:
        return np.zeros(2)
    centred = t - t.mean()
    return np.asarray(centred @ (p - p.mean(axis=0)) / (centred @ centred))


def join_tracks(chain: Sequence[Track], number: int, samples: int) -> Track:
    """One track of several that follow each other in time.

    Args:
        chain: in order of time.
        number: its track_id.
        samples: appearance descriptors to keep.
    """
    if len(chain) == 1:
        return replace(chain[0], track_id=number)
    described = [track.appearance for track in chain if len(track.appearance)]
    appearance = np.concatenate(described) if described else chain[0].appearance
    if len(appearance) > samples:
        appearance = appearance[np.linspace(0, len(appearance) - 1, samples).round().astype(int)]
    return Track(
        number,
        np.concatenate([track.time_s for track in chain]),
        np.concatenate([track.xyxy for track in chain]),
        np.concatenate([track.foot_px for track in chain]),
        np.concatenate([track.floor_m for track in chain]),
        np.concatenate([track.confidence for track in chain]),
        appearance,
    )
