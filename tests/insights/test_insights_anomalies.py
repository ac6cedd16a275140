from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from floorwalker.insights.anomalies import Background, anomalies
from floorwalker.insights.conversion_drop import DayConversion
from floorwalker.insights.dead_zone import quiet_spans
from floorwalker.insights.unusual_traffic import judge_hour
from floorwalker.site import Store
from floorwalker.warehouse import StoreInfo
from floorwalker.warehouse.records import from_us, to_us

EIGHT = datetime(2026, 3, 3, 8, tzinfo=UTC)
MINUTE = 60


def kinds(found):
    return [(anomaly.kind, anomaly.severity) for anomaly in found]


def at(seconds):
    return to_us(EIGHT) + round(seconds * 1e6)


@pytest.fixture
def stay(seen):
    def make(at_s, zone, visitor="a", length_s=10):
        end = seen("ZONE_EXIT", at_s + length_s, visitor, zone, dwell_ms=length_s * 1000)
        return [seen("ZONE_ENTER", at_s, visitor, zone), end]

    return make


@pytest.fixture
def watched(picture):
    """The picture of a store whose camera watches some zones, and of which it told in these events."""

    def make(events, *zones):
        return replace(picture(events), events=events, zone_cameras={zone: {"C1"} for zone in zones})

    return make


def test_a_zone_without_a_visit_for_half_an_hour_is_dead_at_the_datas_time(watched, seen, stay):
    events = [seen("ENTRY", 0), *stay(10, "HAIR"), *stay(20, "SKIN"), *stay(1700, "SKIN")]
    quiet = watched([*events, seen("ENTRY", 1900, "b")], "HAIR", "SKIN")
    (dead,) = anomalies(quiet)
    assert (dead.kind, dead.zone_id, dead.value, dead.active) == ("DEAD_ZONE", "HAIR", 31, True)
    assert dead.answer()["detected_at"] == "2026-03-03T08:30:20Z"
    assert anomalies(watched([*events, seen("ENTRY", 1819, "b")], "HAIR", "SKIN")) == []


def test_a_dead_zone_is_over_with_the_next_customer_and_stays_the_same_anomaly(watched, seen, stay):
    events = [*stay(10, "HAIR"), *[seen("ENTRY", n * 300, f"v{n}") for n in range(9)]]
    (before,) = anomalies(watched(events, "HAIR"))
    events += [*stay(2500, "HAIR", "b"), seen("ENTRY", 2600, "c")]
    (after,) = anomalies(watched(events, "HAIR"))
    assert (before.active, after.active) == (True, False)
    assert after.ended_us == at(2500)
    assert after.anomaly_id == before.anomaly_id


def test_a_closed_shop_has_no_dead_zones(watched, seen, stay):
    hours = {"tue": {"opens": "08:00", "closes": "08:20"}}
    store = Store.model_validate({"id": "S", "timezone": "UTC", "opening_hours": hours})
    events = [*stay(10, "HAIR"), *[seen("ENTRY", n * 300, f"v{n}") for n in range(9)]]
    shop = replace(watched(events, "HAIR"), store=StoreInfo("S", "S", "UTC", True, store, 1))
    assert anomalies(shop) == []


def test_a_recording_shorter_than_half_an_hour_has_no_dead_zones(watched, seen):
    events = [seen("ENTRY", 100), seen("ZONE_ENTER", 110, zone="Z"), seen("ZONE_EXIT", 111, zone="Z")]
    assert anomalies(watched([*events, seen("ENTRY", 1890, "b")], "Z")) == []


