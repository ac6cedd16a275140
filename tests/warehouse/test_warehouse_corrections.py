"""What people correct holds, is undone exactly, and outlives what is computed anew."""

from __future__ import annotations

import threading
import uuid
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from floorwalker.resolutions import Attribute, Resolution
from floorwalker.runs import Recording, Run
from floorwalker.warehouse import Transaction
from floorwalker.warehouse.corrections import CorrectionRefused, Corrections, Stretch, Wish
from floorwalker.warehouse.expressing import Asked, Kind
from floorwalker.warehouse.records import to_us


@pytest.fixture
def place(noon):
    start = noon - timedelta(hours=12)
    return Stretch("S1", "2026-03-03", to_us(start), to_us(start + timedelta(days=1)))


@pytest.fixture
def corrections(warehouse):
    return Corrections(warehouse)


def nobody_objects(view, persons):
    return []


def wish(*asked, by="asha", **more):
    return Wish(by, "", tuple(asked), **more)


def merge(*visitors):
    return Asked(Kind.MERGE, visitors)


def split(visitor):
    return Asked(Kind.SPLIT, (visitor,))


def staff(visitor, value=True):
    return Asked(Kind.STAFF, (visitor,), "true" if value else "false")


def persons(view):
    """Who is one person, whatever they are called."""
    groups = {}
    for event in view.events:
        groups.setdefault(event.visitor_id, set()).add(event.observed_id)
    return {frozenset(group) for group in groups.values()}


def staff_of(view):
    return {event.observed_id for event in view.events if event.is_staff}


def read(warehouse, place, noon, known_utc=None):
    return warehouse.read(place.store_id, noon - timedelta(hours=12), noon + timedelta(hours=12), known_utc)


def groups(*texts):
    return {frozenset(text) for text in texts}


def link(subject, value, noon, reason="rule:handover"):
    return Resolution("S1", subject, Attribute.SAME_AS, value, reason, 0.9, noon)


@pytest.fixture
def five(warehouse, make_event, noon):
    warehouse.add_events([make_event(i, name) for i, name in enumerate("abcde")])


@pytest.mark.usefixtures("five")
def test_a_merge_takes_along_whoever_was_the_same_person(warehouse, corrections, place, noon):
    warehouse.add_resolutions([link("b", "a", noon), link("c", "e", noon), link("d", "e", noon)])
    changed = corrections.make(place, wish(merge("b", "d")), nobody_objects)
    assert persons(changed.before) == groups("ab", "cde")
    assert persons(changed.after) == persons(read(warehouse, place, noon)) == groups("abcde")
    (listed,) = corrections.of_day(place)
    # No more is said than was meant: d is b, and whoever d stood for comes along with everybody of theirs.
    assert [(each.resolution.subject, each.resolution.value) for each in listed.statements] == [
        ("d", "b"),
        ("e", "b"),
    ]


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize("lone", ["a", "b", "c"])
def test_who_is_split_off_leaves_the_others_together(warehouse, corrections, place, noon, lone):
    warehouse.add_resolutions([link("b", "a", noon), link("c", "b", noon), link("d", "b", noon)])
    corrections.make(place, wish(split(lone)), nobody_objects)
    rest = "".join(sorted(set("abcd") - {lone}))
    assert persons(read(warehouse, place, noon)) == groups(lone, rest, "e")


@pytest.mark.usefixtures("five")
def test_rules_that_look_again_do_not_bring_back_who_was_split_off(warehouse, corrections, place, noon):
    warehouse.add_resolutions([link("b", "a", noon), link("c", "a", noon)])
    corrections.make(place, wish(split("b")), nobody_objects)
    for again in ([link("a", "b", noon), link("c", "b", noon)], [link("b", "c", noon), link("a", "c", noon)]):
        warehouse.replace_resolutions("S1", "abc", ["rule:handover"], again)
        assert persons(read(warehouse, place, noon)) == groups("ac", "b", "d", "e")


@pytest.mark.usefixtures("five")
def test_who_was_split_off_and_merged_elsewhere_takes_nobody_along(warehouse, corrections, place, noon):
    warehouse.add_resolutions([link("b", "a", noon), link("c", "b", noon)])
    corrections.make(place, wish(split("b"), merge("b", "e")), nobody_objects)
    assert persons(read(warehouse, place, noon)) == groups("ac", "be", "d")


