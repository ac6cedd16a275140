"""Who the entries of a bucket are follows from its log alone."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from floorwalker.identity.matching.answer import Answer, Status
from floorwalker.identity.matching.bucket_log import Edit, Edited, EditKind, Matched, Record
from floorwalker.identity.matching.entry import BucketKey, Direction, Entry
from floorwalker.identity.matching.people import people_of, undone_of

KEY = BucketKey("2026-03-03", "nc0009")
AT = datetime(2026, 3, 3, 9, tzinfo=UTC)


def matched(number: int, entry_id: str, person_id: str) -> Matched:
    entry = Entry(KEY, entry_id, AT, Direction.ENTRY, "door", np.ones((1, 4), np.float32))
    return Matched(number, entry, Answer(Status.NEW, None, person_id))


def edited(number: int, kind: EditKind, **what: object) -> Edited:
    return Edited(number, Edit(kind, "asha", AT, **what))  # type: ignore[arg-type]


def log() -> list[Record]:
    return [
        matched(1, "a", "nc0009-0001"),
        matched(2, "b", "nc0009-0002"),
        matched(3, "c", "nc0009-0001"),
    ]


def test_a_merge_undone_and_brought_back() -> None:
    merge = edited(4, EditKind.MERGE, person="nc0009-0001", other="nc0009-0002")
    undo = edited(5, EditKind.UNDO, undoes=4)
    again = edited(6, EditKind.UNDO, undoes=5)
    assert set(people_of([*log(), merge]).entries_of) == {"nc0009-0001"}
    assert people_of([*log(), merge, undo]).person_of == people_of(log()).person_of
    assert people_of([*log(), merge, undo, again]).person_of["b"] == "nc0009-0001"


def test_a_name_is_never_given_twice_even_where_it_was_undone() -> None:
    split = edited(4, EditKind.SPLIT, entries=("c",), person="nc0009-0003")
    people = people_of([*log(), split, edited(5, EditKind.UNDO, undoes=4)])
    assert "nc0009-0003" not in people.entries_of
    assert people.next_person("nc0009") == "nc0009-0004"


def test_whoever_was_matched_to_a_merged_person_stays_when_the_merge_is_undone() -> None:
    merge = edited(4, EditKind.MERGE, person="nc0009-0001", other="nc0009-0002")
    people = people_of([*log(), merge, matched(5, "d", "nc0009-0001"), edited(6, EditKind.UNDO, undoes=4)])
    assert people.person_of == {
        "a": "nc0009-0001",
        "b": "nc0009-0002",
        "c": "nc0009-0001",
        "d": "nc0009-0001",
    }


def test_names_notes_exclusions_and_verdicts() -> None:
    people = people_of(
        [
            *log(),
            edited(4, EditKind.ALIAS, person="nc0009-0001", text="red coat"),
            edited(5, EditKind.NOTE, person="nc0009-0001", text="twins"),
            edited(6, EditKind.EXCLUDE, person="nc0009-0001"),
            edited(7, EditKind.INCLUDE, entries=("c",)),
            edited(8, EditKind.SAME, entries=("b", "a")),
            edited(9, EditKind.DIFFERENT, entries=("a", "b")),
        ]
    )
    assert people.aliases == {"nc0009-0001": "red coat"}
    assert people.notes == {"nc0009-0001": "twins"}
    assert people.excluded == {"a"}
    assert people.verdicts == {("a", "b"): EditKind.DIFFERENT}


def test_an_undo_alone_cannot_be_read_on() -> None:
    with pytest.raises(ValueError, match="whole log"):
        people_of(log()).add(edited(4, EditKind.UNDO, undoes=1))


@given(st.lists(st.sampled_from(("move", "merge", "undo")), max_size=12), st.randoms(use_true_random=False))
def test_undoing_all_edits_gives_what_was_answered(kinds: list[str], random: object) -> None:
    records: list[Record] = log()
    for kind in kinds:
        number = len(records) + 1
        if kind == "move":
            entry = random.choice("abc")  # type: ignore[attr-defined]
            records.append(edited(number, EditKind.MOVE, entries=(entry,), person="nc0009-0002"))
        elif kind == "merge":
            records.append(edited(number, EditKind.MERGE, person="nc0009-0002", other="nc0009-0001"))
        elif number > 4:
            records.append(edited(number, EditKind.UNDO, undoes=random.randint(4, number - 1)))  # type: ignore[attr-defined]
    standing = [
        record.number
        for record in records
        if isinstance(record, Edited)
        and record.edit.kind is not EditKind.UNDO
        and record.number not in undone_of(records)
    ]
    for number in standing:
        records.append(edited(len(records) + 1, EditKind.UNDO, undoes=number))
    assert people_of(records).person_of == people_of(log()).person_of
