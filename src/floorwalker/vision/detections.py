"""The detections of one frame, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Detections:
    """People found in one frame.

    Attributes:
        xyxy: (n, 4) float32 boxes x1, y1, x2, y2 in pixels of the frame.
        confidence: (n,) float32, 0 to 1.
        foot_px: (n, 2) float32, where each person stands; the middle of the box's lower edge unless the
            detector knows better (legs hidden by a shelf, say).
        feet_seen: (n,) bool, whether each foot point was read from the feet themselves, where the detector
            knows; None where it does not, as when the foot is the box's lower edge.
        foreground: (height, width) bool, pixels that belong to people, where the detector knows them.
    """

    xyxy: npt.NDArray[np.float32]
    confidence: npt.NDArray[np.float32]
    foot_px: npt.NDArray[np.float32]
    foreground: npt.NDArray[np.bool_] | None = None
    feet_seen: npt.NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        n = len(self.xyxy)
        for name, shape in (("xyxy", (n, 4)), ("confidence", (n,)), ("foot_px", (n, 2))):
            actual = getattr(self, name).shape
            if actual != shape:
                raise ValueError(f"{name}: expected shape {shape}, got {actual}")
            if not np.isfinite(getattr(self, name)).all():
                raise ValueError(f"{name}: expected finite numbers")
        if self.feet_seen is not None and self.feet_seen.shape != (n,):
            raise ValueError(f"feet_seen: expected shape {(n,)}, got {self.feet_seen.shape}")

    def __len__(self) -> int:
        return len(self.xyxy)

    @classmethod
    def from_boxes(
        cls,
        xyxy: npt.ArrayLike,
        confidence: npt.ArrayLike,
        foreground: npt.NDArray[np.bool_] | None = None,
    ) -> Detections:
        """Detections whose feet are at the middle of the boxes' lower edges."""
        boxes = np.asarray(xyxy, dtype=np.float32).reshape(-1, 4)
        feet = np.column_stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]]).astype(np.float32)
        return cls(boxes, np.asarray(confidence, dtype=np.float32).reshape(-1), feet, foreground)

    @classmethod
    def empty(cls) -> Detections:
        """No one in sight."""
        return cls.from_boxes(np.zeros((0, 4)), np.zeros(0))

    def select(self, keep: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> Detections:
        """The detections of a mask or of indices, in their order."""
        seen = None if self.feet_seen is None else self.feet_seen[keep]
        return Detections(self.xyxy[keep], self.confidence[keep], self.foot_px[keep], self.foreground, seen)
