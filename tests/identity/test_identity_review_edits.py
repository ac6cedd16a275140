"""Edits of who is who: checked, kept in a file that nothing is taken out of, undone and done again."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from floorwalker.errors import InputError
from floorwalker.identity.matching.bucket_log import VERDICTS, Edit, EditKind, Matched
from floorwalker.identity.matching.cluster_truth import ClusterTruth, TruePerson, truth_of
from floorwalker.identity.matching.encoder import MeanEncoder
from floorwalker.identity.matching.entry import BucketKey, Direction, Entry
from floorwalker.identity.matching.manifest import Manifest, ManifestEvent, ManifestPerson, manifest_of
from floorwalker.identity.matching.matcher import Matcher
from floorwalker.identity.matching.memory_store import MemoryStore
from floorwalker.identity.matching.people import people_of
from floorwalker.identity.matching.refusing import MatchRefused
from floorwalker.identity.review.changes import change_since, make_edit
from floorwalker.identity.review.desk import FileDesk, StoreDayDesk
from floorwalker.identity.review.line_log import Line, LineLog
from floorwalker.identity.review.steps import steps_of
from floorwalker.identity.review.truth_edits import take_over

KEY = BucketKey("2026-03-03", "nc0009")
OPENS = datetime(2026, 3, 3, 9, tzinfo=UTC)


def event(name: str, second: float, camera: str = "north", *, excluded: bool = False) -> ManifestEvent:
    at = OPENS + timedelta(seconds=second)
    return ManifestEvent(name, at, Direction.ENTRY, camera, None, (), -1.0, -1.0, {}, None, excluded)


def a_day() -> Manifest:
    """Three people: P-1 with a, c and e; P-2 with b, at two places at once with c; P-3 with d."""
    return Manifest(
        KEY,
        (
            ManifestPerson(
                "nc0009-0001", OPENS, (event("a", 0), event("c", 60), event("e", 300)), alias="Ann"
            ),
            ManifestPerson("nc0009-0002", OPENS, (event("b", 61, "south", excluded=True),)),
            ManifestPerson("nc0009-0003", OPENS, (event("d", 200),)),
        ),
    )


@pytest.fixture
def desk(tmp_path: Path) -> FileDesk:
    return FileDesk(a_day(), LineLog(tmp_path / "log.jsonl"))


def wish(kind: EditKind, *entries: str, **more: object) -> Edit:
    return Edit(kind, "asha", OPENS, entries, **more)  # type: ignore[arg-type]


def persons(desk: FileDesk) -> dict[str, str]:
    return people_of(desk.records()).person_of


def test_a_manifest_lies_on_the_desk_as_it_was(desk: FileDesk) -> None:
    told = manifest_of(KEY, desk.records(), embeddings=False)
    assert told.groups() == a_day().groups()
    assert truth_of(told) == truth_of(a_day())
    assert all(record.number <= 0 for record in desk.records())
    assert steps_of(desk.records()).undo is None


def test_every_kind_of_edit_and_what_it_changes(desk: FileDesk) -> None:
    moved = make_edit(desk, wish(EditKind.MOVE, "d", person="nc0009-0001"))
    assert moved.moved == {"d": "nc0009-0001"}
    split = make_edit(desk, wish(EditKind.SPLIT, "a", "e"))
    assert split.moved == {"a": "nc0009-0004", "e": "nc0009-0004"}
    merged = make_edit(desk, wish(EditKind.MERGE, person="nc0009-0002", other="nc0009-0004"))
    assert merged.moved == {"a": "nc0009-0002", "e": "nc0009-0002"}
    named = make_edit(desk, wish(EditKind.ALIAS, person="nc0009-0002", text="Ben"))
    assert (named.aliases, named.moved) == ({"nc0009-0002": "Ben"}, {})
    assert make_edit(desk, wish(EditKind.NOTE, person="nc0009-0002", text="red bag")).notes
    assert make_edit(desk, wish(EditKind.EXCLUDE, "d")).excluded == {"d": True}
    assert make_edit(desk, wish(EditKind.INCLUDE, person="nc0009-0002")).excluded == {"b": False}


def test_what_cannot_be_is_refused_with_the_reason_and_changes_nothing(desk: FileDesk) -> None:
    before = len(desk.records())
    for edit, code in [
        (wish(EditKind.MOVE, "b", person="nc0009-0001"), "two_places"),
        (wish(EditKind.MERGE, person="nc0009-0002", other="nc0009-0001"), "two_places"),
        (wish(EditKind.SAME, "b", "c"), "two_places"),
        (wish(EditKind.MOVE, "x", person="nc0009-0001"), "unknown_entry"),
        (wish(EditKind.MOVE, "a", person="nobody"), "unknown_person"),
        (wish(EditKind.SPLIT, "a", person="nc0009-0003"), "person_exists"),
        (wish(EditKind.UNDO, undoes=1), "unknown_edit"),
        (wish(EditKind.UNDO, undoes=0), "unknown_edit"),
    ]:
        with pytest.raises(MatchRefused) as refused:
            make_edit(desk, edit)
        assert refused.value.code == code, edit
    assert len(desk.records()) == before
    with pytest.raises(
        MatchRefused, match=r"two places at once: c crossed at north and b at south, 1\.0 s apart"
    ):
        make_edit(desk, wish(EditKind.MOVE, "b", person="nc0009-0001"))


def test_what_another_process_did_is_known_before_an_edit_is_checked(tmp_path: Path) -> None:
    one, other = (FileDesk(a_day(), LineLog(tmp_path / "log.jsonl")) for _ in range(2))
    make_edit(one, wish(EditKind.SPLIT, "c"))
    make_edit(other, wish(EditKind.MOVE, "b", person="nc0009-0001"))  # c is not there any more
    make_edit(one, wish(EditKind.UNDO, undoes=2))
    make_edit(other, wish(EditKind.SPLIT, "b"))
    assert people_of(one.records()).person_of == people_of(other.records()).person_of
    assert persons(one)["b"] == "nc0009-0005"


def test_whoever_edits_is_told_what_others_did_meanwhile(desk: FileDesk) -> None:
    seen = people_of(desk.records()).last_number
    make_edit(desk, wish(EditKind.MOVE, "d", person="nc0009-0001"), seen)
    mine = make_edit(desk, wish(EditKind.ALIAS, person="nc0009-0002", text="Ben"), seen)
    assert mine.moved == {"d": "nc0009-0001"}
    assert change_since(desk, mine.number).moved == {}


def undo(desk: FileDesk) -> None:
    edited = steps_of(desk.records()).undo
    assert edited is not None
    make_edit(desk, wish(EditKind.UNDO, undoes=edited.number))


def redo(desk: FileDesk) -> None:
    make_edit(desk, wish(EditKind.UNDO, undoes=steps_of(desk.records()).redo_undoes))


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_undo_and_redo_go_back_and_forth_through_everything(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    desk = FileDesk(a_day(), LineLog(tmp_path_factory.mktemp("log") / "log.jsonl"))
    states = [persons(desk)]
    place = 0
    for _ in range(data.draw(st.integers(1, 12))):
        act = data.draw(st.sampled_from(["edit", "undo", "redo"]))
        if act == "edit":
            entry = data.draw(st.sampled_from("ade"))
            make_edit(desk, wish(EditKind.SPLIT, entry))
            states = [*states[: place + 1], persons(desk)]
            place += 1
        elif act == "undo" and place > 0:
            undo(desk)
            place -= 1
        elif act == "redo" and place < len(states) - 1:
            redo(desk)
            place += 1
        assert persons(desk) == states[place]
        steps = steps_of(desk.records())
        assert (steps.undo is not None) == (place > 0)
        assert (steps.redo is not None) == (place < len(states) - 1)


def test_verdicts_and_edits_are_undone_apart(desk: FileDesk) -> None:
    make_edit(desk, wish(EditKind.SPLIT, "a"))
    make_edit(desk, wish(EditKind.SAME, "a", "d"))
    edits, verdicts = steps_of(desk.records()), steps_of(desk.records(), VERDICTS)
    assert edits.undo is not None
    assert edits.undo.edit.kind is EditKind.SPLIT
    assert verdicts.undo is not None
    assert verdicts.undo.edit.kind is EditKind.SAME


def test_a_truth_is_taken_over_as_edits_that_can_be_undone(desk: FileDesk) -> None:
    before = truth_of(manifest_of(KEY, desk.records(), embeddings=False))
    truth = ClusterTruth(
        KEY,
        (
            TruePerson("nc0009-0001", ("a",), notes="the first"),
            TruePerson("someone new", ("c", "d", "not here"), alias="Cy", excluded=frozenset({"d"})),
            TruePerson("nc0009-0002", ("b",)),
            TruePerson("nc0009-0003", ("e",)),
        ),
    )
    taken = take_over(desk, truth, "asha", OPENS)
    assert (taken.unknown, taken.refused) == (1, [])
    now = truth_of(manifest_of(KEY, desk.records(), embeddings=False))
    assert now.groups() == {"a": "nc0009-0001", "c": "someone new", "b": "nc0009-0002", "e": "nc0009-0003"}
    assert [p.alias for p in now.persons if p.person_id == "someone new"] == ["Cy"]
    for _ in range(taken.edits):
        undo(desk)
    assert truth_of(manifest_of(KEY, desk.records(), embeddings=False)) == before


def test_a_truth_of_another_day_is_refused(desk: FileDesk) -> None:
    with pytest.raises(InputError, match="2026-03-04"):
        take_over(desk, ClusterTruth(BucketKey("2026-03-04", "nc0009"), ()), "asha", OPENS)


def line(number: int, kind: str = "split") -> Line:
    return Line(number, kind, "asha", "2026-03-03T09:00:00Z", ("a",))


def test_what_a_crash_tore_is_left_out_and_written_over(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = LineLog(path)
    log.append(line)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"number":2,"kind":"spl')
    assert len(log.read()) == 1
    assert LineLog(path).append(line).number == 2
    assert [each.number for each in LineLog(path).read()] == [1, 2]
    assert [each.number for each in log.read()] == [1, 2]


def test_several_that_write_one_log_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"

    def write() -> None:
        log = LineLog(path)  # its own, as another process has
        for _ in range(25):
            log.append(line)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.number for each in LineLog(path).read()] == list(range(1, 101))


def test_a_file_that_is_no_log_is_refused_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    LineLog(path).append(line)
    with path.open("ab") as file:
        file.write(b"not a line\n")
    with pytest.raises(InputError, match=r"log\.jsonl, line 2"):
        LineLog(path).read()


def test_a_log_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        LineLog(tmp_path / "file" / "log.jsonl").append(line)


def test_a_store_day_is_read_on_and_anew_once_it_was_deleted() -> None:
    store = MemoryStore()
    matcher = Matcher(store, MeanEncoder())

    def come(name: str, second: int) -> None:
        at = OPENS + timedelta(seconds=second)
        vector = np.array([[1.0, second, 0.0]], np.float32)
        matcher.match(Entry(KEY, name, at, Direction.ENTRY, "north", vector, {"hat": True}, ("a.jpg",)))

    come("a", 0)
    desk = StoreDayDesk(matcher, KEY)
    assert [record.number for record in desk.records()] == [1]
    come("b", 60)
    made = make_edit(desk, wish(EditKind.ALIAS, person=persons(desk)["a"], text="Ann"), 1)
    assert set(made.moved) == {"b"}
    assert [record.number for record in desk.records()] == [1, 2, 3]
    assert [record.number for record in desk.records()] == [1, 2, 3]
    entries = [record.entry for record in desk.whole(vectors=False) if isinstance(record, Matched)]
    assert [(entry.images, entry.embeddings.size) for entry in entries] == [(("a.jpg",), 0)] * 2
    other = Matcher(MemoryStore(), MeanEncoder())
    desk._matcher = other  # as if the day had been deleted, and another had begun
    assert desk.records() == []
