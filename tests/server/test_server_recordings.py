"""`POST /recordings`: how far live cameras watched, through the real server, up to the figures."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta

import pytest

from floorwalker.server.examples import stretch
from floorwalker.site import Site

DAY = datetime(2026, 3, 3, 4, 30, tzinfo=UTC)  # 10:00 in the shop, which closes at 18:00 its time


@pytest.fixture
def shop(house):
    """A store with one door camera, open from 10:00 to 18:00."""
    door = {
        "id": "CAM_ENTRY_01",
        "resolution": (960, 540),
        "entry_line": [{"id": "door", "points": [(200, 300), (700, 300)], "inward": (450, 500)}],
    }
    hours = {"tue": {"opens": "10:00", "closes": "18:00"}}
    house.warehouse.register_site(
        Site.model_validate(
            {"store": [{"id": "S1", "timezone": "Asia/Kolkata", "opening_hours": hours, "camera": [door]}]}
        )
    )
    house.clock.now = DAY + timedelta(hours=8)
    return "S1"


def told(store_id, *, until_s, gaps=(), **changes):
    body = copy.deepcopy(stretch())
    body["recording"] |= {
        "store_id": store_id,
        "start_utc": "2026-03-03T04:30:00Z",
        "duration_s": until_s,
        "gaps": [{"start_s": a, "end_s": b, "reason": reason} for a, b, reason in gaps],
    } | changes
    body["resolutions"] = []
    return body


def post(house, body, status=200):
    answer = house.http.post("/recordings", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def metrics(house, store_id):
    return house.get(f"/stores/{store_id}/metrics", day="2026-03-03")


def test_the_contracts_example_is_taken_and_the_same_again_changes_nothing(house):
    house.clock.now = datetime(2026, 3, 3, 15, tzinfo=UTC)
    first = post(house, stretch())
    assert set(first) == {"recording_id", "run_id", "until", "resolutions"}
    assert first["until"] == "2026-03-03T14:22:10Z"
    assert first["resolutions"] == 1
    assert post(house, stretch()) == {**first, "resolutions": 0}


def test_nobody_came_and_the_camera_was_down_differ(house, shop):
    whole_s = 8 * 3600.0
    post(house, told(shop, until_s=whole_s))
    quiet = metrics(house, shop)
    assert (quiet["unique_visitors"], quiet["coverage"]["status"]) == (0, "complete")
    post(house, told(shop, until_s=whole_s, gaps=[(3600, 7200, "camera down"), (9000, 10800, "dark")]))
    partly = metrics(house, shop)
    coverage = partly["coverage"]
    assert (coverage["status"], coverage["share"]) == ("partial", 0.8125)
    assert [(down["camera_id"], down["reason"]) for down in coverage["down"]] == [
        ("CAM_ENTRY_01", "camera down"),
        ("CAM_ENTRY_01", "dark"),
    ]
    post(house, told(shop, until_s=whole_s, gaps=[(0, whole_s, "covered")]))
    never = metrics(house, shop)
    assert never["coverage"]["status"] == "unwatched"
    assert never["unique_visitors"] is None


def test_a_stretch_grows_and_what_is_to_come_is_not_down(house, shop):
    house.clock.now = DAY + timedelta(hours=2)
    post(house, told(shop, until_s=7200.0))
    assert metrics(house, shop)["coverage"]["status"] == "complete"
    house.clock.now = DAY + timedelta(hours=8)
    assert metrics(house, shop)["coverage"]["status"] == "partial"
    post(house, told(shop, until_s=8 * 3600.0))
    assert metrics(house, shop)["coverage"]["status"] == "complete"


def event_at(store_id, number, moment):
    return {
        "event_id": f"00000000-0000-4000-8000-{number:012d}",
        "store_id": store_id,
        "camera_id": "CAM_ENTRY_01",
        "visitor_id": f"VIS_{number}",
        "event_type": "ENTRY",
        "timestamp": moment.isoformat(),
        "metadata": {"queue_depth": None, "sku_zone": None, "session_seq": 1},
    }


def test_a_camera_that_watches_is_not_stale_although_nobody_comes(house, shop):
    house.clock.now = DAY + timedelta(minutes=30)
    house.post(event_at(shop, 7, house.clock.now))
    house.clock.now = DAY + timedelta(hours=3)
    mine = [text for text in house.get("/health")["warnings"] if shop in text]
    assert mine
    post(house, told(shop, until_s=3 * 3600.0))
    assert not [text for text in house.get("/health")["warnings"] if shop in text]
    house.clock.now = DAY + timedelta(hours=4)
    post(house, told(shop, until_s=4 * 3600.0, gaps=[(3 * 3600 + 60, 4 * 3600, "camera down")]))
    assert [text for text in house.get("/health")["warnings"] if shop in text]


@pytest.mark.parametrize(
    "change",
    [
        {"duration_s": -1},
        {"duration_s": 1e12},
        {"content_hash": "short"},
        {"start_utc": "yesterday"},
        {"start_utc": "9999-12-31T23:59:59Z"},
        {"store_id": "a/b"},
        {"camera_id": "\ud800"},
        {"gaps": [{"start_s": 0, "end_s": 1, "reason": "\x00"}]},
    ],
)
def test_what_is_no_stretch_is_refused_with_the_reason(house, shop, change):
    body = told(shop, until_s=60.0)
    body["recording"] |= change
    answer = house.http.post("/recordings", content=json.dumps(body))
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["message"]


def test_a_stretch_that_lies_ahead_is_refused(house, shop):
    house.clock.now = DAY
    assert post(house, told(shop, until_s=3600.0), 422)["error"]["code"] == "future"
