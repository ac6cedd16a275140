"""The split: who teaches and who judges, apart by identity and by store-day."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from floorwalker.errors import InputError

_LEAST_PEOPLE = 2


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Rows of entries for either part.

    Attributes:
        train: those that teach.
        validation: those that judge.
        by_day: whether no store-day is on both sides; else, where there is one day only, no person is.
    """

    train: npt.NDArray[np.int64]
    validation: npt.NDArray[np.int64]
    by_day: bool


def split_entries(
    people: Sequence[Hashable], days: Sequence[Hashable], share: float, rng: np.random.Generator
) -> Split:
    """Set whole store-days apart, and with them their people; of a single day, whole people.

    Args:
        people: the person of each entry; one who comes on two days keeps both on one side.
        days: the store-day of each entry.
        share: of the entries, about, that are to judge, 0 to 1.
        rng: which.

    Raises:
        InputError: too few people with two entries or more on either side.
    """
    groups = _tied(people, days)
    by_day = len(set(groups)) > 1
    if not by_day:
        groups = list(people)
    names = list(dict.fromkeys(groups))
    wanted = share * len(people)
    chosen: set[Hashable] = set()
    count = 0
    for place in rng.permutation(len(names)):
        size = groups.count(names[place])
        if count and count + size / 2 > wanted:
            continue
        chosen.add(names[place])
        count += size
    judges = np.array([group in chosen for group in groups])
    split = Split(np.flatnonzero(~judges), np.flatnonzero(judges), by_day)
    for rows, what in ((split.train, "to learn from"), (split.validation, "to judge by")):
        returning = [person for person, n in _counts(people, rows).items() if n > 1]
        if len(returning) < _LEAST_PEOPLE:
            raise InputError(
                f"expected at least {_LEAST_PEOPLE} people with two entries or more {what}, got "
                f"{len(returning)}: more entries, store-days or people are needed"
            )
    return split


def _counts(people: Sequence[Hashable], rows: npt.NDArray[np.int64]) -> dict[Hashable, int]:
    counts: dict[Hashable, int] = {}
    for row in rows:
        counts[people[row]] = counts.get(people[row], 0) + 1
    return counts


def _tied(people: Sequence[Hashable], days: Sequence[Hashable]) -> list[Hashable]:
    """The group of each entry: days that a person joins are one group."""
    leader: dict[Hashable, Hashable] = {day: day for day in days}

    def first(day: Hashable) -> Hashable:
        while leader[day] != day:
            day = leader[day]
        return day

    seen: dict[Hashable, Hashable] = {}
    for person, day in zip(people, days, strict=True):
        if person in seen:
            leader[first(day)] = first(seen[person])
        seen[person] = day
    return [first(day) for day in days]
