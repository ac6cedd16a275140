"""The manifest: what the log says of a store's day, written and read again without loss."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

from floorwalker.errors import InputError
from floorwalker.identity.matching.answer import Answer, Status
from floorwalker.identity.matching.bucket_log import Edit, Edited, EditKind, Matched, Record
from floorwalker.identity.matching.cluster_truth import encode_truth, read_truth, truth_of
from floorwalker.identity.matching.entry import BucketKey, Direction, Entry
from floorwalker.identity.matching.manifest import filtered, manifest_of
from floorwalker.identity.matching.manifest_json import encode_manifest, read_manifest

KEY = BucketKey("2026-03-03", "nc0009")
AT = datetime(2026, 3, 3, 9, tzinfo=UTC)
ONE, TWO = "nc0009-0001", "nc0009-0002"


def matched(number: int, entry_id: str, minute: int, person_id: str, camera: str = "door") -> Matched:
    vectors = np.full((2, 3), number / 7, np.float32)
    direction = Direction.ENTRY if number % 2 else Direction.EXIT
    attrs = {"top": "red", "bottom": {"jeans": 0.75, "skirt": 0.25}, "bag": True}
    images = (f"gs://b/{entry_id}.jpg",)
    at = AT + timedelta(minutes=minute)
    entry = Entry(KEY, entry_id, at, direction, camera, vectors, attrs, images, "al-7")
    return Matched(number, entry, Answer(Status.NEW, None, person_id, 0.25 * number, -1.0))


def log() -> list[Record]:
    """`b` happened first but arrived second; a person put a note on it."""
    return [
        matched(1, "a", 5, ONE),
        matched(2, "b", 1, TWO, "side"),
        matched(3, "c", 9, ONE, "side"),
        Edited(4, Edit(EditKind.NOTE, "asha", AT, person=TWO, text="umbrella")),
        Edited(5, Edit(EditKind.EXCLUDE, "asha", AT, entries=("c",))),
    ]


def shown(manifest) -> dict[str, list[str]]:
    return {person.person_id: [event.entry_id for event in person.events] for person in manifest.people}


def test_people_stand_in_order_of_time_with_what_was_said_of_them() -> None:
    manifest = manifest_of(KEY, log())
    assert list(shown(manifest).items()) == [(TWO, ["b"]), (ONE, ["a", "c"])]
    first, second = manifest.people
    assert (first.first_seen, first.notes, first.alias) == (AT + timedelta(minutes=1), "umbrella", None)
    assert [event.excluded for event in second.events] == [False, True]
    assert manifest.event_count == 3


def test_entries_come_in_order_of_time_whatever_their_order_of_arrival() -> None:
    late = [matched(1, "a", 5, ONE), matched(2, "b", 1, ONE)]
    (person,) = manifest_of(KEY, late).people
    assert [event.entry_id for event in person.events] == ["b", "a"]
    assert person.first_seen == AT + timedelta(minutes=1)


def test_edits_hold_and_undone_ones_do_not() -> None:
    move = Edited(6, Edit(EditKind.MOVE, "asha", AT, entries=("c",), person=TWO))
    assert shown(manifest_of(KEY, [*log(), move])) == {TWO: ["b", "c"], ONE: ["a"]}
    undo = Edited(7, Edit(EditKind.UNDO, "asha", AT, undoes=6))
    assert shown(manifest_of(KEY, [*log(), move, undo])) == shown(manifest_of(KEY, log()))


def test_an_entry_filters_the_person_a_camera_the_events() -> None:
    manifest = manifest_of(KEY, log())
    assert shown(filtered(manifest, entry_id="c")) == {ONE: ["a", "c"]}
    assert shown(filtered(manifest, entry_id="nobody")) == {}
    side = filtered(manifest, cameras={"side"})
    assert shown(side) == {TWO: ["b"], ONE: ["c"]}
    assert side.people[1].first_seen == AT + timedelta(minutes=5)
    assert shown(filtered(manifest, entry_id="c", cameras={"door"})) == {ONE: ["a"]}
    assert shown(filtered(manifest, cameras=())) == shown(manifest)


def test_written_and_read_again(tmp_path: Path) -> None:
    manifest = manifest_of(KEY, log())
    path = tmp_path / "entry_manifest.json"
    path.write_bytes(b"".join(encode_manifest(manifest)))
    read = read_manifest(path)
    assert (read.key, shown(read), read.people[0].notes) == (KEY, shown(manifest), "umbrella")
    ours, theirs = manifest.people[1].events[1], read.people[1].events[1]
    np.testing.assert_allclose(theirs.embeddings, ours.embeddings, atol=1e-8)
    assert theirs.attrs == ours.attrs
    assert (theirs.timestamp, theirs.score, theirs.score2, theirs.excluded) == (
        ours.timestamp,
        0.75,
        -1.0,
        True,
    )
    assert b"".join(encode_manifest(read)) == path.read_bytes()


def test_the_form_of_the_contract() -> None:
    told = msgspec.json.decode(b"".join(encode_manifest(manifest_of(KEY, log()[:1]))))
    assert told == {
        "ok": True,
        "day_id": "2026-03-03",
        "store_id": "nc0009",
        "person_count": 1,
        "event_count": 1,
        "people": [
            {
                "person_id": ONE,
                "first_seen": "2026-03-03T09:05:00Z",
                "events": [
                    {
                        "entry_id": "a",
                        "timestamp": "2026-03-03T09:05:00Z",
                        "direction": "entry",
                        "camera": "door",
                        "alert_id": "al-7",
                        "images": ["gs://b/a.jpg"],
                        "score": 0.25,
                        "score2": -1.0,
                        "attrs": {"top": "red", "bottom": {"jeans": 0.75, "skirt": 0.25}, "bag": True},
                        "embeddings": [[0.14285715] * 3] * 2,
                    }
                ],
            }
        ],
    }


def test_without_vectors_and_empty() -> None:
    assert b"embeddings" not in b"".join(encode_manifest(manifest_of(KEY, log(), embeddings=False)))
    nobody = read_manifest(b"".join(encode_manifest(manifest_of(KEY, []))))
    assert (nobody.people, nobody.event_count) == ((), 0)


EVENT = '{"entry_id": "a", "timestamp": "2026-03-03T09:00:00Z", "direction": "entry", "camera": "d"%s}'


def document(*events: str) -> bytes:
    people = ", ".join(f'{{"person_id": "p{n}", "events": [{event}]}}' for n, event in enumerate(events))
    return f'{{"day_id": "2026-03-03", "store_id": "s", "people": [{people}]}}'.encode()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no entry manifest"),
        (b"\xff\xfe", "no entry manifest"),
        (b"[]", "no entry manifest: Expected `object`"),
        (document(EVENT.replace("entry_id", "id") % ""), "missing required field `entry_id`"),
        (document(EVENT.replace('"entry",', '"sideways",') % ""), "sideways"),
        (document(EVENT.replace("Z", "") % ""), "a time with a zone"),
        (document(EVENT % ', "embeddings": [[1, 2], [1]]'), "different lengths"),
        (document(EVENT % ', "embeddings": [[1e60]]'), "not finite"),
        (document(EVENT % ', "embeddings": [["x"]]'), "lists of numbers"),
        (document(EVENT % "", EVENT % ""), "stands in it twice"),
        (document(""), "has no event"),
    ],
)
def test_what_is_no_manifest_says_why(content: bytes, why: str) -> None:
    with pytest.raises(InputError, match=why) as failure:
        read_manifest(content)
    assert "\n" not in str(failure.value)


def test_no_such_file(tmp_path: Path) -> None:
    for read in (read_manifest, read_truth):
        with pytest.raises(InputError, match="no such file"):
            read(tmp_path / "none.json")


def test_cluster_truth_written_and_read_again(tmp_path: Path) -> None:
    truth = truth_of(manifest_of(KEY, log()))
    assert truth.groups() == {"a": ONE, "b": TWO}
    path = tmp_path / "multicluster_gt.json"
    path.write_bytes(encode_truth(truth))
    assert read_truth(path) == truth
    assert read_truth(b'{"day_id": "d", "store_id": "s", "persons": {"p": ["a", "b"]}}').groups() == {
        "a": "p",
        "b": "p",
    }


@pytest.mark.parametrize(
    ("persons", "why"),
    [
        ('{"p": ["a"], "q": ["a"]}', "is of 'p' and 'q'"),
        ('{"p": {"entries": ["a", "a"]}}', "is of 'p' and 'p'"),
        ('{"p": []}', "has no entry"),
        ('{"p": {"entries": ["a"], "excluded": ["b"]}}', "excludes 'b'"),
        ('{"p": 3}', "no cluster truth"),
    ],
)
def test_what_is_no_cluster_truth_says_why(persons: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        read_truth(f'{{"day_id": "d", "store_id": "s", "persons": {persons}}}'.encode())
