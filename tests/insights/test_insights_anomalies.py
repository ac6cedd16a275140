from __future__ import annotations

from datetime import UTC, datetime

from floorwalker.insights.anomalies import DayConversion, anomalies


def kinds(found):
    return [(anomaly["type"], anomaly["severity"]) for anomaly in found]


def test_a_zone_without_a_visit_for_half_an_hour_is_dead_at_the_datas_time(picture, seen):
    def zone_at(at_s, zone):
        return [seen("ZONE_ENTER", at_s, "a", zone), seen("ZONE_EXIT", at_s + 10, "a", zone, dwell_ms=10000)]

    events = [seen("ENTRY", 0), *zone_at(10, "HAIR"), *zone_at(20, "SKIN"), *zone_at(1700, "SKIN")]
    (dead,) = anomalies(picture([*events, seen("ENTRY", 1900, "b")]))
    assert (dead["type"], dead["zone_id"], dead["value"]) == ("DEAD_ZONE", "HAIR", 31)
    assert dead["detected_at"] == datetime(2026, 3, 3, 8, 30, 20, tzinfo=UTC).isoformat().replace(
        "+00:00", "Z"
    )
    assert anomalies(picture([*events, seen("ENTRY", 1819, "b")])) == []


def test_a_recording_shorter_than_half_an_hour_has_no_dead_zones(picture, seen):
    events = [seen("ENTRY", 100), seen("ZONE_ENTER", 110, zone="Z"), seen("ZONE_EXIT", 111, zone="Z")]
    assert anomalies(picture([*events, seen("ENTRY", 1890, "b")])) == []


def test_conversion_far_below_the_week_before_is_a_drop(picture, seen):
    crowd = [seen("ENTRY", n, f"v{n}") for n in range(40)]
    week = [DayConversion(40, 20) for _ in range(7)]
    (drop,) = anomalies(picture(crowd), week)
    assert (drop["type"], drop["severity"]) == ("CONVERSION_DROP", "CRITICAL")
    assert (drop["value"], drop["expected"]) == (0.0, 0.5)
    assert "till" in drop["suggested_action"]
    assert anomalies(picture(crowd), []) == []
    # Two visitors who did not buy prove nothing.
    assert anomalies(picture(crowd[:2]), week) == []


def test_a_queue_is_one_anomaly_while_it_lasts_and_over_when_it_is(picture, seen):
    events = [seen("ENTRY", 0)]
    for n in range(11):
        events += [
            seen("ZONE_ENTER", 10 + n, f"v{n}", "BILLING"),
            seen("ZONE_EXIT", 100 + n, f"v{n}", "BILLING"),
        ]
    (spike,) = anomalies(picture(events))
    assert kinds([spike]) == [("BILLING_QUEUE_SPIKE", "CRITICAL")]
    assert (spike["value"], spike["active"]) == (11, False)
    assert spike["detected_at"] == "2026-03-03T08:00:14Z"
    assert spike["ended_at"] == "2026-03-03T08:01:46Z"
