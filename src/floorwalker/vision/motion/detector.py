"""People as what differs from the empty room."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
import numpy.typing as npt

from floorwalker.site.calibration import Calibration
from floorwalker.video.frame import Frame
from floorwalker.vision.detections import Detections


class MotionDetector:
    """Finds people by what differs from the room's background.

    Args:
        frame_size: width and height of the frames.
        calibration: the camera's mapping, or None.
    """

    def __init__(self, frame_size: tuple[int, int], calibration: Calibration | None = None) -> None:
        self._background: npt.NDArray[np.uint8] | None = None

    @property
    def fingerprint(self) -> str:
        """Name and version of the method."""
        return "motion 0"

    def prepare(self, samples: Iterable[Frame]) -> None:
        """Learn the empty room from samples of the whole recording."""
        images = [frame.image for frame in samples]
        if images:
            self._background = np.median(np.stack(images), axis=0).astype(np.uint8)

    def detect(self, frame: Frame) -> Detections:
        """The people in one frame."""
        if self._background is None:
            self._background = frame.image
        mask = (cv2.absdiff(frame.image, self._background).max(axis=2) > 30).astype(np.uint8)
        mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8))
        _, _, stats, _ = cv2.connectedComponentsWithStats(mask)
        rows = stats[1:][stats[1:, 4] > 600]
        boxes = np.column_stack([rows[:, 0], rows[:, 1], rows[:, 0] + rows[:, 2], rows[:, 1] + rows[:, 3]])
        return Detections.from_boxes(boxes, np.full(len(boxes), 0.5), mask.astype(bool))
