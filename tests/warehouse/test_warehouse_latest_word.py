"""Of several words on one person under several names, the latest holds."""

from __future__ import annotations

from datetime import UTC, datetime

from floorwalker.resolutions import Attribute, Resolution
from floorwalker.warehouse.resolving import Resolver, in_force

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


def say(subject, attribute, value, reason="person:asha"):
    return Resolution("S1", subject, attribute, value, reason, 0.9, NOON)


MERGED = say("b", Attribute.SAME_AS, "a")


def test_the_latest_word_on_staff_wins_among_merged_names():
    words = [say("a", Attribute.IS_STAFF, "true"), say("b", Attribute.IS_STAFF, "true")]
    resolver = Resolver([MERGED, *words, say("a", Attribute.IS_STAFF, "false")])
    assert resolver.staff([]) == frozenset()
    resolver = Resolver([MERGED, *words, say("b", Attribute.IS_STAFF, "false")])
    assert resolver.staff([]) == frozenset()


def test_corrections_come_in_the_order_in_which_they_were_said():
    words = [say("a", Attribute.ABANDONED, "true"), say("b", Attribute.ABANDONED, "true")]
    resolver = Resolver([MERGED, *words, say("a", Attribute.ABANDONED, "false")])
    assert [(said.subject, said.value) for said in resolver.corrections] == [("a", "true"), ("a", "false")]


def test_a_rule_that_came_later_does_not_move_a_persons_word():
    words = [say("a", Attribute.IS_STAFF, "true"), say("b", Attribute.IS_STAFF, "false")]
    held = in_force([*words, say("a", Attribute.IS_STAFF, "true", "rule:x")])
    assert [said.subject for said in held.values()] == ["a", "b"]
