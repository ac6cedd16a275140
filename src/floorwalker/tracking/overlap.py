"""Overlap of boxes, and the one-to-one assignment that makes the most of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.intp]

# A pair exactly at the least is made.
_TOLERANCE = 1e-6


def iou(a_xyxy: npt.NDArray[np.floating], b_xyxy: npt.NDArray[np.floating]) -> FloatArray:
    """Intersection over union of every pair of boxes.

    Args:
        a_xyxy: (n, 4) pixels.
        b_xyxy: (m, 4) pixels.

    Returns:
        (n, m), 0 to 1.
    """
    return overlaps(np.asarray(a_xyxy, dtype=np.float64).T, np.asarray(b_xyxy, dtype=np.float64).T)


def overlaps(a: FloatArray, b: FloatArray) -> FloatArray:
    """Intersection over union of every pair of boxes that are given as columns, which is quicker.

    Args:
        a: (4, n) x1, y1, x2, y2.
        b: (4, m).

    Returns:
        (n, m), 0 to 1.
    """
    low = np.maximum(a[:2, :, None], b[:2, None, :])
    size = np.minimum(a[2:, :, None], b[2:, None, :])
    size -= low
    np.maximum(size, 0.0, out=size)
    shared = size[0] * size[1]
    sides_a, sides_b = a[2:] - a[:2], b[2:] - b[:2]
    union = (sides_a[0] * sides_a[1])[:, None] + sides_b[0] * sides_b[1]
    union -= shared
    np.maximum(union, 1e-9, out=union)
    shared /= union
    return np.asarray(shared)


def grow(corners: FloatArray, share: float | FloatArray) -> FloatArray:
    """Boxes grown on every side by a share of their height.

    Growth by the height on all sides lets a narrow box of a fast walker still meet its prediction, whose
    error is as large sideways as along the box.

    Args:
        corners: (4, n) x1, y1, x2, y2.
        share: of the height, one number or (n,).

    Source:
        Yang et al., "Hard to track objects with irregular motions and similar appearances? Make it easier
        by buffering the matching space", WACV 2023.
    """
    margin = share * (corners[3] - corners[1])
    grown = np.empty_like(corners)
    np.subtract(corners[:2], margin, out=grown[:2])
    np.add(corners[2:], margin, out=grown[2:])
    return grown


def within_reach(predicted: FloatArray, found: FloatArray, reach: FloatArray) -> npt.NDArray[np.bool_]:
    """Which found boxes are near enough to the predicted ones to be the same person.

    Sideways the middles are compared; along the body the nearest of head, middle and feet, since a shelf
    may hide the legs and a hat may lengthen the head.

    Args:
        predicted: (4, n) x1, y1, x2, y2.
        found: (4, m).
        reach: (n,) greatest distance in heights of the predicted box.

    Returns:
        (n, m).
    """
    limit = reach * (predicted[3] - predicted[1])
    heads_and_feet = np.abs(predicted[1::2, :, None] - found[1::2, None, :])
    middles = np.abs((predicted[:2] + predicted[2:])[:, :, None] - (found[:2] + found[2:])[:, None, :])
    middles *= 0.5
    along = np.minimum(np.minimum(heads_and_feet[0], heads_and_feet[1]), middles[1])
    return np.asarray(np.hypot(middles[0], along) <= limit[:, None])


def assign(similarity: FloatArray, least: float) -> tuple[IndexArray, IndexArray]:
    """One-to-one pairs of the greatest total similarity above the least.

    Args:
        similarity: (n, m), 0 to 1.
        least: pairs below it are never made.

    Returns:
        Rows and columns of the pairs, rows increasing.
    """
    gain = similarity - (least - _TOLERANCE)
    np.maximum(gain, 0.0, out=gain)
    gain[similarity <= 0.0] = 0.0  # however low the least is: what has nothing in common is no pair
    rows, columns = gain.nonzero()
    # Mostly everybody has one candidate: then there is nothing to solve.
    if len(set(columns.tolist())) == len(columns) and len(set(rows.tolist())) == len(rows):
        return rows, columns
    rows, columns = linear_sum_assignment(gain, maximize=True)
    made = gain[rows, columns] > 0.0
    return rows[made], columns[made]
