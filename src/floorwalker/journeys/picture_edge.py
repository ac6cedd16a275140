"""Where the picture's edge cuts a person off, the feet are where the whole person would have them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from floorwalker.site import Calibration
from floorwalker.tracking.track import Track

FloatArray = npt.NDArray[np.float64]
_EDGE_PX = 2.0
_EDGE_SHARE = 0.02
_REMEMBERED_S = 3.0


def beyond_the_edge(track: Track, resolution: tuple[int, int], calibration: Calibration | None) -> Track:
    """A track whose cut-off boxes are completed by the size last or next seen whole.

    Who walks out of the picture keeps the lower edge of the box on the picture's edge until nothing is left
    of them: the feet seem to stand still there, and a line close to the edge would never be crossed.

    Args:
        track: one person in one camera.
        resolution: width and height of the picture in pixels.
        calibration: for the floor positions of the completed feet.

    Returns:
        The track with boxes, feet and floor positions that may lie outside the picture; the same object
        where nobody is cut off, or where the person was never seen whole within 3 s.
    """
    width, height = resolution
    boxes = track.xyxy.astype(np.float64)
    margin = np.maximum(_EDGE_PX, _EDGE_SHARE * (boxes[:, 3] - boxes[:, 1]))
    below = boxes[:, 3] >= height - margin
    left, right = boxes[:, 0] <= margin, boxes[:, 2] >= width - margin
    if not (below | left | right).any():
        return track
    tall = _last_whole(track.time_s, boxes[:, 3] - boxes[:, 1], below)
    broad = _last_whole(track.time_s, boxes[:, 2] - boxes[:, 0], left | right)
    whole = boxes.copy()
    whole[:, 3] = np.where(below, np.fmax(boxes[:, 3], boxes[:, 1] + tall), boxes[:, 3])
    whole[:, 0] = np.where(left & ~right, np.fmin(boxes[:, 0], boxes[:, 2] - broad), boxes[:, 0])
    whole[:, 2] = np.where(right & ~left, np.fmax(boxes[:, 2], boxes[:, 0] + broad), boxes[:, 2])
    shift = np.column_stack(
        [(whole[:, 0] + whole[:, 2] - boxes[:, 0] - boxes[:, 2]) / 2, whole[:, 3] - boxes[:, 3]]
    )
    moved = np.any(shift != 0, axis=1)
    if not moved.any():
        return track
    feet = (track.foot_px + shift).astype(np.float32)
    floor = track.floor_m
    if calibration is not None:
        floor = np.where(moved[:, None], calibration.to_floor(feet), floor)
    return replace(track, xyxy=whole.astype(np.float32), foot_px=feet, floor_m=floor)


def _last_whole(time_s: FloatArray, size: FloatArray, cut: npt.NDArray[np.bool_]) -> FloatArray:
    """The size at the nearest moment at which nothing was cut off; NaN where there is none within 3 s."""
    whole = np.flatnonzero(~cut)
    if len(whole) == 0:
        return np.full(len(size), np.nan)
    after = np.minimum(np.searchsorted(time_s[whole], time_s), len(whole) - 1)
    before = np.maximum(after - 1, 0)
    nearer = np.abs(time_s[whole[before]] - time_s) <= np.abs(time_s[whole[after]] - time_s)
    nearest = whole[np.where(nearer, before, after)]
    return np.where(np.abs(time_s[nearest] - time_s) <= _REMEMBERED_S, size[nearest], np.nan)
