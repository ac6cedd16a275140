"""The path of a person's feet, freed of the detector's jitter."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
SMOOTHING_S = 0.25
_NEIGHBOURS = 6


def smooth(time_s: FloatArray, place: npt.ArrayLike, width_s: float = SMOOTHING_S) -> FloatArray:
    """Smooth a path by a straight line through each moment's neighbours.

    A local line, unlike a running mean, neither lags behind a walker nor shortens the path at its ends.

    Args:
        time_s: (n,) increasing presentation times.
        place: (n, d) positions.
        width_s: neighbours count by a bell of this standard deviation; raising it removes more jitter and
            rounds off quicker turns.

    Returns:
        (n, d) smoothed positions; NaN where the position was NaN.

    Source:
        Cleveland, "Robust locally weighted regression and smoothing scatterplots", JASA 1979 (one pass).
    """
    path = np.asarray(place, dtype=np.float64)
    good = np.isfinite(path).all(axis=1)
    result = np.full_like(path, np.nan)
    if not good.any():
        return result
    result[good] = _local_lines(time_s[good], path[good], width_s)
    return result


def _local_lines(time_s: FloatArray, path: FloatArray, width_s: float) -> FloatArray:
    count = len(time_s)
    around = np.arange(count)[:, None] + np.arange(-_NEIGHBOURS, _NEIGHBOURS + 1)[None, :]
    inside = (around >= 0) & (around < count)
    around = np.clip(around, 0, count - 1)
    offset = time_s[around] - time_s[:, None]
    weight = np.where(inside, np.exp(-0.5 * (offset / width_s) ** 2), 0.0)
    # Neighbours across a gap say nothing of this moment.
    weight[np.abs(offset) > 3 * width_s] = 0.0
    s0, s1, s2 = weight.sum(1), (weight * offset).sum(1), (weight * offset**2).sum(1)
    spread = s0 * s2 - s1**2
    slanted = spread > 1e-9
    tilt = np.where(slanted[:, None], (s2[:, None] - s1[:, None] * offset), 1.0)
    share = weight * tilt / np.where(slanted, spread, s0)[:, None]
    return np.asarray(np.einsum("nk,nkd->nd", share, path[around]))
