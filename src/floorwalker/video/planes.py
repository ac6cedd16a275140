"""A decoded picture whose colours are made when somebody asks for them."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from floorwalker.video.frame import Image, Size


class Scaler:
    """Turns decoded pictures into blue-green-red ones of any size; one a recording, shared by its frames.

    Memory is bounded: the plan of a conversion is kept for a few sizes only.
    """

    def __init__(self, sizes: int = 4) -> None:
        """Begin.

        Args:
            sizes: conversions whose plan is kept; making one anew costs as much as a third of a conversion.
        """
        self._most = sizes
        self._plans: dict[Size, VideoReformatter] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Plans that are kept."""
        return len(self._plans)

    def convert(self, frame: VideoFrame, size: Size) -> Image:
        """A decoded picture in colour.

        Args:
            frame: as decoded; its own matrix and range of colours hold.
            size: width and height in pixels, before any rotation.

        Returns:
            (height, width, 3) uint8, blue-green-red.
        """
        with self._lock:  # a plan serves one conversion at a time, and frames are looked at by two threads
            plan = self._plans.pop(size, None) or VideoReformatter()
            self._plans[size] = plan  # the last used is last
            if len(self._plans) > self._most:
                del self._plans[next(iter(self._plans))]
            # One thread: the cores are busy with decoding and inference already.
            scaled = plan.reformat(
                frame, size[0], size[1], "bgr24", interpolation=Interpolation.AREA, threads=1
            )
            return np.asarray(scaled.to_ndarray(), dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded picture, upright; implements `Picture`.

    Attributes:
        frame: as decoded.
        scaler: the recording's.
        size: width and height as shown; recordings that change their size midway keep the first one.
    """

    frame: VideoFrame
    scaler: Scaler
    size: Size

    @classmethod
    def of(cls, frame: VideoFrame, scaler: Scaler, size: Size | None = None) -> Decoded:
        """A decoded picture of its own size, or of another one.

        Args:
            frame: as decoded.
            scaler: the recording's.
            size: width and height wanted; default: as it is.
        """
        own = (frame.width, frame.height) if _quarter_turns(frame) % 2 == 0 else (frame.height, frame.width)
        return cls(frame, scaler, size or own)

    def whole(self) -> Image:
        """(height, width, 3) uint8, blue-green-red."""
        return self.resized(self.size)

    def resized(self, size: Size) -> Image:
        """The picture in another size, straight from the decoder's planes."""
        turns = _quarter_turns(self.frame)
        image = self.scaler.convert(self.frame, size if turns % 2 == 0 else (size[1], size[0]))
        return np.ascontiguousarray(np.rot90(image, turns)) if turns else image


def _quarter_turns(frame: VideoFrame) -> int:
    return round(frame.rotation / 90) % 4
