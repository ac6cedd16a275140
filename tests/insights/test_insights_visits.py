from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from floorwalker.insights.metrics import metrics
from floorwalker.insights.windows import window_of_day


def seconds(picture):
    (visit,) = picture.visits
    start = visit.first_us
    return [
        (stay.zone_id, (stay.start_us - start) / 1e6, (stay.last_us - start) / 1e6, stay.left, stay.dwell_ms)
        for stay in visit.stays
    ]


def test_enter_and_exit_make_a_stay(picture, seen):
    events = [seen("ZONE_ENTER", 0, zone="Z"), seen("ZONE_DWELL", 30, zone="Z", dwell_ms=30000)]
    events.append(seen("ZONE_EXIT", 40, zone="Z", dwell_ms=39500))
    assert seconds(picture(events)) == [("Z", 0, 40, True, 39500)]


def test_an_exit_without_its_enter_reaches_back_by_its_dwell(picture, seen):
    events = [seen("ENTRY", 0), seen("ZONE_EXIT", 40, zone="Z", dwell_ms=30000)]
    assert seconds(picture(events)) == [("Z", 10, 40, True, 30000)]


def test_who_leaves_the_shop_has_left_the_zone_but_the_stay_is_not_complete(picture, seen):
    events = [seen("ZONE_ENTER", 0, zone="Z"), seen("EXIT", 50), seen("ZONE_EXIT", 51, "b", zone="Z")]
    visit = picture(events).visits[0]
    assert [(stay.left, stay.dwell_ms) for stay in visit.stays] == [(True, None)]


def test_two_tracks_of_one_person_in_one_zone_are_one_stay(picture, seen):
    events = [
        seen("ZONE_ENTER", 0, zone="Z", observed="x"),
        seen("ZONE_ENTER", 10, zone="Z", observed="y"),
        seen("ZONE_EXIT", 20, zone="Z", observed="x", dwell_ms=20000),
        seen("ZONE_EXIT", 35, zone="Z", observed="y", dwell_ms=25000),
    ]
    assert seconds(picture(events)) == [("Z", 0, 35, True, 35000)]


def test_a_feed_that_tells_dwell_only_gives_its_longest_dwell(picture, seen):
    events = [seen("ZONE_DWELL", 30 * n, zone="Z", dwell_ms=30000 * n) for n in (1, 2, 3)]
    assert metrics(picture(events))["avg_dwell_ms"] == 90000


def test_a_stay_still_open_is_not_averaged(picture, seen):
    events = [
        seen("ZONE_ENTER", 0, "a", "Z"),
        seen("ZONE_EXIT", 10, "a", "Z", dwell_ms=10000),
        seen("ZONE_ENTER", 0, "b", "Z"),
        seen("ZONE_DWELL", 60, "b", "Z", dwell_ms=60000),
    ]
    assert metrics(picture(events))["avg_dwell_ms"] == 10000


def test_people_are_counted_by_sight_where_no_camera_watches_the_door(picture, seen):
    shop = picture([seen("ZONE_ENTER", 0, "a", "Z"), seen("ZONE_ENTER", 5, "b", "Z")])
    figures = metrics(shop)
    assert (figures["unique_visitors"], figures["basis"]) == (2, "sightings")
    assert "NO_DOOR_CAMERA" in [warning["code"] for warning in figures["warnings"]]


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2026, 3, 29), "Europe/Berlin", 23),
        (date(2026, 10, 25), "Europe/Berlin", 25),
        (date(2026, 3, 8), "America/New_York", 23),
        (date(2026, 3, 3), "Asia/Kolkata", 24),
    ],
)
def test_days_are_as_long_as_the_stores_clock_makes_them(day, zone, hours):
    window = window_of_day(day, ZoneInfo(zone))
    assert (window.to_utc - window.from_utc).total_seconds() == hours * 3600


def door(picture):
    figures = metrics(picture)
    return figures["unique_visitors"], figures["entries"], figures["reentries"]


def test_an_entry_after_an_exit_of_the_same_person_is_a_reentry(picture, seen):
    merged = [seen("ENTRY", 0), seen("EXIT", 60), seen("ENTRY", 120, observed="a2"), seen("ENTRY", 130, "b")]
    assert door(picture(merged)) == (2, 2, 1)
    # Seen leaving first: they were in the shop before.
    assert door(picture([seen("EXIT", 0), seen("ENTRY", 60, observed="a2")])) == (1, 0, 1)


def test_a_second_entry_whose_exit_was_missed_is_a_reentry(picture, seen):
    assert door(picture([seen("ENTRY", 0), seen("ENTRY", 60, observed="a2")])) == (1, 1, 1)


def test_an_observed_reentry_stays_one(picture, seen):
    events = [seen("REENTRY", 0), seen("EXIT", 10), seen("ENTRY", 20)]
    assert door(picture(events)) == (1, 0, 2)
