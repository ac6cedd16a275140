"""Staff hours, groups, dwell and the queue's meaning: examples computed by hand."""

from __future__ import annotations

from floorwalker.insights.dwell import distribution, dwell
from floorwalker.insights.metrics import metrics


def test_staff_hours_are_presence_once(picture, seen):
    events = [
        seen("ENTRY", 0, "s1", staff=True),
        seen("ZONE_ENTER", 600, "s1", "SKIN", staff=True, observed="other track"),
        seen("EXIT", 3600, "s1", staff=True),  # out for an hour
        seen("REENTRY", 7200, "s1", staff=True),
        seen("EXIT", 9000, "s1", staff=True),
        seen("ENTRY", 1800, "s2", staff=True),
        seen("EXIT", 5400, "s2", staff=True),
        *[seen("ENTRY", 100 + n, f"v{n}") for n in range(10)],
    ]
    found = metrics(picture(events))
    assert (found["staff_excluded"], found["staff_hours"]) == (2, 2.5)
    assert found["staffed_hours"] == 2.0
    assert found["traffic_per_staff_hour"] == 4.0
    assert found["unique_visitors"] == 10


def test_without_staff_there_is_no_traffic_per_hour_of_it(picture, seen):
    found = metrics(picture([seen("ENTRY", 0)]))
    assert (found["staff_hours"], found["traffic_per_staff_hour"]) == (None, None)


def test_a_store_of_staff_alone_has_no_queue(picture, seen):
    events = []
    for n in range(9):
        events.append(seen("ZONE_ENTER", n, f"s{n}", "BILLING", staff=True))
        events.append(seen("BILLING_QUEUE_JOIN", n, f"s{n}", "BILLING", staff=True, depth=n))
    found = metrics(picture(events))
    assert (found["queue_depth_current"], found["queue_joins"], found["unique_visitors"]) == (0, 0, 0)
    assert found["staff_excluded"] == 9


def test_groups_and_parties(picture, seen):
    events = [seen("ENTRY", n, f"v{n}", group="g" if n < 3 else None) for n in range(5)]
    found = metrics(picture(events))
    assert (found["unique_visitors"], found["visits"]) == (5, 5)
    assert (found["groups"], found["parties"]) == (1, 3)


def test_the_peak_hour_is_an_hour_of_the_stores_clock(picture, seen):
    events = [seen("ENTRY", 3600 * 2 + n, f"a{n}") for n in range(3)] + [seen("ENTRY", 50, "b")]
    assert metrics(picture(events))["peak_hour"] == {
        "from": "2026-03-03T10:00:00Z",
        "to": "2026-03-03T11:00:00Z",
        "ways_in": 3,
        "n": 4,
    }
    assert metrics(picture([]))["peak_hour"] is None


def test_a_distribution_by_hand():
    found = distribution([4_000, 5_000, 5_000, 61_000, 4_000_000])
    assert (found["n"], found["p50_ms"], found["max_ms"]) == (5, 5_000, 4_000_000)
    assert found["mean_ms"] == 815_000
    bars = {(bar["from_s"], bar["to_s"]): bar["count"] for bar in found["histogram"]}
    assert bars[(0, 5)] == 1
    assert bars[(5, 10)] == 2
    assert bars[(60, 120)] == 1
    assert bars[(3600, None)] == 1
    assert sum(bars.values()) == 5
    assert distribution([])["p50_ms"] is None


def test_dwell_by_zone_and_in_the_shop(picture, seen):
    events = [
        seen("ENTRY", 0),
        seen("ZONE_EXIT", 100, zone="SKIN", dwell_ms=30_000),
        seen("ZONE_EXIT", 200, zone="HAIR", dwell_ms=50_000),
        seen("EXIT", 300),
        seen("REENTRY", 900),
        seen("EXIT", 1000),
        seen("ZONE_EXIT", 500, "b", zone="SKIN", dwell_ms=10_000),
    ]
    found = dwell(picture(events))
    assert (found["stays"]["n"], found["stays"]["mean_ms"]) == (3, 30_000)
    assert found["zones"]["SKIN"]["p50_ms"] == 20_000
    assert found["zones"]["HAIR"]["n"] == 1
    # Ten minutes outside are no time in the shop; b was never seen coming in.
    assert (found["in_shop"]["n"], found["in_shop"]["mean_ms"]) == (1, 400_000)


def codes(shop):
    return [warning["code"] for warning in metrics(shop)["warnings"]]


def queue_of(seen, extra):
    events = []
    for n in range(6):
        events.append(seen("ZONE_ENTER", n, f"v{n}", "BILLING"))
        events.append(seen("BILLING_QUEUE_JOIN", n, f"v{n}", "BILLING", depth=n + extra))
    return events + [seen("ZONE_EXIT", 60 + n, f"v{n}", "BILLING", dwell_ms=60_000) for n in range(6)]


def test_a_queue_depth_that_means_something_else_is_told(picture, seen):
    assert "QUEUE_DEPTH_DISAGREES" not in codes(picture(queue_of(seen, 0)))
    assert "QUEUE_DEPTH_DISAGREES" in codes(picture(queue_of(seen, 1)))


def test_a_join_behind_nobody_is_told(picture, seen):
    assert "JOIN_WITHOUT_QUEUE" in codes(picture(queue_of(seen, 0)))
    assert "JOIN_WITHOUT_QUEUE" not in codes(picture(queue_of(seen, 1)))
