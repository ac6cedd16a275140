"""Real clips with the detector that suits them less; with the other one see `test_pipeline_golden`."""

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from floorwalker.pipeline.camera_run import CameraJob, process_recording
from floorwalker.site import load_site
from floorwalker.vision.build import build_detector

SITE = load_site(Path(__file__).parent.parent / "sites" / "real_clips.toml")
CLIPS = {
    "CAM_TABLE": "one-by-one-person-detection.mp4",
    "CAM_CHECKOUT": "supermarket-checkout.mp4",
    "CAM_HALL": "mall-plaza.mp4",
    "CAM_AISLE": "store-aisle-detection-preview.gif",
}
START = datetime(2026, 3, 3, 10, tzinfo=UTC)


def process(shared, tmp_path, camera_id, detector):
    store, camera = SITE.store_of_camera(camera_id)
    name = str(shared / "detectors" / "yolox_nano_dynamic_hw.onnx") if detector == "network" else detector
    finder = build_detector(name, camera, camera.resolution, tmp_path)
    return process_recording(CameraJob(shared / "videos" / CLIPS[camera_id], store, camera, START), finder)


@pytest.mark.shared
def test_one_by_one_each_visit_is_one_track(shared, tmp_path):
    run = process(shared, tmp_path, "CAM_TABLE", "network")
    visits = [(track.start_s, track.end_s) for track in run.tracks]
    assert len(visits) == 6, visits
    assert all(later[0] > earlier[1] for earlier, later in pairwise(visits))
    stays = [event.event_type.value for event in run.events if event.zone_id == "TABLE"]
    assert stays.count("ZONE_ENTER") == stays.count("ZONE_EXIT") == 6
    assert not [event for event in run.events if event.event_type.value in {"ENTRY", "REENTRY"}]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("camera_id", "fewest", "most"), [("CAM_CHECKOUT", 2, 25), ("CAM_HALL", 30, 110), ("CAM_AISLE", 1, 20)]
)
def test_other_clips_give_a_plausible_number_of_people(shared, tmp_path, camera_id, fewest, most):
    run = process(shared, tmp_path, camera_id, "motion")
    assert fewest <= len(run.tracks) <= most
    times = [event.timestamp for event in run.events]
    assert times == sorted(times)
    assert all(moment >= START for moment in times)
