"""A camera's run in each mode of looking: the same people, another run's name, honest progress."""

from datetime import UTC, datetime

import numpy as np
import pytest
from tests.video.clips import SIZE, record, room

from floorwalker.pipeline.camera_run import CameraJob, process_recording
from floorwalker.pipeline.looking import DEFAULT_FPS, DOOR_FPS, PRODUCT_FPS, how_to_look, role_fps
from floorwalker.site import Camera, Store
from floorwalker.video.look import Mode
from floorwalker.vision.motion import MotionDetector

START = datetime(2026, 3, 3, 10, tzinfo=UTC)
LENGTH_S = 130
WALKS = ((32.1, 37.0), (61.0, 65.5), (66.9, 71.2), (112.3, 117.5))
STANDS_S = (80.0, 106.0)
LINE = {"id": "DOOR", "points": [(96, 20), (96, 100)], "inward": (150, 60)}
ZONE = {"id": "SHELF", "kind": "product", "polygon": [(10, 20), (70, 20), (70, 100), (10, 100)]}


def camera(**settings):
    return Camera.model_validate({"id": "CAM", "resolution": SIZE, **settings})


def picture(time_s):
    """People walk by, one stands, and the light drifts by a tenth within a minute."""
    image = room(time_s, WALKS)
    if STANDS_S[0] <= time_s < STANDS_S[1]:
        sway = int(2 * np.sin(time_s))
        image[34:90, 30 + sway : 50 + sway] = (200, 40, 30)
    return np.clip(image * (1 + 0.1 * np.sin(time_s / 10)), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    path = tmp_path_factory.mktemp("door") / "CAM.mp4"
    return record(path, [n / 10 for n in range(LENGTH_S * 10)], picture, gop=20)


@pytest.fixture(scope="module")
def runs(door):
    view = camera(entry_line=[LINE], zone=[ZONE])
    store = Store.model_validate({"id": "S1", "timezone": "UTC", "camera": [view]})
    told = {}

    def run(mode):
        steps = told.setdefault(mode, [])
        job = CameraJob(door, store, view, START, mode=mode)
        return process_recording(job, MotionDetector(SIZE), lambda done, of: steps.append((done, of)))

    return {mode: run(mode) for mode in (Mode.ALL, Mode.ADAPTIVE)}, told


def happened(run, *kinds):
    return [
        (event.event_type.value, (event.timestamp - START).total_seconds())
        for event in run.events
        if event.event_type.value in kinds
    ]


def test_adaptive_counts_who_everything_counts_in_drifting_light(runs):
    both, _ = runs
    every = happened(both[Mode.ALL], "ENTRY", "REENTRY", "EXIT")
    some = happened(both[Mode.ADAPTIVE], "ENTRY", "REENTRY", "EXIT")
    assert len(every) == len(WALKS)
    assert [kind for kind, _ in some] == [kind for kind, _ in every]
    np.testing.assert_allclose([at for _, at in some], [at for _, at in every], atol=0.15)
    assert both[Mode.ADAPTIVE].frames < 0.6 * both[Mode.ALL].frames
    assert both[Mode.ADAPTIVE].recording.gaps == ()


def test_who_stands_still_stays_as_long(runs):
    both, _ = runs
    for run in both.values():
        (left,) = [
            event for event in run.events if event.event_type.value == "ZONE_EXIT" and event.dwell_ms > 15_000
        ]
        assert left.dwell_ms / 1000 == pytest.approx(STANDS_S[1] - STANDS_S[0], abs=1.5)


def test_nobody_is_carried_over_what_was_passed_over(runs):
    adaptive = runs[0][Mode.ADAPTIVE]
    assert all(np.diff(track.time_s).max() < 4.5 for track in adaptive.tracks)


def test_the_mode_names_the_run_and_the_recording_is_the_same(runs):
    both, _ = runs
    assert both[Mode.ALL].recording.recording_id == both[Mode.ADAPTIVE].recording.recording_id
    assert both[Mode.ALL].run.config_hash != both[Mode.ADAPTIVE].run.config_hash


def test_progress_grows_to_the_recordings_length(runs):
    for steps in runs[1].values():
        done = [step for step, _ in steps]
        assert done == sorted(set(done))
        assert done[-1] == LENGTH_S == steps[-1][1]


def test_the_call_holds_above_the_site_file_and_that_above_the_role():
    assert how_to_look(camera(), 25.0).mode is Mode.ADAPTIVE
    written = camera(mode="stride", stride=7, fps=3)
    assert how_to_look(written, 25.0).stride == 7
    assert how_to_look(written, 25.0).fps == 3
    called = how_to_look(written, 25.0, mode=Mode.ALL, fps=12, stride=9)
    assert (called.mode, called.fps, called.stride) == (Mode.ALL, 12, 9)
    assert how_to_look(camera(mode="all"), 6.0).fps == 6.0


def test_the_most_demanding_of_what_a_camera_watches_sets_its_rate():
    assert role_fps(camera(zone=[ZONE])) == PRODUCT_FPS
    assert role_fps(camera(zone=[ZONE], entry_line=[LINE])) == DOOR_FPS
    assert role_fps(camera()) == DEFAULT_FPS
