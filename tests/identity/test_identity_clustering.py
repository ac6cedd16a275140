"""A whole day clustered: links hold, order does not matter, and ids stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from floorwalker.identity.matching.answer import Answer, Status
from floorwalker.identity.matching.bucket_log import Edit, Edited, EditKind, Matched, Record
from floorwalker.identity.matching.clustering import Joining, cluster
from floorwalker.identity.matching.day_people import DayPeople, people_of_day
from floorwalker.identity.matching.entry import BucketKey, Direction, Entry
from floorwalker.identity.matching.links import links_of

KEY = BucketKey("2026-03-03", "s")
AT = datetime(2026, 3, 3, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Apart:
    """Two cameras are never passed within two seconds."""

    longest_s: float = 2.0

    def is_two_places(self, camera: str, other: str, apart_s: float) -> bool:
        return camera != other and apart_s < self.longest_s


def curve(cosine: np.ndarray) -> np.ndarray:
    """One half at 0.5."""
    return 1 / (1 + np.exp(-12 * (cosine - 0.5)))


def mean(seen: Entry) -> np.ndarray:
    middle = seen.embeddings.mean(axis=0)
    return (middle / np.linalg.norm(middle)).astype(np.float32)


def entry(name: str, vector: Sequence[float], second: float = 0, camera: str = "door") -> Entry:
    at = AT + timedelta(seconds=second)
    return Entry(KEY, name, at, Direction.ENTRY, camera, np.array([vector], np.float32))


def log(*entries: tuple[Entry, str], edits: Sequence[Edit] = ()) -> list[Record]:
    """Entries with the person that each was answered to be, then what people said."""
    records: list[Record] = [
        Matched(number, found, Answer(Status.NEW, None, person))
        for number, (found, person) in enumerate(entries, start=1)
    ]
    return records + [Edited(len(entries) + place, edit) for place, edit in enumerate(edits, start=1)]


def edit(kind: EditKind, **what: object) -> Edit:
    return Edit(kind, "asha", AT, **what)  # type: ignore[arg-type]


def day(records: Sequence[Record]) -> DayPeople:
    return people_of_day(records, mean, curve, Apart())


X, Y, Z = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
BETWEEN = (0.9, 0.44, 0.0)


def test_what_is_alike_is_one_and_what_is_not_is_two() -> None:
    """`/match` took `b` for somebody new; `c` it took for `a`."""
    records = log((entry("a", X, 0), "s-1"), (entry("b", BETWEEN, 60), "s-2"), (entry("c", Y, 120), "s-1"))
    assert day(records).person_of == {"a": "s-1", "b": "s-1", "c": "s-1~c"}


def test_two_places_at_once_are_two_people_however_alike() -> None:
    both = (entry("a", X, 0), "s-1"), (entry("b", X, 1, "back"), "s-2")
    assert day(log(*both)).person_of == {"a": "s-1", "b": "s-2"}
    later = (entry("a", X, 0), "s-1"), (entry("b", X, 9, "back"), "s-2")
    assert day(log(*later)).person_of == {"a": "s-1", "b": "s-1"}
    said = day(log(*both, edits=[edit(EditKind.SAME, entries=("a", "b"))]))
    assert said.person_of == {"a": "s-1", "b": "s-1"}  # a person's word is above a rule's


def test_verdicts_hold_and_a_later_one_beats_an_earlier() -> None:
    entries = (entry("a", X, 0), "s-1"), (entry("b", X, 60), "s-1"), (entry("c", Y, 120), "s-2")
    different = edit(EditKind.DIFFERENT, entries=("a", "b"))
    assert day(log(*entries, edits=[different])).person_of == {"a": "s-1", "b": "s-1~b", "c": "s-2"}
    verdicts = [different, edit(EditKind.SAME, entries=("b", "c")), edit(EditKind.SAME, entries=("c", "a"))]
    found = day(log(*entries, edits=verdicts))
    assert found.person_of == dict.fromkeys("abc", "s-1")
    assert found.contradicted == (different,)
    assert found.links.hold_in(found.person_of)
    elsewhere = edit(EditKind.DIFFERENT, entries=("a", "of another day"))
    assert day(log(*entries, edits=[elsewhere])).person_of["a"] == "s-1"
    unsure = edit(EditKind.UNSURE, entries=("b", "a"))
    assert day(log(*entries, edits=[different, unsure])).person_of["b"] == "s-1"


def test_edits_hold_above_looks_and_undone_ones_do_not() -> None:
    entries = (entry("a", X, 0), "s-1"), (entry("b", X, 60), "s-1"), (entry("c", Y, 120), "s-2")
    split = edit(EditKind.SPLIT, entries=("b",), person="s-3")
    assert day(log(*entries, edits=[split])).person_of == {"a": "s-1", "b": "s-3", "c": "s-2"}
    merge = edit(EditKind.MERGE, person="s-1", other="s-2")
    assert set(day(log(*entries, edits=[merge])).person_of.values()) == {"s-1"}
    undo = edit(EditKind.UNDO, undoes=4)
    assert day(log(*entries, edits=[merge, undo])).person_of == {"a": "s-1", "b": "s-1", "c": "s-2"}
    there_and_back = [
        edit(EditKind.MOVE, entries=("b",), person="s-2"),
        edit(EditKind.MOVE, entries=("b",), person="s-1"),
    ]
    assert day(log(*entries, edits=there_and_back)).person_of == {"a": "s-1", "b": "s-1", "c": "s-2"}


def test_swept_entries_stay_who_they_were() -> None:
    gone = [
        Entry(
            KEY, name, AT + timedelta(minutes=minute), Direction.ENTRY, "door", np.zeros((0, 0), np.float32)
        )
        for minute, name in enumerate("abc")
    ]
    records = log((gone[0], "s-1"), (gone[1], "s-1"), (gone[2], "s-2"), (entry("d", X, 999), "s-3"))
    assert day(records).person_of == {"a": "s-1", "b": "s-1", "c": "s-2", "d": "s-3"}
    assert day(log(*[(found, "s-1") for found in gone[:2]])).person_of == {"a": "s-1", "b": "s-1"}


def test_an_empty_day() -> None:
    assert day([]).person_of == {}


def test_an_id_stays_with_the_first_entry_as_others_arrive() -> None:
    records = log((entry("a", X, 0), "s-1"), (entry("b", Y, 60), "s-1"))
    assert day(records).person_of == {"a": "s-1", "b": "s-1~b"}
    more = [(entry(f"y{n}", Y, 100 + n), "s-1") for n in range(5)]
    grown = day(log((entry("a", X, 0), "s-1"), (entry("b", Y, 60), "s-1"), *more)).person_of
    assert (grown["a"], grown["b"], grown["y4"]) == ("s-1", "s-1~b", "s-1~b")


CAMERAS = ("door", "back")


@st.composite
def days(draw: st.DrawFn) -> list[Record]:
    """A day of up to fourteen entries with clear and unclear looks, and what people said of them."""
    random = Random(draw(st.integers(0, 2**31)))
    noise = np.random.default_rng(random.getrandbits(32))
    count = random.randint(1, 14)
    looks = noise.normal(size=(4, 6))
    entries = []
    for number in range(count):
        vector = looks[random.randrange(4)] + 0.35 * random.randint(0, 2) * noise.normal(size=6)
        found = entry(f"e{number:02d}", vector.tolist(), random.randint(0, 30), random.choice(CAMERAS))
        entries.append((found, f"s-{random.randint(1, 4)}"))
    names = [found.entry_id for found, _ in entries]
    edits: list[Edit] = []
    for _ in range(random.randint(0, 6)):
        one, other = random.choices(names, k=2)
        edits.append(
            random.choice(
                [
                    edit(EditKind.MOVE, entries=(one,), person=f"s-{random.randint(1, 4)}"),
                    edit(EditKind.SPLIT, entries=(one, other), person=f"s-{10 + len(edits)}"),
                    edit(EditKind.MERGE, person="s-1", other=f"s-{random.randint(2, 4)}"),
                    edit(EditKind.UNDO, undoes=count + 1 + len(edits) // 2),
                ]
                if one == other
                else [
                    edit(EditKind.SAME, entries=(one, other)),
                    edit(EditKind.DIFFERENT, entries=(one, other)),
                ]
            )
        )
    return log(*entries, edits=[e for n, e in enumerate(edits) if e.kind is not EditKind.UNDO or n > 0])


@given(records=days())
@settings(max_examples=150, deadline=None)
def test_links_always_hold_and_everybody_is_somebody(records: list[Record]) -> None:
    found = day(records)
    assert list(found.person_of) == [
        record.entry.entry_id for record in records if isinstance(record, Matched)
    ]
    assert found.links.hold_in(found.person_of)
    assert found.links == links_of(records, Apart())


@given(records=days(), order=st.randoms())
@settings(max_examples=100, deadline=None)
def test_the_order_of_arrival_changes_no_group(records: list[Record], order: Random) -> None:
    entries = [record for record in records if isinstance(record, Matched)]
    said = [record for record in records if isinstance(record, Edited) and record.edit.kind is EditKind.SAME]
    shuffled = order.sample(entries, len(entries))
    assert partition(day([*shuffled, *said])) == partition(day([*entries, *said]))


@given(records=days())
@settings(max_examples=100, deadline=None)
def test_somebody_far_from_all_changes_nobody(records: list[Record]) -> None:
    def widened(record: Record) -> Record:
        if not isinstance(record, Matched):
            return record
        vector = [*record.entry.embeddings[0].tolist(), 0.0]
        seen = record.entry
        wider = entry(seen.entry_id, vector, (seen.timestamp - AT).total_seconds(), seen.camera)
        return Matched(record.number, wider, record.answer)

    before = [widened(record) for record in records]
    stranger = entry("far", [0.0] * 6 + [1.0], 5000)
    number = len(records) + 1
    after = day([*before, Matched(number, stranger, Answer(Status.NEW, None, "s-99"))])
    assert after.person_of == {**day(before).person_of, "far": "s-99"}


def partition(people: DayPeople) -> set[frozenset[str]]:
    groups: dict[str, set[str]] = {}
    for name, person in people.person_of.items():
        groups.setdefault(person, set()).add(name)
    return {frozenset(group) for group in groups.values()}


def test_joined_by_the_mean_of_all_pairs_and_not_by_the_best() -> None:
    """A chain in which each is like the next: the ends are not one person."""
    angles = np.deg2rad(np.arange(0, 181, 30))
    chain = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    groups = cluster(chain, curve, range(len(chain)), ())
    assert groups[0] != groups[-1]
    assert len(set(groups.tolist())) < len(chain)
    tight = cluster(chain, curve, range(len(chain)), (), Joining(least_log_odds=6.0))
    assert len(set(tight.tolist())) == len(chain)


@pytest.mark.parametrize("middle", [0.2, 0.5, 0.7])
def test_without_links_it_is_average_linkage(middle: float) -> None:
    """As scipy makes it, whether entries hang together all or fall apart by themselves."""
    random = np.random.default_rng(7)
    vectors = np.repeat(random.normal(size=(60, 16)) + 0.4, 5, axis=0) + 0.5 * random.normal(size=(300, 16))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    no_ties = Joining(1.0, most_log_odds=50.0)
    groups = cluster(vectors, lambda cosine: curve(cosine + 0.5 - middle), range(300), (), no_ties)
    wide = vectors.astype(np.float64)
    odds = 12 * (np.clip(wide @ wide.T, -1, 1) - middle)
    distance = squareform(np.where(np.eye(300, dtype=bool), 0, 20 - odds), checks=False)
    theirs = fcluster(linkage(distance, "average"), 20 - 1.0, "distance")
    assert 1 < len(set(theirs.tolist())) < 300
    np.testing.assert_array_equal(groups[:, None] == groups, theirs[:, None] == theirs)
