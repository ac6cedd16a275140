"""Which pixels are something that does not belong to the empty room: shadows and reflections left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

# OpenCV's own type hints say "some number" for every array; these are uint8, (h, w, 3) and (h, w).
Image = npt.NDArray[Any]
Mask = npt.NDArray[Any]

_RATIO_ONE = 100  # ratios are kept in hundredths, as uint8
_TEXTURE_SCALE = 50
_DARK = 8  # grey levels added before ratios are taken: in the dark they say nothing


@dataclass(frozen=True, slots=True)
class ForegroundRules:
    """Thresholds of the comparison of a frame with the empty room.

    Attributes:
        difference: grey levels that a channel must differ by; higher misses pale clothes, lower sees noise.
        certain_difference: from here on texture does not matter, though colour may still say shadow.
        darkest_shadow: lowest brightness ratio of a shadow, 0 to 1.
        brightest_glare: highest brightness ratio of a reflection, above 1.
        colour_spread: ratio between the channels that a shadow may differ by, 0 to 1.
        texture: mean deviation of the ratio from its own blur, in hundredths, above which it is no shadow;
            higher keeps fewer shadows and loses grey clothes.
    """

    difference: int = 16
    certain_difference: int = 100
    darkest_shadow: float = 0.42
    brightest_glare: float = 1.35
    colour_spread: float = 0.12
    texture: float = 0.9


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
    changed = above(cv2.subtract(difference, noise), rules.difference)
    if not cv2.countNonZero(changed):
        return changed
    # Blurred, so that a floor's own grain, moved by compression, does not look like an object's texture.
    smooth_frame, smooth_room = cv2.blur(frame, (5, 5)), cv2.blur(room, (5, 5))
    ratio = cv2.divide(
        cv2.convertScaleAbs(smooth_frame, beta=_DARK),
        cv2.convertScaleAbs(smooth_room, beta=_DARK),
        scale=_RATIO_ONE,
    )
    low, high = _channel_extremes(ratio)
    spread = cv2.subtract(high, low)
    limit = cv2.convertScaleAbs(high, alpha=rules.colour_spread, beta=3)
    odd = (
        cv2.compare(spread, limit, cv2.CMP_GT),
        cv2.bitwise_not(above(low, rules.darkest_shadow * _RATIO_ONE - 1)),
        above(high, rules.brightest_glare * _RATIO_ONE),
        above(_texture(ratio), rules.texture * _TEXTURE_SCALE),
        above(difference, rules.certain_difference),
    )
    object_like = odd[0]
    for sign in odd[1:]:
        object_like = cv2.bitwise_or(object_like, sign)
    return cv2.bitwise_and(changed, object_like)


def channel_max(image: Image) -> Mask:
    """The largest of the three channels, (h, w) uint8."""
    blue, green, red = cv2.split(image)
    return cv2.max(cv2.max(blue, green), red)


def above(image: Mask, level: float) -> Mask:
    """255 where a picture of one channel is above a level, else 0."""
    return cv2.threshold(image, int(level), 255, cv2.THRESH_BINARY)[1]


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
    return low, high


def _texture(ratio: Image) -> Mask:
    """How much the ratio deviates from its own blur, around each pixel.

    A slope says nothing, since the rim of a shadow has one, and little does the bend of a small soft shadow.
    """
    green = cv2.extractChannel(ratio, 1).astype(np.float32)
    deviation = cv2.blur(cv2.absdiff(green, cv2.blur(green, (3, 3))), (5, 5))
    return cv2.convertScaleAbs(deviation, alpha=_TEXTURE_SCALE)
