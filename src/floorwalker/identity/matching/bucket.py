"""The bucket: a store's day in memory, searched by cosine and grouped by person."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import islice
from typing import NamedTuple

import faiss
import numpy as np
from numpy.typing import NDArray

from floorwalker.identity.matching.answer import Candidate
from floorwalker.identity.matching.bucket_log import Edited, EditKind, Matched, Record
from floorwalker.identity.matching.doors import Doors
from floorwalker.identity.matching.entry import Entry, Vectors
from floorwalker.identity.matching.people import People, people_of
from floorwalker.identity.matching.standing import Standing, standing_of
from floorwalker.identity.matching.vectors import VectorError

_WIDER = 8  # by how much a search grows that found too few persons

Encode = Callable[[Entry], Vectors]


class Crossing(NamedTuple):
    """What the rules of time and place need of an entry.

    Attributes:
        moment_s: when, seconds since 1970.
        direction: which way, `entry` or `exit`.
        camera: by which camera.
    """

    moment_s: float
    direction: str
    camera: str

    @classmethod
    def of(cls, entry: Entry) -> Crossing:
        """The crossing of an entry."""
        return cls(entry.timestamp.timestamp(), entry.direction, entry.camera)


class Bucket:
    """One store's day: its vectors in a FAISS index, and who its entries are.

    It follows from the bucket's log alone. Not safe for several threads at a time.

    Args:
        doors: where the store's cameras are.

    Attributes:
        people: who the entries are.
        last_number: number of the last record that was taken in.
        crossings: entry id → crossing; of all entries, whether or not they have vectors.
    """

    def __init__(self, doors: Doors) -> None:
        self.people = People()
        self.last_number = 0
        self.crossings: dict[str, Crossing] = {}
        self._doors = doors
        self._longest_s = doors.longest_s
        self._entry_ids: list[str] = []  # by row of the index
        self._persons: list[str] = []  # the same, as they count
        self._rows: dict[str, int] = {}
        self._index: faiss.IndexFlatIP | None = None
        self._by_time: list[tuple[float, str]] = []
        self._standing = Standing()

    def __len__(self) -> int:
        """How many entries can be compared with."""
        return len(self._entry_ids)

    @property
    def dimension(self) -> int | None:
        """E, how many numbers the entries' vectors have; None: there is none yet."""
        return None if self._index is None else int(self._index.d)

    def take(
        self, records: Iterable[Record], encode: Encode, whole_log: Callable[[], Sequence[Record]]
    ) -> None:
        """Take in what others wrote.

        Args:
            records: the next ones of the log, with their vectors.
            encode: makes an entry's vector.
            whole_log: gives the log from its beginning, without vectors; asked after an undo.

        Raises:
            VectorError: an entry's vectors are not what the encoder takes; up to it all was taken in.
        """
        for record in records:
            if isinstance(record, Matched):
                swept = record.entry.embeddings.size == 0
                self.add(record, None if swept else encode(record.entry))
            else:
                self.edited(record, whole_log)

    def add(self, record: Matched, vector: Vectors | None) -> None:
        """Take in an entry.

        Args:
            record: the next record of the log.
            vector: (E,) of length 1; None where retention took it.
        """
        entry_id = record.entry.entry_id
        self.people.add(record)
        self.last_number = record.number
        self.crossings[entry_id] = crossing = Crossing.of(record.entry)
        at = (crossing.moment_s, entry_id)
        if not self._by_time or at >= self._by_time[-1]:
            self._by_time.append(at)  # most come in order
        else:
            insort(self._by_time, at)
        if vector is not None:
            if self._index is None:
                self._index = faiss.IndexFlatIP(vector.size)
            elif vector.size != self._index.d:
                raise VectorError("wrong_dimension", f"{vector.size} numbers among {self._index.d}")
            self._index.add(vector[np.newaxis])
            self._rows[entry_id] = len(self._entry_ids)
            self._entry_ids.append(entry_id)
            self._persons.append(self.counts_as(record.answer.person_id))

    def edited(self, record: Edited, whole_log: Callable[[], Sequence[Record]]) -> None:
        """Take in an edit; see `take`."""
        if record.edit.kind is EditKind.UNDO:
            self.people = people_of([each for each in whole_log() if each.number <= record.number])
        else:
            self.people.add(record)
        self.last_number = record.number
        self._standing = standing_of(self.people)
        self._persons = [self.counts_as(self.people.person_of[entry_id]) for entry_id in self._entry_ids]

    def counts_as(self, person_id: str) -> str:
        """The person as whom one counts, by people's verdicts."""
        return self._standing.same_as.get(person_id, person_id)

    def is_told_apart(self, person_id: str) -> bool:
        """Whether people said that two of a person's entries are different people."""
        return self.counts_as(person_id) in self._standing.told_apart

    def elsewhere(self, crossing: Crossing) -> dict[str, Crossing]:
        """Persons who were at another place at that moment, as they count, each with one such crossing."""
        found: dict[str, Crossing] = {}
        if not self._by_time or self._by_time[-1][0] < crossing.moment_s - self._longest_s:
            return found
        start = bisect_left(self._by_time, (crossing.moment_s - self._longest_s, ""))
        for moment_s, entry_id in islice(self._by_time, start, None):
            if moment_s > crossing.moment_s + self._longest_s:
                break
            other = self.crossings[entry_id]
            if self._doors.is_two_places(crossing.camera, other.camera, abs(moment_s - crossing.moment_s)):
                found[self.counts_as(self.people.person_of[entry_id])] = other
        return found

    def persons(
        self, vector: Vectors, most: int, without: Collection[str] = ()
    ) -> tuple[list[Candidate], Candidate | None]:
        """The most similar persons, each by their most similar entry, best first.

        Args:
            vector: (E,) of length 1.
            most: how many entries are looked at; more where they are all of one person, so that the two best
                persons are found however small it is.
            without: persons, as they count, who are left out.

        Returns:
            The persons, and the best of those who were left out, where one is more similar than the second
            person who was not.
        """
        persons, entry_ids, person_of = self._persons, self._entry_ids, self.people.person_of
        looked_at = max(2, most)
        while True:
            found: dict[str, Candidate] = {}
            left_out: Candidate | None = None
            for score, row in self._nearest(vector, looked_at):
                person = persons[row]
                if person in found or (without and person in without and left_out is not None):
                    continue
                entry_id = entry_ids[row]
                candidate = Candidate(person_of[entry_id], entry_id, score)
                if without and person in without:
                    left_out = candidate
                else:
                    found[person] = candidate
            if len(found) > 1 or looked_at >= len(entry_ids):
                return list(found.values()), left_out
            looked_at *= _WIDER

    def entries(self, vector: Vectors, most: int) -> list[Candidate]:
        """The most similar entries, best first, whoever they are."""
        return [
            Candidate(self.people.person_of[self._entry_ids[row]], self._entry_ids[row], score)
            for score, row in self._nearest(vector, max(2, most))
        ]

    def beside(self, person_id: str, moment_s: float) -> tuple[Crossing | None, Crossing | None]:
        """A person's last crossing up to a moment, and their first one after it."""
        before: Crossing | None = None
        after: Crossing | None = None
        counts_as = self.counts_as(person_id)
        persons = {
            person_id,
            *(p for p, one in self._standing.same_as.items() if one == counts_as),
            counts_as,
        }
        for person in persons:
            for entry_id in self.people.entries_of.get(person, ()):
                crossing = self.crossings[entry_id]
                if crossing.moment_s <= moment_s:
                    if before is None or crossing.moment_s > before.moment_s:
                        before = crossing
                elif after is None or crossing.moment_s < after.moment_s:
                    after = crossing
        return before, after

    def vector(self, entry_id: str) -> Vectors | None:
        """(E,) of an entry; None where there is none."""
        row = self._rows.get(entry_id)
        if row is None or self._index is None:
            return None
        kept: NDArray[np.float32] = self._index.reconstruct(row)
        return kept

    def _nearest(self, vector: Vectors, most: int) -> Iterable[tuple[float, int]]:
        if self._index is None:
            return ()
        scores, rows = self._index.search(vector[np.newaxis], min(most, len(self)))
        if scores[0, 0] > 1.0:
            np.minimum(scores, 1.0, out=scores)  # rounding may lead a hair beyond
        return zip(scores[0].tolist(), rows[0].tolist(), strict=True)
