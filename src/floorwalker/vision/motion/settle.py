"""Where exactly a fitted person stands and what they cover, read from the foreground around the fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from floorwalker.vision.motion.bodies import HEAD, TORSO, Bodies
from floorwalker.vision.motion.foreground import Mask

FloatArray = npt.NDArray[np.float64]
_SEARCH = 0.16  # share of the height by which head and feet may lie elsewhere than fitted
_BESIDE = 0.3  # share of a head's breadth by which it may lie beside the fitted one
_SHORTER = 0.1  # what ends higher than this above the fitted feet ends at something before them
_SHOE = 0.055  # share of the height that shoes show below the point where a person stands
_FEET_WEIGHT = 0.85  # the rest of the say is the head's, with the usual height below it
_GAP = 0.08  # share of the height: a rail before the legs may hide so much, a shadow lies farther off


@dataclass(frozen=True, slots=True)
class Settled:
    """What is known of a person in one picture.

    Attributes:
        box: (4,) x1, y1, x2, y2 in working pixels.
        foot: (2,) where they stand.
        feet_seen: whether that was read from the feet.
        offset: (2,) by how much somebody of usual height at the fitted place would have to be moved to have
            the head where it was seen; None where no head was.
    """

    box: FloatArray
    foot: FloatArray
    feet_seen: bool
    offset: FloatArray | None


def settle(
    body: Bodies, usual: Bodies, foot: FloatArray, mask: Mask, *, feet_hidden: bool = False
) -> Settled:
    """Correct a fit by what is seen of head, torso and feet.

    Args:
        body: one fitted person.
        usual: a person of usual height at the same place.
        foot: (2,) where the fit has them stand, working pixels.
        mask: (h, w) foreground that nobody else explains, non-zero where it is.
        feet_hidden: something is known to stand before the feet: what ends there are not they.

    Returns:
        The person.
    """
    whole = body.whole()[0]
    x1, y1, x2, y2 = whole
    height, breadth = y2 - y1, body.boxes[0, TORSO, 2] - body.boxes[0, TORSO, 0]
    shift = _torso_shift(body.boxes[0, TORSO], mask)
    head = body.boxes[0, HEAD]
    beside = _BESIDE * (head[2] - head[0])
    columns = (head[0] + shift - beside, head[2] + shift + beside)
    top = _first_row(mask, columns, y1 - _SEARCH * height, y1 + _SEARCH * height)
    reach = (foot[0] + shift - 0.8 * breadth, foot[0] + shift + 0.8 * breadth)
    start, stop = foot[1] - 2 * _SEARCH * height, foot[1] + _SEARCH * height
    bottom = None if feet_hidden else _last_row(mask, reach, start, stop, _GAP * height)
    by_head = None if top is None else top + (foot[1] - usual.whole()[0, 1])
    seen = bottom is not None and foot[1] - _SHORTER * height <= bottom < mask.shape[0] - 1
    by_feet = bottom - _SHOE * height if seen and bottom is not None else None
    foot_y = _agreed(float(foot[1]), by_head, by_feet)
    lowest = max(foot_y, bottom) if seen and bottom is not None else max(foot_y, y2)
    margin = 0.08 * breadth
    box = (x1 + shift - margin, y1 if top is None else top, x2 + shift + margin, lowest)
    offset = None if top is None else np.array([shift, top - usual.whole()[0, 1]])
    return Settled(np.array(box), np.array([foot[0] + shift, foot_y]), seen, offset)


def _agreed(fitted: float, by_head: float | None, by_feet: float | None) -> float:
    if by_feet is not None and by_head is not None:
        return _FEET_WEIGHT * by_feet + (1 - _FEET_WEIGHT) * by_head
    if by_feet is not None:
        return by_feet
    return fitted if by_head is None else 0.3 * fitted + 0.7 * by_head


def _torso_shift(torso: FloatArray, mask: Mask) -> float:
    """How far the middle of the torso's foreground lies beside the fitted torso."""
    x1, y1, x2, y2 = torso
    reach = 0.3 * (x2 - x1)
    rows = slice(max(0, round(y1)), max(0, round(y2)))
    left = max(0, round(x1 - reach))
    columns = np.count_nonzero(mask[rows, left : max(left, round(x2 + reach))], axis=0)
    if not columns.any():
        return 0.0
    centre = left + float((columns * (np.arange(len(columns)) + 0.5)).sum() / columns.sum())
    return float(centre - (x1 + x2) / 2)


def _rows(mask: Mask, columns: tuple[float, float], start: float, stop: float) -> tuple[int, FloatArray]:
    first = max(0, round(start))
    left = max(0, round(columns[0]))
    crop = mask[first : max(first, round(stop)), left : max(left, round(columns[1]))]
    return first, np.count_nonzero(crop, axis=1).astype(np.float64)


def _first_row(mask: Mask, columns: tuple[float, float], start: float, stop: float) -> float | None:
    """The first of three rows of foreground in a row; None where it goes on above: that is somebody else."""
    first, counts = _rows(mask, columns, start, stop)
    filled = counts >= 2
    found = np.flatnonzero(filled[:-2] & filled[1:-1] & filled[2:])
    return None if not len(found) or (found[0] == 0 and first > 0) else float(first + found[0])


def _last_row(
    mask: Mask, columns: tuple[float, float], start: float, stop: float, gap: float
) -> float | None:
    """The row where foreground that begins at the start ends, gaps of some rows bridged."""
    first, counts = _rows(mask, columns, start, stop)
    filled = np.flatnonzero(counts >= 2)
    if not len(filled):
        return None
    breaks = np.flatnonzero(np.diff(filled) > max(3.0, gap))
    last = filled[breaks[0]] if len(breaks) else filled[-1]
    return float(first + last + 1)
