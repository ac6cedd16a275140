"""Who was lost from sight and is seen again: odds by time, place and looks together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from floorwalker.tracking.overlap import assign
from floorwalker.tracking.step import Step, similarity
from floorwalker.tracking.track import Track, before

FloatArray = npt.NDArray[np.float64]
_LEAST_LIKENESS = 0.6  # stranger than this nobody looks


@dataclass(frozen=True, slots=True)
class ReappearingSettings:
    """When a track goes on in another one; the odds are natural logarithms.

    Attributes:
        longest_s: out of sight for at most so long. Raising it joins more stays of one person, and of two
            alike.
        brief_s: within this time somebody may have walked on; longer ones were hidden where they stood.
        hidden_reach_m: then distance between the last and the next sighting, and
        hidden_m_per_s: who moved faster before or after was not hidden there, but went and came.
        hidden_likeness: and cosine of the appearances.
        longest_overlap_s: a new track may begin while the old one still lingers on what is not its person.
        fastest_m_per_s: no one moves faster between the two sightings, and
        reach_m: feet are seen no more exactly than this, and a body hides another within it.
        base: odds of two alike by `even_likeness` at one place, one right after the other.
        even_likeness: cosine of the appearances that says little.
        per_unlikeness: odds lost per unit of cosine below it, and
        per_likeness: won per unit above.
        per_m: odds lost a metre of distance, and
        per_s: a second of gap, while it is brief.
        overlapping: odds lost where the tracks overlap, and
        moving: where somebody walked before or after.
    """

    longest_s: float = 20.0
    brief_s: float = 5.0
    hidden_reach_m: float = 1.5
    hidden_m_per_s: float = 0.4
    hidden_likeness: float = 0.93
    longest_overlap_s: float = 1.0
    fastest_m_per_s: float = 2.5
    reach_m: float = 0.9
    base: float = 1.35
    even_likeness: float = 0.9
    per_unlikeness: float = 8.0
    per_likeness: float = 27.0
    per_m: float = 0.35
    per_s: float = 0.37
    overlapping: float = 0.7
    moving: float = 0.7


def reappeared(tracks: Sequence[Track], settings: ReappearingSettings) -> dict[int, int]:
    """Which tracks go on in which others: all at once, so that the sum of the odds is greatest.

    Who has no looks goes on in nobody.

    Args:
        tracks: of one camera.
        settings: what counts how much.

    Returns:
        For each track that goes on in another, the index of that other.

    Source:
        Zhang, Li and Nevatia, "Global data association for multi-object tracking using network flows", CVPR
        2008, whose tracklets this joins by one assignment in place of a flow.
    """
    count = len(tracks)
    starts = np.array([track.start_s for track in tracks]).reshape(count)
    ends = np.array([track.end_s for track in tracks]).reshape(count)
    gap_s = starts[None, :] - ends[:, None]
    possible = (gap_s >= -settings.longest_overlap_s) & (gap_s <= settings.longest_s)
    # Whoever goes on was there well before the other one came and left before it did.
    possible &= starts[:, None] < starts[None, :] - settings.longest_overlap_s / 2
    possible &= ends[:, None] < ends[None, :]
    earlier, later = np.nonzero(possible)
    if len(earlier) == 0:
        return {}
    odds = _odds(tracks, earlier, later, gap_s[earlier, later], settings)
    score = np.zeros((count, count))
    score[earlier, later] = np.maximum(odds, 0.0)
    rows, columns = assign(score, 1e-6)
    return dict(zip(rows.tolist(), columns.tolist(), strict=True))


def _odds(
    tracks: Sequence[Track],
    earlier: npt.NDArray[np.intp],
    later: npt.NDArray[np.intp],
    gap_s: FloatArray,
    rules: ReappearingSettings,
) -> FloatArray:
    """(pairs,) logarithm of the odds that each pair is one person; -inf where it cannot be."""
    overlap = gap_s <= 0
    # What an old track shows after the new one began is not its person.
    cut = [
        before(tracks[a], tracks[b].start_s) for a, b in zip(earlier[overlap], later[overlap], strict=True)
    ]
    start = earlier.copy()
    start[overlap] = len(tracks) + np.arange(len(cut))
    gap_s = np.maximum(gap_s, 0.0)
    step = Step.between([*tracks, *cut], start, later, gap_s)
    distance = np.linalg.norm(step.to_m - step.from_m, axis=1)
    speed = np.maximum(np.linalg.norm(step.from_m_per_s, axis=1), np.linalg.norm(step.to_m_per_s, axis=1))
    standing = speed <= rules.hidden_m_per_s
    near = distance <= rules.reach_m + rules.fastest_m_per_s * gap_s
    near &= (gap_s <= rules.brief_s) | (standing & (distance <= rules.hidden_reach_m))
    odds = rules.base - rules.per_m * distance - rules.per_s * np.minimum(gap_s, rules.brief_s)
    odds -= rules.overlapping * overlap + rules.moving * ~standing
    for pair in range(len(odds)):
        alike = (
            similarity(tracks[earlier[pair]].appearance, tracks[later[pair]].appearance)
            if near[pair]
            else None
        )
        least = _LEAST_LIKENESS if gap_s[pair] <= rules.brief_s else rules.hidden_likeness
        if alike is None or alike < least:
            odds[pair] = -np.inf
        else:
            more = alike - rules.even_likeness
            odds[pair] += more * (rules.per_likeness if more > 0 else rules.per_unlikeness)
    return np.asarray(odds)
