"""The picture as the site file means it: its size, and its masks blackened before anything else looks."""

from __future__ import annotations

from floorwalker.errors import InputError
from floorwalker.site import Camera
from floorwalker.video.fitting import fit
from floorwalker.video.frame import Frame

ASPECT_TOLERANCE = 0.02


def check_shape(width: int, height: int, camera: Camera) -> None:
    """Refuse a video whose shape is not the camera's: lines and zones would lie elsewhere.

    Args:
        width: of the video, pixels as shown.
        height: of the video, pixels as shown.
        camera: as the site file describes it.

    Raises:
        InputError: the sides' ratio differs by more than 2 percent.
    """
    meant_width, meant_height = camera.resolution
    ratio = (width / height) / (meant_width / meant_height)
    if abs(ratio - 1) > ASPECT_TOLERANCE:
        raise InputError(
            f"the video is {width}×{height}, but camera {camera.id} in the site file is "
            f"{meant_width}×{meant_height}: its lines and zones do not fit this picture"
        )


def fit_frame(frame: Frame, camera: Camera) -> Frame:
    """The frame in the site file's pixels, with the camera's masks blackened."""
    return fit(frame, camera.resolution, camera.masks)
