"""Who is inside."""

from __future__ import annotations

import random
from datetime import date
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from floorwalker.insights.metrics import metrics
from floorwalker.insights.occupancy import occupancy_curve
from floorwalker.insights.traffic import traffic
from floorwalker.insights.visits import build_visits
from floorwalker.insights.windows import window_of_day
from floorwalker.warehouse import ResolvedEvent
from floorwalker.warehouse.records import to_us


def inside(picture, *events):
    found = metrics(picture(list(events)))
    return found["occupancy"]


def test_a_missed_exit_does_not_count_twice(picture, seen):
    assert inside(picture, seen("ENTRY", 0), seen("ENTRY", 600, observed="a2")) == 1
    assert inside(picture, seen("ENTRY", 0), seen("ENTRY", 600), seen("EXIT", 700)) == 0


def test_an_exit_under_another_name_is_the_missed_one(picture, seen):
    # Somebody left under a name of their own between the two entries of a: a is inside once, all the same.
    assert inside(picture, seen("ENTRY", 0), seen("EXIT", 300, "x"), seen("ENTRY", 600)) == 1
    # With a second customer inside, that exit may not take them out as well.
    events = [seen("ENTRY", 0), seen("ENTRY", 10, "b"), seen("EXIT", 300, "x"), seen("ENTRY", 600)]
    assert inside(picture, *events) == 2


def test_an_exit_of_nobody_known_takes_one_out(picture, seen):
    assert inside(picture, seen("ENTRY", 0), seen("ENTRY", 10, "b"), seen("EXIT", 300, "x")) == 1


def test_who_was_there_before_the_camera_leaves_nobody_missing(picture, seen):
    crowd = [seen("EXIT", n, f"early{n}") for n in range(5)]
    assert inside(picture, *crowd, seen("ENTRY", 100)) == 1


def test_staff_is_not_inside(picture, seen):
    assert inside(picture, seen("ENTRY", 0, staff=True), seen("ENTRY", 10, "b")) == 1


def test_exits_that_were_most_likely_missed_are_told(picture, seen):
    events = [seen("ENTRY", 0), seen("ENTRY", 4000, "b"), seen("ENTRY", 4100, "c")]
    found = metrics(picture(events))
    assert (found["occupancy"], found["occupancy_unseen"]) == (3, 1)


def test_quarter_hours_show_who_is_inside_at_their_end(picture, seen):
    events = [seen("ENTRY", 0), seen("ENTRY", 60, "b"), seen("EXIT", 1000, "b"), seen("ENTRY", 14000, "c")]
    rows = traffic(picture(events))["buckets"]
    assert [row["occupancy"] for row in rows] == [2, *[1] * 14, 2]
    assert sum(row["entries"] for row in rows) == 3


people = st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(0, 50)), max_size=14)
WINDOW = window_of_day(date(2026, 3, 3), ZoneInfo("UTC"))


def crossing(ordinal, who, out, at_s):
    kind = "EXIT" if out else "ENTRY"
    at_us = to_us(WINDOW.from_utc) + at_s * 1_000_000
    return ResolvedEvent(at_us, f"{ordinal:04d}", "C", who, who, kind, None, 0, False, None, None)


@given(people, st.randoms(use_true_random=False))
def test_the_curve_is_never_negative_and_knows_no_order(crossings, chance: random.Random):
    events = [crossing(ordinal, *each) for ordinal, each in enumerate(crossings)]
    curve = occupancy_curve(build_visits(events, WINDOW))
    assert all(0 <= count <= 3 for _, count in curve)  # only three people exist
    chance.shuffle(events)
    assert occupancy_curve(build_visits(events, WINDOW)) == curve
