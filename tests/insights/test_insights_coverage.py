"""How far the cameras watched, and what becomes of figures where they did not."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from floorwalker.events import Event, EventType
from floorwalker.insights.answers import (
    answer_funnel,
    answer_heatmap,
    answer_metrics,
    answer_traffic,
)
from floorwalker.insights.picture import take_picture
from floorwalker.insights.windows import choose_window
from floorwalker.runs import Gap, Recording, Run
from floorwalker.site import Site
from floorwalker.warehouse import Warehouse

TEN = datetime(2026, 3, 3, 10, tzinfo=UTC)
DAY = "2026-03-03"
SITE = Site.model_validate(
    {
        "store": [
            {
                "id": "S",
                "timezone": "UTC",
                "opening_hours": {"tue": {"opens": "10:00", "closes": "14:00"}},
                "camera": [
                    {
                        "id": "DOOR",
                        "resolution": [100, 100],
                        "entry_line": [{"id": "d", "points": [[0, 50], [99, 50]], "inward": [50, 10]}],
                    },
                    {
                        "id": "FLOOR",
                        "resolution": [100, 100],
                        "zone": [
                            {"id": "SKIN", "kind": "product", "polygon": [[0, 0], [40, 0], [40, 40]]},
                            {"id": "BILLING", "kind": "billing", "polygon": [[50, 50], [90, 50], [90, 90]]},
                        ],
                    },
                ],
            }
        ]
    }
)


def event(kind, minute, camera="DOOR", zone=None, visitor=None, **more):
    fields = {
        "event_id": str(uuid.uuid4()),
        "store_id": "S",
        "camera_id": camera,
        "visitor_id": visitor or f"V{minute}",
        "event_type": EventType(kind),
        "timestamp": TEN + timedelta(minutes=minute),
        "zone_id": zone,
    }
    return Event(**(fields | more))


def stay(minute, zone="SKIN", minutes=5):
    return [
        event("ZONE_ENTER", minute, "FLOOR", zone, f"F{minute}"),
        event("ZONE_EXIT", minute + minutes, "FLOOR", zone, f"F{minute}", dwell_ms=minutes * 60_000),
    ]


class Shop:
    """A warehouse whose clock stands so many minutes after ten."""

    def __init__(self, minutes=24 * 60.0, site=SITE):
        self.minutes = minutes
        self.warehouse = Warehouse("sqlite://", clock=lambda: TEN + timedelta(minutes=self.minutes))
        if site:
            self.warehouse.register_site(site)

    def record(self, camera, begin, minutes, events=(), gaps=(), content="a"):
        recording = Recording(
            "S",
            camera,
            TEN + timedelta(minutes=begin),
            minutes * 60.0,
            (content + str(begin)).ljust(64, "0"),
            gaps,
        )
        run = Run(recording.recording_id, "0", "motion", "1" * 32)
        self.warehouse.record_run(recording, run, list(events))

    def live(self, *events):
        """Each event arrives when it happens."""
        now = self.minutes
        for each in sorted(events, key=lambda e: e.timestamp):
            self.minutes = (each.timestamp - TEN) / timedelta(minutes=1)
            self.warehouse.add_events([each])
        self.minutes = now

    def picture(self, day=DAY):
        store = self.warehouse.store("S")
        return take_picture(self.warehouse, store, choose_window(self.warehouse, store, day=day))

    def metrics(self, day=DAY):
        return answer_metrics(self.picture(day))


@pytest.fixture
def shop():
    opened = []

    def make(*given, **more):
        opened.append(Shop(*given, **more))
        return opened[-1]

    yield make
    for each in opened:
        each.warehouse.close()


def state(answer, figure):
    found = answer["coverage"]["figures"][figure]
    return found["status"], found["share"], found["cameras"]


def codes(answer):
    return [warning["code"] for warning in answer["warnings"]]


def test_a_day_that_all_cameras_watched_is_complete(shop):
    here = shop()
    here.record("DOOR", 0, 240, [event("ENTRY", 5)])
    here.record("FLOOR", -1, 242, stay(10))
    found = here.metrics()
    assert (found["coverage"]["status"], found["coverage"]["share"]) == ("complete", 1.0)
    assert state(found, "unique_visitors") == ("complete", 1.0, [])
    assert found["coverage"]["expected_s"] == 4 * 3600
    assert "PARTLY_WATCHED" not in codes(found)


def test_a_camera_that_ended_early_makes_its_figures_partial_and_no_others(shop):
    here = shop()
    here.record("DOOR", 0, 60, [event("ENTRY", 5), event("ENTRY", 50)])
    here.record("FLOOR", 0, 240, stay(10))
    found = here.metrics()
    assert state(found, "unique_visitors") == ("partial", 0.25, ["DOOR"])
    assert state(found, "avg_dwell_ms") == ("complete", 1.0, [])
    assert state(found, "conversion_rate") == ("partial", 0.625, ["DOOR"])
    assert found["unique_visitors"] == 2
    assert found["coverage"]["down"] == [
        {
            "camera_id": "DOOR",
            "from": "2026-03-03T11:00:00Z",
            "to": "2026-03-03T14:00:00Z",
            "reason": "no recording",
        }
    ]
    (message,) = [w["message"] for w in found["warnings"] if w["code"] == "PARTLY_WATCHED"]
    assert "DOOR 11:00 to 14:00 (no recording)" in message


def test_a_recordings_gap_says_why(shop):
    here = shop()
    here.record("DOOR", 0, 240, [event("ENTRY", 5)], (Gap(3600, 7200, "black"),))
    here.record("FLOOR", 0, 240, stay(10))
    found = here.metrics()
    assert state(found, "entries") == ("partial", 0.75, ["DOOR"])
    assert [(down["from"][11:16], down["reason"]) for down in found["coverage"]["down"]] == [
        ("11:00", "black")
    ]
    # What one file lacks another may show.
    here.record("DOOR", 58, 64, [])
    assert state(here.metrics(), "entries") == ("complete", 1.0, [])


def test_where_no_camera_watched_a_figure_is_null_and_never_zero(shop):
    here = shop(24 * 60 * 2)
    here.record("DOOR", -24 * 60, 240, [event("ENTRY", -24 * 60 + 1)])
    here.record("FLOOR", 0, 240, stay(10))
    found = here.metrics()
    for name in ("unique_visitors", "entries", "exits", "occupancy", "conversion_rate", "visits"):
        assert found[name] is None, name
    assert state(found, "unique_visitors") == ("unwatched", 0.0, ["DOOR"])
    assert state(found, "conversion_rate") == ("unwatched", 0.5, ["DOOR"])
    assert found["intervals"]["conversion_rate"] == {"low": None, "high": None, "n": 0}
    assert found["avg_dwell_ms"] == 300_000
    assert found["transactions"] == 0  # the till is no camera
    assert answer_funnel(here.picture())["entry"] is None
    assert answer_heatmap(here.picture())["SKIN"]["frequency"] == 1


def test_a_zone_that_nobody_watched_has_no_zero_in_the_heatmap(shop):
    here = shop(24 * 60 * 2)
    here.record("FLOOR", -24 * 60, 240, [])
    here.record("DOOR", 0, 240, [event("ENTRY", 1)])
    zone = answer_heatmap(here.picture())["SKIN"]
    assert (zone["frequency"], zone["avg_dwell_ms"], zone["status"]) == (None, None, "unwatched")
    assert here.metrics()["zones"]["SKIN"]["avg_dwell_ms"] is None
    assert here.metrics()["queue_depth_current"] is None


def test_a_store_of_which_nothing_is_known_yet_is_zeros(shop):
    found = shop().metrics()
    assert (found["unique_visitors"], found["conversion_rate"], found["queue_depth_current"]) == (0, 0.0, 0)
    assert found["coverage"]["status"] == "unknown"
    assert "UNWATCHED" not in codes(found)


def test_events_of_files_tell_nothing_of_when_cameras_watched(shop):
    here = shop()
    here.warehouse.add_events([event("ENTRY", 5), event("ENTRY", 200), *stay(20)], live=False)
    found = here.metrics()
    assert state(found, "unique_visitors") == ("unknown", None, [])
    assert found["coverage"]["sources"] == {"DOOR": "events", "FLOOR": "events"}


def test_before_the_shop_opens_there_is_nothing_to_watch(shop):
    here = shop(-30)
    here.live(event("ENTRY", -31))
    assert here.metrics()["coverage"]["status"] == "closed"


def test_stretches_nobody_watched_are_null_in_the_series(shop):
    here = shop()
    here.record("DOOR", 0, 60, [event("ENTRY", minute) for minute in (1, 16, 50)])
    here.record("DOOR", 112, 128, [event("ENTRY", 115), event("ENTRY", 230)])
    rows = answer_traffic(here.picture())["buckets"]
    shown = {row["from"][11:16]: (row["entries"], row["status"], row["share"]) for row in rows}
    assert shown["10:45"] == (1, "complete", 1.0)
    assert shown["11:00"] == shown["11:30"] == (None, "unwatched", 0.0)
    assert shown["11:45"][:2] == (1, "partial")
    assert shown["11:45"][2] == pytest.approx(8 / 15, abs=1e-3)
    assert shown["12:00"] == (0, "complete", 1.0)
    assert all(row["occupancy"] is None for row in rows if row["status"] == "unwatched")


def busy(camera, zone, minutes):
    return [event("ENTRY" if zone is None else "ZONE_DWELL", m, camera, zone) for m in minutes]


def test_a_live_camera_is_taken_to_watch_while_it_talks(shop):
    here = shop(120)
    here.live(*busy("DOOR", None, range(1, 120, 4)), *busy("FLOOR", "SKIN", range(2, 120, 5)))
    found = here.metrics()
    assert (found["coverage"]["status"], found["coverage"]["expected_s"]) == ("complete", 7200)
    assert set(found["coverage"]["sources"].values()) == {"live"}


def test_a_live_camera_that_fell_silent_is_down_since(shop):
    here = shop(180)
    here.live(*busy("DOOR", None, range(1, 90, 2)), *busy("FLOOR", "SKIN", range(2, 180, 2)))
    found = here.metrics()
    status, share, cameras = state(found, "unique_visitors")
    assert (status, cameras) == ("partial", ["DOOR"])
    assert share == pytest.approx(89 / 180, abs=0.01)
    assert found["coverage"]["down"][0]["reason"] == "silent"
    assert state(found, "avg_dwell_ms")[0] == "complete"


def test_a_live_camera_that_was_silent_for_an_hour_at_noon_was_down(shop):
    here = shop(240)
    spoken = [m for m in range(1, 240, 2) if not 100 < m < 160]
    here.live(*busy("DOOR", None, spoken), *busy("FLOOR", "SKIN", range(2, 240, 2)))
    assert [d["from"][11:16] for d in here.metrics()["coverage"]["down"]] == ["11:39"]


def test_a_quiet_corner_is_not_down_because_the_door_is_busy(shop):
    here = shop(240)
    here.live(*busy("FLOOR", "SKIN", [5, 90, 235]), *busy("DOOR", None, range(1, 240, 2)))
    assert here.metrics()["coverage"]["status"] == "complete"


def test_the_first_minutes_of_a_day_accuse_nobody(shop):
    here = shop(24 * 60 * 7 + 5)
    here.live(event("ENTRY", 230))
    assert here.metrics("2026-03-10")["coverage"]["status"] != "unwatched"
    here.minutes += 30
    assert here.metrics("2026-03-10")["unique_visitors"] == 0
    here.minutes += 30
    assert here.metrics("2026-03-10")["unique_visitors"] is None


def test_two_files_of_one_camera_and_time_are_told(shop):
    here = shop()
    here.record("DOOR", 0, 120, [event("ENTRY", 5)])
    here.record("DOOR", 100, 140, [event("ENTRY", 110)], content="b")
    (message,) = [w["message"] for w in here.metrics()["warnings"] if w["code"] == "OVERLAPPING_RECORDINGS"]
    assert "DOOR" in message
    assert "2026-03-03T11:40:00Z to 2026-03-03T12:00:00Z" in message


def test_without_hours_a_day_is_as_long_as_what_is_known_of_it(shop):
    here = shop(site=None)
    here.record("DOOR", 0, 60, [event("ENTRY", 5)])
    here.record("FLOOR", 0, 120, stay(10))
    found = here.metrics()
    assert found["coverage"]["opening_hours"] == "unknown"
    assert state(found, "entries") == ("partial", 0.5, ["DOOR"])
