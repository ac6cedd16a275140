"""Every kind of detector is held to the shared checks."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from detector_checks import Case, refuses_what_is_no_number, yield_checks

from floorwalker.evaluation.truth import TrueBoxes
from floorwalker.site import load_site
from floorwalker.video import Frame, read_frames
from floorwalker.vision.build import build_detector
from floorwalker.vision.motion import MotionDetector
from floorwalker.vision.onnx import OnnxDetector

SITES = Path(__file__).parent.parent / "sites" / "real_clips.toml"
NETWORKS = ("yolox_nano_dynamic_hw", "yolox_nano_416x416", "nanodet_m_416", "light_person_detector_192")
CHECKS = pytest.mark.parametrize("check", list(yield_checks()), ids=lambda check: check.__name__)


@CHECKS
@pytest.mark.parametrize("calibrated", [True, False], ids=["calibrated", "bare"])
def test_the_motion_detector(check, calibrated, painted):
    def make(size, room=True):
        eye = painted.camera() if room == calibrated and size == painted.size else None
        return MotionDetector(size, eye)

    frames = []
    for n in range(5):
        image = painted.empty_room()
        if n > 1:
            painted.paint_person(image, painted.camera(), (n / 5 - 0.5, 3.5), (40, 40, 190))
        frames.append(painted.frame_of(image, 10 + n / 10))
    samples = [painted.frame_of(painted.empty_room(), n / 2) for n in range(8)]
    check(Case("motion", make, lambda size: make(size, room=False), frames, samples))


@pytest.fixture(scope="module")
def two_stills(shared):
    """One frame of the room with a person in it, at the network's ease, and one of the empty room."""
    clip = read_frames(shared / "videos" / "one-by-one-person-detection.mp4")
    kept = [frame for frame in itertools.islice(clip, 121) if frame.index in (0, 120)]
    return [Frame(frame.image, frame.time_s, frame.index) for frame in kept]


@pytest.mark.shared
@CHECKS
@pytest.mark.parametrize("name", NETWORKS)
def test_each_network(check, name, shared, two_stills):
    path = shared / "detectors" / f"{name}.onnx"
    check(
        Case(
            name,
            lambda size: OnnxDetector.load(path, size, precision="f32"),
            lambda size: OnnxDetector.load(path, size, score_threshold=0.5, precision="f32"),
            two_stills,
        )
    )


@CHECKS
def test_the_truth(check, tmp_path):
    def write(name, x):
        path = tmp_path / name
        rows = [f"{n / 10},anna,{x + n},100,{x + 60 + n},280,{x + 30 + n},280,1.0" for n in range(5)]
        path.write_text("\n".join(["time_s,person_id,x1,y1,x2,y2,foot_x,foot_y,visible", *rows]))
        return path

    one, other = write("one.csv", 100), write("other.csv", 120)
    blank = np.zeros((480, 640, 3), np.uint8)
    frames = [Frame(blank, n / 10, n) for n in range(5)]
    check(Case("truth", lambda size: TrueBoxes(one), lambda size: TrueBoxes(other), frames, looks=False))


def test_what_is_no_number_is_refused():
    refuses_what_is_no_number()


@pytest.mark.shared
def test_a_detector_built_for_a_camera_is_one_of_these(shared, tmp_path):
    _, camera = load_site(SITES).store_of_camera("CAM_TABLE")
    assert isinstance(build_detector("motion", camera, camera.resolution, tmp_path), MotionDetector)
    path = str(shared / "detectors" / f"{NETWORKS[3]}.onnx")
    assert isinstance(build_detector(path, camera, camera.resolution, tmp_path), OnnxDetector)
