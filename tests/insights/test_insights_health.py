"""Which feeds are silent, with the shop's hours in mind."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from floorwalker.insights.anomalies import Background, anomalies
from floorwalker.insights.health import feed_states, opening_moment, stale_warnings, store_health
from floorwalker.site import Store
from floorwalker.warehouse import Feed, StoreInfo
from floorwalker.warehouse.records import to_us

CAMERAS = {"id": "S", "timezone": "UTC", "camera": [{"id": "NEW", "resolution": [100, 100]}]}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def shop(hours):
    content = {"id": "S", "timezone": "Asia/Kolkata"}
    hours = {day: {"opens": opens, "closes": closes} for day, (opens, closes) in hours.items()}
    return StoreInfo(
        "S", "S", "Asia/Kolkata", True, Store.model_validate(content | {"opening_hours": hours}), 1
    )


def utc(text):
    return datetime.fromisoformat(f"2026-03-{text}:00+00:00").astimezone(UTC)


def state(store, heard, now):
    (found,) = feed_states(store, [Feed("S", "C1", to_us(utc(heard)), to_us(utc(heard)))], utc(now))
    return found


def test_a_feed_is_not_stale_for_the_night(picture):
    store = shop(dict.fromkeys(DAYS, ("10:00", "21:00")))  # 04:30 to 15:30 UTC
    assert not state(store, "02T15:29", "03T04:35").stale
    late = state(store, "02T15:29", "03T04:45")
    assert (late.stale, late.silent_minutes, late.lag_minutes) == (True, 15.0, 796.0)
    assert stale_warnings(store, [late])[0].endswith("nothing for 15 minutes")
    (warning,) = anomalies(picture([]), Background(feeds=[late]))
    assert (warning.severity, warning.value) == ("WARN", 15.0)
    assert warning.answer()["detected_at"] == "2026-03-03T04:40:00Z"  # ten minutes after the opening
    (critical,) = anomalies(picture([]), Background(feeds=[state(store, "02T15:29", "03T05:30")]))
    assert critical.severity == "CRITICAL"
    assert critical.anomaly_id == warning.anomaly_id
    assert not state(store, "03T05:00", "03T15:31").stale


def test_a_feed_of_unknown_hours_is_judged_by_its_last_event():
    assert state(shop({}), "02T15:29", "03T04:35").silent_minutes == 786.0


@pytest.mark.parametrize(
    ("hours", "now", "opened"),
    [
        ({"mon": ("18:00", "02:00")}, "02T19:30", "02T12:30"),  # 01:00 on Tuesday
        ({"mon": ("18:00", "02:00")}, "02T20:31", None),
        ({"mon": ("18:00", "02:00"), "tue": ("10:00", "21:00")}, "03T04:31", "03T04:30"),
        ({"mon": ("10:00", "00:00"), "tue": ("00:00", "21:00")}, "02T19:00", "02T04:30"),
        (dict.fromkeys(DAYS[:6], ("00:00", "00:00")), "03T10:00", "01T18:30"),  # open since Monday
        ({}, "03T10:00", None),
    ],
)
def test_when_the_shop_opened(hours, now, opened):
    assert opening_moment(shop(hours), utc(now)) == (utc(opened) if opened else None)


def test_a_camera_that_the_site_file_no_longer_names_is_retired(picture):
    store = StoreInfo("S", "S", "UTC", True, Store.model_validate(CAMERAS), 1)
    heard = to_us(utc("03T08:00"))
    feeds = [Feed("S", "OLD", heard, heard), Feed("S", "NEW", heard, heard)]
    states = feed_states(store, feeds, utc("03T09:00"))
    assert [(each.camera_id, each.live, each.stale, each.retired) for each in states] == [
        ("OLD", False, False, True),
        ("NEW", True, True, False),
    ]
    assert [line.split()[2] for line in stale_warnings(store, states)] == ["NEW:"]
    assert [each.camera_id for each in anomalies(picture([]), Background(feeds=states))] == ["NEW"]
    told = store_health(store, states)
    assert (told["mode"], [each["retired"] for each in told["feeds"]]) == ("live", [True, False])


def test_a_feed_that_was_silent_for_a_week_is_expected_no_more():
    store = shop({})
    assert state(store, "02T08:00", "09T08:00").stale
    gone = state(store, "02T08:00", "09T08:01")
    assert (gone.live, gone.stale, gone.retired, stale_warnings(store, [gone])) == (False, False, True, [])
    assert store_health(store, [gone])["mode"] == "retired"
    # What a recording told is as old as it is.
    recorded = feed_states(store, [Feed("S", "C1", to_us(utc("02T08:00")), None)], utc("28T08:00"))
    assert not recorded[0].retired
    assert store_health(store, recorded)["mode"] == "replay"