@pytest.mark.usefixtures("five")
def test_undo_brings_back_an_earlier_persons_word(warehouse, corrections, place, noon):
    corrections.make(place, wish(staff("a")), nobody_objects)
    second = corrections.make(place, wish(staff("a", False), by="ben"), nobody_objects)
    assert staff_of(read(warehouse, place, noon)) == set()
    for repeated in (False, True):
        undone = corrections.undo("S1", second.correction.correction_id, "asha", lambda day: place)
        assert undone.repeated is repeated
        assert staff_of(read(warehouse, place, noon)) == {"a"}
    assert [each.correction.undone_by for each in corrections.of_day(place)] == [None, "asha"]


@pytest.mark.usefixtures("five")
def test_the_same_word_of_one_person_twice_is_undone_one_by_one(warehouse, corrections, place, noon):
    first = corrections.make(place, wish(staff("a")), nobody_objects)
    corrections.make(place, wish(staff("a")), nobody_objects)
    corrections.undo("S1", first.correction.correction_id, "asha", lambda day: place)
    assert staff_of(read(warehouse, place, noon)) == {"a"}


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (merge("a", "nobody"), "unknown_visitor"),
        (split("a"), "nothing_to_split"),
        (Asked(Kind.PURCHASED, ("a",), "T9"), "unknown_transaction"),
    ],
)
def test_what_cannot_be_is_refused_whole(warehouse, corrections, place, noon, asked, code):
    with pytest.raises(CorrectionRefused) as refused:
        corrections.make(place, wish(staff("b"), asked), nobody_objects)
    assert refused.value.code == code
    assert staff_of(read(warehouse, place, noon)) == set()
    assert corrections.of_day(place) == []


@pytest.mark.usefixtures("five")
def test_an_impossible_merge_needs_force(warehouse, corrections, place, noon):
    def objects(view, asked_of):
        return [{"message": f"{' and '.join(asked_of)} were seen at once"}]

    with pytest.raises(CorrectionRefused, match="a and b were seen at once"):
        corrections.make(place, wish(merge("a", "b")), objects)
    corrections.make(place, wish(merge("a", "b"), force=True), objects)
    assert persons(read(warehouse, place, noon)) == groups("ab", "c", "d", "e")


@pytest.mark.usefixtures("five")
def test_a_purchase_names_a_sale_of_that_day(warehouse, corrections, place, noon):
    warehouse.load_transactions([Transaction("S1", "T1", to_us(noon), 100, "INR")])
    corrections.make(place, wish(Asked(Kind.PURCHASED, ("a",), "T1")), nobody_objects)
    said = read(warehouse, place, noon).corrections
    assert [(each.subject, each.value, each.reason) for each in said] == [("a", "T1", "person:asha")]


@pytest.mark.usefixtures("five")
def test_a_correction_sent_twice_is_one(corrections, place):
    chosen = str(uuid.uuid4())
    first = corrections.make(place, wish(staff("a"), correction_id=chosen), nobody_objects)
    again = corrections.make(place, wish(staff("a"), correction_id=chosen), nobody_objects)
    assert (first.repeated, again.repeated) == (False, True)
    assert len(corrections.of_day(place)) == 1
    with pytest.raises(CorrectionRefused) as refused:
        corrections.make(place, wish(staff("b"), correction_id=chosen), nobody_objects)
    assert refused.value.code == "conflict"


@pytest.mark.usefixtures("five")
def test_people_who_correct_at_once_are_taken_in_turn(corrections, place):
    def correct(name):
        for value in (True, False, True):
            corrections.make(place, wish(staff("a", value), by=name), nobody_objects)

    workers = [threading.Thread(target=correct, args=(f"p{i}",)) for i in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    versions = [each.statements[0].version for each in corrections.of_day(place)]
    assert versions == sorted(versions)
    assert len(set(versions)) == 12


statements = st.one_of(
    st.lists(st.sampled_from("abcde"), min_size=2, max_size=3, unique=True).map(lambda names: merge(*names)),
    st.sampled_from("abcde").map(split),
    st.builds(staff, st.sampled_from("abcde"), st.booleans()),
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("make"), st.lists(statements, min_size=1, max_size=3)),
        st.tuples(st.just("undo"), st.integers(0, 9)),
        st.tuples(st.just("rule"), st.sampled_from("abcde"), st.sampled_from("abcde")),
    ),
    max_size=8,
)


