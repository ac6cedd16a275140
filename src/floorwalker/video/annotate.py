"""Drawing what was found onto a copy of a frame; heads are made unrecognisable unless told otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Points = Sequence[tuple[float, float]]
Colour = tuple[int, int, int]

LINE_COLOUR: Colour = (40, 200, 255)
ZONE_COLOUR: Colour = (200, 150, 60)
_HEAD_SHARE = 0.22
_GOLDEN = 0.618033988749895


@dataclass(frozen=True, slots=True)
class Annotation:
    """What to draw on one frame.

    Attributes:
        xyxy: (n, 4) boxes in pixels.
        ids: n names for the boxes; negative ones are drawn grey and without a name.
        trails: recent foot points by id, oldest first.
        lines: names and points of lines.
        zones: names and outlines of zones.
        clock: text for the corner, for example the time.
        anonymise: whether to blur heads.
    """

    xyxy: npt.NDArray[np.float32]
    ids: Sequence[int]
    trails: Mapping[int, Points] = field(default_factory=dict)
    lines: Mapping[str, Points] = field(default_factory=dict)
    zones: Mapping[str, Points] = field(default_factory=dict)
    clock: str = ""
    anonymise: bool = True


def annotate(image: Image, annotation: Annotation) -> Image:
    """Draw onto a copy of a frame.

    Args:
        image: (height, width, 3) uint8, blue-green-red; stays as it is.
        annotation: what to draw.

    Returns:
        A picture of the same size.

    Raises:
        ValueError: boxes and ids differ in number.
    """
    if len(annotation.xyxy) != len(annotation.ids):
        raise ValueError(f"expected an id a box, got {len(annotation.ids)} for {len(annotation.xyxy)} boxes")
    canvas = image.copy()
    if annotation.anonymise:
        blur_heads(canvas, annotation.xyxy)
    size = max(0.4, image.shape[0] / 1200)
    _draw_zones(canvas, annotation.zones, size)
    for name, points in annotation.lines.items():
        cv2.polylines(canvas, [_whole(points)], False, LINE_COLOUR, 2, cv2.LINE_AA)
        _label(canvas, name, points[0], LINE_COLOUR, size)
    for track_id, trail in annotation.trails.items():
        if len(trail) > 1:
            cv2.polylines(canvas, [_whole(trail)], False, colour_of(track_id), 2, cv2.LINE_AA)
    for box, track_id in zip(annotation.xyxy, annotation.ids, strict=True):
        x1, y1, x2, y2 = (round(float(value)) for value in box)
        cv2.rectangle(canvas, (x1, y1), (x2, y2), colour_of(track_id), 2)
        if track_id >= 0:
            _label(canvas, str(track_id), (x1, y1), colour_of(track_id), size)
    if annotation.clock:
        _label(canvas, annotation.clock, (8, 22 + 14 * size), (255, 255, 255), 1.3 * size)
    return canvas


def blur_heads(image: Image, xyxy: npt.NDArray[np.float32]) -> None:
    """Make the top part of each box unrecognisable, in place.

    Args:
        image: (height, width, 3) uint8.
        xyxy: (n, 4) boxes of people in pixels.
    """
    height, width = image.shape[:2]
    for x1, y1, x2, y2 in xyxy:
        margin = 0.05 * (y2 - y1)
        left, right = max(0, int(x1)), min(width, int(np.ceil(x2)))
        top = max(0, int(y1 - margin))
        bottom = min(height, int(np.ceil(y1 + _HEAD_SHARE * (y2 - y1))))
        if right - left < 2 or bottom - top < 2:
            continue
        head = image[top:bottom, left:right]
        coarse = cv2.resize(head, (4, 4), interpolation=cv2.INTER_AREA)
        image[top:bottom, left:right] = cv2.resize(
            coarse, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR
        )


def colour_of(track_id: int) -> Colour:
    """A colour for an id, unlike those of the ids around it; grey for negative ones."""
    if track_id < 0:
        return (150, 150, 150)
    hue = int(180 * ((track_id * _GOLDEN) % 1.0))
    pixel = cv2.cvtColor(np.array([[[hue, 200, 255]]], np.uint8), cv2.COLOR_HSV2BGR)[0, 0]
    return int(pixel[0]), int(pixel[1]), int(pixel[2])


def _draw_zones(canvas: Image, zones: Mapping[str, Points], size: float) -> None:
    if not zones:
        return
    filled = canvas.copy()
    for points in zones.values():
        cv2.fillPoly(filled, [_whole(points)], ZONE_COLOUR)
    cv2.addWeighted(filled, 0.25, canvas, 0.75, 0, dst=canvas)
    for name, points in zones.items():
        cv2.polylines(canvas, [_whole(points)], True, ZONE_COLOUR, 1, cv2.LINE_AA)
        _label(canvas, name, points[0], ZONE_COLOUR, size)


def _label(canvas: Image, text: str, at: Sequence[float], colour: Colour, size: float) -> None:
    """Text on a dark plate, kept inside the picture; what does not fit is cut at its end."""
    (width, height), base = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, 1)
    while len(text) > 1 and width > canvas.shape[1] - 6:
        text = text[: int(len(text) * (canvas.shape[1] - 6) / width) - 1]
        (width, height), base = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, 1)
    x = int(np.clip(at[0] + 2, 2, max(2, canvas.shape[1] - width - 3)))
    y = int(np.clip(at[1] - 4, height + 2, canvas.shape[0] - base - 1))
    cv2.rectangle(canvas, (x - 2, y - height - 2), (x + width + 2, y + base), (24, 24, 24), cv2.FILLED)
    cv2.putText(canvas, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)


def _whole(points: Points) -> npt.NDArray[np.int32]:
    return np.round(np.asarray(points, dtype=np.float64)).astype(np.int32).reshape(-1, 1, 2)
