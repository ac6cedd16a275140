"""What precision, engine and input size change in what a network finds, on real pictures with truth.

Prints, on the pictures of MOT17-04 (people of whom a quarter or more is visible count), average precision
at an overlap of 0.5, precision and recall at score 0.35, processor time a picture on one thread, and against
the first row: its boxes that are found too (IoU above 0.5), and by how much their scores moved.

    python benchmarks/network_accuracy.py [--quick] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from floorwalker.settings import Settings
from floorwalker.tracking.overlap import assign, iou
from floorwalker.video.frame import Frame
from floorwalker.vision.detections import Detections
from floorwalker.vision.onnx import Engine, OnnxDetector, Precision

SEQUENCE = "mot/MOT17-04-FRCNN-mini"
SHOWN_SCORE, LEAST_SCORE, LEAST_VISIBLE = 0.35, 0.05, 0.25
PERSON = 1
Boxes = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to run one network."""

    network: str
    size: tuple[int, int]
    precision: Precision = "f32"
    engine: Engine = "openvino"


YOLOX = "yolox_nano_dynamic_hw.onnx"
VARIANTS = (
    Variant(YOLOX, (960, 544)),
    Variant(YOLOX, (960, 544), "bf16"),
    Variant(YOLOX, (960, 544), "f32", "onnxruntime"),
    Variant(YOLOX, (640, 352), "f32"),
    Variant(YOLOX, (1280, 736), "f32"),
    Variant("nanodet_m_416.onnx", (416, 416), "f32"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """What a variant found; `kept` and the scores' moves are against the first variant."""

    network: str
    size: str
    precision: str
    engine: str
    ap50: float
    precision_at_score: float
    recall_at_score: float
    cpu_ms: float
    kept: float
    score_moved_mean: float
    score_moved_most: float


def measure(folder: Path, variant: Variant, frames: list[Frame]) -> tuple[list[Detections], float]:
    """What a variant finds in each picture, and its median processor time in milliseconds."""
    detector = OnnxDetector.load(
        folder / variant.network,
        frames[0].size,
        LEAST_SCORE,
        variant.size,
        variant.precision,
        threads=1,
        engine=variant.engine,
    )
    detector.detect(frames[0])
    found, times = [], []
    for frame in frames:
        begun = time.process_time()
        found.append(detector.detect(frame))
        times.append(time.process_time() - begun)
    return found, 1000 * float(np.median(times))


def average_precision(found: list[Detections], truth: list[Boxes]) -> float:
    """Area under precision (made monotone) over recall, at an overlap of 0.5."""
    hits: list[tuple[float, bool]] = []
    for detections, people in zip(found, truth, strict=True):
        overlap, free = iou(detections.xyxy, people), np.ones(len(people), dtype=bool)
        for row in np.argsort(-detections.confidence):
            best = int(np.argmax(np.where(free, overlap[row], -1.0)))
            hit = bool(free[best] and overlap[row, best] >= 0.5)
            free[best] &= not hit
            hits.append((float(detections.confidence[row]), hit))
    hits.sort(key=lambda pair: -pair[0])
    right = np.cumsum([hit for _, hit in hits])
    recall = right / sum(map(len, truth))
    precision = np.maximum.accumulate((right / np.arange(1, len(hits) + 1))[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def at_score(found: list[Detections], truth: list[Boxes]) -> tuple[float, float]:
    """Precision and recall of what is shown."""
    shown = [detections.select(detections.confidence >= SHOWN_SCORE) for detections in found]
    pairs = sum(len(assign(iou(a.xyxy, b), 0.5)[0]) for a, b in zip(shown, truth, strict=True))
    return pairs / max(1, sum(map(len, shown))), pairs / sum(map(len, truth))


def against(found: list[Detections], first: list[Detections]) -> tuple[float, float, float]:
    """Share of the first variant's shown boxes that are found, and mean and most that their scores moved."""
    moved: list[float] = []
    shown = [detections.select(detections.confidence >= SHOWN_SCORE) for detections in first]
    for mine, theirs in zip(found, shown, strict=True):
        rows, columns = assign(iou(theirs.xyxy, mine.xyxy), 0.5)
        moved += np.abs(theirs.confidence[rows] - mine.confidence[columns]).tolist()
    return len(moved) / max(1, sum(map(len, shown))), float(np.mean(moved)), float(np.max(moved))


def pictures(data: Path, count: int) -> tuple[list[Frame], list[Boxes]]:
    """Pictures of the sequence and the people in each."""
    rows = np.loadtxt(data / SEQUENCE / "gt/gt.txt", delimiter=",")
    rows = rows[(rows[:, 6] == 1) & (rows[:, 7] == PERSON) & (rows[:, 8] >= LEAST_VISIBLE)]
    frames, truth = [], []
    for number in range(1, count + 1):
        image = cv2.imread(str(data / SEQUENCE / f"img1/{number:06d}.jpg"))
        frames.append(Frame(np.asarray(image, dtype=np.uint8), number / 30, number))
        boxes = rows[rows[:, 0] == number, 2:6]
        truth.append(np.hstack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]]))
    return frames, truth


def print_table(rows: list[Row]) -> None:
    """The table for people."""
    print(
        f"{'network':28}{'size':>8}{'precision':>11}{'engine':>13}{'AP':>8}{'P':>7}{'R':>7}"
        f"{'CPU ms':>9}{'boxes kept':>12}{'scores moved (most)':>21}"
    )
    for row in rows:
        print(
            f"{row.network:28}{row.size:>8}{row.precision:>11}{row.engine:>13}{row.ap50:8.3f}"
            f"{row.precision_at_score:7.2f}{row.recall_at_score:7.2f}{row.cpu_ms:9.1f}{row.kept:12.1%}"
            f"{row.score_moved_mean:13.3f} ({row.score_moved_most:.2f})"
        )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="two pictures of eight")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    arguments = parser.parse_args()
    data = Settings.load().shared / "data"
    if not (data / SEQUENCE).is_dir():
        print(f"not run: the real material is not in {data} (FLOORWALKER_SHARED)", file=sys.stderr)
        return 0
    frames, truth = pictures(data, 2 if arguments.quick else 8)
    rows: list[Row] = []
    first: list[Detections] | None = None
    for variant in VARIANTS:
        print(f"{variant} …", file=sys.stderr)
        found, cpu_ms = measure(data / "detectors", variant, frames)
        first = first or found
        shown_precision, shown_recall = at_score(found, truth)
        kept, moved_mean, moved_most = against(found, first)
        rows.append(
            Row(
                network=variant.network,
                size="×".join(map(str, variant.size)),
                precision=variant.precision,
                engine=variant.engine,
                ap50=round(average_precision(found, truth), 4),
                precision_at_score=round(shown_precision, 4),
                recall_at_score=round(shown_recall, 4),
                cpu_ms=round(cpu_ms, 1),
                kept=round(kept, 4),
                score_moved_mean=round(moved_mean, 4),
                score_moved_most=round(moved_most, 4),
            )
        )
    load = os.getloadavg()[0]
    if arguments.json:
        print(json.dumps({"rows": [asdict(row) for row in rows], "pictures": len(frames), "load": load}))
    else:
        print_table(rows)
        print(f"{len(frames)} pictures, {sum(map(len, truth))} people; load average {load:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
