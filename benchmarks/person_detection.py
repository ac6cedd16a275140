"""Person detection on real clips: the built-in motion detector and a naive peer against a network's boxes.

Run `python benchmarks/person_detection.py [--quick] [--json]`. The reference is YOLOX-nano at the frames'
shape, score ≥ 0.35, IoU ≥ 0.5; where a clip has its own truth, that is used. The peer is OpenCV's MOG2 with
contours. The real material is read from FLOORWALKER_SHARED (default ../shared).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from floorwalker.video import Frame, probe, read_frames, sample_frames
from floorwalker.vision.detections import Detections
from floorwalker.vision.detector import Detector
from floorwalker.vision.motion import MotionDetector
from floorwalker.vision.onnx import OnnxDetector

ROOT = Path(__file__).resolve().parent.parent
NETWORK = "detectors/yolox_nano_dynamic_hw.onnx"
CLIPS = (
    "videos/one-by-one-person-detection.mp4",
    "videos/supermarket-checkout.mp4",
    "videos/mall-plaza.mp4",
    "videos/store-aisle-detection-preview.gif",
    "two-camera-synthetic/Cam_x1_0.mp4",
    "two-camera-synthetic/Cam_x2_0.mp4",
)
FPS = 10.0
Boxes = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Result:
    """One detector on one clip."""

    clip: str
    detector: str
    reference: str
    frames: int
    precision: float
    recall: float
    detect_fps: float


class NaivePeer:
    """MOG2 with contours, as first written by everybody."""

    fingerprint = "mog2"

    def __init__(self) -> None:
        self._model = cv2.createBackgroundSubtractorMOG2(detectShadows=True)

    def prepare(self, samples: Iterable[Frame]) -> None:
        """Nothing to prepare."""

    def detect(self, frame: Frame) -> Detections:
        """Boxes of large contours."""
        mask = self._model.apply(frame.image)
        mask = cv2.threshold(mask, 200, 255, cv2.THRESH_BINARY)[1]
        mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        mask = cv2.dilate(mask, np.ones((5, 5), np.uint8), iterations=2)
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        least = 0.003 * mask.shape[0] * mask.shape[1]
        rows = [cv2.boundingRect(contour) for contour in contours if cv2.contourArea(contour) >= least]
        boxes = [[x, y, x + w, y + h] for x, y, w, h in rows]
        return Detections.from_boxes(boxes, np.full(len(boxes), 0.5))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="the first clip only")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    data = Path(os.environ.get("FLOORWALKER_SHARED", str(ROOT.parent / "shared"))) / "data"
    if not (data / NETWORK).exists():
        print(f"not run: no {data / NETWORK} (FLOORWALKER_SHARED)", file=sys.stderr)
        return 0
    load = os.getloadavg()[0]
    results = [row for clip in (CLIPS[:1] if arguments.quick else CLIPS) for row in measure(data, clip)]
    if arguments.json:
        print(json.dumps({"load": load, "results": [asdict(row) for row in results]}, indent=2))
        return 0
    print(f"load average at start: {load:.2f} (figures of speed count only on a quiet machine)")
    print(f"{'clip':34} {'detector':10} {'reference':12} {'frames':>6} {'P':>6} {'R':>6} {'det/s':>6}")
    for row in results:
        print(
            f"{row.clip:34} {row.detector:10} {row.reference:12} {row.frames:6d} "
            f"{row.precision:6.3f} {row.recall:6.3f} {row.detect_fps:6.0f}"
        )
    return 0


def measure(data: Path, clip: str) -> Iterator[Result]:
    """All detectors on one clip."""
    path = data / clip
    info = probe(path)
    network = OnnxDetector.load(data / NETWORK, (info.width, info.height))
    truth_file = path.with_suffix(".json")
    reference: Callable[[Frame], Boxes]
    if truth_file.exists():
        truth = _read_truth(truth_file)
        name, reference = "truth", lambda frame: truth[frame.index]
    else:
        name, reference = "yolox-nano", lambda frame: network.detect(frame).xyxy
    detectors: dict[str, Detector] = {
        "motion": MotionDetector((info.width, info.height)),
        "mog2": NaivePeer(),
    }
    if truth_file.exists():
        detectors["yolox-nano"] = network
    for detector in detectors.values():
        detector.prepare(sample_frames(path, 40))
    counts = {key: np.zeros(3) for key in detectors}
    seconds = dict.fromkeys(detectors, 0.0)
    frames = 0
    for frame in read_frames(path, FPS):
        wanted = reference(frame)
        frames += 1
        for key, detector in detectors.items():
            began = time.perf_counter()
            found = detector.detect(frame).xyxy
            seconds[key] += time.perf_counter() - began
            counts[key] += (_matches(found, wanted), len(found), len(wanted))
    for key, (matched, found_count, wanted_count) in counts.items():
        yield Result(
            clip=path.name,
            detector=key,
            reference=name,
            frames=frames,
            precision=round(float(matched / max(found_count, 1)), 4),
            recall=round(float(matched / max(wanted_count, 1)), 4),
            detect_fps=round(frames / max(seconds[key], 1e-9), 1),
        )


def _read_truth(path: Path) -> list[Boxes]:
    frames = []
    for line in path.read_text().splitlines():
        people: list[dict[str, Any]] = json.loads(line)["objects"].get("person", [])
        rows = [
            [person["bounding_box_px"][key] for key in ("x", "y", "width", "height")] for person in people
        ]
        boxes = np.array(rows, np.float32).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        frames.append(boxes)
    return frames


def _matches(found: Boxes, wanted: Boxes) -> int:
    """Pairs of boxes with IoU ≥ 0.5, each used once."""
    if not len(found) or not len(wanted):
        return 0
    corner = np.maximum(found[:, None, :2], wanted[None, :, :2])
    opposite = np.minimum(found[:, None, 2:], wanted[None, :, 2:])
    shared = np.clip(opposite - corner, 0, None).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (found, wanted)]
    overlap = shared / (areas[0][:, None] + areas[1][None] - shared)
    rows, columns = linear_sum_assignment(-np.where(overlap >= 0.5, 1 + overlap, 0))
    return int((overlap[rows, columns] >= 0.5).sum())


if __name__ == "__main__":
    sys.exit(main())
