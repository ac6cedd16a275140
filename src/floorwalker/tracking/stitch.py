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
        longest_hidden_s: someone who stands behind others or a shelf may be unseen for so long, and is then
            known again by place and looks together. Raising it joins more stays of one person, and of two
            alike.
        hidden_reach_m: distance between the last and the next sighting of someone hidden.
        hidden_m_per_s: who moved faster before or after was not hidden where they stood, but went and came.
        hidden_likeness: cosine of the appearances that someone hidden must have kept.
        samples: appearance descriptors kept of a joined track.
    """

    longest_gap_s: float = 4.0
    reach_m: float = 0.6
    reach_m_per_s: float = 0.5
    fastest_m_per_s: float = 2.5
    turn_m_per_s: float = 1.5
    turn_m_per_s2: float = 1.5
    least_likeness: float = 0.88
    longest_hidden_s: float = 20.0
    hidden_reach_m: float = 1.5
    hidden_m_per_s: float = 0.4
    hidden_likeness: float = 0.93
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

    First those that walk on, by their motion; then those who were hidden for longer, by place and looks.

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
    rules = settings or StitchSettings()
    ordered = sorted(tracks, key=lambda track: (track.start_s, track.track_id))
    walking = _chains(_successors(ordered, rules), len(ordered))
    walkers = [join_tracks([ordered[at] for at in chain], 0, rules.samples) for chain in walking]
    hidden = _chains(_successors(walkers, rules, hidden=True), len(walkers))
    return [[ordered[at] for walk in chain for at in walking[walk]] for chain in hidden]


def _chains(following: dict[int, int], count: int) -> list[list[int]]:
    """Indices in the order in which they follow each other, by first index."""
    continued = set(following.values())
    chains = []
    for first in (index for index in range(count) if index not in continued):
        chain = [first]
        while chain[-1] in following:
            chain.append(following[chain[-1]])
        chains.append(chain)
    return chains


def _successors(tracks: Sequence[Track], rules: StitchSettings, *, hidden: bool = False) -> dict[int, int]:
    """For each track that goes on in another, the index of that other."""
    count = len(tracks)
    if count < 2:
        return {}
    starts = np.array([track.start_s for track in tracks])
    ends = np.array([track.end_s for track in tracks])
    gap = starts[None, :] - ends[:, None]
    earlier, later = np.nonzero(
        (gap > 0) & (gap <= (rules.longest_hidden_s if hidden else rules.longest_gap_s))
    )
    if len(earlier) == 0:
        return {}
    step = _Step.between(tracks, earlier, later, gap[earlier, later])
    nearness = _closeness(step, rules) if hidden else _nearness(step, rules)
    score = np.zeros((count, count))
    for pair in np.flatnonzero(nearness > 0.0).tolist():
        a, b = int(earlier[pair]), int(later[pair])
        likeness = similarity(tracks[a].appearance, tracks[b].appearance)
        share = _share_of_recognition(likeness, rules) if hidden else _share_of_likeness(likeness, rules)
        score[a, b] = nearness[pair] * share
    rows, columns = assign(score, 1e-6)
    return dict(zip(rows.tolist(), columns.tolist(), strict=True))


def _share_of_recognition(likeness: float | None, rules: StitchSettings) -> float:
    """Who was hidden for long is known by looks alone: none seen, or other ones, and it is nobody."""
    if likeness is None or likeness < rules.hidden_likeness:
        return 0.0
    return 0.5 + 0.5 * (likeness - rules.hidden_likeness) / (1.0 - rules.hidden_likeness)


def _share_of_likeness(likeness: float | None, rules: StitchSettings) -> float:
    if likeness is None:
        return 1.0
    if likeness < rules.least_likeness:
        return 0.0
    return float(np.clip((likeness - rules.least_likeness) / (1.0 - rules.least_likeness), 0.1, 1.0))


@dataclass(frozen=True, slots=True)
class _Step:
    """From the ends of some tracks to the starts of others, pair by pair, in metres or their like."""

    from_m: FloatArray
    from_m_per_s: FloatArray
    to_m: FloatArray
    to_m_per_s: FloatArray
    gap_s: FloatArray

    @classmethod
    def between(
        cls, tracks: Sequence[Track], earlier: IndexArray, later: IndexArray, gap_s: FloatArray
    ) -> _Step:
        last = _ends(tracks, slice(-9, None), -1)
        first = _ends(tracks, slice(0, 9), 0)
        known = np.isfinite(last.floor_m[earlier]) & np.isfinite(first.floor_m[later])
        on_floor = known.all(axis=1, keepdims=True)
        height_px = (last.height_px[earlier] + first.height_px[later]) / 2
        metres_per_px = (TYPICAL_HEIGHT_M / np.maximum(height_px, 1.0))[:, None]

        def metres(ends: _Ends, at: IndexArray) -> tuple[FloatArray, FloatArray]:
            place = np.where(on_floor, ends.floor_m[at], ends.foot_px[at] * metres_per_px)
            return place, np.where(on_floor, ends.floor_m_per_s[at], ends.foot_px_per_s[at] * metres_per_px)

        return cls(*metres(last, earlier), *metres(first, later), gap_s)

    def possible(self, rules: StitchSettings) -> npt.NDArray[np.bool_]:
        """(pairs,) whether anybody could have walked so far."""
        distance = np.linalg.norm(self.to_m - self.from_m, axis=1)
        return np.asarray(distance <= rules.fastest_m_per_s * self.gap_s + rules.reach_m)


def _closeness(step: _Step, rules: StitchSettings) -> FloatArray:
    """(pairs,) how near each track begins to where another was lost, 0 (too far) to 1 (exactly there)."""
    distance = np.linalg.norm(step.to_m - step.from_m, axis=1)
    near = step.possible(rules) & (distance <= rules.hidden_reach_m)
    for velocity in (step.from_m_per_s, step.to_m_per_s):
        near &= np.linalg.norm(velocity, axis=1) <= rules.hidden_m_per_s
    return np.where(near, 1.0 - 0.5 * distance / rules.hidden_reach_m, 0.0)


def _nearness(step: _Step, rules: StitchSettings) -> FloatArray:
    """(pairs,) how near each track goes on where another ended, 0 (cannot) to 1 (exactly there)."""
    turn = np.linalg.norm(step.to_m_per_s - step.from_m_per_s, axis=1)
    possible = step.possible(rules) & (turn <= rules.turn_m_per_s + rules.turn_m_per_s2 * step.gap_s)
    # The two ends predict each other half way; a person who stops makes each prediction overshoot.
    half_s = (np.minimum(step.gap_s, 1.0) / 2)[:, None]
    ahead, back = step.from_m + half_s * step.from_m_per_s, step.to_m - half_s * step.to_m_per_s
    miss = np.linalg.norm(ahead - back, axis=1)
    reach = rules.reach_m + rules.reach_m_per_s * step.gap_s
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
