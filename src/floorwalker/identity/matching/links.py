"""Links: which entries of a day must be one person and which cannot be, whatever they look like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Protocol

from floorwalker.identity.matching.bucket_log import VERDICTS, Edit, Edited, EditKind, Matched, Record
from floorwalker.identity.matching.entry import Entry
from floorwalker.identity.matching.people import People, people_of, undone_of

_PUTTING = frozenset({EditKind.MOVE, EditKind.SPLIT, EditKind.MERGE})


class TwoPlaces(Protocol):
    """Tells who would have been in two places at once; `Doors` does."""

    @property
    def longest_s(self) -> float:
        """No two crossings farther apart in time are ever in two places."""
        ...

    def is_two_places(self, camera: str, other: str, apart_s: float) -> bool:
        """Whether nobody can have crossed at both cameras so shortly after another."""
        ...


@dataclass(frozen=True, slots=True)
class Links:
    """What holds of a day's entries.

    Attributes:
        together: entry → the entry that stands for all those that are one person; each stands for itself
            where nothing is known.
        apart: two such entries, smaller name first, that are two people.
        contradicted: verdicts that people's edits or later verdicts contradict; they do not hold.
    """

    together: Mapping[str, str]
    apart: frozenset[tuple[str, str]]
    contradicted: tuple[Edit, ...] = ()

    def hold_in(self, group_of: Mapping[str, object]) -> bool:
        """Whether a partition of the entries keeps all links."""
        return all(group_of[entry] == group_of[root] for entry, root in self.together.items()) and all(
            group_of[one] != group_of[other] for one, other in self.apart
        )


class _Linking:
    """Links as they are found: what came first holds."""

    def __init__(self, entries: Iterable[str]) -> None:
        self._parent = {entry: entry for entry in entries}
        self._apart: dict[str, set[str]] = {}

    def root(self, entry: str) -> str:
        found = entry
        while self._parent[found] != found:
            found = self._parent[found]
        while self._parent[entry] != found:
            self._parent[entry], entry = found, self._parent[entry]
        return found

    def knows(self, entry: str) -> bool:
        return entry in self._parent

    def join(self, one: str, other: str) -> bool:
        """Make two one person; False where that contradicts what holds."""
        kept, gone = sorted((self.root(one), self.root(other)))
        if kept == gone:
            return True
        if gone in self._apart.get(kept, ()):
            return False
        self._parent[gone] = kept
        for third in self._apart.pop(gone, ()):
            self._apart[third].discard(gone)
            self._put_apart(kept, third)
        return True

    def part(self, one: str, other: str) -> bool:
        """Make two two people; False where that contradicts what holds."""
        first, second = self.root(one), self.root(other)
        if first == second:
            return False
        self._put_apart(first, second)
        return True

    def _put_apart(self, first: str, second: str) -> None:
        self._apart.setdefault(first, set()).add(second)
        self._apart.setdefault(second, set()).add(first)

    def result(self, contradicted: Sequence[Edit]) -> Links:
        apart = {
            (first, second) for first, others in self._apart.items() for second in others if first < second
        }
        return Links(
            {entry: self.root(entry) for entry in self._parent}, frozenset(apart), tuple(contradicted)
        )


def links_of(records: Sequence[Record], doors: TwoPlaces) -> Links:
    """Read the links of a bucket's log.

    People's edits hold above all: what was put to a person stays with those whom that person then had, and
    apart from those whom it was taken from. Verdicts come next, the last ones first; last of all come
    places: nobody is in two at once, unless people said so.

    Args:
        records: all records of a bucket, in order.
        doors: tells who would have been in two places at once.
    """
    entries = [record.entry for record in records if isinstance(record, Matched)]
    linking = _Linking(entry.entry_id for entry in entries)
    _link_edits(records, linking)
    contradicted = _link_verdicts(records, linking)
    for one, other in _in_two_places(entries, doors):
        linking.part(one, other)
    return linking.result(contradicted)


def _link_edits(records: Sequence[Record], linking: _Linking) -> None:
    standing, undone, now = people_of(records).person_of, undone_of(records), People()
    touched: list[tuple[list[str], list[str], list[str]]] = []
    for record in records:
        if isinstance(record, Edited):
            if record.number in undone or record.edit.kind is EditKind.UNDO:
                continue
            if record.edit.kind in _PUTTING:
                touched.append(_touched(record.edit, now))
        now.add(record)
    for moved, joined, _ in touched:
        first_of: dict[str, str] = {}
        for entry in [*moved, *joined]:
            linking.join(first_of.setdefault(standing[entry], entry), entry)
    for moved, joined, left in touched:
        for one, other in product(moved, [*joined, *left]):
            if standing[one] != standing[other]:
                linking.part(one, other)


def _touched(edit: Edit, now: People) -> tuple[list[str], list[str], list[str]]:
    """Entries that an edit moves, those they join, and those they leave."""
    moved = (
        list(now.entries_of.get(edit.other or "", ())) if edit.kind is EditKind.MERGE else list(edit.entries)
    )
    known = [entry for entry in moved if entry in now.person_of]
    joined = [entry for entry in now.entries_of.get(edit.person or "", ()) if entry not in known]
    sources = dict.fromkeys(now.person_of[entry] for entry in known)
    left = [entry for source in sources for entry in now.entries_of[source] if entry not in known]
    return known, joined, left


def _link_verdicts(records: Sequence[Record], linking: _Linking) -> list[Edit]:
    undone = undone_of(records)
    last: dict[tuple[str, ...], Edit] = {}
    for record in records:
        if isinstance(record, Edited) and record.edit.kind in VERDICTS and record.number not in undone:
            pair = tuple(sorted(record.edit.entries))
            if not all(map(linking.knows, pair)):
                continue  # of another day's entry nothing is said here
            last.pop(pair, None)
            last[pair] = record.edit
    contradicted = []
    for edit in reversed(last.values()):
        one, other = edit.entries
        holds = (
            edit.kind is EditKind.UNSURE
            or (linking.join(one, other) if edit.kind is EditKind.SAME else linking.part(one, other))
        )  # fmt: skip
        if not holds:
            contradicted.append(edit)
    return contradicted


def _in_two_places(entries: Sequence[Entry], doors: TwoPlaces) -> Iterable[tuple[str, str]]:
    ordered = sorted(entries, key=lambda entry: (entry.timestamp, entry.entry_id))
    first = 0
    for place, entry in enumerate(ordered):
        while (entry.timestamp - ordered[first].timestamp).total_seconds() > doors.longest_s:
            first += 1
        for earlier in ordered[first:place]:
            apart_s = (entry.timestamp - earlier.timestamp).total_seconds()
            if doors.is_two_places(earlier.camera, entry.camera, apart_s):
                yield earlier.entry_id, entry.entry_id
