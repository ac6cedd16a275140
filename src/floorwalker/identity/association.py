"""Association: probabilities of a one-to-one assignment in which anyone may stay alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
_ROUNDS = 200
_STILL = 1e-9


def assignment_probabilities(odds: FloatArray) -> FloatArray:
    """Probability of each pair when no row and no column may be in two pairs.

    Each one-to-one assignment has the product of its pairs' odds for a weight. Summing over all of them is
    out of reach; belief propagation finds the sums nearly exactly and always comes to rest.

    Args:
        odds: (n, m) ≥ 0, of a pair against both staying alone; 0 where it is impossible.

    Returns:
        (n, m); what a row lacks to 1 is the probability that it stays alone, and likewise a column.

    Source:
        Williams and Lau, "Approximate evaluation of marginal association probabilities with belief
        propagation", IEEE Transactions on Aerospace and Electronic Systems, 2014.
    """
    if odds.size == 0:
        return np.zeros(odds.shape)
    back = np.ones(odds.shape)
    for _ in range(_ROUNDS):
        weighed = odds * back
        forth = odds / (1.0 + weighed.sum(axis=1, keepdims=True) - weighed)
        before, back = back, 1.0 / (1.0 + forth.sum(axis=0, keepdims=True) - forth)
        if np.abs(back - before).max() < _STILL:
            break
    weighed = odds * back
    return np.asarray(weighed / (1.0 + weighed.sum(axis=1, keepdims=True)))
