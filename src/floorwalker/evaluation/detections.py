"""Detections against truth: average precision by the library faster-coco-eval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from floorwalker.errors import InputError
from floorwalker.evaluation.tracks import counting, without_distractors
from floorwalker.tracking.mot_files import MotTable

_INSTALL = "scoring detections needs faster-coco-eval, which is not installed; install it with: "
_INSTALL += "pip install 'floorwalker[eval]'"
_MOST_A_FRAME = 1000
_RECALLS = 101


@dataclass(frozen=True, slots=True)
class DetectionScores:
    """How well people were found; shares are 0 to 1.

    Attributes:
        map: average precision, the mean over overlaps of 0.50 to 0.95.
        ap50: at an overlap of 0.5.
        ap75: at 0.75.
        average_recall: recall, the mean over overlaps of 0.50 to 0.95.
        recall50: recall of all detections at 0.5.
        f1: the best at an overlap of 0.5, over all confidences.
        best_precision: precision there.
        best_recall: recall there.
        best_confidence: the least confidence there: what to set a threshold to.
        boxes: detections scored.
        true_boxes: people to be found.
        frames: frames with anything in either.
        precision50: precision at recalls of 0, 0.01, … 1 and an overlap of 0.5.
        precision75: the same at 0.75.
    """

    map: float
    ap50: float
    ap75: float
    average_recall: float
    recall50: float
    f1: float
    best_precision: float
    best_recall: float
    best_confidence: float
    boxes: int
    true_boxes: int
    frames: int
    precision50: tuple[float, ...]
    precision75: tuple[float, ...]


def score_detections(measured: MotTable, true: MotTable) -> DetectionScores:
    """Score the detections of one sequence.

    Args:
        measured: detections with confidences.
        true: the truth; where it tells classes, as in `score_tracks`.

    Returns:
        The scores.

    Raises:
        InputError: nothing in the truth counts, or faster-coco-eval is missing.

    Source:
        Lin et al., "Microsoft COCO: common objects in context", ECCV 2014 (its evaluation).
    """
    measured, true = without_distractors(measured, true), true.select(counting(true))
    if len(true) == 0:
        raise InputError("the truth holds no box that counts (its seventh column is 0 for all)")
    frames = np.unique(np.concatenate([true.frame, measured.frame]))
    if len(measured) == 0:
        none = (0.0,) * _RECALLS
        return DetectionScores(*(0.0,) * 8, 1.0, 0, len(true), len(frames), none, none)
    result = _evaluate(measured, true, frames)
    # overlap, recall, category, area, most boxes a frame
    precision = result.eval["precision"][:, :, 0, 0, -1]
    recall = result.eval["recall"][:, 0, 0, -1]
    scores = result.eval["scores"][0, :, 0, 0, -1]
    recalls = np.linspace(0, 1, _RECALLS)
    harmonic = 2 * precision[0] * recalls / np.maximum(precision[0] + recalls, 1e-9)
    best = int(np.argmax(harmonic))
    return DetectionScores(
        map=float(precision.mean()),
        ap50=float(precision[0].mean()),
        ap75=float(precision[5].mean()),
        average_recall=float(recall.mean()),
        recall50=float(recall[0]),
        f1=float(harmonic[best]),
        best_precision=float(precision[0, best]),
        best_recall=float(recalls[best]),
        best_confidence=float(scores[best]),
        boxes=len(measured),
        true_boxes=len(true),
        frames=len(frames),
        precision50=tuple(precision[0].round(6).tolist()),
        precision75=tuple(precision[5].round(6).tolist()),
    )


def _evaluate(measured: MotTable, true: MotTable, frames: Any) -> Any:
    try:
        from faster_coco_eval import COCO, COCOeval_faster
    except ModuleNotFoundError as error:
        raise InputError(_INSTALL) from error
    truth = COCO(
        {
            "images": [{"id": frame} for frame in frames.tolist()],
            "categories": [{"id": 1, "name": "person"}],
            "annotations": [{**row, "iscrowd": 0} for row in _rows(true)],
        }
    )
    found = truth.loadRes(
        [
            {**row, "score": score}
            for row, score in zip(_rows(measured), measured.confidence.tolist(), strict=True)
        ]
    )
    result = COCOeval_faster(truth, found, "bbox", print_function=_silent)
    result.params.maxDets = [1, 10, _MOST_A_FRAME]
    result.evaluate()
    result.accumulate()
    return result


def _rows(table: MotTable) -> list[dict[str, Any]]:
    left_top, size = table.xyxy[:, :2], table.xyxy[:, 2:] - table.xyxy[:, :2]
    boxes = np.hstack([left_top, size]).tolist()
    return [
        {"id": number, "image_id": frame, "category_id": 1, "bbox": box, "area": box[2] * box[3]}
        for number, (frame, box) in enumerate(zip(table.frame.tolist(), boxes, strict=True), start=1)
    ]


def _silent(*_: object) -> None:
    """What the library would print is not asked for."""
