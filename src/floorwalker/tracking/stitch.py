"""Stitching: fragments of one person in a finished recording become one track again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from floorwalker.tracking.overlap import assign
from floorwalker.tracking.track import Track

FloatArray = npt.NDArray[np.float64]
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
class _End:
    """Place, velocity and scale of a track at one of its ends, in metres or their like."""

    place: FloatArray
    velocity: FloatArray


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
    score = np.zeros((count, count))
    for a, b in zip(earlier.tolist(), later.tolist(), strict=True):
        score[a, b] = _continuation(tracks[a], tracks[b], float(gap[a, b]), rules)
    rows, columns = assign(score, 1e-6)
    return dict(zip(rows.tolist(), columns.tolist(), strict=True))


def _continuation(before: Track, after: Track, gap_s: float, rules: StitchSettings) -> float:
    """How well one track continues another, 0 (cannot) to 1."""
    last, first = _ends(before, after)
    if np.linalg.norm(first.place - last.place) > rules.fastest_m_per_s * gap_s + rules.reach_m:
        return 0.0
    turn = float(np.linalg.norm(first.velocity - last.velocity))
    if turn > rules.turn_m_per_s + rules.turn_m_per_s2 * gap_s:
        return 0.0
    # The two ends predict each other half way; a person who stops makes each prediction overshoot.
    half = min(gap_s, 1.0) / 2
    miss = float(np.linalg.norm((last.place + half * last.velocity) - (first.place - half * first.velocity)))
    reach = rules.reach_m + rules.reach_m_per_s * gap_s
    if miss >= reach:
        return 0.0
    likeness = similarity(before.appearance, after.appearance)
    if likeness is not None and likeness < rules.least_likeness:
        return 0.0
    nearness = 1.0 - miss / reach
    if likeness is None:
        return nearness
    return nearness * float(
        np.clip((likeness - rules.least_likeness) / (1.0 - rules.least_likeness), 0.1, 1.0)
    )


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


def _ends(before: Track, after: Track) -> tuple[_End, _End]:
    on_floor = bool(np.isfinite(before.floor_m[-1]).all() and np.isfinite(after.floor_m[0]).all())
    metres_per_px = 1.0
    if not on_floor:
        heights = [float(np.median(box[:, 3] - box[:, 1])) for box in (before.xyxy[-9:], after.xyxy[:9])]
        metres_per_px = TYPICAL_HEIGHT_M / max(sum(heights) / 2, 1.0)

    def end(track: Track, window: slice, at: int) -> _End:
        path = track.floor_m if on_floor else track.foot_px * metres_per_px
        return _End(np.asarray(path[at], dtype=np.float64), _velocity(track.time_s[window], path[window]))

    return end(before, slice(-9, None), -1), end(after, slice(0, 9), 0)


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
