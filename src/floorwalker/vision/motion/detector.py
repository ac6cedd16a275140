"""People as what differs from the empty room."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import cv2
import numpy as np
import numpy.typing as npt

from floorwalker.site.calibration import Calibration
from floorwalker.video.frame import Frame
from floorwalker.vision.detections import Detections
from floorwalker.vision.motion.blobs import BlobRules, UsualSize, find_blobs
from floorwalker.vision.motion.fit import FloorFit
from floorwalker.vision.motion.room import Room

WORKING_WIDTH = 480
VERSION = 2


class MotionDetector:
    """Finds people without any weights: the empty room is learnt, and people are what differs from it.

    Args:
        frame_size: width and height of the frames.
        calibration: the camera's mapping, by which people of the expected size are looked for at each place;
            None: the usual size is learnt from people who stand free.
    """

    def __init__(self, frame_size: tuple[int, int], calibration: Calibration | None = None) -> None:
        self._frame_size = frame_size
        scale = min(1.0, WORKING_WIDTH / frame_size[0])
        self._working = (max(16, round(frame_size[0] * scale)), max(16, round(frame_size[1] * scale)))
        self._calibration = calibration
        self._room = Room()
        self._usual = UsualSize(self._working[1])
        self._rules = BlobRules()
        knows_heights = calibration is not None and calibration.projection is not None
        self._fit = FloorFit(calibration, self._working) if calibration and knows_heights else None

    @property
    def fingerprint(self) -> str:
        """Name, version, working size and the calibration's hash."""
        width, height = self._working
        return f"motion {VERSION} {width}x{height} {_calibration_hash(self._calibration)}"

    def prepare(self, samples: Iterable[Frame]) -> None:
        """Learn the empty room from samples of the whole recording."""
        images, times = [], []
        for frame in samples:
            images.append(self._shrunk(frame.image))
            times.append(frame.time_s)
        if images:
            self._room.learn(images, times)

    def detect(self, frame: Frame) -> Detections:
        """The people in one frame, with the pixels that belong to people."""
        mask = self._room.foreground(self._shrunk(frame.image), frame.time_s)
        size = (frame.image.shape[1], frame.image.shape[0])
        full = cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST).view(np.bool_)
        scale = np.array([size[0] / self._working[0], size[1] / self._working[1]] * 2, np.float32)
        if self._fit is None:
            boxes, confidence = find_blobs(mask, self._usual, self._rules)
            return Detections.from_boxes(boxes * scale, confidence, full)
        found = self._fit.find(mask, frame.time_s)
        return Detections(
            (found.boxes * scale).astype(np.float32),
            found.confidence.astype(np.float32),
            (found.foot * scale[:2]).astype(np.float32),
            full,
            found.feet_seen,
        )

    def _shrunk(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        if (image.shape[1], image.shape[0]) == self._working:
            return image
        return np.asarray(cv2.resize(image, self._working, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _calibration_hash(calibration: Calibration | None) -> str:
    if calibration is None:
        return "uncalibrated"
    content = np.round(calibration.floor_to_image / calibration.floor_to_image[2, 2], 9).tobytes()
    return f"calibrated:{hashlib.sha256(content).hexdigest()[:16]}"
