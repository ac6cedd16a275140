"""The queue at the till: one rule for the number of now, the curve and the long queue."""

from __future__ import annotations

from itertools import pairwise

from floorwalker.insights.queue import queue_curve, queue_length
from floorwalker.insights.queue_spike import queue_spikes
from floorwalker.warehouse.records import to_us


def lengths(drawn):
    begin_us = to_us(drawn.window.from_utc) + 8 * 3_600_000_000
    return [((at_us - begin_us) // 1_000_000, length) for at_us, length in queue_curve(drawn)]


def test_where_leaving_is_seen_the_customers_seen_count_and_nothing_that_joins_tell(picture, seen):
    drawn = picture(
        [
            seen("ENTRY", 0, "a"),
            seen("BILLING_QUEUE_JOIN", 10, "a", "TILL", depth=9),
            seen("ZONE_ENTER", 10, "a", "TILL"),
            seen("BILLING_QUEUE_JOIN", 30, "b", "TILL", depth=12),
            seen("ZONE_ENTER", 30, "b", "TILL"),
            seen("ZONE_EXIT", 70, "a", "TILL", dwell_ms=60_000),
            seen("ZONE_EXIT", 90, "b", "TILL", dwell_ms=60_000),
        ]
    )
    assert lengths(drawn) == [(10, 1), (30, 2), (70, 1), (90, 0)]
    assert queue_spikes(drawn) == []


def test_what_joins_tell_counts_where_nobody_is_seen_leaving_and_not_for_ever(picture, seen):
    drawn = picture(
        [
            seen("ENTRY", 0, "a"),
            seen("BILLING_QUEUE_JOIN", 10, "a", "TILL", depth=6),
            seen("BILLING_QUEUE_JOIN", 60, "b", "TILL", depth=3),
            seen("EXIT", 3600, "z"),
        ]
    )
    assert lengths(drawn) == [(10, 6), (60, 3), (310, 3), (360, 0)]
    (spike,) = queue_spikes(drawn)
    assert (spike.value, (spike.ended_us - spike.begun_us) // 1_000_000) == (6, 50)


def test_a_zone_that_tells_joins_only_adds_to_one_whose_stays_end(picture, seen):
    drawn = picture(
        [
            seen("BILLING_QUEUE_JOIN", 0, "a", "TILL 1", depth=7),
            seen("ZONE_ENTER", 0, "a", "TILL 1"),
            seen("BILLING_QUEUE_JOIN", 10, "b", "TILL 2", depth=2),
            seen("ZONE_EXIT", 20, "a", "TILL 1", dwell_ms=20_000),
        ]
    )
    assert lengths(drawn) == [(0, 1), (10, 3), (20, 2)]


def test_the_number_of_now_is_the_curves(picture, seen):
    events = [
        seen("BILLING_QUEUE_JOIN", 40 * number, f"v{number}", f"TILL {number % 2}", depth=number % 5)
        for number in range(12)
    ]
    events += [seen("ZONE_EXIT", 500, "v2", "TILL 0", dwell_ms=1000)]
    drawn = picture(events)
    curve = queue_curve(drawn)
    assert max(length for _, length in curve) > 2
    for (at_us, length), (until_us, _) in pairwise(curve):
        assert queue_length(drawn, at_us) == queue_length(drawn, until_us - 1) == length
