"""People: who the entries of a bucket are, by what was answered and what people said since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from floorwalker.identity.matching.answer import Answer
from floorwalker.identity.matching.bucket_log import VERDICTS, Edit, Edited, EditKind, Matched, Record


@dataclass(slots=True)
class People:
    """The persons of a bucket; a fold over its log, so that the same log gives the same people.

    Attributes:
        person_of: entry → person, in order of arrival.
        entries_of: person → their entries in the order in which they came to them; never empty.
        aliases: person → what people call them.
        notes: person → what people wrote of them.
        excluded: entries that ground truth shall not have.
        verdicts: two entries, smaller name first → the last verdict on them.
        last_number: number of the last record that was read.
    """

    person_of: dict[str, str] = field(default_factory=dict)
    entries_of: dict[str, dict[str, None]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    excluded: set[str] = field(default_factory=set)
    verdicts: dict[tuple[str, str], EditKind] = field(default_factory=dict)
    last_number: int = 0
    _highest: int = 0

    def add(self, record: Record) -> None:
        """Reads the next record of the log.

        Raises:
            ValueError: it is an undo; what it undoes lies behind, so `people_of` has to read the log anew.
        """
        if isinstance(record, Matched):
            self._answered(record.entry.entry_id, record.answer)
        else:
            self._edited(record.edit)
        self.last_number = record.number

    def next_person(self, store_id: str) -> str:
        """A name that no person of the bucket ever had: `nc0009-0001`, `nc0009-0002` and so on."""
        return f"{store_id}-{self._highest + 1:04d}"

    def _answered(self, entry_id: str, answer: Answer) -> None:
        self._put(entry_id, answer.person_id)

    def _edited(self, edit: Edit) -> None:
        if edit.kind is EditKind.UNDO:
            raise ValueError("an undo is read with the whole log, by people_of")
        if edit.kind in VERDICTS:
            first, second = sorted(edit.entries)
            self.verdicts[first, second] = edit.kind
        elif edit.kind in (EditKind.EXCLUDE, EditKind.INCLUDE):
            named = edit.entries or tuple(self.entries_of.get(edit.person or "", ()))
            if edit.kind is EditKind.EXCLUDE:
                self.excluded.update(named)
            else:
                self.excluded.difference_update(named)
        elif edit.person is None:
            raise ValueError(f"{edit.kind} needs a person")
        elif edit.kind is EditKind.MERGE:
            for entry_id in tuple(self.entries_of.get(edit.other or "", ())):
                self._put(entry_id, edit.person)
        elif edit.kind is EditKind.ALIAS:
            self.aliases[edit.person] = edit.text or ""
        elif edit.kind is EditKind.NOTE:
            self.notes[edit.person] = edit.text or ""
        else:
            for entry_id in edit.entries:
                self._put(entry_id, edit.person)

    def _put(self, entry_id: str, person_id: str) -> None:
        before = self.person_of.get(entry_id)
        if before == person_id:
            return
        if before is not None:
            del self.entries_of[before][entry_id]
            if not self.entries_of[before]:
                del self.entries_of[before]
        self.person_of[entry_id] = person_id
        self.entries_of.setdefault(person_id, {})[entry_id] = None
        self.note_name(person_id)

    def note_name(self, person_id: str) -> None:
        """Remembers that a name was given, so that it is never given again."""
        number = person_id.rpartition("-")[2]
        if number.isdecimal():
            self._highest = max(self._highest, int(number))


def people_of(records: Sequence[Record]) -> People:
    """Reads a whole log.

    What was undone counts as if it had not been, except that a person's name is never given twice.

    Args:
        records: all records of a bucket in order.

    Returns:
        Who its entries are.
    """
    undone = undone_of(records)
    people = People()
    for record in records:
        if isinstance(record, Edited):
            if record.edit.person is not None:
                people.note_name(record.edit.person)
            if record.number in undone or record.edit.kind is EditKind.UNDO:
                people.last_number = record.number
                continue
        people.add(record)
    return people


def undone_of(records: Iterable[Record]) -> frozenset[int]:
    """Numbers of the edits that are undone: an undo of an undo brings the edit back."""
    undos = [
        (record.number, record.edit.undoes)
        for record in records
        if isinstance(record, Edited) and record.edit.kind is EditKind.UNDO
    ]
    undone: set[int] = set()
    for number, undoes in reversed(undos):
        if number not in undone and undoes is not None:
            undone.add(undoes)
    return frozenset(undone)
