"""Editing: an edit is checked against what is known, made, and told as what it changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from floorwalker.errors import InputError
from floorwalker.identity.matching.bucket_log import VERDICTS, Edit, EditKind, Matched, Record
from floorwalker.identity.matching.entry import Entry
from floorwalker.identity.matching.people import People, people_of
from floorwalker.identity.review.desk import Desk
from floorwalker.identity.review.steps import ARRANGING, Steps, steps_of
from floorwalker.identity.review.two_places import two_places


class EditRefused(InputError):
    """An edit that cannot be made; nothing was changed.

    Attributes:
        code: short reason for programs.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Change:
    """What became different.

    Attributes:
        number: of the last record of the log.
        moved: entry → person.
        aliases: person → what people call them now, empty: nothing any more.
        notes: likewise.
        excluded: entry → whether ground truth shall be without it.
        steps: where undo and redo stand now.
    """

    number: int
    moved: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    excluded: dict[str, bool] = field(default_factory=dict)
    steps: Steps = field(default_factory=Steps)


def make_edit(
    desk: Desk, edit: Edit, seen: int | None = None, *, kinds: Collection[EditKind] = ARRANGING
) -> Change:
    """Makes an edit.

    Args:
        desk: whose log.
        edit: what is wished. A `SPLIT` without a person gets a new one.
        seen: number of the last record that whoever edits has seen; None: all before this edit.
        kinds: the edits that undo and redo are told of.

    Returns:
        What is different from what was seen: this edit, and what others did meanwhile.

    Raises:
        EditRefused: it names what is not there, or asks for what cannot be; nothing was changed.
    """
    made = desk.edit(lambda records: completed(edit, records))
    return change_since(desk, made.number - 1 if seen is None else seen, kinds)


def change_since(desk: Desk, seen: int, kinds: Collection[EditKind] = ARRANGING) -> Change:
    """What became different after a record.

    Args:
        desk: whose log.
        seen: number of that record.
        kinds: the edits that undo and redo are told of.
    """
    records = desk.records()
    before = people_of([record for record in records if record.number <= seen])
    now = people_of(records)
    changed_out = before.excluded.symmetric_difference(now.excluded)
    return Change(
        now.last_number,
        {name: person for name, person in now.person_of.items() if before.person_of.get(name) != person},
        _texts(before.aliases, now.aliases),
        _texts(before.notes, now.notes),
        {name: name in now.excluded for name in sorted(changed_out)},
        steps_of(records, kinds),
    )


def completed(edit: Edit, records: Sequence[Record]) -> Edit:
    """The edit as it goes into the log.

    Args:
        edit: what is wished.
        records: all so far.

    Raises:
        EditRefused: it cannot be made.
    """
    if edit.kind is EditKind.UNDO:
        if all(record.number != edit.undoes or isinstance(record, Matched) for record in records):
            raise EditRefused("nothing_to_undo", f"there is no edit {edit.undoes} that could be undone")
        if edit.undoes is not None and edit.undoes < 1:
            raise EditRefused("nothing_to_undo", "what the manifest already held cannot be undone")
        return edit
    people = people_of(records)
    entries = {r.entry.entry_id: r.entry for r in records if isinstance(r, Matched)}
    for entry_id in edit.entries:
        if entry_id not in entries:
            raise EditRefused("unknown_entry", f"there is no entry {entry_id[:80]!r} here")
    if edit.kind in VERDICTS:
        return _verdict(edit, entries)
    if edit.kind is EditKind.SPLIT:
        _need_entries(edit)
        if edit.person is not None and edit.person in people.entries_of:
            raise EditRefused(
                "known_person", f"{edit.person[:80]!r} is somebody already; move to them instead"
            )
        name = edit.person or people.next_person(next(iter(entries.values())).key.store_id)
        _refuse_two_places([entries[each] for each in edit.entries], [entries[each] for each in edit.entries])
        return replace(edit, person=name)
    if edit.kind in (EditKind.EXCLUDE, EditKind.INCLUDE) and edit.entries:
        return edit
    _need_person(people, edit.person)
    if edit.kind is EditKind.MOVE:
        _need_entries(edit)
    if edit.kind is EditKind.MERGE:
        _need_person(people, edit.other)
        if edit.other == edit.person:
            raise EditRefused("same_person", f"{edit.person!r} and {edit.other!r} are one person already")
    if edit.kind in (EditKind.MOVE, EditKind.MERGE):
        coming = set(edit.entries) or set(people.entries_of[edit.other or ""])
        staying = [entries[each] for each in people.entries_of[edit.person or ""] if each not in coming]
        moved = [entries[each] for each in coming if people.person_of[each] != edit.person]
        _refuse_two_places(moved, [*staying, *(moved if edit.kind is EditKind.MOVE else [])])
    return edit


def _verdict(edit: Edit, entries: dict[str, Entry]) -> Edit:
    if len(set(edit.entries)) != 2:
        raise EditRefused("no_pair", "a verdict is on two entries")
    if edit.kind is EditKind.SAME:
        _refuse_two_places([entries[edit.entries[0]]], [entries[edit.entries[1]]])
    return edit


def _refuse_two_places(some: Sequence[Entry], others: Sequence[Entry]) -> None:
    found = two_places(some, others)
    if found is not None:
        raise EditRefused("two_places_at_once", str(found))


def _need_person(people: People, person: str | None) -> None:
    if person is None or person not in people.entries_of:
        raise EditRefused("unknown_person", f"there is no person {(person or '')[:80]!r} here")


def _need_entries(edit: Edit) -> None:
    if not edit.entries:
        raise EditRefused("no_entries", f"{edit.kind} names no entry")


def _texts(before: dict[str, str], now: dict[str, str]) -> dict[str, str]:
    return {
        name: now.get(name, "")
        for name in sorted(before.keys() | now.keys())
        if before.get(name, "") != now.get(name, "")
    }
