from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from floorwalker.resolutions import Attribute, Resolution
from floorwalker.warehouse.resolving import person_names

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


def say(subject, attribute, value, reason="rule:x"):
    return Resolution("S1", subject, attribute, value, reason, 0.9, NOON)


def seen(warehouse):
    events = warehouse.read("S1", NOON - timedelta(days=1), NOON + timedelta(days=1)).events
    return {event.observed_id: (event.visitor_id, event.is_staff) for event in events}


def test_merges_are_followed_to_the_end(warehouse, make_event):
    warehouse.add_events([make_event(0, "a"), make_event(1, "b"), make_event(2, "c")])
    warehouse.add_resolutions([say("c", Attribute.SAME_AS, "b"), say("b", Attribute.SAME_AS, "a")])
    assert {name for name, _ in seen(warehouse).values()} == {"a"}


def test_a_circle_of_merges_is_one_person(warehouse, make_event):
    warehouse.add_events([make_event(0, "a"), make_event(1, "b"), make_event(2, "c")])
    warehouse.add_resolutions(
        [say("b", Attribute.SAME_AS, "c"), say("c", Attribute.SAME_AS, "b"), say("a", Attribute.SAME_AS, "c")]
    )
    assert {name for name, _ in seen(warehouse).values()} == {"b"}


names = st.sampled_from("abcdefgh")


@given(st.dictionaries(names, names, max_size=8))
def test_every_merge_joins_two_names_and_ends(same_as):
    final = person_names(same_as)
    for subject, other in same_as.items():
        assert final[subject] == final.get(other, other)
        assert final.get(final[subject], final[subject]) == final[subject]


def test_staff_by_rule_counts_for_all_their_names(warehouse, make_event):
    warehouse.add_events([make_event(0, "a"), make_event(1, "b")])
    warehouse.add_resolutions([say("b", Attribute.SAME_AS, "a"), say("b", Attribute.IS_STAFF, "true")])
    assert set(seen(warehouse).values()) == {("a", True)}


def test_one_event_that_says_staff_makes_the_person_staff(warehouse, make_event):
    warehouse.add_events([make_event(0, "a"), make_event(1, "a", is_staff=True), make_event(2, "b")])
    assert seen(warehouse) == {"a": ("a", True), "b": ("b", False)}


def test_a_persons_word_outlives_later_rules(warehouse, make_event):
    warehouse.add_events([make_event(0, "a", is_staff=True)])
    warehouse.add_resolutions([say("a", Attribute.IS_STAFF, "false", "person:asha")])
    warehouse.add_resolutions([say("a", Attribute.IS_STAFF, "true", "rule:y")])
    assert seen(warehouse) == {"a": ("a", False)}
    warehouse.add_resolutions([say("a", Attribute.IS_STAFF, "true", "person:ravi")])
    assert seen(warehouse) == {"a": ("a", True)}


def test_of_two_rules_the_later_holds(warehouse, make_event):
    warehouse.add_events([make_event(0, "a")])
    for value in ("true", "false"):
        warehouse.add_resolutions([say("a", Attribute.IS_STAFF, value)])
    assert seen(warehouse) == {"a": ("a", False)}


def test_the_same_word_again_is_not_written_again(warehouse, make_event):
    said = [say("a", Attribute.IS_STAFF, "true"), say("b", Attribute.SAME_AS, "a")]
    assert warehouse.add_resolutions(said) == 2
    assert warehouse.add_resolutions(said) == 0


def test_a_rule_computed_anew_takes_back_what_it_no_longer_says(warehouse, make_event):
    warehouse.add_events([make_event(0, "a"), make_event(1, "b"), make_event(2, "c")])
    warehouse.add_resolutions(
        [
            say("b", Attribute.SAME_AS, "a"),
            say("c", Attribute.SAME_AS, "a"),
            say("a", Attribute.IS_STAFF, "true", "rule:s"),
        ]
    )
    assert warehouse.replace_resolutions("S1", ["d"], ["rule:x"], []) == 0
    again = [say("b", Attribute.SAME_AS, "a")]
    assert warehouse.replace_resolutions("S1", ["a", "b", "c"], ["rule:x"], again) == 1
    assert seen(warehouse) == {"a": ("a", True), "b": ("a", True), "c": ("c", False)}


def test_a_persons_word_is_never_taken_back_by_a_rule(warehouse, make_event):
    warehouse.add_events([make_event(0, "a")])
    warehouse.add_resolutions([say("a", Attribute.IS_STAFF, "true", "person:asha")])
    warehouse.replace_resolutions("S1", ["a"], ["person:asha"], [])
    assert seen(warehouse) == {"a": ("a", True)}
