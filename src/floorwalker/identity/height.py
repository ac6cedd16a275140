"""A person's height from box and place, where the camera is calibrated."""

from __future__ import annotations

import numpy as np

from floorwalker.site.calibration import Calibration
from floorwalker.tracking.track import Track


def height_m(track: Track, calibration: Calibration | None) -> float | None:
    """Median height of a person over a track.

    Args:
        track: one person in one camera.
        calibration: the camera's.

    Returns:
        Metres, or None where the camera does not know heights or the person was never seen whole.
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
    return float(np.median(heights)) if len(heights) >= 3 else None
