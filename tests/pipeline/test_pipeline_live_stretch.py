"""A live stretch told of while it grows, and trouble with the picture on both ways to the warehouse."""

from datetime import UTC, datetime
from fractions import Fraction

import av
import numpy as np
import pytest

from floorwalker.pipeline.camera_run import CameraJob, process_recording
from floorwalker.pipeline.delivery import EventsItem, StretchItem
from floorwalker.pipeline.live_stretch import LiveStretch, StretchRules
from floorwalker.runs import Gap
from floorwalker.site import Store
from floorwalker.video.frame import Frame
from floorwalker.vision.detections import Detections
from floorwalker.vision.motion import MotionDetector

SIZE = (320, 240)
START = datetime(2026, 3, 3, 5, tzinfo=UTC)
DOOR = {"id": "door", "points": [(80, 150), (240, 150)], "inward": (160, 200)}


def room():
    rng = np.random.default_rng(4)
    picture = np.full((SIZE[1], SIZE[0], 3), 120, np.uint8)
    for _ in range(70):
        x, y = int(rng.integers(0, SIZE[0] - 30)), int(rng.integers(0, SIZE[1] - 24))
        picture[y : y + int(rng.integers(6, 24)), x : x + int(rng.integers(8, 30))] = rng.integers(40, 220, 3)
    return picture


ROOM = room()


_NOISE = np.random.default_rng(0).integers(-3, 4, ROOM.shape)


def picture(index, *, dark=False):
    noise = np.roll(_NOISE, 7 * index, axis=1)
    return np.clip((ROOM * (0.04 if dark else 1.0)) + noise, 0, 255).astype(np.uint8)


class Walker:
    """Finds somebody who walks in over the line in seconds 10 to 16, and nobody else."""

    fingerprint = "walker"

    def prepare(self, samples):
        list(samples)

    def detect(self, frame):
        if not 10 <= frame.time_s <= 16:
            return Detections.empty()
        feet = float(np.interp(frame.time_s, [10, 16], [80, 225]))
        return Detections.from_boxes([[148, feet - 60, 172, feet]], [0.9])


@pytest.fixture
def store():
    camera = {"id": "C", "resolution": SIZE, "entry_line": [DOOR]}
    return Store.model_validate({"id": "S1", "timezone": "Asia/Kolkata", "camera": [camera]})


def test_events_come_soon_and_before_the_coverage_that_includes_them(store):
    stretch = LiveStretch(store, store.cameras[0], START, 5.0, Walker(), StretchRules(report_s=5.0))
    items, came_s = [], {}
    for index in range(300):
        time_s = index / 5
        stretch.take(Frame(picture(index % 40, dark=35 <= time_s < 50), time_s, index))
        for item in stretch.look(time_s):
            items.append(item)
            came_s[id(item)] = time_s
    items += list(stretch.finish(60.0))
    (events,) = (item for item in items if isinstance(item, EventsItem))
    (entry,) = events.events
    assert entry.event_type.value == "ENTRY"
    crossed_s = (entry.timestamp - START).total_seconds()
    assert 12 < crossed_s < 14
    assert came_s[id(events)] - crossed_s < 14
    told = [item.recording for item in items if isinstance(item, StretchItem)]
    assert isinstance(items[items.index(events) + 1], StretchItem)
    assert {recording.recording_id for recording in told} == {stretch.context.recording.recording_id}
    assert (
        max(
            b - a
            for a, b in zip([0.0, *(r.duration_s for r in told)], [r.duration_s for r in told], strict=False)
        )
        < 6
    )
    (gap,) = told[-1].gaps
    assert gap.reason == "dark"
    assert (gap.start_s, gap.end_s) == (pytest.approx(36, abs=2), pytest.approx(50, abs=2))
    ongoing = next(recording for recording in told if recording.duration_s > 46)
    assert ongoing.gaps[-1].end_s == ongoing.duration_s


def test_the_same_walk_at_the_same_moment_gives_the_same_ids_again(store):
    def ids():
        stretch = LiveStretch(store, store.cameras[0], START, 5.0, Walker())
        for index in range(100):
            stretch.take(Frame(picture(index % 40), index / 5, index))
        return [item.events[0].event_id for item in stretch.finish(20.0) if isinstance(item, EventsItem)]

    assert ids() == ids() != []


def test_the_built_in_detector_learns_the_room_first_and_says_so(store):
    detector = MotionDetector(SIZE)
    stretch = LiveStretch(store, store.cameras[0], START, 5.0, detector, StretchRules(learn_s=4.0))
    for index in range(50):
        assert stretch.is_learning == (index <= 20)
        stretch.take(Frame(picture(index), index / 5, index))
    assert stretch.frames == 29
    (last,) = (item for item in stretch.finish(10.0) if isinstance(item, StretchItem))
    assert last.recording.gaps == (Gap(0.0, 4.0, "learning the room"),)


def test_a_recording_that_turns_dark_has_a_gap_too(store, tmp_path):
    path = tmp_path / "dark.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=2, options={"preset": "ultrafast", "g": "4"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for index in range(120):
            image = picture(index, dark=50 <= index < 90)
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, 2)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    job = CameraJob(path, store, store.cameras[0], START)
    gaps = [gap for gap in process_recording(job, Walker()).recording.gaps if gap.reason == "dark"]
    (gap,) = gaps
    # In its default mode a recording's quiet stretches are only glanced at.
    assert 25 <= gap.start_s <= 45
    assert 44 <= gap.end_s <= 60
