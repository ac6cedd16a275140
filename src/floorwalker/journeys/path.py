"""The path of a person's feet, freed of the detector's jitter."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
SMOOTHING_S = 0.25
_NEIGHBOURS = 8
_STIFFNESS = (1e-3, 3e-2)


def smooth(time_s: FloatArray, place: npt.ArrayLike, width_s: float = SMOOTHING_S) -> FloatArray:
    """Smooth a path by a parabola through each moment's neighbours.

    A local parabola, unlike a running mean, neither lags behind a walker nor shortens the path at its ends,
    nor flattens the turn of somebody who steps over a line and back.

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
    result[good] = _local_curves(time_s[good], path[good], width_s)
    return result


def _local_curves(time_s: FloatArray, path: FloatArray, width_s: float) -> FloatArray:
    count = len(time_s)
    around = np.arange(count)[:, None] + np.arange(-_NEIGHBOURS, _NEIGHBOURS + 1)[None, :]
    inside = (around >= 0) & (around < count)
    around = np.clip(around, 0, count - 1)
    offset = (time_s[around] - time_s[:, None]) / width_s
    weight = np.where(inside, np.exp(-0.5 * offset**2), 0.0)
    # Neighbours across a gap say nothing of this moment.
    weight[np.abs(offset) > 3] = 0.0
    powers = offset[:, :, None] ** np.arange(3)
    moments = np.einsum("nk,nka,nkb->nab", weight, powers, powers)
    # A little stiffness keeps the slope and the bend at rest where there are too few neighbours for them.
    moments[:, [1, 2], [1, 2]] += np.array(_STIFFNESS)
    sums = np.einsum("nk,nka,nkd->nad", weight, powers, path[around])
    return np.asarray(np.linalg.solve(moments, sums)[:, 0])
