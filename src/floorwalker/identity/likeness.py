"""Likeness: from descriptors to the probability that two tracks show one person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from floorwalker.tracking.stitch import similarity

# Differences of the heights of two adults taken at random, and of heights of which one was measured wrongly.
_STRANGERS_SD_M = 0.13
_WRONG_SD_M = 0.2


@dataclass(frozen=True, slots=True)
class LikenessScale:
    """From similarity (and height) to a probability, by the ratio of two densities.

    Attributes:
        middle: similarity at which it is as likely as not that two tracks are one person, among as many
            pairs of one person as of two.
        steepness: growth of the log-odds with similarity.
        most_log_odds: beyond this, more similarity says nothing: clothes alike to the last thread are
            still worn by two people now and then.
        height_sd_m: standard deviation of the difference of two measured heights of one person.
        height_outliers: share of heights that are measured wrongly, so that a height alone proves nothing.
    """

    middle: float = 0.907
    steepness: float = 100.0
    most_log_odds: float = 4.9
    height_sd_m: float = 0.045
    height_outliers: float = 0.1

    def probability(self, similarity_: float, height_difference_m: float | None = None) -> float:
        """Probability of being one person, 0 to 1.

        Args:
            similarity_: of the appearances, 0 to 1.
            height_difference_m: of the estimated heights, where both are known.
        """
        odds = min(self.steepness * (similarity_ - self.middle), self.most_log_odds)
        if height_difference_m is not None:
            odds += self._height_log_odds(height_difference_m)
        return float(1 / (1 + np.exp(-np.clip(odds, -50, 50))))

    def _height_log_odds(self, difference_m: float) -> float:
        same = (1 - self.height_outliers) * _normal(difference_m, self.height_sd_m)
        same += self.height_outliers * _normal(difference_m, _WRONG_SD_M)
        return float(np.log(same / _normal(difference_m, _STRANGERS_SD_M)))


def _normal(value: float, sd: float) -> float:
    return float(np.exp(-0.5 * (value / sd) ** 2) / (sd * np.sqrt(2 * np.pi)))


def odds_of(probability: float) -> float:
    """The odds of a probability, kept finite."""
    bounded = min(max(probability, 1e-9), 1 - 1e-9)
    return bounded / (1 - bounded)


def likeness(
    a: npt.NDArray[np.float32],
    b: npt.NDArray[np.float32],
    scale: LikenessScale,
    height_difference_m: float | None = None,
) -> float | None:
    """Probability that two sets of descriptors show one person, or None where one set is empty."""
    value = similarity(a, b)
    return None if value is None else scale.probability(value, height_difference_m)
