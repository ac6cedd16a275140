"""Confidence intervals: how far a share may be off for want of people."""

from __future__ import annotations

from math import sqrt
from typing import Any

_Z95 = 1.959963984540054  # quantile 0.975 of the normal distribution


def wilson(part: int, whole: int) -> tuple[float, float]:
    """The 95 % score interval of a share.

    Args:
        part: how many did.
        whole: of how many; at least 1.

    Returns:
        Lower and upper bound, within 0 and 1.

    Source: Wilson, Probable inference, the law of succession, and statistical inference (1927).
    """
    share, square = part / whole, _Z95 * _Z95
    middle = (share + square / (2 * whole)) / (1 + square / whole)
    half = _Z95 * sqrt(share * (1 - share) / whole + square / (4 * whole * whole)) / (1 + square / whole)
    return (0.0 if part == 0 else max(0.0, middle - half)), (
        1.0 if part == whole else min(1.0, middle + half)
    )


def interval_of(part: int, whole: int, *, known: bool = True) -> dict[str, Any]:
    """The interval of a share as an answer gives it; bounds are None where there is nothing to judge by.

    Args:
        part: how many did; more than `whole` are held at it.
        whole: of how many.
        known: whether what they did could be seen at all.
    """
    if whole <= 0 or not known:
        return {"low": None, "high": None, "n": max(0, whole)}
    low, high = wilson(min(part, whole), whole)
    return {"low": round(low, 4), "high": round(high, 4), "n": whole}
