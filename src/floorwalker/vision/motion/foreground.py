"""Which pixels are something that does not belong to the empty room: shadows and reflections left out."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.uint8]

_RATIO_ONE = 100  # ratios are kept in hundredths, as uint8


@dataclass(frozen=True, slots=True)
class ForegroundRules:
    """Thresholds of the comparison of a frame with the empty room.

    Attributes:
        difference: grey levels that a channel must differ by; higher misses pale clothes, lower sees noise.
        certain_difference: from here on texture does not matter, though colour may still say shadow.
        darkest_shadow: lowest brightness ratio of a shadow, 0 to 1.
        brightest_glare: highest brightness ratio of a reflection, above 1.
        colour_spread: ratio between the channels that a shadow may differ by, 0 to 1.
        texture: mean change of the ratio, in hundredths a pixel, above which it is no shadow.
    """

    difference: int = 16
    certain_difference: int = 100
    darkest_shadow: float = 0.42
    brightest_glare: float = 1.35
    colour_spread: float = 0.12
    texture: float = 5.0


def foreground_mask(frame: Image, room: Image, noise: Mask, rules: ForegroundRules) -> Mask:
    """Pixels that differ from the empty room and are neither shadow nor reflection.

    A shadow lowers all channels by about the same ratio and brings no texture of its own; a faint reflection
    raises them likewise.

    Args:
        frame: (h, w, 3) uint8.
        room: (h, w, 3) uint8, the empty room in the same light.
        noise: (h, w) uint8, additional grey levels that a pixel must differ by.
        rules: thresholds.

    Returns:
        (h, w) uint8, 255 where foreground.

    Source:
        The ratio test follows Prati et al., "Detecting moving shadows", PAMI 2003.
    """
    difference = channel_max(cv2.absdiff(frame, room))
    changed = cv2.compare(cv2.subtract(difference, noise), rules.difference, cv2.CMP_GT)
    if not cv2.countNonZero(changed):
        return np.asarray(changed, dtype=np.uint8)
    ratio = cv2.divide(cv2.add(frame, (8, 8, 8, 0)), cv2.add(room, (8, 8, 8, 0)), scale=_RATIO_ONE)
    low, high = _channel_extremes(ratio)
    spread = cv2.subtract(high, low)
    limit = cv2.convertScaleAbs(high, alpha=rules.colour_spread, beta=3)
    plain = cv2.compare(spread, limit, cv2.CMP_LE)
    plain &= cv2.inRange(low, int(rules.darkest_shadow * _RATIO_ONE), 255)
    plain &= cv2.inRange(high, 0, int(rules.brightest_glare * _RATIO_ONE))
    plain &= cv2.compare(_texture(ratio), rules.texture, cv2.CMP_LE)
    plain &= cv2.compare(difference, rules.certain_difference, cv2.CMP_LT)
    kept = cv2.bitwise_and(changed, cv2.bitwise_not(plain))
    return np.asarray(kept, dtype=np.uint8)


def channel_max(image: Image) -> Mask:
    """The largest of the three channels, (h, w) uint8."""
    blue, green, red = cv2.split(image)
    return np.asarray(cv2.max(cv2.max(blue, green), red), dtype=np.uint8)


def gradient(image: Image) -> npt.NDArray[np.float32]:
    """Strength of edges in grey levels a pixel, (h, w) float32."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    dx = cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=0.25)
    dy = cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=0.25)
    return np.asarray(cv2.magnitude(dx, dy), dtype=np.float32)


def _channel_extremes(image: Image) -> tuple[Mask, Mask]:
    blue, green, red = cv2.split(image)
    low = cv2.min(cv2.min(blue, green), red)
    high = cv2.max(cv2.max(blue, green), red)
    return np.asarray(low, dtype=np.uint8), np.asarray(high, dtype=np.uint8)


def _texture(ratio: Image) -> npt.NDArray[np.uint8]:
    """Mean absolute change of the green channel's ratio over 5×5 pixels."""
    green = cv2.extractChannel(ratio, 1)
    dx = cv2.convertScaleAbs(cv2.Sobel(green, cv2.CV_16S, 1, 0), alpha=0.25)
    dy = cv2.convertScaleAbs(cv2.Sobel(green, cv2.CV_16S, 0, 1), alpha=0.25)
    return np.asarray(cv2.blur(cv2.add(dx, dy), (5, 5)), dtype=np.uint8)
