"""A zone is dead only where its camera was watching."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from floorwalker.events import Event, EventType
from floorwalker.insights.anomalies import anomalies
from floorwalker.insights.picture import take_picture
from floorwalker.insights.windows import choose_window
from floorwalker.runs import Gap, Recording, Run

TEN = datetime(2026, 3, 3, 10, tzinfo=UTC)


def event(kind, minute, camera, zone=None):
    return Event(
        event_id=str(uuid.uuid4()),
        store_id="S",
        camera_id=camera,
        visitor_id=f"V{minute}",
        event_type=EventType(kind),
        timestamp=TEN + timedelta(minutes=minute),
        zone_id=zone,
    )


DOOR = [event("ENTRY", minute, "DOOR") for minute in (0, 20, 40, 60)]
FLOOR = [event("ZONE_ENTER", 1, "FLOOR", "HAIR"), event("ZONE_EXIT", 2, "FLOOR", "HAIR")]


@pytest.fixture
def dead(empty_warehouse):
    def find(floor, minutes=None, gaps=(), hours_later=6.0):
        warehouse = empty_warehouse(clock=lambda: TEN + timedelta(hours=hours_later))
        warehouse.add_events(DOOR, live=False)
        if minutes is None:
            warehouse.add_events(floor, live=hours_later < 2)
        else:
            recording = Recording("S", "FLOOR", TEN, minutes * 60.0, "ab" * 32, gaps)
            warehouse.record_run(recording, Run(recording.recording_id, "0", "motion", "1" * 32), floor)
        store = warehouse.store("S")
        found = anomalies(take_picture(warehouse, store, choose_window(warehouse, store, day="2026-03-03")))
        warehouse.close()
        return [anomaly.zone_id for anomaly in found if anomaly.kind == "DEAD_ZONE"]

    return find


@pytest.mark.parametrize(
    ("minutes", "gaps", "expected"),
    [
        (60, (), ["HAIR"]),
        (59.5, (), ["HAIR"]),
        (25, (), []),
        (50, (), []),
        (60, (Gap(2400, 2500, "black"),), []),
        (60, (Gap(600, 700, "black"),), ["HAIR"]),
    ],
)
def test_recordings_say_what_their_camera_watched(dead, minutes, gaps, expected):
    assert dead(FLOOR, minutes, gaps) == expected


def test_without_recordings_a_camera_watches_while_it_tells_of_somebody(dead):
    assert dead(FLOOR) == []
    assert dead([*FLOOR, event("ZONE_ENTER", 55, "FLOOR", "SKIN")]) == ["HAIR"]


def test_a_live_camera_is_taken_to_watch(dead):
    assert dead(FLOOR, hours_later=1) == ["HAIR"]