def test_quiet_stretches_lie_between_stays_that_may_overlap():
    hour = 3_600_000_000
    assert quiet_spans([(0, hour), (hour // 2, 3 * hour)], 0, 4 * hour) == [(3 * hour, 4 * hour)]
    assert quiet_spans([], 0, hour // 2 - 1) == []


def test_conversion_far_below_the_week_before_is_a_drop(picture, seen):
    crowd = [seen("ENTRY", n, f"v{n}") for n in range(40)]
    week = Background(days=[DayConversion(40, 20) for _ in range(7)])
    (drop,) = anomalies(picture(crowd), week)
    assert (drop.kind, drop.severity) == ("CONVERSION_DROP", "CRITICAL")
    assert (drop.value, drop.expected) == (0.0, 0.5)
    assert "till" in drop.action
    assert drop.evidence["visitors_before"] == 280
    assert anomalies(picture(crowd)) == []
    # Two visitors who did not buy prove nothing.
    assert anomalies(picture(crowd[:2]), week) == []


def test_who_may_still_buy_is_no_drop_while_the_day_goes_on(picture, seen, sold):
    week = Background(days=[DayConversion(40, 20) for _ in range(7)])
    crowd = [seen("ENTRY", n, f"v{n}") for n in range(40)]
    inside = picture(crowd, [sold(30)])
    running = replace(inside, as_of=EIGHT + timedelta(minutes=10), now=EIGHT + timedelta(minutes=10))
    assert anomalies(running, week) == []
    gone = replace(inside, as_of=EIGHT + timedelta(minutes=40), now=EIGHT + timedelta(minutes=40))
    assert kinds(anomalies(gone, week)) == [("CONVERSION_DROP", "CRITICAL")]
    # Before the day's first sale nobody knows whether the till's rows come at all.
    assert anomalies(replace(gone, sales=[]), week) == []


def queue(seen, lengths):
    """A queue whose length changes each minute."""
    events, inside, counter = [seen("ENTRY", 0)], [], 0
    for minute, length in enumerate(lengths):
        while len(inside) < length:
            counter += 1
            inside.append(f"q{counter}")
            events.append(seen("ZONE_ENTER", 60 * minute + len(inside), inside[-1], "BILLING"))
        while len(inside) > length:
            leaver = inside.pop(0)
            events.append(seen("ZONE_EXIT", 60 * minute + 30 - len(inside), leaver, "BILLING", dwell_ms=1000))
    return events


def test_a_queue_is_one_anomaly_while_it_lasts_and_over_when_it_is(picture, seen):
    (spike,) = anomalies(picture(queue(seen, [2, 11, 0])))
    assert kinds([spike]) == [("BILLING_QUEUE_SPIKE", "CRITICAL")]
    assert (spike.value, spike.active) == (11, False)
    assert (spike.begun_us, spike.ended_us) == (at(65), at(147))


def test_a_queue_that_sways_about_the_limit_is_one_spike(picture, seen):
    (spike,) = anomalies(picture(queue(seen, [5, 4, 5, 4, 6, 4, 5, 3])))
    assert (spike.value, spike.active) == (6, False)
    first, second = anomalies(picture(queue(seen, [5, 3, 5, 3])))
    assert first.anomaly_id != second.anomaly_id


def shoppers(seen, by_hour, first_hour=8):
    return [
        seen("ENTRY", (hour * 3600) + 3600 * n / max(count, 1), f"v{hour}-{n}")
        for hour, count in enumerate(by_hour, start=first_hour - 8)
        for n in range(count)
    ]


WEEKS = [{8: 40 + n, 9: 60 - n, 10: 50, 11: 55} for n in range(5)]


def test_hours_far_from_the_same_weekdays_are_one_anomaly_in_each_direction(picture, seen):
    found = anomalies(picture(shoppers(seen, [41, 5, 3, 160, 1])), Background(weeks=WEEKS))
    assert {(a.kind, a.value, a.expected, a.active) for a in found} == {
        ("TRAFFIC_LOW", 8, 108.0, False),
        ("TRAFFIC_HIGH", 160, 55.0, True),
    }
    low = next(a for a in found if a.kind == "TRAFFIC_LOW")
    assert low.answer()["detected_at"] == "2026-03-03T10:00:00Z"  # known once its first hour is over
    assert [hour["ways_in"] for hour in low.evidence["hours"]] == [5, 3]


def test_usual_hours_few_weeks_and_unfinished_hours_are_no_anomaly(picture, seen):
    usual = shoppers(seen, [41, 55, 47, 60])
    assert anomalies(picture(usual), Background(weeks=WEEKS)) == []
    odd = shoppers(seen, [41, 5, 3, 160, 1])
    assert anomalies(picture(odd), Background(weeks=WEEKS[:3])) == []
    just_begun = [event for event in odd if event.time_us < at(3600 + 3000)]
    assert anomalies(picture(just_begun), Background(weeks=WEEKS)) == []


def test_one_odd_week_moves_neither_what_is_expected_nor_what_is_odd():
    even = judge_hour(0, 100, [50, 52, 48, 51, 49, 50, 50])
    holiday = judge_hour(0, 100, [50, 52, 48, 51, 49, 50, 400])
    assert holiday.expected == even.expected == 50
    assert holiday.score == pytest.approx(even.score, abs=1)
    assert even.direction == 1
    # Weeks that differ much among themselves make much usual.
    assert judge_hour(0, 100, [20, 90, 45, 110, 60, 15, 80]).direction == 0
    # Few people are few people.
    assert judge_hour(0, 6, [0, 0, 0, 0]).direction == 0


def test_a_replay_of_an_old_day_is_judged_at_its_own_time(watched, seen, stay):
    events = [*stay(10, "HAIR"), *[seen("ENTRY", n * 300, f"v{n}") for n in range(9)]]
    years_later = replace(watched(events, "HAIR"), now=datetime(2031, 1, 1, tzinfo=UTC))
    (dead,) = anomalies(years_later)
    assert dead.value < 60
    assert from_us(dead.as_of_us) == EIGHT + timedelta(seconds=2400)
