"""Fitting a frame into a network's input without distorting it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from floorwalker.vision.onnx.heads import HeadKind

PADDING = 114


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Where a frame lies in a network's input.

    Attributes:
        input_size: width and height of the input in pixels.
        scale: input pixels a frame pixel.
        left: input pixels left of the frame.
        top: input pixels above the frame.
    """

    input_size: tuple[int, int]
    scale: float
    left: int
    top: int

    @classmethod
    def fit(cls, kind: HeadKind, frame_size: tuple[int, int], input_size: tuple[int, int]) -> Letterbox:
        """The place that a family of networks was trained with: YOLOX at the top left, YOLOv8 centred."""
        scale = min(input_size[0] / frame_size[0], input_size[1] / frame_size[1])
        if kind is HeadKind.YOLOX:
            return cls(input_size, scale, 0, 0)
        left = round((input_size[0] - frame_size[0] * scale) / 2 - 0.1)
        top = round((input_size[1] - frame_size[1] * scale) / 2 - 0.1)
        return cls(input_size, scale, left, top)

    def batch(self, image: npt.NDArray[np.uint8], kind: HeadKind) -> npt.NDArray[np.float32]:
        """The frame as a network's input.

        Args:
            image: (height, width, 3) uint8, blue-green-red.
            kind: YOLOX takes blue-green-red 0 to 255, YOLOv8 red-green-blue 0 to 1.

        Returns:
            (1, 3, height, width) float32.
        """
        width = min(self.input_size[0], round(image.shape[1] * self.scale))
        height = min(self.input_size[1], round(image.shape[0] * self.scale))
        canvas = np.full((self.input_size[1], self.input_size[0], 3), PADDING, np.uint8)
        target = canvas[self.top : self.top + height, self.left : self.left + width]
        target[:] = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
        yolox = kind is HeadKind.YOLOX
        blob = cv2.dnn.blobFromImage(canvas, 1.0 if yolox else 1 / 255, swapRB=not yolox)
        return np.asarray(blob, dtype=np.float32)

    def to_frame(
        self, boxes: npt.NDArray[np.float32], frame_size: tuple[int, int]
    ) -> npt.NDArray[np.float32]:
        """Boxes of the input as boxes of the frame, cut at its edges."""
        offset = np.array([self.left, self.top, self.left, self.top], np.float32)
        limit = np.array([*frame_size, *frame_size], np.float32)
        clipped = np.clip((boxes - offset) / np.float32(self.scale), 0, limit)
        return np.asarray(clipped, dtype=np.float32)
