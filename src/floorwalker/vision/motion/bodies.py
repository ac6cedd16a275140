"""What a standing person covers in the picture, at every place of a calibrated floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from floorwalker.site.calibration import Calibration

FloatArray = npt.NDArray[np.float64]
# Stacked boxes stand for a body: from, to (shares of the height) and breadth in metres, across the view.
# The breadth is that of a body seen from its side; what a broader view shows beside it is its margin.
SEGMENTS = ((0.0, 0.27, 0.28), (0.27, 0.52, 0.3), (0.52, 0.83, 0.36), (0.83, 1.0, 0.2))
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
    calibration: Calibration, floor_m: FloatArray, height_m: FloatArray, scale: FloatArray
) -> Bodies:
    """Project standing people.

    Args:
        calibration: one that knows heights.
        floor_m: (n, 2) places.
        height_m: (n,) heights.
        scale: (2,) working pixels a picture pixel, x and y.

    Returns:
        The bodies; NaN boxes behind the camera.
    """
    matrix = calibration.projection
    if matrix is None:
        raise ValueError("bodies need a calibration that knows heights")
    away = floor_m - _camera_place(matrix)
    away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-6)
    across = np.column_stack([-away[:, 1], away[:, 0]])
    corners = []
    for low, high, breadth in SEGMENTS:
        for share in (low, high):
            for offset in (across * (breadth / 2), away * (_DEPTH_M / 2)):
                corners.append((offset, share))
    offsets = np.stack([offset for offset, _ in corners], axis=1)
    shares = np.array([share for _, share in corners])
    lifted = np.empty((len(floor_m), 2, len(corners), 4))
    lifted[:, 0, :, :2] = floor_m[:, None] + offsets
    lifted[:, 1, :, :2] = floor_m[:, None] - offsets
    lifted[..., 2] = height_m[:, None, None] * shares
    lifted[..., 3] = 1.0
    mapped = lifted @ matrix.T
    with np.errstate(divide="ignore", invalid="ignore"):
        pixels = np.where(mapped[..., 2:] > 1e-9, mapped[..., :2] / mapped[..., 2:], np.nan) * scale
    grouped = pixels.reshape(len(floor_m), 2, len(SEGMENTS), 4, 2)
    boxes = np.concatenate([grouped.min(axis=(1, 3)), grouped.max(axis=(1, 3))], axis=-1)
    return Bodies(floor_m, height_m, boxes)


def _camera_place(matrix: FloatArray) -> FloatArray:
    """Where on the floor plan the camera hangs."""
    centre = np.linalg.svd(matrix)[2][-1]
    if abs(centre[3]) < 1e-9:
        return np.array([0.0, 0.0])
    return np.asarray(centre[:2] / centre[3], dtype=np.float64)


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
