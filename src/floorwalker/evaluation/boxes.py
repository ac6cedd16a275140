"""Measured boxes against true ones: one-to-one matching a frame by overlap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from floorwalker.evaluation.matched import Matched
from floorwalker.tracking.overlap import iou


@dataclass(frozen=True, slots=True)
class BoxScore(Matched):
    """How well boxes were found.

    Attributes:
        matched: pairs whose overlap reaches the threshold.
        measured: boxes found.
        true: boxes in the truth.
        ignored: boxes found that meet only boxes which do not count; they are no mistakes.
    """

    matched: int
    measured: int
    true: int
    ignored: int = 0

    def __add__(self, other: BoxScore) -> BoxScore:
        return BoxScore(
            self.matched + other.matched,
            self.measured + other.measured,
            self.true + other.true,
            self.ignored + other.ignored,
        )


def match_boxes(
    measured: npt.NDArray[np.floating], true: npt.NDArray[np.floating], least_iou: float = 0.5
) -> list[tuple[int, int]]:
    """Pair the boxes of one frame one to one: as many as possible, then the greatest overlap.

    Args:
        measured: (n, 4) pixels.
        true: (m, 4) pixels.
        least_iou: overlap that a pair needs.

    Returns:
        Pairs of indices into both.
    """
    if len(measured) == 0 or len(true) == 0:
        return []
    overlap = iou(measured, true)
    possible = overlap >= least_iou
    rows, columns = linear_sum_assignment(np.where(possible, overlap + 1.0, 0.0), maximize=True)
    kept = possible[rows, columns]
    return list(zip(rows[kept].tolist(), columns[kept].tolist(), strict=True))


def score_frame(
    measured: npt.NDArray[np.floating],
    true: npt.NDArray[np.floating],
    least_iou: float = 0.5,
    counts: npt.NDArray[np.bool_] | None = None,
) -> BoxScore:
    """Score one frame.

    Args:
        measured: (n, 4) pixels.
        true: (m, 4) pixels.
        least_iou: overlap that a pair needs.
        counts: (m,) False for people nobody is asked to find (hidden ones, say): finding them is neither
            right nor wrong. Default: all count.
    """
    asked = np.ones(len(true), dtype=bool) if counts is None else counts
    pairs = match_boxes(measured, true[asked], least_iou)
    free = np.setdiff1d(np.arange(len(measured)), [row for row, _ in pairs])
    spared = len(match_boxes(measured[free], true[~asked], least_iou))
    return BoxScore(len(pairs), len(measured) - spared, int(asked.sum()), spared)


def score_boxes(
    frames: Iterable[tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]], least_iou: float = 0.5
) -> BoxScore:
    """Score many frames.

    Args:
        frames: measured and true boxes of each.
        least_iou: overlap that a pair needs.
    """
    score = BoxScore(0, 0, 0)
    for measured, true in frames:
        score += score_frame(measured, true, least_iou)
    return score
