"""What comes out of each real clip, against what was frozen after it had been looked at by eye.

docs/golden-clips.md tells what a person sees in each clip, and where the events below are wrong.
Made anew with `pytest tests/pipeline/test_pipeline_golden.py --update-golden`; look before you commit.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from floorwalker.pipeline.camera_run import CameraJob, process_recording
from floorwalker.site import load_site
from floorwalker.vision.build import build_detector
from floorwalker.vision.onnx import OnnxDetector

TESTS = Path(__file__).parent.parent
SITE = load_site(TESTS / "sites" / "real_clips.toml")
START = datetime(2026, 3, 3, 10, tzinfo=UTC)
TOLERANCE_S = 0.35


@dataclass(frozen=True)
class Clip:
    """A real clip, the detector that suits it, and what of it can be told by eye.

    Attributes:
        camera_id: in the site file.
        video: below the shared data.
        network: for short and for crowded clips; else the built-in detector.
        places: lines and zones whose events are frozen; None: all. Nobody can follow forty people's zones.
    """

    camera_id: str
    video: str
    network: bool
    places: tuple[str, ...] | None = None


CLIPS = [
    Clip("CAM_TABLE", "videos/one-by-one-person-detection.mp4", network=False),
    Clip("CAM_CHECKOUT", "videos/supermarket-checkout.mp4", network=True),
    Clip("CAM_HALL", "videos/mall-plaza.mp4", network=True, places=("MIDDLE",)),
    Clip("CAM_AISLE", "videos/store-aisle-detection-preview.gif", network=True),
    Clip("CAM_X1", "two-camera-synthetic/Cam_x1_0.mp4", network=False),
    Clip("CAM_X2", "two-camera-synthetic/Cam_x2_0.mp4", network=False),
]


def process(clip, shared, models_dir):
    store, camera = SITE.store_of_camera(clip.camera_id)
    if clip.network:
        # Not the fastest precision of this machine: the same boxes on all of them.
        path = shared / "detectors" / "yolox_nano_dynamic_hw.onnx"
        detector = OnnxDetector.load(path, camera.resolution, precision="f32")
    else:
        detector = build_detector("motion", camera, camera.resolution, models_dir)
    return process_recording(CameraJob(shared / clip.video, store, camera, START), detector)


def told(event):
    """One event as it is frozen: what happened, where, when, and whether to staff."""
    return {
        "type": event.event_type.value,
        "place": event.zone_id or event.metadata["line_id"],
        "at_s": round((event.timestamp - START).total_seconds(), 2),
        "staff": event.is_staff,
    }


def by_kind(rows):
    times = defaultdict(list)
    for row in rows:
        times[row["type"], row["place"], row["staff"]].append(row["at_s"])
    return {kind: sorted(moments) for kind, moments in sorted(times.items())}


@pytest.mark.shared
@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.camera_id)
def test_a_real_clip_gives_the_events_that_were_looked_at(clip, shared, tmp_path, update_golden):
    found = [told(event) for event in process(clip, shared, tmp_path).events]
    found = [row for row in found if clip.places is None or row["place"] in clip.places]
    golden = TESTS / "golden" / f"{clip.camera_id}.jsonl"
    if update_golden:
        golden.write_text("".join(f"{json.dumps(row)}\n" for row in found))
        pytest.skip(f"{golden.name} written anew: look at the clip before you commit it")
    frozen = by_kind(json.loads(line) for line in golden.read_text().splitlines())
    given = by_kind(found)
    assert {kind: len(times) for kind, times in given.items()} == {
        kind: len(times) for kind, times in frozen.items()
    }
    for kind, times in frozen.items():
        assert given[kind] == pytest.approx(times, abs=TOLERANCE_S), kind
