from __future__ import annotations

import numpy as np
import pytest

from floorwalker.errors import InputError
from floorwalker.evaluation.detections import score_detections
from floorwalker.tracking.mot_files import MotTable


def boxes(*rows):
    """Rows of frame, how far to the right, and confidence."""
    frames, shifts, confidence = zip(*rows, strict=True)
    xyxy = np.array([0.0, 0.0, 20.0, 40.0]) + np.array(shifts)[:, None] * np.array([1.0, 0.0, 1.0, 0.0])
    return MotTable.of(frames, np.full(len(rows), -1), xyxy, confidence)


def truth(*rows):
    return boxes(*((frame, shift, 1.0) for frame, shift in rows))


def test_all_found_is_perfect():
    people = [(frame, 100 * k) for frame in range(1, 6) for k in range(4)]
    scores = score_detections(boxes(*((f, x, 0.9) for f, x in people)), truth(*people))
    assert scores.map == scores.ap50 == scores.average_recall == scores.recall50 == pytest.approx(1.0)
    assert (scores.boxes, scores.true_boxes, scores.frames) == (20, 20, 5)


def test_half_found_is_half_the_precision_and_its_overlap_counts():
    people = [(1, 0), (1, 100), (2, 0), (2, 100)]
    exact = score_detections(boxes((1, 0, 0.9), (2, 100, 0.9)), truth(*people))
    assert exact.recall50 == pytest.approx(0.5)
    assert exact.ap50 == pytest.approx(51 / 101)
    # 4 of 20 pixels off: an overlap of 16/24, enough at 0.5 to 0.65 and not at 0.75.
    beside = score_detections(boxes(*((f, x + 4, 0.9) for f, x in people)), truth(*people))
    assert beside.ap50 == pytest.approx(1.0)
    assert beside.ap75 == 0.0
    assert beside.map == pytest.approx(0.4)


def test_the_best_threshold_leaves_the_doubtful_ones_out():
    people = [(frame, 0) for frame in range(1, 11)]
    found = boxes(*((f, 0, 0.8) for f, _ in people), *((f, 300, 0.3) for f, _ in people))
    scores = score_detections(found, truth(*people))
    assert scores.f1 == pytest.approx(1.0)
    assert scores.best_confidence == pytest.approx(0.8)


def test_nothing_found_and_nothing_to_find():
    nothing = boxes((1, 0, 0.9)).select(np.zeros(1, dtype=bool))
    scores = score_detections(nothing, truth((1, 0)))
    assert (scores.map, scores.recall50, scores.boxes) == (0.0, 0.0, 0)
    with pytest.raises(InputError, match="no box that counts"):
        score_detections(boxes((1, 0, 0.9)), nothing)
