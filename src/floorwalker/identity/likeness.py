"""Likeness: from descriptors to the probability that two tracks show one person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from floorwalker.tracking.stitch import similarity


@dataclass(frozen=True, slots=True)
class LikenessScale:
    """A logistic curve from similarity (and height) to probability.

    Attributes:
        middle: similarity at which it is as likely as not that two tracks are one person, among as many
            pairs of one person as of two.
        steepness: of the curve.
        height_sd_m: standard deviation of a height's measurement; a difference tells two people apart.
    """

    middle: float = 0.93
    steepness: float = 100.0
    height_sd_m: float = 0.05

    def probability(self, similarity_: float, height_difference_m: float | None = None) -> float:
        """Probability of being one person, 0 to 1.

        Args:
            similarity_: of the appearances, 0 to 1.
            height_difference_m: of the estimated heights, where both are known.
        """
        odds = self.steepness * (similarity_ - self.middle)
        if height_difference_m is not None:
            # Heights of two people differ with a standard deviation of about 0.12 m.
            same, other = self.height_sd_m * 2**0.5, (2 * self.height_sd_m**2 + 2 * 0.085**2) ** 0.5
            odds += float(np.log(other / same) - 0.5 * height_difference_m**2 * (1 / same**2 - 1 / other**2))
        return float(1 / (1 + np.exp(-np.clip(odds, -50, 50))))


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
