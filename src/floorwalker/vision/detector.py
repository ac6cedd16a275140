"""What every detector of people offers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

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


class Pending(Protocol):
    """A frame that a detector is looking at."""

    def result(self) -> Detections:
        """The people in the frame; waits for them. To be asked once."""
        ...


@runtime_checkable
class OverlappingDetector(Detector, Protocol):
    """A detector that looks at several frames at one time; what it finds in one depends on that one alone."""

    @property
    def ahead(self) -> int:
        """How many frames are worth having under way."""
        ...

    def begin(self, frame: Frame) -> Pending:
        """Begin with a frame; does not wait."""
        ...
