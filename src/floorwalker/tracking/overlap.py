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
