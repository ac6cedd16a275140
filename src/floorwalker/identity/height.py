"""A person's height from box and place, where the camera is calibrated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from floorwalker.site.calibration import Calibration
from floorwalker.tracking.track import Track

# Shadows, neighbours and doors make boxes too tall far more often than too low.
_QUANTILE = 0.2
_LEAST_SD_M = 0.012
# What a box's top says twice in a row is no second opinion: the spread over a track counts in good part.
_SD_OF_SPREAD = 0.25


@dataclass(frozen=True, slots=True)
class Height:
    """An estimated height.

    Attributes:
        value_m: metres.
        sd_m: its error, one standard deviation.
    """

    value_m: float
    sd_m: float


def height_of(track: Track, calibration: Calibration | None) -> Height | None:
    """Height of a person over a track: a low quantile, since boxes err upwards.

    Args:
        track: one person in one camera.
        calibration: the camera's.

    Returns:
        The height, or None where the camera does not know heights or the person was never seen whole.
    """
    if calibration is None or calibration.projection is None:
        return None
    width, picture_height = calibration.resolution
    boxes = track.xyxy.astype(np.float64)
    whole = (
        (boxes[:, 0] > 2) & (boxes[:, 1] > 2) & (boxes[:, 2] < width - 2) & (boxes[:, 3] < picture_height - 2)
    )
    whole &= np.isfinite(track.floor_m).all(axis=1)
    if whole.sum() < 3:
        return None
    floor = np.column_stack([track.floor_m[whole], np.zeros(whole.sum()), np.ones(whole.sum())])
    base = floor @ calibration.projection.T
    up = calibration.projection[:, 2]
    head_y = boxes[whole, 1]
    denominator = head_y * up[2] - up[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        heights = (base[:, 1] - head_y * base[:, 2]) / denominator
    heights = heights[np.isfinite(heights) & (heights > 0.5) & (heights < 2.5)]
    if len(heights) < 3:
        return None
    low, lower, upper = np.quantile(heights, [_QUANTILE, 0.25, 0.75])
    return Height(float(low), max(_SD_OF_SPREAD * float(upper - lower), _LEAST_SD_M))
