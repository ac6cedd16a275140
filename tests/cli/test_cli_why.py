from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pytest
from typer.testing import CliRunner

from floorwalker.cli import app
from floorwalker.errors import InputError
from floorwalker.events import Event, EventType, encode_events
from floorwalker.journeys import CameraContext, camera_events
from floorwalker.journeys.explaining import explain
from floorwalker.runs import Recording, Run
from floorwalker.site import Store
from floorwalker.tracking.track import Track


@pytest.fixture
def events():
    """Three who come in or queue in a picture of 100 pixels a metre, not calibrated."""
    camera = {
        "id": "CAM",
        "resolution": (960, 600),
        "entry_line": [{"id": "door", "points": [(300, 400), (600, 400)], "inward": (450, 100)}],
        "zone": [{"id": "SHELF", "kind": "product", "polygon": [(0, 0), (960, 0), (960, 200), (0, 200)]}],
    }
    store = Store.model_validate({"id": "S1", "timezone": "UTC", "camera": [camera]})
    recording = Recording("S1", "CAM", datetime(2026, 3, 3, tzinfo=UTC), 60.0, "aa")
    context = CameraContext(
        store, store.cameras[0], recording, Run(recording.recording_id, "0", "script", "cc")
    )
    time_s = np.arange(5.0, 25.0, 0.1)
    y = np.interp(time_s, [5, 10, 12, 22, 25], [560, 150, 150, 150, 560])
    feet = np.column_stack([np.full(len(y), 450.0), y]).astype(np.float32)
    boxes = np.column_stack([feet[:, 0] - 25, feet[:, 1] - 170, feet[:, 0] + 25, feet[:, 1]]).astype(
        np.float32
    )
    nowhere, sure = np.full((len(y), 2), np.nan), np.full(len(y), 0.9, dtype=np.float32)
    track = Track(3, time_s, boxes, feet, nowhere, sure, np.zeros((0, 0), dtype=np.float32))
    return camera_events([track], context)


def ask(path, *arguments):
    return CliRunner().invoke(app, ["why", str(path), *arguments])


def test_every_kind_of_event_is_explained_by_track_time_and_rule(events, tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(encode_events(events))
    assert {event.event_type for event in events} >= {EventType.ENTRY, EventType.ZONE_ENTER, EventType.EXIT}
    for event in events:
        told = ask(path, event.event_id[:12])
        assert told.exit_code == 0, told.output
        for word in (
            event.event_type.value,
            "track 3",
            "5.0 to",
            "rule:",
            f"Confidence {event.confidence:.2f}",
        ):
            assert word in told.output
    entry = next(event for event in events if event.event_type is EventType.ENTRY)
    answer = json.loads(ask(path, entry.event_id, "--json").output)
    assert answer["event"]["event_id"] == entry.event_id
    assert any("inward over line door" in reason for reason in answer["reasons"])
    assert any("somebody new" in reason for reason in answer["reasons"])


def test_what_cannot_be_explained_is_said_in_one_line(events, tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(encode_events(events))
    unknown = ask(path, "no-such-event").exception
    assert isinstance(unknown, InputError)
    assert "holds no event" in str(unknown)
    several = ask(path, "").exception
    assert isinstance(several, InputError)
    foreign = Event(
        event_id="550e8400-e29b-41d4-a716-446655440000",
        store_id="S1",
        camera_id="CAM",
        visitor_id="VIS_1",
        event_type=EventType.ENTRY,
        timestamp=datetime(2026, 3, 3, tzinfo=UTC),
    )
    with pytest.raises(InputError, match="tells no evidence"):
        explain(foreign)
