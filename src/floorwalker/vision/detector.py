"""What every detector of people offers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from floorwalker.video.frame import Frame
from floorwalker.vision.detections import Detections


class Detector(Protocol):
    """Finds people in frames of one camera, given in order of presentation time."""

    @property
    def fingerprint(self) -> str:
        """Name and content of the detector: everything that decides what it finds."""
        ...

    def prepare(self, samples: Iterable[Frame]) -> None:
        """Look at samples from the whole recording before the first frame; may do nothing."""
        ...

    def detect(self, frame: Frame) -> Detections:
        """The people in one frame."""
        ...
