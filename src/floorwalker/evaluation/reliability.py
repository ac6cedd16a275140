"""Reliability: whether what is said with a confidence of 0.8 is right eight times in ten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BINS = 10


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Statements of like confidence.

    Attributes:
        low: least confidence of the bin.
        high: greatest confidence of the bin.
        count: how many statements.
        said: their mean confidence.
        right: the share of them that is right.
    """

    low: float
    high: float
    count: int
    said: float
    right: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far confidences mean what they say.

    Attributes:
        brier: mean square of confidence less outcome; 0 is perfect.
        base_brier: what one and the same confidence for all, the share that is right, would give.
        error: mean distance of confidence and share right over the bins, weighted by their size.
        bins: those that hold something.
    """

    brier: float
    base_brier: float
    error: float
    bins: tuple[ReliabilityBin, ...]


def reliability(confidence: Sequence[float], right: Sequence[bool], bins: int = BINS) -> Reliability:
    """Compare confidences with what came true.

    Args:
        confidence: of each statement, 0 to 1.
        right: whether it is.
        bins: of equal width.

    Source:
        Brier, "Verification of forecasts expressed in terms of probability", 1950; Naeini, Cooper and
        Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", 2015 (expected error).
    """
    said = np.asarray(confidence, dtype=np.float64)
    true = np.asarray(right, dtype=np.float64)
    if len(said) == 0:
        return Reliability(0.0, 0.0, 0.0, ())
    place = np.minimum((said * bins).astype(int), bins - 1)
    found = tuple(
        ReliabilityBin(
            number / bins,
            (number + 1) / bins,
            int(mine.sum()),
            float(said[mine].mean()),
            float(true[mine].mean()),
        )
        for number in range(bins)
        if (mine := place == number).any()
    )
    return Reliability(
        float(np.mean((said - true) ** 2)),
        float(np.mean((true.mean() - true) ** 2)),
        sum(part.count * abs(part.said - part.right) for part in found) / len(said),
        found,
    )
