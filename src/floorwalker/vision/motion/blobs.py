"""People in a foreground mask of a camera that is not calibrated: the usual size at a place is learnt."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from floorwalker.vision.motion.foreground import Mask

FloatArray = npt.NDArray[np.float32]
_BANDS = 12
_HEAD_DIP = 0.04  # share of the height
_ARM, _ARM_GAP, _ABOVE_FEET = 0.25, 0.05, 0.25  # shares of the height


@dataclass(frozen=True, slots=True)
class BlobRules:
    """What a blob must be like to be a person.

    Attributes:
        smallest: least height as a share of the picture's.
        usual_aspect: height to width of a standing person, used until sizes are learnt.
        least_aspect: height to width below which a blob is no person, when whole.
        least_fill: share of its box that a person's pixels fill.
        size_range: least and most height in shares of the usual height at the place.
    """

    smallest: float = 0.08
    usual_aspect: float = 2.6
    least_aspect: float = 0.9
    least_fill: float = 0.32
    size_range: tuple[float, float] = (0.45, 1.6)


class UsualSize:
    """Learns how tall and wide people are, by the row where their feet are.

    Keeps one running estimate for each of a fixed number of bands of the picture.
    """

    def __init__(self, picture_height: int) -> None:
        self._picture_height = picture_height
        self._height = np.zeros(_BANDS)
        self._width = np.zeros(_BANDS)
        self._weight = np.zeros(_BANDS)

    def learn(self, foot_y: float, height: float, width: float) -> None:
        """Take in one person who stands free."""
        band = self._band(foot_y)
        rate = max(1.0 / (self._weight[band] + 1), 0.02)
        self._height[band] += rate * (height - self._height[band])
        self._width[band] += rate * (width - self._width[band])
        self._weight[band] += 1

    def at(self, foot_y: float) -> tuple[float, float] | None:
        """Usual height and width of people whose feet are in a row, or None where nothing near is known."""
        near = np.exp(-0.5 * ((np.arange(_BANDS) - self._band(foot_y)) / 1.2) ** 2)
        weight = near * np.minimum(self._weight, 30)
        total = weight.sum()
        if total < 3:
            return None
        return float(weight @ self._height / total), float(weight @ self._width / total)

    def _band(self, foot_y: float) -> int:
        return int(np.clip(foot_y / self._picture_height * _BANDS, 0, _BANDS - 1))


def find_blobs(mask: Mask, usual: UsualSize, rules: BlobRules) -> tuple[FloatArray, FloatArray]:
    """People as blobs, fragments merged and groups split by the usual size.

    Args:
        mask: (h, w) uint8 foreground.
        usual: what people measure; learns from blobs that stand free.
        rules: what a person is like.

    Returns:
        (n, 4) float32 boxes x1, y1, x2, y2 in the mask's pixels and (n,) confidences.
    """
    height, width = mask.shape
    joined = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    reach = max(3, round(height * 0.035)) | 1
    joined = cv2.morphologyEx(joined, cv2.MORPH_CLOSE, np.ones((reach, max(3, reach // 3) | 1), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    parts = [stats[label] for label in range(1, count) if stats[label, 4] >= 12]
    boxes, scores = [], []
    for box in _merged(parts, usual, height):
        for piece in _split(joined, box, usual, rules):
            score = _score(mask, piece, usual, rules)
            if score > 0:
                boxes.append(piece)
                scores.append(score)
                _learn(piece, score, usual, (width, height))
    return np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32)


def _merged(parts: list[npt.NDArray[np.int32]], usual: UsualSize, picture_height: int) -> list[FloatArray]:
    """Boxes of parts, those of one person put together: one above the other, or inside the usual box."""
    boxes = [np.array([x, y, x + w, y + h], np.float32) for x, y, w, h, _ in parts]
    boxes.sort(key=lambda box: -float((box[2] - box[0]) * (box[3] - box[1])))
    merged: list[FloatArray] = []
    for box in boxes:
        for index, big in enumerate(merged):
            if _belongs(box, big, usual, picture_height):
                merged[index] = np.array([*np.minimum(box[:2], big[:2]), *np.maximum(box[2:], big[2:])])
                break
        else:
            merged.append(box)
    return merged


def _belongs(box: FloatArray, big: FloatArray, usual: UsualSize, picture_height: int) -> bool:
    overlap = min(box[2], big[2]) - max(box[0], big[0])
    if _is_arm(box, big, overlap):
        return True
    if overlap < 0.5 * (box[2] - box[0]):
        return False
    gap = max(box[1], big[1]) - min(box[3], big[3])
    tall = max(box[3], big[3]) - min(box[1], big[1])
    size = usual.at(max(box[3], big[3]))
    if size is None:
        return bool(gap < 0.15 * (big[3] - big[1]) and tall < 0.9 * picture_height)
    return bool(gap < 0.3 * size[0] and tall < 1.3 * size[0])


def _is_arm(box: FloatArray, big: FloatArray, overlap: float) -> bool:
    """Whether a part hangs beside a far larger one, above its feet: an arm whose sleeve is not seen."""
    height = big[3] - big[1]
    within = box[1] >= big[1] and box[3] <= big[3] - _ABOVE_FEET * height
    return bool(within and box[3] - box[1] <= _ARM * height and overlap >= -_ARM_GAP * height)


def _split(mask: Mask, box: FloatArray, usual: UsualSize, rules: BlobRules) -> list[FloatArray]:
    """A blob too wide for one person, cut between the heads."""
    x1, y1, x2, y2 = (int(value) for value in box)
    size = usual.at(y2)
    one_width = size[1] if size else (y2 - y1) / rules.usual_aspect
    people = round((x2 - x1) / max(one_width, 1.0))
    if people < 2 or (x2 - x1) < 1.6 * one_width:
        return [box]
    inside = mask[y1:y2, x1:x2] > 0
    filled = inside.any(axis=0)
    top = np.where(filled, inside.argmax(axis=0), y2 - y1).astype(np.float32)
    profile = cv2.GaussianBlur((y2 - y1 - top)[None, :], (0, 0), max(1.0, one_width / 8))[0]
    heads = _peaks(profile, 0.6 * one_width, 0.55 * (size[0] if size else float(profile.max())))
    heads = _separate(profile, heads)
    if len(heads) < 2:
        return [box]
    cuts = [0, *(a + int(profile[a:b].argmin()) for a, b in pairwise(heads)), x2 - x1]
    pieces = []
    for left, right in pairwise(cuts):
        rows = np.flatnonzero(inside[:, left:right].any(axis=1))
        if len(rows) and right - left >= 3:
            pieces.append(np.array([x1 + left, y1 + rows[0], x1 + right, y1 + rows[-1] + 1], np.float32))
    return pieces


def _peaks(profile: FloatArray, distance: float, least: float) -> list[int]:
    """Places of the highest values, at least a distance apart, in order."""
    found: list[int] = []
    for index in np.argsort(-profile, kind="stable"):
        if profile[index] < least:
            break
        lower = index in (0, len(profile) - 1)
        if (
            not lower
            and profile[index] >= max(profile[index - 1], profile[index + 1])
            and all(abs(int(index) - other) >= distance for other in found)
        ):
            found.append(int(index))
    return sorted(found)


def _separate(profile: FloatArray, heads: list[int]) -> list[int]:
    """Heads with a dip between them; of two without one, the higher."""
    kept: list[int] = []
    for head in heads:
        if kept:
            dip = float(profile[kept[-1] : head].min())
            lower = float(min(profile[kept[-1]], profile[head]))
            if dip > (1 - _HEAD_DIP) * lower:
                if profile[head] > profile[kept[-1]]:
                    kept[-1] = head
                continue
        kept.append(head)
    return kept


def _score(mask: Mask, box: FloatArray, usual: UsualSize, rules: BlobRules) -> float:
    """How like a person a box is: 0 (no) to 1."""
    picture_height, picture_width = mask.shape
    x1, y1, x2, y2 = (int(value) for value in box)
    height, width = y2 - y1, x2 - x1
    cut = y2 >= picture_height - 1 or y1 <= 0 or x1 <= 0 or x2 >= picture_width - 1
    fill = np.count_nonzero(mask[y1:y2, x1:x2]) / max(1, height * width)
    if height < rules.smallest * picture_height or fill < rules.least_fill:
        return 0.0
    if height / width < rules.least_aspect * (0.5 if cut else 1.0):
        return 0.0
    size = usual.at(y2)
    if size is None:
        likeness = 0.5
    else:
        share = height / size[0]
        low, high = rules.size_range
        if share > high or (share < low and not cut):
            return 0.0
        likeness = float(np.exp(-2.0 * np.log(max(share, 0.05)) ** 2)) if not cut else 0.7
    return float(np.clip(0.25 + 0.45 * likeness + 0.5 * (fill - rules.least_fill), 0.05, 0.99))


def _learn(box: FloatArray, score: float, usual: UsualSize, picture: tuple[int, int]) -> None:
    x1, y1, x2, y2 = (float(value) for value in box)
    free = x1 > 1 and y1 > 1 and x2 < picture[0] - 1 and y2 < picture[1] - 1
    if free and score >= 0.4 and 1.6 <= (y2 - y1) / (x2 - x1) <= 4.5:
        usual.learn(y2, y2 - y1, x2 - x1)
