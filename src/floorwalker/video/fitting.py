"""Bringing frames to the pixels that lines, zones and masks are drawn in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from floorwalker.video.frame import Frame, Image, Size

Polygon = Sequence[tuple[float, float]]


def fit(frame: Frame, size: Size, masks: Sequence[Polygon]) -> Frame:
    """A frame of the size wanted with parts of it blackened, before anybody else sees it.

    Nothing is computed until pixels are asked for. Where there is no mask, other sizes are made straight
    from the frame; where there is one, only from what is left after blackening.

    Args:
        frame: as it came.
        size: width and height in which masks are drawn.
        masks: polygons in pixels of that size.
    """
    if frame.size == size and not masks:
        return frame
    return Frame(_Fitted(frame, size, tuple(tuple(mask) for mask in masks)), frame.time_s, frame.index)


@dataclass(frozen=True, slots=True)
class _Fitted:
    frame: Frame
    size: Size
    masks: tuple[tuple[tuple[float, float], ...], ...]

    def whole(self) -> Image:
        image = self.frame.image
        if self.frame.size != self.size:
            shrinks = self.frame.size[1] > self.size[1]
            how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            image = np.asarray(cv2.resize(image, self.size, interpolation=how), dtype=np.uint8)
        if self.masks:
            image = image.copy()
            cv2.fillPoly(image, [np.round(np.array(mask)).astype(np.int32) for mask in self.masks], (0, 0, 0))
        return image

    def resized(self, size: Size) -> Image:
        if self.masks:
            return np.asarray(cv2.resize(self.whole(), size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
        return self.frame.resized(size)
