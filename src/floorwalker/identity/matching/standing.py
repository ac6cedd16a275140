"""What people's verdicts make of the persons of a bucket: some are one, some are none."""

from __future__ import annotations

from dataclasses import dataclass, field

from floorwalker.identity.matching.bucket_log import EditKind
from floorwalker.identity.matching.people import People


@dataclass(frozen=True, slots=True)
class Standing:
    """Persons as later matches take them.

    Attributes:
        same_as: person → the person as whom they count, where people said that entries of both are the same.
        told_apart: persons (as they count) of whom people said that two of their entries are different.
    """

    same_as: dict[str, str] = field(default_factory=dict)
    told_apart: frozenset[str] = frozenset()


def standing_of(people: People) -> Standing:
    """Read the last verdicts on each two entries."""
    same_as: dict[str, str] = {}

    def counts_as(person: str) -> str:
        while person in same_as:
            person = same_as[person]
        return person

    different: list[tuple[str, str]] = []
    for entries, verdict in people.verdicts.items():
        first, second = (people.person_of.get(entry_id) for entry_id in entries)
        if first is None or second is None:
            continue
        if verdict is EditKind.SAME and (one := counts_as(first)) != (other := counts_as(second)):
            same_as[max(one, other)] = min(one, other)
        elif verdict is EditKind.DIFFERENT:
            different.append((first, second))
    told_apart = {counts_as(one) for one, other in different if counts_as(one) == counts_as(other)}
    return Standing({person: counts_as(person) for person in same_as}, frozenset(told_apart))
