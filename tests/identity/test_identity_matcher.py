"""The matcher: who is who, what is impossible, and that it is one step whoever else writes."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from floorwalker.identity.matching.bucket_log import Edit, Edited, EditKind, Matched
from floorwalker.identity.matching.doors import Doors
from floorwalker.identity.matching.encoder import MeanEncoder
from floorwalker.identity.matching.entry import BucketKey, Direction, Entry
from floorwalker.identity.matching.matcher import Matcher
from floorwalker.identity.matching.memory_store import MemoryStore
from floorwalker.identity.matching.people import people_of
from floorwalker.identity.matching.refusing import MatchRefused
from floorwalker.identity.matching.rules import Rule, Rules
from floorwalker.identity.matching.shelf import Room
from floorwalker.identity.matching.vectors import VectorError

KEY = BucketKey("2026-03-03", "nc0009")
NINE = datetime(2026, 3, 3, 9, tzinfo=UTC)
RULES = Rules(threshold=0.88, margin=0.02)


def towards(degrees: float, dimension: int = 4) -> np.ndarray:
    """A direction in the plane of the first two numbers: cosines are those of the angles between."""
    vector = np.zeros((1, dimension), np.float32)
    vector[0, :2] = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return vector


def an_entry(entry_id: str, degrees: float = 0.0, at_s: float = 0.0, **more: Any) -> Entry:
    values: dict[str, Any] = {
        "key": KEY,
        "entry_id": entry_id,
        "timestamp": NINE + timedelta(seconds=at_s),
        "direction": Direction.ENTRY,
        "camera": "door",
        "embeddings": towards(degrees),
    }
    return Entry(**values | more)


def a_matcher(store: MemoryStore | None = None, rules: Rules = RULES, **more: Any) -> Matcher:
    return Matcher(store or MemoryStore(), MeanEncoder(), rules, **more)


def the_edit(kind: EditKind, *entries: str, **more: Any) -> Edit:
    return Edit(kind, "asha", NINE, entries, **more)


OUT = {"direction": Direction.EXIT}


def test_the_first_entry_is_a_new_person():
    answer = a_matcher().match(an_entry("a")).answer
    assert (answer.status, answer.match_id, answer.person_id) == ("new", None, "nc0009-0001")
    assert (answer.score, answer.score2, answer.candidates) == (-1.0, -1.0, ())


def test_somebody_who_looks_alike_is_the_same_person():
    matcher = a_matcher()
    matcher.match(an_entry("a"))
    answer = matcher.match(an_entry("b", 10, 60, **OUT)).answer
    assert (answer.status, answer.match_id, answer.person_id) == ("match", "a", "nc0009-0001")
    assert answer.score == pytest.approx(np.cos(np.radians(10)))
    assert answer.score2 == -1.0


def test_several_earlier_entries_of_one_person_are_no_tie_by_persons_and_one_by_entries():
    by_person, by_entry = a_matcher(), a_matcher(rules=replace(RULES, rule=Rule.ENTRY))
    for matcher in (by_person, by_entry):
        matcher.match(an_entry("a", 0))
        matcher.match(an_entry("b", 20, 60, **OUT))
    last = an_entry("c", 10, 120)
    assert by_person.match(last).answer.status == "match"
    assert by_entry.match(last).answer.status == "review"


def test_a_near_tie_of_two_persons_is_for_a_human_and_provisionally_somebody_new():
    matcher = a_matcher()
    matcher.match(an_entry("a", 0))
    matcher.match(an_entry("b", 40, 60))
    answer = matcher.match(an_entry("c", 20.5, 120, **OUT)).answer
    assert (answer.status, answer.match_id, answer.person_id) == ("review", "b", "nc0009-0003")
    assert answer.score - answer.score2 < 0.02
    assert answer.reason.startswith("near_tie: ")
    assert [candidate.entry_id for candidate in answer.candidates] == ["b", "a"]


def test_the_second_person_is_found_however_often_the_first_was_seen():
    matcher = a_matcher(rules=replace(RULES, topk=2))
    matcher.match(an_entry("other", 30))
    for number in range(40):
        matcher.match(an_entry(f"a{number}", -5 + number / 100, number, direction=[*Direction][number % 2]))
    answer = matcher.match(an_entry("last", 0, 100)).answer
    assert answer.score2 == pytest.approx(np.cos(np.radians(30)))
    assert len(answer.candidates) == 2
    assert len(matcher.match(an_entry("asked", 0, 200, **OUT), topk=1).answer.candidates) == 1


def test_the_same_name_again_gets_the_first_answer_and_adds_nothing():
    store = MemoryStore()
    matcher = a_matcher(store)
    first = matcher.match(an_entry("a"))
    matcher.match(an_entry("b", 80, 10))
    for again in (an_entry("a"), an_entry("a", 80, 99), an_entry("a", embeddings=towards(0, 7))):
        repeated = matcher.match(again)
        assert repeated.repeated
        assert (repeated.answer, repeated.entry) == (first.answer, first.entry)
    assert len(store.records(KEY)) == 2


def test_a_name_of_another_day_is_a_conflict():
    matcher = a_matcher()
    matcher.match(an_entry("a"))
    with pytest.raises(MatchRefused, match="another store's day") as refused:
        matcher.match(an_entry("a", key=BucketKey("2026-03-04", "nc0009")))
    assert refused.value.code == "entry_conflict"


def test_nobody_is_compared_across_days_or_stores():
    matcher = a_matcher()
    matcher.match(an_entry("a"))
    for name, key in (("b", BucketKey("2026-03-04", "nc0009")), ("c", BucketKey("2026-03-03", "nc0010"))):
        answer = matcher.match(an_entry(name, key=key)).answer
        assert (answer.status, answer.person_id) == ("new", f"{key.store_id}-0001")


def test_asking_without_adding_adds_nothing_and_takes_no_name():
    store = MemoryStore()
    matcher = a_matcher(store)
    asked = matcher.match(an_entry("a"), persist=False)
    assert (asked.answer.status, asked.answer.person_id) == ("new", "nc0009-0001")
    assert store.records(KEY) == []
    assert matcher.match(an_entry("a")).answer == asked.answer


def test_an_entry_that_comes_late_may_be_somebody_who_was_seen_after_it():
    matcher = a_matcher()
    matcher.match(an_entry("later", 0, 600, **OUT))
    answer = matcher.match(an_entry("earlier", 5, 0)).answer
    assert (answer.status, answer.match_id) == ("match", "later")


def test_entering_twice_without_leaving_needs_more_than_the_threshold():
    matcher = a_matcher()
    matcher.match(an_entry("a", 0))
    doubtful = matcher.match(an_entry("b", 27, 60), persist=False).answer  # cosine 0.891
    assert (doubtful.status, doubtful.reason.partition(":")[0]) == ("review", "twice")
    sure = matcher.match(an_entry("c", 20, 60), persist=False).answer
    assert (sure.status, sure.reason.partition(":")[0]) == ("match", "twice")
    plain = matcher.match(an_entry("d", 27, 60, **OUT), persist=False).answer
    assert (plain.status, plain.reason) == ("match", None)


def test_an_entry_that_comes_late_is_twice_by_what_followed_it_too():
    matcher = a_matcher()
    matcher.match(an_entry("later", 0, 600))
    assert matcher.match(an_entry("earlier", 27, 0)).answer.status == "review"


DOORS = Doors({"front": (0.0, 0.0), "back": (100.0, 0.0), "front-2": (1.0, 0.0)})


@pytest.mark.parametrize(
    ("camera", "after_s", "doors", "status"),
    [
        ("back", 5.0, DOORS, "new"),  # 100 m in five seconds
        ("back", 60.0, DOORS, "match"),
        ("front-2", 0.5, DOORS, "match"),  # the same door
        ("elsewhere", 1.0, DOORS, "new"),
        ("elsewhere", 3.0, DOORS, "match"),
        ("elsewhere", 1.0, Doors(elsewhere_s=0.0), "match"),
        ("front", 0.0, DOORS, "new"),  # one camera, two people in one moment
        ("front", 1.0, DOORS, "match"),
    ],
)
def test_nobody_is_at_two_places_at_once(camera, after_s, doors, status):
    matcher = a_matcher(doors_of=lambda _: doors)
    matcher.match(an_entry("a", camera="front"))
    answer = matcher.match(an_entry("b", 1, after_s, camera=camera, **OUT)).answer
    assert answer.status == status
    assert (answer.reason or "").startswith("two_places: nc0009-0001" if status == "new" else "")


def test_who_is_ruled_out_leaves_the_next_person_to_be_matched():
    matcher = a_matcher()
    matcher.match(an_entry("next", 42, -600))
    matcher.match(an_entry("there", 0, 0, camera="other"))
    answer = matcher.match(an_entry("here", 15, 1, **OUT)).answer
    assert (answer.status, answer.match_id, answer.score2) == ("match", "next", -1.0)


def test_two_cameras_of_one_door_that_tell_of_one_crossing_are_no_second_entry():
    matcher = a_matcher(doors_of=lambda _: DOORS)
    matcher.match(an_entry("a", camera="front"))
    assert matcher.match(an_entry("b", 27, 3, camera="front-2")).answer.reason is None
    assert matcher.match(an_entry("c", 27, 40, camera="front")).answer.reason is not None


@pytest.mark.parametrize(
    ("vectors", "code"),
    [
        (towards(0, 7), "wrong_dimension"),
        (np.full((1, 4), np.nan, np.float32), "not_finite"),
        (np.concatenate([towards(0), towards(180)]), "zero_vector"),
    ],
)
def test_vectors_that_cannot_be_compared_are_refused_and_nothing_is_added(vectors, code):
    store = MemoryStore()
    matcher = a_matcher(store)
    matcher.match(an_entry("a"))
    with pytest.raises(VectorError) as refused, np.errstate(all="ignore"):
        matcher.match(an_entry("b", embeddings=vectors))
    assert refused.value.code == code
    assert len(store.records(KEY)) == 1
    assert matcher.match(an_entry("c", 1, 60, **OUT)).answer.status == "match"


def test_two_entries_compared():
    matcher = a_matcher()
    for name, degrees, dimension in (("a", 0, 4), ("b", 60, 4), ("c", 0, 5)):
        entry = an_entry(name, embeddings=towards(degrees, dimension), key=BucketKey("2026-03-03", name))
        matcher.match(entry)
    compared = matcher.compare("a", "b")
    assert compared.cosine == pytest.approx(0.5)
    assert (compared.one.entry.entry_id, compared.other.entry.entry_id) == ("a", "b")
    assert matcher.compare("a", "a").cosine == pytest.approx(1.0)
    with pytest.raises(MatchRefused, match="'x'"):
        matcher.compare("a", "x")
    with pytest.raises(VectorError):
        matcher.compare("a", "c")


def test_swept_entries_keep_their_answers_and_are_compared_no_more():
    store = MemoryStore()
    matcher = a_matcher(store)
    first = matcher.match(an_entry("a"))
    store.sweep(KEY)
    for asked in (matcher, a_matcher(store)):
        assert asked.match(an_entry("a")).answer == first.answer
        for refused in (lambda m=asked: m.match(an_entry("b", 0, 60)), lambda m=asked: m.compare("a", "a")):
            with pytest.raises(MatchRefused, match="retention") as refusal:
                refused()
            assert refusal.value.code == "swept"
        assert (asked.rebuild(KEY.day_id).count, asked.rebuild(KEY.day_id).swept) == (0, 1)
    assert len(store.records(KEY)) == 1


# People


def test_after_a_merge_both_are_one_person_and_no_tie():
    matcher = a_matcher()
    matcher.match(an_entry("a", 0))
    matcher.match(an_entry("b", 40, 60))
    matcher.edit(KEY, the_edit(EditKind.MERGE, person="nc0009-0001", other="nc0009-0002"))
    answer = matcher.match(an_entry("c", 20.5, 120, **OUT)).answer
    assert (answer.status, answer.person_id, answer.score2) == ("match", "nc0009-0001", -1.0)


def test_a_merge_that_was_undone_is_none_and_a_name_is_never_given_twice():
    matcher = a_matcher()
    matcher.match(an_entry("a", 0))
    matcher.match(an_entry("b", 40, 60))
    merged = matcher.edit(KEY, the_edit(EditKind.MERGE, person="nc0009-0001", other="nc0009-0002"))
    matcher.edit(KEY, the_edit(EditKind.UNDO, undoes=merged.number))
    answer = matcher.match(an_entry("c", 20.5, 120, **OUT)).answer
    assert (answer.status, answer.person_id) == ("review", "nc0009-0003")


def test_a_split_entry_is_another_person_from_then_on():
    matcher = a_matcher()
    matcher.match(an_entry("a", 0))
    matcher.match(an_entry("b", 20, 60, **OUT))
    split = matcher.edit(KEY, the_edit(EditKind.SPLIT, "b"))
    assert split.edit.person == "nc0009-0002"
    assert matcher.match(an_entry("c", 22, 120)).answer.person_id == "nc0009-0002"


def test_who_was_said_to_be_the_same_is_no_rival_of_themselves():
    matcher = a_matcher()
    matcher.match(an_entry("a", 0))
    matcher.match(an_entry("b", 40, 60))
    asked = an_entry("c", 20.5, 120, **OUT)
    matcher.edit(KEY, the_edit(EditKind.SAME, "a", "b"))
    answer = matcher.match(asked, persist=False).answer
    assert (answer.status, answer.person_id, answer.score2) == ("match", "nc0009-0002", -1.0)
    matcher.edit(KEY, the_edit(EditKind.UNSURE, "b", "a"))  # the last verdict counts
    assert matcher.match(asked, persist=False).answer.status == "review"


def test_nobody_is_matched_to_a_person_whose_entries_people_told_apart():
    matcher = a_matcher()
    matcher.match(an_entry("a", 0))
    matcher.match(an_entry("b", 15, 60, **OUT))
    matcher.edit(KEY, the_edit(EditKind.DIFFERENT, "a", "b"))
    answer = matcher.match(an_entry("c", 15, 120), persist=False).answer
    assert (answer.status, answer.match_id, answer.reason.partition(":")[0]) == ("review", "b", "told_apart")
    matcher.edit(KEY, the_edit(EditKind.SPLIT, "b"))
    answer = matcher.match(an_entry("c", 15, 120), persist=False).answer
    assert (answer.status, answer.person_id) == ("match", "nc0009-0002")


REFUSED_EDITS = [
    (the_edit(EditKind.MOVE, "a", person="nobody"), "unknown_person"),
    (the_edit(EditKind.MOVE, "nothing", person="nc0009-0001"), "unknown_entry"),
    (the_edit(EditKind.MOVE, person="nc0009-0001"), "bad_edit"),
    (the_edit(EditKind.MOVE, "b", person="nc0009-0001"), "two_places"),
    (the_edit(EditKind.SPLIT, "a", person="nc0009-0002"), "person_exists"),
    (the_edit(EditKind.SPLIT), "bad_edit"),
    (the_edit(EditKind.MERGE, person="nc0009-0001"), "bad_edit"),
    (the_edit(EditKind.MERGE, person="nc0009-0001", other="nc0009-0001"), "bad_edit"),
    (the_edit(EditKind.MERGE, person="nc0009-0001", other="nobody"), "unknown_person"),
    (the_edit(EditKind.MERGE, person="nc0009-0001", other="nc0009-0002"), "two_places"),
    (the_edit(EditKind.SAME, "a", "b"), "two_places"),
    (the_edit(EditKind.SAME, "a"), "bad_edit"),
    (the_edit(EditKind.DIFFERENT, "a", "a"), "bad_edit"),
    (the_edit(EditKind.ALIAS, person="nc0009-0001"), "bad_edit"),
    (the_edit(EditKind.NOTE, text="tall"), "bad_edit"),
    (the_edit(EditKind.EXCLUDE), "bad_edit"),
    (the_edit(EditKind.EXCLUDE, "a", person="nc0009-0001"), "bad_edit"),
    (the_edit(EditKind.UNDO, undoes=1), "unknown_edit"),  # an entry
    (the_edit(EditKind.UNDO, undoes=99), "unknown_edit"),
    (the_edit(EditKind.UNDO, undoes=3), "already_undone"),
]


@pytest.mark.parametrize(("edit", "code"), REFUSED_EDITS)
def test_what_cannot_be_is_refused_with_the_reason_and_not_written_down(edit, code):
    store = MemoryStore()
    matcher = a_matcher(store)
    matcher.match(an_entry("a", 0))
    matcher.match(an_entry("b", 90, 1, camera="another"))
    undone = matcher.edit(KEY, the_edit(EditKind.NOTE, person="nc0009-0001", text="tall"))
    matcher.edit(KEY, the_edit(EditKind.UNDO, undoes=undone.number))
    with pytest.raises(MatchRefused) as refused:
        matcher.edit(KEY, edit)
    assert refused.value.code == code
    assert len(store.records(KEY)) == 4


# Whatever happens in whatever order

CAMERAS = ("door", "back")
STEPS = st.lists(
    st.tuples(
        st.integers(0, 11),  # entry
        st.sampled_from([0, 10, 25, 45, 90, 135, 180]),
        st.integers(0, 40),  # seconds
        st.sampled_from(Direction),
        st.sampled_from(CAMERAS),
    )
    | st.tuples(st.sampled_from(list(EditKind)), st.integers(0, 11), st.integers(0, 11), st.integers(1, 9)),
    max_size=30,
)


def do(matcher: Matcher, step: tuple[Any, ...]) -> None:
    if not isinstance(step[0], EditKind):
        number, degrees, at_s, direction, camera = step
        matcher.match(an_entry(f"e{number}", degrees, at_s, direction=direction, camera=camera))
        return
    kind, one, other, number = step
    names = {
        EditKind.MOVE: {"entries": (f"e{one}",), "person": f"nc0009-{number:04d}"},
        EditKind.SPLIT: {"entries": (f"e{one}",)},
        EditKind.MERGE: {"person": f"nc0009-{number:04d}", "other": f"nc0009-{one:04d}"},
        EditKind.ALIAS: {"person": f"nc0009-{number:04d}", "text": "Asha"},
        EditKind.NOTE: {"person": f"nc0009-{number:04d}", "text": "tall"},
        EditKind.EXCLUDE: {"person": f"nc0009-{number:04d}"},
        EditKind.INCLUDE: {"entries": (f"e{one}",)},
        EditKind.UNDO: {"undoes": one},
    }.get(kind, {"entries": (f"e{one}", f"e{other}")})
    try:
        matcher.edit(KEY, Edit(kind, "asha", NINE, **names))
    except MatchRefused:
        return


def seen(bucket: Any) -> tuple[Any, ...]:
    people = bucket.people
    entries = {person: list(names) for person, names in people.entries_of.items()}
    return people.person_of, entries, people.aliases, people.excluded, people.verdicts, people.last_number


@settings(max_examples=60, deadline=None, derandomize=True)
@given(steps=STEPS)
def test_what_is_in_memory_is_what_the_log_says(steps):
    store = MemoryStore()
    matcher = a_matcher(store)
    for step in steps:
        do(matcher, step)
    records = store.records(KEY)
    held = matcher._shelf.get(KEY).bucket
    assert people_of(records).person_of == held.people.person_of
    restarted = a_matcher(store)
    restarted.rebuild(KEY.day_id)
    again = restarted._shelf.get(KEY).bucket
    if records:
        assert seen(again) == seen(held)
    probe = an_entry("probe", 12, 100)
    assert restarted.match(probe, persist=False).answer == matcher.match(probe, persist=False).answer


@settings(max_examples=40, deadline=None, derandomize=True)
@given(steps=STEPS, sent=st.data())
def test_repeats_and_shuffles_never_double_or_lose_an_entry(steps, sent):
    store = MemoryStore()
    matcher = a_matcher(store)
    entries = {step[0]: step for step in steps if not isinstance(step[0], EditKind)}
    order = sent.draw(st.permutations([*entries.values(), *entries.values()]))
    for step in order:
        do(matcher, step)
    names = Counter(record.entry.entry_id for record in store.records(KEY))
    assert names == Counter(f"e{number}" for number in entries)
    assert all(person in people_of(store.records(KEY)).entries_of for person in first_persons(store))


def first_persons(store: MemoryStore) -> set[str]:
    return {record.answer.person_id for record in store.records(KEY)}


@settings(max_examples=60, deadline=None, derandomize=True)
@given(steps=STEPS)
def test_no_person_is_ever_at_two_places_at_once_unless_an_undo_made_it_so(steps):
    store, doors = MemoryStore(), Doors()
    matcher = a_matcher(store)
    for step in steps:
        if step[0] is not EditKind.UNDO:
            do(matcher, step)
    entries = {r.entry.entry_id: r.entry for r in store.records(KEY) if isinstance(r, Matched)}
    for names in people_of(store.records(KEY)).entries_of.values():
        crossings = [entries[name] for name in names]
        for place, one in enumerate(crossings):
            for other in crossings[:place]:
                apart_s = abs((one.timestamp - other.timestamp).total_seconds())
                assert not doors.is_two_places(one.camera, other.camera, apart_s)


# Several at once


def test_eight_threads_at_one_bucket_give_what_some_order_gives():
    store = MemoryStore()
    matchers = [a_matcher(store), a_matcher(store)]  # two processes, as it were
    rng = np.random.default_rng(5)
    shapes = rng.normal(size=(12, 16)).astype(np.float32)
    entries = [
        an_entry(f"e{n}", at_s=n, embeddings=shapes[n % 12] + rng.normal(0, 0.1, (3, 16)).astype(np.float32))
        for n in range(120)
    ]
    start, answers = threading.Barrier(8), {}

    def post(client: int) -> None:
        start.wait()
        for entry in entries[client * 10 :] + entries[: client * 10]:  # all send all of them
            outcome = matchers[client % 2].match(entry)
            answers.setdefault(entry.entry_id, []).append(outcome.answer)

    threads = [threading.Thread(target=post, args=(client,)) for client in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records = store.records(KEY)
    assert [record.number for record in records] == list(range(1, 121))
    assert {record.entry.entry_id for record in records} == {entry.entry_id for entry in entries}
    serial = a_matcher()
    for record in records:
        assert serial.match(record.entry).answer == record.answer
        assert answers[record.entry.entry_id] == [record.answer] * 8


# Memory


def test_days_that_are_asked_for_no_more_leave_memory_and_come_back_as_they_were():
    store = MemoryStore()
    matcher = a_matcher(store, room=Room(buckets=3))
    for day in range(1, 10):
        key = BucketKey(f"2026-03-0{day}", "nc0009")
        matcher.match(an_entry(f"a{day}", key=key))
        assert matcher.held <= 3
    answer = matcher.match(an_entry("b", 5, 60, key=BucketKey("2026-03-01", "nc0009"), **OUT)).answer
    assert (answer.status, answer.match_id) == ("match", "a1")


def test_the_number_of_entries_in_memory_is_bounded():
    matcher = a_matcher(room=Room(entries=10))
    for number in range(60):
        key = BucketKey("2026-03-03", f"s{number % 12}")
        matcher.match(an_entry(f"a{number}", number * 3.0, key=key))
    assert sum(len(held.bucket) for held in matcher._shelf._held.values()) <= 11


@pytest.mark.parametrize("other", ["another day begins", "another day goes on"])
def test_a_bucket_that_rests_leaves_memory(other):
    now, tomorrow = [0.0], BucketKey("2026-03-04", "nc0009")
    matcher = a_matcher(clock=lambda: now[0], room=Room(idle_s=100))
    matcher.match(an_entry("a"))
    if other == "another day goes on":
        matcher.match(an_entry("b", key=tomorrow))
    now[0] = 101.0
    matcher.match(an_entry("c", key=tomorrow))
    assert matcher.held == 1


def test_edits_of_another_process_count_at_once():
    store = MemoryStore()
    one, other = a_matcher(store), a_matcher(store)
    one.match(an_entry("a", 0))
    other.match(an_entry("b", 40, 60))
    merged = one.edit(KEY, the_edit(EditKind.MERGE, person="nc0009-0001", other="nc0009-0002"))
    assert other.match(an_entry("c", 20.5, 120, **OUT), persist=False).answer.status == "match"
    one.edit(KEY, the_edit(EditKind.UNDO, undoes=merged.number))
    assert other.match(an_entry("c", 20.5, 120, **OUT), persist=False).answer.status == "review"
    assert sum(isinstance(record, Edited) for record in store.records(KEY)) == 2
