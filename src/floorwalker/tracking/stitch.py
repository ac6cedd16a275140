"""Stitching: fragments of one person in a finished recording become one track again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from floorwalker.tracking.overlap import assign
from floorwalker.tracking.reappearing import ReappearingSettings, reappeared
from floorwalker.tracking.step import Step, similarity
from floorwalker.tracking.track import Track, before

FloatArray = npt.NDArray[np.float64]


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
        reappearing: who is known again by time, place and looks together.
        samples: appearance descriptors kept of a joined track.
    """

    longest_gap_s: float = 4.0
    reach_m: float = 0.6
    reach_m_per_s: float = 0.5
    fastest_m_per_s: float = 2.5
    turn_m_per_s: float = 1.5
    turn_m_per_s2: float = 1.5
    least_likeness: float = 0.88
    reappearing: ReappearingSettings = field(default_factory=ReappearingSettings)
    samples: int = 24


def stitch_tracks(tracks: Sequence[Track], settings: StitchSettings | None = None) -> list[Track]:
    """Join fragments whose end and start are near in time and place, never two at one time.

    First those that walk on, by their motion; then those who are known again, by time, place and looks.

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
    again = _chains(reappeared(walkers, rules.reappearing), len(walkers))
    return [[ordered[at] for walk in chain for at in walking[walk]] for chain in again]


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
    step = Step.between(tracks, earlier, later, gap[earlier, later])
    nearness = _nearness(step, rules)
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


def _nearness(step: Step, rules: StitchSettings) -> FloatArray:
    """(pairs,) how near each track goes on where another ended, 0 (cannot) to 1 (exactly there)."""
    turn = np.linalg.norm(step.to_m_per_s - step.from_m_per_s, axis=1)
    distance = np.linalg.norm(step.to_m - step.from_m, axis=1)
    possible = distance <= rules.fastest_m_per_s * step.gap_s + rules.reach_m
    possible &= turn <= rules.turn_m_per_s + rules.turn_m_per_s2 * step.gap_s
    # The two ends predict each other half way; a person who stops makes each prediction overshoot.
    half_s = (np.minimum(step.gap_s, 1.0) / 2)[:, None]
    ahead, back = step.from_m + half_s * step.from_m_per_s, step.to_m - half_s * step.to_m_per_s
    miss = np.linalg.norm(ahead - back, axis=1)
    reach = rules.reach_m + rules.reach_m_per_s * step.gap_s
    return np.where(possible & (miss < reach), 1.0 - miss / reach, 0.0)


def join_tracks(chain: Sequence[Track], number: int, samples: int) -> Track:
    """One track of several that follow each other in time.

    Args:
        chain: in order of time. Where two overlap, the later one counts.
        number: its track_id.
        samples: appearance descriptors to keep.
    """
    if len(chain) == 1:
        return replace(chain[0], track_id=number)
    described = [track.appearance for track in chain if len(track.appearance)]
    appearance = np.concatenate(described) if described else chain[0].appearance
    if len(appearance) > samples:
        appearance = appearance[np.linspace(0, len(appearance) - 1, samples).round().astype(int)]
    until_s = [*np.minimum.accumulate([track.start_s for track in chain[:0:-1]])[::-1].tolist(), np.inf]
    cut = [(before(track, end_s), end_s) for track, end_s in zip(chain, until_s, strict=True)]
    pieces = [piece for piece, end_s in cut if piece.end_s < end_s]
    return Track(
        number,
        np.concatenate([track.time_s for track in pieces]),
        np.concatenate([track.xyxy for track in pieces]),
        np.concatenate([track.foot_px for track in pieces]),
        np.concatenate([track.floor_m for track in pieces]),
        np.concatenate([track.confidence for track in pieces]),
        appearance,
    )
