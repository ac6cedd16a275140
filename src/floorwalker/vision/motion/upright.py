"""A picture in which everybody who stands is upright: rows stretched until all verticals are parallel."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from floorwalker.site.calibration import Calibration
from floorwalker.vision.motion.foreground import Mask

FloatArray = npt.NDArray[np.float64]
_NO_FRACTIONS = np.empty((0, 0), np.uint16)
_STRONGEST = 4.0  # the greatest stretch against the smallest that still leaves a picture worth reading


class Upright:
    """Stretches each row of a picture about the vertical vanishing point; rows stay where they are.

    A camera that looks down sees people lean outwards at the sides, all towards the point below it. In the
    stretched picture they stand straight, so that boxes fit them wherever they are.

    Args:
        calibration: one that knows heights.
        working: width and height of the pictures.
        scale: (2,) working pixels a picture pixel, x and y.
    """

    def __init__(self, calibration: Calibration, working: tuple[int, int], scale: FloatArray) -> None:
        width, height = working
        self._nadir = _vanishing_point(calibration, scale, height)
        factors = self._factor(np.arange(height, dtype=np.float64) + 0.5)
        edges = self._nadir[0] + (np.array([[0.0], [width]]) - self._nadir[0]) * factors
        self._left = float(np.floor(edges.min()))
        self.size = (int(np.ceil(edges.max()) - self._left), height)
        columns, rows = np.meshgrid(np.arange(self.size[0]) + 0.5, np.arange(height) + 0.5)
        sources = self.back(np.stack([columns, rows], axis=-1)) - 0.5
        # Whole pixels in OpenCV's fixed-point form; the second map, of fractions, stays empty.
        self._map = np.clip(np.round(sources), -1, 32767).astype(np.int16)

    def _factor(self, y: FloatArray) -> FloatArray:
        """How much the row at each height is stretched; the middle of the picture is not."""
        return np.asarray(self._nadir[2] / (self._nadir[1] - y), dtype=np.float64)

    def stretch(self, mask: Mask) -> Mask:
        """The stretched mask; 0 where it shows what lies outside the picture."""
        return cv2.remap(mask, self._map, _NO_FRACTIONS, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)

    def forth(self, points: FloatArray) -> FloatArray:
        """Where points of the picture, (..., 2), are in the stretched one; NaN beyond the vanishing point."""
        factor = self._factor(points[..., 1])
        x = (points[..., 0] - self._nadir[0]) * np.where(factor > 0, factor, np.nan)
        return np.stack([x + self._nadir[0] - self._left, points[..., 1]], axis=-1)

    def back(self, points: FloatArray) -> FloatArray:
        """Where points of the stretched picture, (..., 2), are in the picture.

        Rows beyond the vanishing point shrink to it.
        """
        shrink = np.maximum(1 / self._factor(points[..., 1]), 0.0)
        x = (points[..., 0] + self._left - self._nadir[0]) * shrink
        return np.stack([x + self._nadir[0], points[..., 1]], axis=-1)

    def boxes_back(self, boxes: FloatArray) -> FloatArray:
        """(n, 4) boxes of the picture around boxes of the stretched one."""
        upper, lower = (self.back(boxes[:, pair].reshape(-1, 2)) for pair in ([0, 1, 2, 1], [0, 3, 2, 3]))
        x = np.concatenate([upper[:, 0].reshape(-1, 2), lower[:, 0].reshape(-1, 2)], axis=1)
        return np.column_stack([x.min(axis=1), boxes[:, 1], x.max(axis=1), boxes[:, 3]])


def _vanishing_point(calibration: Calibration, scale: FloatArray, height: int) -> tuple[float, float, float]:
    """Column and row where verticals meet, and that row's distance from the picture's middle."""
    if calibration.projection is None:
        raise ValueError("upright pictures need a calibration that knows heights")
    far = 1e6 * height
    x, y, w = calibration.projection[:, 2]
    if abs(w) * far > abs(y):
        x, y = x / w * scale[0], y / w * scale[1]
        nearest, farthest = sorted((abs(y), abs(y - height)))
        if not 0 <= y <= height and farthest <= _STRONGEST * nearest:
            return float(x), float(y), float(y - height / 2)
    return 0.0, far, far - height / 2
