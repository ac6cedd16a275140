"""Pictures in which nobody is, small ones: nothing dear has to look at a room that is as empty as before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

Small = npt.NDArray[np.uint8]
Points = Sequence[tuple[float, float]]
SMALL_SIZE = (96, 54)
_EIGHT_BIT_LUMA = ("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "gray")
_USABLE = (24, 245)  # grey levels that tell the light


def small_picture(frame: VideoFrame) -> Small:
    """The brightness of a decoded picture, (54, 96) uint8, every pixel the mean of what it covers."""
    luma: Small
    if frame.format.name in _EIGHT_BIT_LUMA:
        plane = frame.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        luma = rows[: frame.height, : frame.width]
    else:
        luma = np.asarray(frame.to_ndarray(format="gray"), dtype=np.uint8)
    return np.asarray(cv2.resize(luma, SMALL_SIZE, interpolation=cv2.INTER_AREA), dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class EmptyRules:
    """When a picture is as empty as one known to be empty.

    Attributes:
        difference: grey levels of a small picture's pixel that count. Raising it overlooks who is dressed
            like what is behind them, lowering it takes a flicker for somebody.
        noise_weight: how much a place that is never still is trusted less.
        least_pixels: pixels of nine neighbours that must differ: about how small a person may be.
        follow: share of an empty picture that is taken over into the known one.
        most: known pictures (door open and shut, lamps on and off); the one unused for longest gives way.
    """

    difference: float = 7.0
    noise_weight: float = 4.0
    least_pixels: int = 4
    follow: float = 0.1
    most: int = 4


@dataclass(slots=True)
class _Known:
    picture: npt.NDArray[np.float32]
    noise: npt.NDArray[np.float32]


class EmptyRoom:
    """The pictures of one camera in which nobody is.

    Args:
        rules: what counts as the same.
        masks: polygons that do not count, in shares of the picture's width and height.
    """

    def __init__(self, rules: EmptyRules | None = None, masks: Sequence[Points] = ()) -> None:
        self._rules = rules or EmptyRules()
        self._known: list[_Known] = []
        self._seen = np.full(SMALL_SIZE[::-1], 255, np.uint8)
        for mask in masks:
            points = np.array(mask, np.float64) * SMALL_SIZE
            cv2.fillPoly(self._seen, [np.round(points).astype(np.int32)], 0)

    def __len__(self) -> int:
        return len(self._known)

    def is_known(self, picture: Small) -> bool:
        """Whether a picture shows what a known empty one shows; that one is remembered as used last."""
        for number, known in enumerate(self._known):
            if not self._differs(self._distance(picture, known.picture), known.noise):
                self._known.append(self._known.pop(number))
                return True
        return False

    def learn(self, picture: Small) -> None:
        """Take in a picture in which nobody is: a known one follows it, else it becomes known itself."""
        rules = self._rules
        if not self.is_known(picture):
            self._known.append(_Known(picture.astype(np.float32), np.zeros(SMALL_SIZE[::-1], np.float32)))
            if len(self._known) > rules.most:
                self._known.pop(0)
            return
        known = self._known[-1]
        known.noise += rules.follow * (self._distance(picture, known.picture) - known.noise)
        known.picture += rules.follow * (picture - known.picture)

    def doubt(self, picture: Small) -> None:
        """Trust the places less where a picture differs from the known one used last: a screen, a curtain.

        Trust comes back as the picture is found quiet there.
        """
        if not self._known:
            self.learn(picture)
        known = self._known[-1]
        np.maximum(known.noise, self._distance(picture, known.picture), out=known.noise)

    def alike(self, picture: Small, other: Small) -> bool:
        """Whether two pictures show the same."""
        return not self._differs(self._distance(picture, other.astype(np.float32)), np.zeros(1, np.float32))

    def _differs(self, distance: npt.NDArray[np.float32], noise: npt.NDArray[np.float32]) -> bool:
        rules = self._rules
        changed = (distance > rules.difference + rules.noise_weight * noise) & (self._seen > 0)
        if np.count_nonzero(changed) < rules.least_pixels:
            return False
        near = cv2.boxFilter(changed.astype(np.uint8), -1, (3, 3), normalize=False)
        return bool(near.max() >= rules.least_pixels)

    @staticmethod
    def _distance(picture: Small, known: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Grey levels apart, in the same light."""
        usable = (picture > _USABLE[0]) & (picture < _USABLE[1]) & (known < _USABLE[1])
        gain = float(np.median(known[usable] / picture[usable])) if np.count_nonzero(usable) > 100 else 1.0
        lit = picture.astype(np.float32) * np.float32(min(max(gain, 0.5), 2.0))
        return np.asarray(np.abs(lit - known), dtype=np.float32)
