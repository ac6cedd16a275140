"""The three pinhole cameras of the simulated shop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from floorwalker.simulation.layout import ENTRY_CAMERA, FLOOR_CAMERA, TILL_CAMERA

FloatArray = npt.NDArray[np.float64]
BASE_SIZE = (960, 540)


@dataclass(frozen=True, slots=True)
class PinholeCamera:
    """A camera with square pixels and its optical axis at the picture's middle.

    Attributes:
        camera_id: its name.
        name: a name for people.
        size: width and height in pixels.
        focal_px: focal length in pixels.
        place_m: (3,) x, y and height of the lens.
        rotation: (3, 3) rows are the picture's right, down and forward in the shop's axes.
    """

    camera_id: str
    name: str
    size: tuple[int, int]
    focal_px: float
    place_m: FloatArray
    rotation: FloatArray

    def to_camera(self, points_m: npt.ArrayLike) -> FloatArray:
        """Points in the camera's own axes.

        Args:
            points_m: (..., 3) metres in the shop.

        Returns:
            (..., 3) metres right, down and forward of the lens.
        """
        return np.asarray((np.asarray(points_m, dtype=np.float64) - self.place_m) @ self.rotation.T)

    def project(self, points_m: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Image points of places in the shop.

        Args:
            points_m: (..., 3) metres.

        Returns:
            (..., 2) pixels and (...) metres forward of the lens; pixels are NaN behind it.
        """
        local = self.to_camera(points_m)
        forward = local[..., 2]
        safe = np.where(forward > 0.05, forward, np.nan)
        centre = np.array([self.size[0] / 2, self.size[1] / 2])
        return local[..., :2] / safe[..., None] * self.focal_px + centre, forward

    def rays(self, scale: int) -> FloatArray:
        """Directions through the middles of the pixels of a picture `scale` times as fine.

        Returns:
            (height·scale, width·scale, 3) vectors in the shop's axes, one metre forward long.
        """
        width, height = self.size
        u = (np.arange(width * scale) + 0.5) / scale - width / 2
        v = (np.arange(height * scale) + 0.5) / scale - height / 2
        local = np.empty((len(v), len(u), 3))
        local[..., 0] = u[None, :] / self.focal_px
        local[..., 1] = v[:, None] / self.focal_px
        local[..., 2] = 1.0
        return np.asarray(local @ self.rotation)


def _look(
    camera_id: str,
    name: str,
    size: tuple[int, int],
    place: tuple[float, float, float],
    direction_deg: float,
    down_deg: float,
    focal: float,
) -> PinholeCamera:
    yaw, down = np.radians(direction_deg), np.radians(down_deg)
    forward = np.array([np.cos(yaw) * np.cos(down), np.sin(yaw) * np.cos(down), -np.sin(down)])
    right = np.array([np.sin(yaw), -np.cos(yaw), 0.0])
    rotation = np.stack([right, np.cross(forward, right), forward])
    scale = min(size[0] / BASE_SIZE[0], size[1] / BASE_SIZE[1])
    return PinholeCamera(camera_id, name, size, focal * scale, np.array(place), rotation)


def shop_cameras(size: tuple[int, int] = BASE_SIZE) -> tuple[PinholeCamera, ...]:
    """The cameras over the door, the shelves and the till.

    Args:
        size: width and height in pixels; other shapes than 16:9 see more, never less.
    """
    return (
        _look(ENTRY_CAMERA, "Door from inside", size, (7.0, 5.6, 3.2), -90.0, 33.0, 680.0),
        _look(FLOOR_CAMERA, "Shelves", size, (5.5, 9.7, 3.2), -90.0, 33.0, 520.0),
        _look(TILL_CAMERA, "Till", size, (11.0, 2.45, 3.1), 90.0, 29.0, 630.0),
    )
