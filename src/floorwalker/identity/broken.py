"""Broken journeys: who vanishes inside the shop and who appears inside it are matched, all at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from floorwalker.identity.sightings import Sighting
from floorwalker.tracking.overlap import assign


@dataclass(frozen=True, slots=True)
class BrokenSettings:
    """When a journey that appears inside continues one that vanished inside.

    Attributes:
        longest_gap_s: nobody stays unseen for longer.
        fading_s: with every such time the match becomes less likely by a factor of e.
        least_score: log-likelihood ratio that a match needs; appearance decides. Raising it leaves more
            journeys broken and mixes up fewer people.
        edge_s: journeys that begin or end within this time of the recordings' edges are not broken.
        door_s: another camera may see someone for so long before they came in or after they went out.
        fastest_m_per_s: nobody is faster.
        slack_m: error of positions.
    """

    longest_gap_s: float = 60.0
    fading_s: float = 25.0
    least_score: float = 0.5
    edge_s: float = 2.0
    door_s: float = 8.0
    fastest_m_per_s: float = 2.0
    slack_m: float = 1.5


def continuations(
    sightings: Sequence[Sighting],
    groups: Sequence[Sequence[int]],
    alike: Callable[[int, int], float],
    possible: Callable[[Sequence[int], Sequence[int]], bool],
    settings: BrokenSettings,
) -> list[tuple[int, int, float]]:
    """Match groups that break off inside with groups that begin inside.

    Everyone inside came in once and leaves once, so that each beginning has one end before it at most; all
    are matched together, since the best match of one may be the only one of another.

    Args:
        sightings: of one store-day.
        groups: indices of sightings that are one person so far.
        alike: appearance score of two sightings, a log-likelihood ratio.
        possible: whether two groups can be one person at all.
        settings: the weights.

    Returns:
        Triples: group that breaks off, group that goes on, score.
    """
    if not groups:
        return []
    first = [min(group, key=lambda i: (sightings[i].start_s, i)) for group in groups]
    last = [max(group, key=lambda i: (sightings[i].end_s, i)) for group in groups]
    vanish, appear = _loose(sightings, groups, first, last, settings)
    score = np.zeros((len(vanish), len(appear)))
    ends = np.array([sightings[last[g]].end_s for g in vanish])
    starts = np.array([sightings[first[g]].start_s for g in appear])
    gap_s = starts[None, :] - ends[:, None]
    near = (gap_s >= 0) & (gap_s <= settings.longest_gap_s)
    for row, column in zip(*(side.tolist() for side in np.nonzero(near)), strict=True):
        before, after = vanish[row], appear[column]
        if before != after:
            value = _score(
                sightings, last[before], first[after], groups[before], groups[after], alike, settings
            )
            if value is not None and possible(groups[before], groups[after]):
                score[row, column] = max(value - settings.least_score, 0.0)
    # Scores become shares, so that the assignment maximises their sum.
    top = max(float(score.max(initial=0.0)), 1e-9)
    rows, columns = assign(score / top, 1e-6)
    return [
        (vanish[row], appear[column], float(score[row, column]) + settings.least_score)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        if score[row, column] > 0
    ]


def _loose(
    sightings: Sequence[Sighting],
    groups: Sequence[Sequence[int]],
    first: Sequence[int],
    last: Sequence[int],
    settings: BrokenSettings,
) -> tuple[list[int], list[int]]:
    """The groups that vanish inside, and those that appear inside, not at the recordings' edges."""
    day_start = min(sighting.start_s for sighting in sightings)
    day_end = max(sighting.end_s for sighting in sightings)
    parts = [[sightings[index] for index in group] for group in groups]
    vanish = [
        g
        for g, i in enumerate(last)
        if sightings[i].end_s < day_end - settings.edge_s
        and not _at_door(parts[g], sightings[i].end_s, settings.door_s, out=True)
    ]
    appear = [
        g
        for g, i in enumerate(first)
        if sightings[i].start_s > day_start + settings.edge_s
        and not _at_door(parts[g], sightings[i].start_s, settings.door_s, out=False)
    ]
    return vanish, appear


def _at_door(person: Sequence[Sighting], moment_s: float, slack_s: float, *, out: bool) -> bool:
    """Whether a journey's end (or beginning) is at the door, although another camera saw a little more."""
    if out:
        return any(part.went_out and part.end_s >= moment_s - slack_s for part in person)
    return any(part.came_in and part.start_s <= moment_s + slack_s for part in person)


def _score(
    sightings: Sequence[Sighting],
    last: int,
    first: int,
    before: Sequence[int],
    after: Sequence[int],
    alike: Callable[[int, int], float],
    settings: BrokenSettings,
) -> float | None:
    gap_s = sightings[first].start_s - sightings[last].end_s
    if not 0 <= gap_s <= settings.longest_gap_s:
        return None
    step = float(np.linalg.norm(sightings[first].floor_m[0] - sightings[last].floor_m[-1]))
    if np.isfinite(step) and step > settings.fastest_m_per_s * gap_s + settings.slack_m:
        return None
    same_camera = [
        alike(i, j) for i in before for j in after if sightings[i].camera_id == sightings[j].camera_id
    ]
    # One camera sees one person alike; two cameras differ in light and colour.
    likely = max(same_camera) if same_camera else alike(last, first)
    return likely - gap_s / settings.fading_s
