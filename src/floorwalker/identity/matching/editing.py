"""Whether an edit can be: what it names is there, and nobody becomes a person of two places at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from floorwalker.identity.matching.bucket import Bucket
from floorwalker.identity.matching.bucket_log import VERDICTS, Edit, Edited, EditKind, Record
from floorwalker.identity.matching.doors import Doors
from floorwalker.identity.matching.people import People, undone_of
from floorwalker.identity.matching.refusing import MatchRefused

MOST_ENTRIES = 1000  # of one edit
_OF_ENTRIES = frozenset({EditKind.MOVE, EditKind.SPLIT})
_OF_TEXT = frozenset({EditKind.ALIAS, EditKind.NOTE})
_LONGEST_TEXT = 2000


def checked_edit(
    edit: Edit, bucket: Bucket, doors: Doors, store_id: str, whole_log: Sequence[Record] = ()
) -> Edit:
    """An edit as it can be written down; a split without a name gets one.

    Args:
        edit: as it was asked for.
        bucket: as it stands.
        doors: where the store's cameras are.
        store_id: by which new persons are named.
        whole_log: the bucket's log without vectors, for an undo.

    Raises:
        MatchRefused: it cannot be; the message says why.
    """
    people = bucket.people
    if edit.kind is EditKind.UNDO:
        _check_undo(edit, whole_log)
        return edit
    if len(edit.entries) > MOST_ENTRIES:
        raise MatchRefused("bad_edit", f"expected at most {MOST_ENTRIES} entries, got {len(edit.entries)}")
    for entry_id in edit.entries:
        if entry_id not in people.person_of:
            raise MatchRefused("unknown_entry", f"no entry {entry_id!r} in this store's day")
    if edit.kind in VERDICTS:
        _check_verdict(edit, bucket, doors)
        return edit
    if edit.kind is EditKind.SPLIT:
        edit = _named(edit, people, store_id)
    elif edit.person is not None:
        _check_known(edit.person, people)
    if edit.kind in (EditKind.EXCLUDE, EditKind.INCLUDE):
        if bool(edit.entries) == (edit.person is not None):
            raise MatchRefused("bad_edit", f"{edit.kind}: expected entries or a person, one of them")
        return edit
    if edit.person is None:
        raise MatchRefused("bad_edit", f"{edit.kind}: expected a person")
    if edit.kind in _OF_TEXT and (edit.text is None or len(edit.text) > _LONGEST_TEXT):
        raise MatchRefused("bad_edit", f"{edit.kind}: expected a text of at most {_LONGEST_TEXT} characters")
    if edit.kind in _OF_ENTRIES:
        if not edit.entries:
            raise MatchRefused("bad_edit", f"{edit.kind}: expected at least one entry")
        stay = set(people.entries_of.get(edit.person, ())) - set(edit.entries)
        _check_places(edit.entries, stay, bucket, doors)
    elif edit.kind is EditKind.MERGE:
        if edit.other is None or edit.other == edit.person:
            raise MatchRefused("bad_edit", "merge: expected another person in other")
        _check_known(edit.other, people)
        _check_places(people.entries_of[edit.person], people.entries_of[edit.other], bucket, doors)
    return edit


def why_two_places(entries: Iterable[str], others: Iterable[str], bucket: Bucket, doors: Doors) -> str | None:
    """Why entries cannot be of one person with others, or None where they can.

    Args:
        entries: entry ids.
        others: entry ids, none of them among the former.
        bucket: of both.
        doors: where the store's cameras are.
    """
    named = [(entry_id, True) for entry_id in entries] + [(entry_id, False) for entry_id in others]
    ordered = sorted((bucket.crossings[entry_id].moment_s, entry_id, side) for entry_id, side in named)
    longest_s, start = doors.longest_s, 0
    for moment_s, entry_id, side in ordered:
        while ordered[start][0] < moment_s - longest_s:
            start += 1
        here = bucket.crossings[entry_id]
        for earlier_s, earlier, its_side in ordered[start:]:
            if earlier == entry_id:
                break
            there = bucket.crossings[earlier]
            apart_s = moment_s - earlier_s
            if side is not its_side and doors.is_two_places(here.camera, there.camera, apart_s):
                return (
                    f"{earlier} crossed at {there.camera} and {entry_id} at {here.camera}, "
                    f"{apart_s:.1f} s apart"
                )
    return None


def _check_places(entries: Iterable[str], others: Iterable[str], bucket: Bucket, doors: Doors) -> None:
    reason = why_two_places(entries, others, bucket, doors)
    if reason is not None:
        raise MatchRefused("two_places", f"nobody is at two places at once: {reason}")


def _check_verdict(edit: Edit, bucket: Bucket, doors: Doors) -> None:
    if len(edit.entries) != 2 or edit.entries[0] == edit.entries[1]:
        raise MatchRefused("bad_edit", f"{edit.kind}: expected two different entries")
    if edit.kind is EditKind.SAME:
        _check_places(edit.entries[:1], edit.entries[1:], bucket, doors)


def _named(edit: Edit, people: People, store_id: str) -> Edit:
    if edit.person is None:
        return replace(edit, person=people.next_person(store_id))
    if edit.person in people.entries_of:
        raise MatchRefused("person_exists", f"split: there is a person {edit.person!r} already; use move")
    return edit


def _check_known(person_id: str, people: People) -> None:
    if person_id not in people.entries_of:
        raise MatchRefused("unknown_person", f"no person {person_id!r} in this store's day")


def _check_undo(edit: Edit, whole_log: Sequence[Record]) -> None:
    numbers = {record.number for record in whole_log if isinstance(record, Edited)}
    if edit.undoes is None or edit.undoes not in numbers:
        raise MatchRefused("unknown_edit", f"undo: there is no edit {edit.undoes} in this store's day")
    if edit.undoes in undone_of(whole_log):
        raise MatchRefused("already_undone", f"undo: edit {edit.undoes} is undone already")
