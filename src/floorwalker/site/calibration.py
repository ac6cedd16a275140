"""Image-to-floor mapping of a fixed pinhole camera, from point pairs on the floor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from floorwalker.errors import InputError

FloatArray = npt.NDArray[np.float64]
TYPICAL_HEIGHT_M = 1.7
TYPICAL_WIDTH_M = 0.6


@dataclass(frozen=True, slots=True)
class Calibration:
    """A camera's projection between the image (pixels) and the floor (metres).

    Attributes:
        floor_to_image: (3, 3) homography of the floor plane.
        projection: (3, 4) matrix from (x_m, y_m, height_m, 1) to the image, or None where the point pairs
            do not show the camera's tilt (it looks straight down).
        resolution: width and height in pixels.
    """

    floor_to_image: FloatArray
    projection: FloatArray | None
    resolution: tuple[int, int]

    @classmethod
    def from_points(
        cls,
        image_points: Sequence[tuple[float, float]],
        floor_points: Sequence[tuple[float, float]],
        resolution: tuple[int, int],
    ) -> Calibration:
        """Fit the mapping to point pairs by least squares.

        Heights are recovered too: with square pixels and the optical axis at the picture's middle, the
        floor's homography fixes the focal length and so the whole projection.

        Args:
            image_points: n ≥ 4 places in pixels, no three of the first four on one line.
            floor_points: the same places in metres.
            resolution: width and height in pixels.

        Returns:
            The mapping.

        Raises:
            InputError: the points do not fix a mapping.

        Source:
            Zhang, "A flexible new technique for camera calibration", PAMI 2000 (one view of a plane).
        """
        image = np.asarray(image_points, dtype=np.float64)
        floor = np.asarray(floor_points, dtype=np.float64)
        if image.shape != floor.shape or image.ndim != 2 or image.shape[1] != 2 or len(image) < 4:
            raise InputError(
                f"calibration needs four point pairs or more, got {image.shape} and {floor.shape}"
            )
        homography = _fit_homography(floor, image)
        return cls(homography, _fit_projection(homography, floor.mean(axis=0), resolution), resolution)

    @property
    def camera_m(self) -> FloatArray:
        """Where on the floor plan the camera hangs, (2,) metres; NaN where heights are not known."""
        if self.projection is None:
            return np.full(2, np.nan)
        centre = np.linalg.svd(self.projection)[2][-1]
        if abs(centre[3]) < 1e-9:
            return np.zeros(2)
        return np.asarray(centre[:2] / centre[3], dtype=np.float64)

    def to_floor(self, image_px: npt.ArrayLike) -> FloatArray:
        """Floor positions under image points.

        Args:
            image_px: (n, 2) pixels.

        Returns:
            (n, 2) metres; NaN for points at or above the horizon.
        """
        return _apply(
            np.asarray(np.linalg.inv(self.floor_to_image), dtype=np.float64),
            np.asarray(image_px, dtype=np.float64),
        )

    def to_image(self, floor_m: npt.ArrayLike, height_m: float = 0.0) -> FloatArray:
        """Image points of places above the floor.

        Args:
            floor_m: (n, 2) metres.
            height_m: height above the floor.

        Returns:
            (n, 2) pixels; NaN for places behind the camera.

        Raises:
            InputError: a height other than 0 is asked for and the calibration does not know heights.
        """
        floor = np.asarray(floor_m, dtype=np.float64).reshape(-1, 2)
        if height_m == 0.0:
            return _apply(self.floor_to_image, floor)
        if self.projection is None:
            raise InputError("this calibration does not know heights: its point pairs do not show the tilt")
        lifted = self.projection[:, [0, 1, 3]].copy()
        lifted[:, 2] += self.projection[:, 2] * height_m
        return _apply(lifted, floor)

    def person_boxes(
        self,
        floor_m: npt.ArrayLike,
        height_m: float = TYPICAL_HEIGHT_M,
        width_m: float = TYPICAL_WIDTH_M,
    ) -> FloatArray:
        """Image boxes that standing people would fill.

        Args:
            floor_m: (n, 2) where they stand, metres.
            height_m: their height.
            width_m: their breadth, seen alike from every side.

        Returns:
            (n, 4) boxes x1, y1, x2, y2 in pixels; NaN behind the camera.

        Raises:
            InputError: the calibration does not know heights.
        """
        floor = np.asarray(floor_m, dtype=np.float64).reshape(-1, 2)
        half = width_m / 2
        corners = [
            self.to_image(floor + np.array(offset), height)
            for height in (0.0, height_m)
            for offset in ((half, 0.0), (-half, 0.0), (0.0, half), (0.0, -half))
        ]
        stacked = np.stack(corners)
        return np.concatenate([stacked.min(axis=0), stacked.max(axis=0)], axis=1)

    def error_px(self, image_points: npt.ArrayLike, floor_points: npt.ArrayLike) -> float:
        """Largest distance in pixels between given image points and the mapped floor points."""
        mapped = self.to_image(floor_points)
        return float(np.max(np.linalg.norm(mapped - np.asarray(image_points, dtype=np.float64), axis=1)))


def _apply(matrix: FloatArray, points: FloatArray) -> FloatArray:
    points = points.reshape(-1, 2)
    mapped = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    depth = mapped[:, 2:3]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(depth > 1e-12, mapped[:, :2] / depth, np.nan)


def _normaliser(points: FloatArray) -> FloatArray:
    centre = points.mean(axis=0)
    spread = np.linalg.norm(points - centre, axis=1).mean()
    if not np.isfinite(spread) or spread < 1e-9:
        raise InputError("the calibration's points all lie on one place")
    scale = np.sqrt(2) / spread
    return np.array([[scale, 0, -scale * centre[0]], [0, scale, -scale * centre[1]], [0, 0, 1]])


def _fit_homography(source: FloatArray, target: FloatArray) -> FloatArray:
    """Direct linear transform with normalised points; its sign makes depth positive at the points."""
    from_source, from_target = _normaliser(source), _normaliser(target)
    a, b = _apply(from_source, source), _apply(from_target, target)
    rows = []
    for (x, y), (u, v) in zip(a, b, strict=True):
        rows.append([-x, -y, -1, 0, 0, 0, u * x, u * y, u])
        rows.append([0, 0, 0, -x, -y, -1, v * x, v * y, v])
    _, singular, vectors = np.linalg.svd(np.array(rows))
    if singular[7] < 1e-9 * singular[0]:
        raise InputError("the calibration's points do not fix a mapping: three of four lie on one line")
    matrix: FloatArray = np.linalg.inv(from_target) @ vectors[-1].reshape(3, 3) @ from_source
    depths = np.column_stack([source, np.ones(len(source))]) @ matrix[2]
    if np.all(depths < 0):
        matrix = -matrix
    elif not np.all(depths > 0):
        raise InputError("the calibration's points lie on both sides of the camera's horizon")
    if abs(np.linalg.det(matrix / np.linalg.norm(matrix))) < 1e-15:
        raise InputError("the calibration's floor points lie on one line")
    return matrix


def _fit_projection(
    homography: FloatArray, centre_m: FloatArray, resolution: tuple[int, int]
) -> FloatArray | None:
    """The whole projection from the floor's homography, or None where the focal length is not determined."""
    principal = np.array([resolution[0] / 2, resolution[1] / 2])
    centred = np.array([[1, 0, -principal[0]], [0, 1, -principal[1]], [0, 0, 1]]) @ homography
    h1, h2 = centred[:, 0], centred[:, 1]
    # r1 · r2 = 0 and |r1| = |r2| for r = diag(1/f, 1/f, 1) h, both linear in 1/f².
    coefficients = np.array([h1[0] * h2[0] + h1[1] * h2[1], h1[:2] @ h1[:2] - h2[:2] @ h2[:2]])
    constants = -np.array([h1[2] * h2[2], h1[2] ** 2 - h2[2] ** 2])
    # Each equation is weighed alike; a camera that looks straight down leaves both empty.
    inverse_f2 = float(coefficients @ constants / max(coefficients @ coefficients, 1e-300))
    if not (np.isfinite(inverse_f2) and inverse_f2 > 0):
        return None
    focal = inverse_f2**-0.5
    if not 0.2 * resolution[0] < focal < 20 * resolution[0]:
        return None
    calibration = np.diag([1 / focal, 1 / focal, 1.0])
    r1, r2 = calibration @ h1, calibration @ h2
    scale = (np.linalg.norm(r1) + np.linalg.norm(r2)) / 2
    upward = np.cross(r1, r2) / scale
    intrinsics = np.array([[focal, 0, principal[0]], [0, focal, principal[1]], [0, 0, 1]])
    vertical = intrinsics @ upward
    columns = np.column_stack([homography[:, 0], homography[:, 1], vertical, homography[:, 2]])
    return _upright(columns, centre_m)


def _upright(projection: FloatArray, centre_m: FloatArray) -> FloatArray:
    """Choose the sign of height that points up in the picture; floor plans may be left-handed."""
    foot = projection @ np.array([*centre_m, 0.0, 1.0])
    head = projection @ np.array([*centre_m, 1.0, 1.0])
    if head[2] > 0 and foot[2] > 0 and head[1] / head[2] > foot[1] / foot[2]:
        projection = projection.copy()
        projection[:, 2] *= -1
    return projection
