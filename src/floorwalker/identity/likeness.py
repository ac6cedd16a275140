"""Likeness: from descriptors to the probability that two tracks show one person."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from floorwalker.identity.height import Height

# The best tenth of all pairs of views: a few half hidden ones spoil nothing.
_BEST = 0.9
# Difference of the heights of two people taken at random, children among them.
_STRANGERS_SD_M = 0.18


@dataclass(frozen=True, slots=True)
class LikenessScale:
    """From resemblance (and height) to a probability, by the ratio of two densities.

    Attributes:
        middle: resemblance at which it is as likely as not that two tracks are one person, among as many
            pairs of one person as of two.
        steepness: growth of the log-odds with resemblance.
        most_log_odds: beyond this, more resemblance says nothing: clothes alike to the last thread are
            still worn by two people now and then.
        least_log_odds: below this, less resemblance says nothing: now and then a track shows somebody else
            for part of its time.
        height_outliers: share of heights that are measured wrongly, so that a height alone proves nothing.
    """

    middle: float = 0.919
    steepness: float = 67.0
    most_log_odds: float = 4.9
    least_log_odds: float = -3.7
    height_outliers: float = 0.15

    def probability(self, resemblance: float, heights: tuple[Height, Height] | None = None) -> float:
        """Probability of being one person, 0 to 1.

        Args:
            resemblance: of the appearances, 0 to 1.
            heights: of both, where both are known.
        """
        odds = self.steepness * (resemblance - self.middle)
        odds = min(max(odds, self.least_log_odds), self.most_log_odds)
        if heights is not None:
            odds += self._height_log_odds(*heights)
        return float(1 / (1 + np.exp(-np.clip(odds, -50, 50))))

    def _height_log_odds(self, a: Height, b: Height) -> float:
        difference_m, sd_m = a.value_m - b.value_m, math.hypot(a.sd_m, b.sd_m)
        strangers = _normal(difference_m, math.hypot(_STRANGERS_SD_M, sd_m))
        # A height measured wrongly says as much as none.
        same = (1 - self.height_outliers) * _normal(difference_m, sd_m) + self.height_outliers * strangers
        return math.log(same / strangers) if strangers > 0 else math.log(self.height_outliers)


# Two views from the same side resemble each other more.
SAME_SIDE = LikenessScale(middle=0.936, steepness=88.0)


def _normal(value: float, sd: float) -> float:
    return math.exp(-0.5 * (value / sd) ** 2) / (sd * math.sqrt(2 * math.pi))


def odds_of(probability: float) -> float:
    """The odds of a probability, kept finite."""
    bounded = min(max(probability, 1e-9), 1 - 1e-9)
    return bounded / (1 - bounded)


def resemblance(a: npt.NDArray[np.float32], b: npt.NDArray[np.float32]) -> float | None:
    """How alike two sets of descriptors are at their best, or None where one is empty.

    Args:
        a: (k, d) of norm 1.
        b: (l, d) of norm 1.
    """
    if len(a) == 0 or len(b) == 0:
        return None
    return float(np.quantile(a @ b.T, _BEST))


def likeness(
    a: npt.NDArray[np.float32],
    b: npt.NDArray[np.float32],
    scale: LikenessScale,
    heights: tuple[Height | None, Height | None] = (None, None),
) -> float | None:
    """Probability that two sets of descriptors show one person, or None where one set is empty."""
    value = resemblance(a, b)
    if value is None:
        return None
    first, second = heights
    return scale.probability(value, None if first is None or second is None else (first, second))
