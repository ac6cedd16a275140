"""Fitting a frame into a network's input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from floorwalker.video.frame import Frame
from floorwalker.vision.onnx.feed import Placement


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Where a frame lies in a network's input.

    Attributes:
        frame_size: width and height of the frame in pixels.
        content_size: what is left of them in the input.
        left: input pixels left of the frame.
        top: input pixels above the frame.
    """

    frame_size: tuple[int, int]
    content_size: tuple[int, int]
    left: int
    top: int

    @classmethod
    def fit(cls, placement: Placement, frame_size: tuple[int, int], input_size: tuple[int, int]) -> Letterbox:
        """The place that a family of networks was trained with.

        Args:
            placement: where the frame goes.
            frame_size: width and height of the frame in pixels.
            input_size: width and height of the input in pixels.
        """
        if placement is Placement.STRETCHED:
            return cls(frame_size, input_size, 0, 0)
        scale = min(input_size[0] / frame_size[0], input_size[1] / frame_size[1])
        width, height = (max(1, round(side * scale)) for side in frame_size)
        content = (min(input_size[0], width), min(input_size[1], height))
        if placement is Placement.TOP_LEFT:
            return cls(frame_size, content, 0, 0)
        left, top = ((room - side) // 2 for room, side in zip(input_size, content, strict=True))
        return cls(frame_size, content, left, top)

    def paint(self, frame: Frame, canvas: npt.NDArray[np.uint8]) -> None:
        """Put a frame into the network's input; what is beside it stays as it is.

        Args:
            frame: the frame.
            canvas: (height, width, 3) uint8 of the input's size, filled with the padding beforehand.
        """
        width, height = self.content_size
        canvas[self.top : self.top + height, self.left : self.left + width] = frame.resized(self.content_size)

    def to_frame(self, boxes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Boxes of the input as boxes of the frame, cut at its edges."""
        offset = np.array([self.left, self.top] * 2, np.float32)
        limit = np.array([*self.frame_size] * 2, np.float32)
        scale = np.array([*self.content_size] * 2, np.float32) / limit
        return np.asarray(np.clip((boxes - offset) / scale, 0, limit), dtype=np.float32)
