"""A day's people by all of its entries together, where `/match` had only the earlier ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from floorwalker.identity.matching.bucket_log import Edit, Matched, Record
from floorwalker.identity.matching.clustering import Joining, cluster
from floorwalker.identity.matching.entry import Entry, Vectors
from floorwalker.identity.matching.links import Links, TwoPlaces, links_of
from floorwalker.identity.matching.people import People, people_of

Encode = Callable[[Entry], Vectors]
Probability = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class DayPeople:
    """Who the entries of a day are.

    Attributes:
        person_of: entry → person, in order of arrival.
        links: what was held to.
    """

    person_of: Mapping[str, str]
    links: Links

    @property
    def contradicted(self) -> tuple[Edit, ...]:
        """Verdicts that do not hold."""
        return self.links.contradicted


def people_of_day(
    records: Sequence[Record],
    encode: Encode,
    probability: Probability,
    doors: TwoPlaces,
    joining: Joining | None = None,
) -> DayPeople:
    """Cluster a whole day.

    A group keeps the person whose first entry it holds, of several the one who came first; so persons keep
    their ids as entries arrive. A group without any is named after its first entry and the person that
    entry was taken from: `nc0009-0001~e17`.

    Args:
        records: all records of a bucket, in order, with vectors.
        encode: makes an entry's vector.
        probability: from cosines to P(same), where both are equally likely beforehand.
        doors: tells who would have been in two places at once.
        joining: when groups are joined; None: as `Joining` says by itself.

    Returns:
        The people. Entries whose vectors were swept stay with the person they were.
    """
    matched = [record for record in records if isinstance(record, Matched)]
    people, links = people_of(records), links_of(records, doors)
    # In one order whatever the order of arrival, so that ties are broken alike.
    ordered = sorted(matched, key=lambda record: (record.entry.timestamp, record.entry.entry_id))
    place = {record.entry.entry_id: number for number, record in enumerate(ordered)}
    vectors = _vectors(ordered, encode)
    together = _with_swept(ordered, vectors, people, links, place)
    apart = [(together[place[one]], together[place[other]]) for one, other in links.apart]
    groups = cluster(vectors, probability, together, [pair for pair in apart if pair[0] != pair[1]], joining)
    names = _names(groups, [record.entry.entry_id for record in ordered], people)
    return DayPeople({entry: names[int(groups[place[entry]])] for entry in people.person_of}, links)


def _vectors(ordered: Sequence[Matched], encode: Encode) -> Vectors:
    found = [encode(record.entry) if record.entry.embeddings.size else None for record in ordered]
    width = next((len(vector) for vector in found if vector is not None), 1)
    vectors = np.zeros((len(found), width), dtype=np.float32)
    for row, vector in enumerate(found):
        if vector is not None:
            vectors[row] = vector
    return vectors


def _with_swept(
    ordered: Sequence[Matched], vectors: Vectors, people: People, links: Links, place: Mapping[str, int]
) -> list[int]:
    """For each entry the number of the one that stands for those it must be with."""
    together = [place[links.together[record.entry.entry_id]] for record in ordered]
    apart = {frozenset((place[one], place[other])) for one, other in links.apart}
    for number, record in enumerate(ordered):
        if vectors[number].any():
            continue
        first = next(iter(people.entries_of[people.person_of[record.entry.entry_id]]))
        mine, theirs = together[number], together[place[first]]
        if mine != theirs and frozenset((mine, theirs)) not in apart:
            together = [theirs if root == mine else root for root in together]
            apart = {frozenset(theirs if root == mine else root for root in pair) for pair in apart}
    return together


def _names(groups: npt.NDArray[np.int64], entries: Sequence[str], people: People) -> dict[int, str]:
    """Group → person."""
    place = {entry: number for number, entry in enumerate(entries)}
    names: dict[int, str] = {}
    for person, theirs in _by_age(people):
        names.setdefault(int(groups[place[theirs]]), person)
    for number, group in enumerate(groups.tolist()):
        if group not in names:
            names[group] = f"{people.person_of[entries[number]]}~{entries[number]}"
    return names


def _by_age(people: People) -> list[tuple[str, str]]:
    """Persons with their first entries, in the order in which these arrived."""
    arrival = {entry: number for number, entry in enumerate(people.person_of)}
    first = [(person, next(iter(entries))) for person, entries in people.entries_of.items()]
    return sorted(first, key=lambda pair: arrival[pair[1]])
