"""Handover between cameras: tracks that are one person, by place and time on the common floor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from floorwalker.identity.broken import BrokenSettings, continuations
from floorwalker.identity.likeness import LikenessScale, likeness, odds_of
from floorwalker.identity.sightings import STEP_S, FloatArray, Sighting
from floorwalker.identity.uniform import UniformSettings, dressed_apart


@dataclass(frozen=True, slots=True)
class HandoverSettings:
    """How place, time and appearance are weighed; scores are log-likelihood ratios.

    Attributes:
        place_sd_m: error of a floor position, a coordinate. Raising it links cameras whose calibrations
            disagree more, and more neighbours.
        floor_m2: area on which another person would be expected anywhere.
        apart_m: two sightings at one time farther apart than this are two people.
        longest_gap_s: between a sighting's end and its continuation.
        wander_m_per_s: how fast the expected place blurs while nobody watches.
        fastest_m_per_s: nobody is faster.
        least_score: log-likelihood ratio from which two sightings are linked.
        between: likeness of two tracks of different cameras, which differ in light and colour.
        within: likeness of two tracks of one camera.
        limit_between: greatest weight of the appearance between cameras, either way.
        limit_within: the same within a camera, where it is worth more.
        door_slack_s: another camera may see someone for so long after the door says they left.
        uniform: who wears the staff's uniform is not who does not.
        broken: how journeys that break off inside the shop go on.
        rounds: how often that is tried; each round can join one more piece.
    """

    place_sd_m: float = 0.35
    floor_m2: float = 40.0
    apart_m: float = 1.6
    longest_gap_s: float = 8.0
    wander_m_per_s: float = 0.45
    fastest_m_per_s: float = 2.5
    least_score: float = 0.7
    between: LikenessScale = field(default_factory=lambda: LikenessScale(middle=0.88, steepness=40.0))
    within: LikenessScale = field(default_factory=LikenessScale)
    limit_between: float = 2.5
    limit_within: float = 6.0
    door_slack_s: float = 3.0
    uniform: UniformSettings = field(default_factory=UniformSettings)
    broken: BrokenSettings = field(default_factory=BrokenSettings)
    rounds: int = 3


@dataclass(frozen=True, slots=True)
class Link:
    """Two sightings taken for one person.

    Attributes:
        first: index of one sighting.
        second: index of the other.
        score: log-likelihood ratio.
    """

    first: int
    second: int
    score: float

    @property
    def confidence(self) -> float:
        """The score as a probability."""
        return float(1 / (1 + np.exp(-np.clip(self.score, -30, 30))))


IMPOSSIBLE = -np.inf
_ONE_PASSAGE_S = 4.0


def place_score(a: Sighting, b: Sighting, settings: HandoverSettings) -> float | None:
    """What place and time say of two sightings being one person.

    Args:
        a: one sighting.
        b: another.
        settings: the weights.

    Returns:
        Log-likelihood ratio, minus infinity where it is impossible, None where they say nothing.
    """
    _, in_a, in_b = np.intersect1d(a.cells, b.cells, assume_unique=True, return_indices=True)
    if len(in_a):
        if a.camera_id == b.camera_id:
            return IMPOSSIBLE if len(in_a) * STEP_S > 0.5 else None
        distance = np.linalg.norm(a.floor_m[in_a] - b.floor_m[in_b], axis=1)
        distance = distance[np.isfinite(distance)]
        if len(distance) == 0:
            return None
        middle = float(np.median(distance))
        if middle > settings.apart_m:
            return IMPOSSIBLE
        score = _score(middle, settings.place_sd_m, settings.floor_m2)
        return score * min(1.0, 0.4 + 0.6 * len(distance) * STEP_S) if score > 0 else score
    before, after = (a, b) if a.end_s <= b.start_s else (b, a)
    gap_s = after.start_s - before.end_s
    if gap_s < 0:
        return None
    step = float(np.linalg.norm(after.floor_m[0] - before.floor_m[-1]))
    if not np.isfinite(step):
        return None
    if step > settings.fastest_m_per_s * gap_s + settings.apart_m:
        return IMPOSSIBLE
    if gap_s > settings.longest_gap_s or before.went_out or after.came_in:
        return None
    miss = float(np.linalg.norm(_ahead(before, gap_s, -1) - _ahead(after, gap_s, 0)))
    return _score(miss, settings.place_sd_m + settings.wander_m_per_s * gap_s, settings.floor_m2)


def link_sightings(
    sightings: Sequence[Sighting],
    settings: HandoverSettings,
    known: Sequence[tuple[int, int]] = (),
) -> list[Link]:
    """Find which sightings are one person; nobody is in two places at once.

    The best links are made first; a link that would put someone in two places is not made. Then journeys
    that broke off inside the shop are joined to journeys that begin inside it, by appearance, all at once.

    Args:
        sightings: of one store-day.
        settings: the weights.
        known: pairs already known to be one person.

    Returns:
        The links made; their connected groups are the persons.
    """
    persons = _Groups(sightings, settings)
    links = []
    for first, second in known:
        persons.know(first, second)
        links.append(Link(first, second, 5.0))
    order = sorted(range(len(sightings)), key=lambda i: (sightings[i].start_s, i))
    candidates = []
    for position, i in enumerate(order):
        for j in order[position + 1 :]:
            if sightings[j].start_s - sightings[i].end_s > settings.longest_gap_s:
                break  # all later ones begin later still
            placed = persons.relation(i, j)
            if placed is None or placed == IMPOSSIBLE:
                continue
            score = placed + appearance_score(sightings[i], sightings[j], settings)
            if score >= settings.least_score:
                candidates.append(Link(i, j, score))
    for link in sorted(candidates, key=lambda link: (-link.score, link.first, link.second)):
        if persons.join_if_possible(link.first, link.second):
            links.append(link)

    def alike(i: int, j: int) -> float:
        return appearance_score(sightings[i], sightings[j], settings)

    for _ in range(settings.rounds):
        groups = persons.groups
        for before, after, score in continuations(
            sightings, groups, alike, persons.possible, settings.broken
        ):
            first, second = groups[before][0], groups[after][0]
            if persons.join_if_possible(first, second):
                links.append(Link(first, second, score))
    return links


def appearance_score(a: Sighting, b: Sighting, settings: HandoverSettings) -> float:
    """What appearance and height say, as a bounded log-likelihood ratio; 0 where they say nothing."""
    alone = a.camera_id == b.camera_id
    scale = settings.within if alone else settings.between
    probability = likeness(a.appearance, b.appearance, scale, (a.height, b.height))
    if probability is None:
        return 0.0
    limit = settings.limit_within if alone else settings.limit_between
    return float(np.clip(np.log(odds_of(probability)), -limit, limit))


def doors_agree(
    person: Sequence[Sighting], slack_s: float, returned: Callable[[int, int], bool] = lambda out, back: True
) -> bool:
    """Whether one person's sightings fit their comings and goings: nobody is seen inside while out.

    Args:
        person: sightings taken for one person.
        slack_s: tolerance at the door.
        returned: whether the sighting that went out and the one that came in next, by index, are known to
            be one person; places alone never say that somebody came back.
    """
    doors = sorted(
        [(sighting.start_s, True, index) for index, sighting in enumerate(person) if sighting.came_in]
        + [(sighting.end_s, False, index) for index, sighting in enumerate(person) if sighting.went_out]
    )
    passages: list[tuple[float, bool, list[int]]] = []
    for time_s, came, index in doors:
        # Two cameras may both see somebody come in, or go out: it is one passage.
        if passages and passages[-1][1] == came and time_s - passages[-1][0] <= _ONE_PASSAGE_S:
            passages[-1][2].append(index)
        else:
            passages.append((time_s, came, [index]))
    for (_, came, before), (_, came_next, after) in pairwise(passages):
        if came == came_next or (came_next and not any(returned(i, j) for i in before for j in after)):
            return False
    comings = [time_s for time_s, came, _ in passages if came]
    goings = [time_s for time_s, came, _ in passages if not came]
    absences = [(gone, next((came for came in comings if came >= gone), np.inf)) for gone in goings]
    if comings and not any(gone <= comings[0] for gone in goings):
        absences.append((-np.inf, comings[0]))
    return all(
        sighting.end_s <= gone + slack_s or sighting.start_s >= back - slack_s
        for gone, back in absences
        for sighting in person
    )


class _Groups:
    """Groups of sightings that grow only while nobody is in two places at once."""

    def __init__(self, sightings: Sequence[Sighting], settings: HandoverSettings) -> None:
        self._sightings = sightings
        self._settings = settings
        self._group = {index: [index] for index in range(len(sightings))}
        self._of = list(range(len(sightings)))
        self._known: dict[tuple[int, int], float | None] = {}
        self._returned: set[frozenset[int]] = set()

    def relation(self, i: int, j: int) -> float | None:
        key = (min(i, j), max(i, j))
        if key not in self._known:
            first, second = (self._sightings[index] for index in key)
            apart = dressed_apart(first.uniform, second.uniform, self._settings.uniform)
            self._known[key] = IMPOSSIBLE if apart else place_score(first, second, self._settings)
        return self._known[key]

    def know(self, i: int, j: int) -> None:
        """Join two that are known to be one person, who came back."""
        self._returned.add(frozenset((i, j)))
        self.join(i, j)

    def join(self, i: int, j: int) -> None:
        into, out = sorted((self._of[i], self._of[j]))
        if into != out:
            for member in self._group[out]:
                self._of[member] = into
            self._group[into] += self._group.pop(out)

    def join_if_possible(self, i: int, j: int) -> bool:
        a, b = self._of[i], self._of[j]
        if a == b or not self.possible(self._group[a], self._group[b]):
            return False
        self.join(i, j)
        return True

    def possible(self, a: Sequence[int], b: Sequence[int]) -> bool:
        """Whether no member of one contradicts a member of the other, and nobody is inside while out."""
        if any(self.relation(i, j) == IMPOSSIBLE for i in a for j in b):
            return False
        members = [*a, *b]
        return doors_agree(
            [self._sightings[index] for index in members],
            self._settings.door_slack_s,
            lambda out, back: frozenset((members[out], members[back])) in self._returned,
        )

    @property
    def groups(self) -> list[list[int]]:
        """The groups, as copies, in order of their first member."""
        return [list(members) for _, members in sorted(self._group.items())]


def _score(miss_m: float, sd_m: float, floor_m2: float) -> float:
    """Log-likelihood ratio of a miss: around the expected place against anywhere on the floor."""
    return float(np.log(floor_m2 / (2 * np.pi * sd_m**2)) - miss_m**2 / (2 * sd_m**2))


def _ahead(sighting: Sighting, gap_s: float, at: int) -> FloatArray:
    """Where a sighting points half way through the gap, half a second at most."""
    place: FloatArray = sighting.floor_m[at]
    reach = min(5, len(sighting.cells) - 1)
    if reach < 2:
        return place
    inner: FloatArray = sighting.floor_m[at - reach] if at < 0 else sighting.floor_m[at + reach]
    if not np.isfinite(inner).all():
        return place
    result: FloatArray = place + (place - inner) / (reach * STEP_S) * min(gap_s / 2, 0.5)
    return result
