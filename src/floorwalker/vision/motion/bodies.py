"""What a standing person covers in the picture, at every place of a calibrated floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from floorwalker.site.calibration import Calibration
from floorwalker.vision.motion.upright import Upright

FloatArray = npt.NDArray[np.float64]
# Stacked boxes stand for a body: from, to (shares of the height) and breadth in metres, across the view.
# The breadth is that of a body seen from its side; what a broader view shows beside it is its margin.
SEGMENTS = ((0.0, 0.27, 0.28), (0.27, 0.52, 0.3), (0.52, 0.83, 0.36), (0.83, 1.0, 0.2))
_LEVELS = np.array([0.0, *(high for _, high, _ in SEGMENTS)])
_LOWER, _UPPER = slice(0, len(SEGMENTS)), slice(1, len(SEGMENTS) + 1)
_HALF_BREADTHS = np.array([breadth / 2 for _, _, breadth in SEGMENTS])
TORSO, HEAD = 2, 3
LEGS = (0, 1)
USUAL_HEIGHTS_M = (1.55, 1.75)
_DEPTH_M = 0.14  # along the view a body shows less: what is seen ends at its near side
_GRID_STEP_PX = 6
_FARTHEST_M = 30.0


@dataclass(frozen=True, slots=True)
class Bodies:
    """Standing people at n places.

    Attributes:
        floor_m: (n, 2) where they stand.
        height_m: (n,) how tall they are.
        boxes: (n, segments, 4) what their parts cover, x1, y1, x2, y2 in working pixels.
    """

    floor_m: FloatArray
    height_m: FloatArray
    boxes: FloatArray

    def __len__(self) -> int:
        return len(self.floor_m)

    def select(self, keep: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> Bodies:
        """The bodies of a mask or of indices."""
        return Bodies(self.floor_m[keep], self.height_m[keep], self.boxes[keep])

    def whole(self) -> FloatArray:
        """(n, 4) boxes around the whole bodies."""
        return np.concatenate([self.boxes[..., :2].min(axis=1), self.boxes[..., 2:].max(axis=1)], axis=1)


def bodies_at(
    calibration: Calibration,
    floor_m: FloatArray,
    height_m: FloatArray,
    scale: FloatArray,
    upright: Upright | None = None,
    camera_m: FloatArray | None = None,
) -> Bodies:
    """Project standing people.

    Args:
        calibration: one that knows heights.
        floor_m: (n, 2) places.
        height_m: (n,) heights.
        scale: (2,) working pixels a picture pixel, x and y.
        upright: measure in this stretched picture instead of the working one.

    Returns:
        The bodies; NaN boxes behind the camera.
    """
    matrix = calibration.projection
    if matrix is None:
        raise ValueError("bodies need a calibration that knows heights")
    away = floor_m - (calibration.camera_m if camera_m is None else camera_m)
    away /= np.maximum(np.sqrt((away * away).sum(axis=1, keepdims=True)), 1e-6)
    across = np.column_stack([-away[:, 1], away[:, 0]])
    plane = matrix[:, :2].T
    base = floor_m @ plane + matrix[:, 3]
    levels = base[:, None] + (height_m[:, None] * _LEVELS)[..., None] * matrix[:, 2]
    deep = (away @ plane)[:, None] * (_DEPTH_M / 2)
    rows = np.stack([_pixels(levels + deep, scale)[..., 1], _pixels(levels - deep, scale)[..., 1]])
    # Each part is as broad at its lower as at its upper level, the nearer of which is the broader one.
    broad = (across @ plane)[:, None, None] * _HALF_BREADTHS[:, None, None]
    ends = np.stack([levels[:, _LOWER], levels[:, _UPPER]], axis=2)
    sides = _pixels(np.stack([ends - broad, ends + broad], axis=3), scale)
    if upright is not None:
        sides = upright.forth(sides)
    columns = sides[..., 0].reshape(len(floor_m), len(SEGMENTS), 4)
    boxes = np.empty((len(floor_m), len(SEGMENTS), 4))
    boxes[..., 0], boxes[..., 2] = columns.min(axis=2), columns.max(axis=2)
    low, high = rows.min(axis=0), rows.max(axis=0)
    boxes[..., 1] = np.minimum(low[:, _LOWER], low[:, _UPPER])
    boxes[..., 3] = np.maximum(high[:, _LOWER], high[:, _UPPER])
    return Bodies(floor_m, height_m, boxes)


def _pixels(points: FloatArray, scale: FloatArray) -> FloatArray:
    """Homogeneous points, (..., 3), as pixels; NaN behind the camera."""
    depth = points[..., 2:]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(depth > 1e-9, points[..., :2] / depth, np.nan) * scale, dtype=np.float64)


def floor_grid(
    calibration: Calibration, working: tuple[int, int], scale: FloatArray, step_m: float
) -> FloatArray:
    """Places on the floor where a person would be in the picture.

    Args:
        calibration: the camera's mapping.
        working: width and height of the working picture.
        scale: (2,) working pixels a picture pixel.
        step_m: distance between places.

    Returns:
        (n, 2) metres, in a fixed order.
    """
    width, height = working
    margin_x, margin_y = width // 8, height // 3  # feet may be outside while the body is inside
    xs = np.arange(-margin_x, width + margin_x, _GRID_STEP_PX)
    ys = np.arange(0, height + margin_y, _GRID_STEP_PX)
    pixels = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2) / scale
    floor = calibration.to_floor(pixels)
    floor = floor[np.isfinite(floor).all(axis=1)]
    near = calibration.to_floor(np.array([[width / 2, height - 1]]) / scale)[0]
    floor = floor[np.linalg.norm(floor - near, axis=1) < _FARTHEST_M]
    seeds = np.unique(np.round(floor / step_m).astype(np.int64), axis=0)
    around = np.stack(np.meshgrid([-1, 0, 1], [-1, 0, 1]), axis=-1).reshape(-1, 2)
    cells = np.unique((seeds[:, None] + around[None]).reshape(-1, 2), axis=0)
    return np.asarray(cells * step_m, dtype=np.float64)
