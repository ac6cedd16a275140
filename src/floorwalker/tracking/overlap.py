"""Overlap of boxes, and the one-to-one assignment that makes the most of it."""

from __future__ import annotations

import lap
import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.intp]


def iou(a_xyxy: npt.NDArray[np.floating], b_xyxy: npt.NDArray[np.floating]) -> FloatArray:
    """Intersection over union of every pair of boxes.

    Args:
        a_xyxy: (n, 4) pixels.
        b_xyxy: (m, 4) pixels.

    Returns:
        (n, m), 0 to 1.
    """
    a, b = np.asarray(a_xyxy, dtype=np.float64), np.asarray(b_xyxy, dtype=np.float64)
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0.0), axis=2)
    area_a = np.prod(np.maximum(a[:, 2:] - a[:, :2], 0.0), axis=1)
    area_b = np.prod(np.maximum(b[:, 2:] - b[:, :2], 0.0), axis=1)
    return np.asarray(shared / np.maximum(area_a[:, None] + area_b[None, :] - shared, 1e-9))


def grow(xyxy: FloatArray, share: float | FloatArray) -> FloatArray:
    """Boxes grown on every side by a share of their height.

    Growth by the height on all sides lets a narrow box of a fast walker still meet its prediction, whose
    error is as large sideways as along the box.

    Args:
        xyxy: (n, 4) pixels.
        share: of the height, one number or (n,).

    Source:
        Yang et al., "Hard to track objects with irregular motions and similar appearances? Make it easier
        by buffering the matching space", WACV 2023.
    """
    margin = (np.asarray(share) * (xyxy[:, 3] - xyxy[:, 1]))[:, None]
    return np.hstack([xyxy[:, :2] - margin, xyxy[:, 2:] + margin])


def within_reach(
    predicted_xyxy: FloatArray, found_xyxy: FloatArray, reach: FloatArray
) -> npt.NDArray[np.bool_]:
    """Which found boxes are near enough to the predicted ones to be the same person.

    Sideways the middles are compared; along the body the nearest of head, middle and feet, since a shelf
    may hide the legs and a hat may lengthen the head.

    Args:
        predicted_xyxy: (n, 4) pixels.
        found_xyxy: (m, 4) pixels.
        reach: (n,) greatest distance in heights of the predicted box.

    Returns:
        (n, m).
    """
    limit = (reach * (predicted_xyxy[:, 3] - predicted_xyxy[:, 1]))[:, None]

    def apart(a: FloatArray, b: FloatArray) -> FloatArray:
        return np.abs(a[:, None] - b[None, :])

    across = apart(predicted_xyxy[:, [0, 2]].mean(axis=1), found_xyxy[:, [0, 2]].mean(axis=1))
    head, feet = (apart(predicted_xyxy[:, side], found_xyxy[:, side]) for side in (1, 3))
    middle = apart(predicted_xyxy[:, [1, 3]].mean(axis=1), found_xyxy[:, [1, 3]].mean(axis=1))
    along = np.minimum(np.minimum(head, feet), middle)
    return np.asarray(np.hypot(across, along) <= limit)


def assign(similarity: FloatArray, least: float) -> tuple[IndexArray, IndexArray]:
    """One-to-one pairs of the greatest total similarity.

    Args:
        similarity: (n, m), 0 to 1.
        least: pairs below it are never made.

    Returns:
        Rows and columns of the pairs, rows increasing.
    """
    if similarity.size == 0:
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp)
    cost = np.where(similarity >= least, 1.0 - similarity, 2.0)
    _, columns, _ = lap.lapjv(cost, extend_cost=True, cost_limit=1.0 - least + 1e-6)
    rows = np.flatnonzero(columns >= 0)
    return rows, np.asarray(columns)[rows].astype(np.intp)