@given(steps, st.lists(statements, min_size=1, max_size=3))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_undo_restores_what_held_whatever_was_said(warehouse, make_event, corrections, noon, history, last):
    store = f"S{uuid.uuid4()}"
    start = noon - timedelta(hours=12)
    place = Stretch(store, "2026-03-03", to_us(start), to_us(start + timedelta(days=1)))
    warehouse.add_events([make_event(i, name, store_id=store) for i, name in enumerate("abcde")])
    made = []

    def make(asked):
        with suppress(CorrectionRefused):
            made.append(corrections.make(place, wish(*asked), nobody_objects).correction.correction_id)
            return True
        assert any(each.kind is Kind.SPLIT for each in asked)  # of one who is alone already
        return False

    def checked(asked):
        if not make(asked):
            return False
        for each in asked[-1:]:
            if each.kind is Kind.MERGE:
                assert any(set(each.visitors) <= group for group in persons(read(warehouse, place, noon)))
            if each.kind is Kind.SPLIT:
                assert frozenset(each.visitors) in persons(read(warehouse, place, noon))
        return True

    for step in history:
        if step[0] == "make":
            checked(step[1])
        elif step[0] == "undo" and made:
            corrections.undo(store, made[step[1] % len(made)], "ben", lambda day: place)
        elif step[0] == "rule":
            rule = Resolution(store, step[1], Attribute.SAME_AS, step[2], "rule:handover", 0.9, noon)
            warehouse.add_resolutions([rule])
    before = read(warehouse, place, noon)
    if checked(last):
        corrections.undo(store, made[-1], "ben", lambda day: place)
    assert read(warehouse, place, noon) == before


def recorded(warehouse, noon, config, events, camera="C1"):
    recording = Recording("S1", camera, noon, 600.0, camera * 32)
    warehouse.record_run(recording, Run(recording.recording_id, "0.1", "motion", config * 32), events)


def walk(make_event, name, at_s, camera="C1"):
    """Somebody comes in, stays in a zone, goes out."""
    zone = {"zone_id": "SKINCARE", "camera_id": camera}
    return [
        make_event(at_s, name, camera_id=camera),
        make_event(at_s + 5, name, "ZONE_ENTER", **zone),
        make_event(at_s + 45, name, "ZONE_EXIT", dwell_ms=40_000, **zone),
        make_event(at_s + 60, name, "EXIT", camera_id=camera),
    ]


def test_a_word_is_carried_to_the_run_that_takes_the_others_place(
    warehouse, make_event, corrections, place, noon
):
    recorded(warehouse, noon, "1", walk(make_event, "a", 0) + walk(make_event, "b", 20))
    recorded(warehouse, noon, "1", walk(make_event, "x", 100, "C2"), "C2")
    made = corrections.make(place, wish(staff("b"), merge("a", "x")), nobody_objects)
    recorded(warehouse, noon, "2", walk(make_event, "a2", 0.4) + walk(make_event, "b2", 20.7))
    after = read(warehouse, place, noon)
    assert staff_of(after) == {"b2"}
    assert persons(after) == {frozenset({"a2", "x"}), frozenset({"b2"})}
    recorded(warehouse, noon, "2", walk(make_event, "x2", 100.5, "C2"), "C2")
    after = read(warehouse, place, noon)
    assert persons(after) == {frozenset({"a2", "x2"}), frozenset({"b2"})}
    (listed,) = corrections.of_day(place)
    assert listed.open == ()
    corrections.undo("S1", made.correction.correction_id, "asha", lambda day: place)
    after = read(warehouse, place, noon)
    assert staff_of(after) == set()
    assert persons(after) == {frozenset({name}) for name in ("a2", "b2", "x2")}


def test_a_word_is_carried_back_and_forth_once(warehouse, make_event, corrections, place, noon):
    runs = {"1": walk(make_event, "a", 0), "2": walk(make_event, "a2", 0.4)}
    recorded(warehouse, noon, "1", runs["1"])
    corrections.make(place, wish(staff("a")), nobody_objects)
    for config in ("2", "1", "2", "2", "1"):
        recorded(warehouse, noon, config, runs[config])
        assert len(staff_of(read(warehouse, place, noon))) == 1
    (listed,) = corrections.of_day(place)
    assert [each.resolution.subject for each in listed.statements] == ["a", "a2"]


@pytest.mark.parametrize(
    "anew",
    [
        [("a2", 30)],  # nobody there at that time
        [("a2", 0.4), ("b2", 0.8)],  # two who might be meant
        [],
    ],
)
def test_a_word_stays_open_where_it_is_not_clear_who_was_meant(
    warehouse, make_event, corrections, place, noon, anew
):
    recorded(warehouse, noon, "1", walk(make_event, "a", 0))
    corrections.make(place, wish(staff("a")), nobody_objects)
    recorded(warehouse, noon, "2", [event for name, at_s in anew for event in walk(make_event, name, at_s)])
    assert staff_of(read(warehouse, place, noon)) == set()
    (listed,) = corrections.of_day(place)
    assert [each.resolution.subject for each in listed.open] == ["a"]
    recorded(warehouse, noon, "1", walk(make_event, "a", 0)[:0])
    assert corrections.of_day(place)[0].open == ()
