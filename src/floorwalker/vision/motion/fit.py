"""People of the expected size at each place of the floor that together explain the foreground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from floorwalker.site.calibration import TYPICAL_HEIGHT_M, Calibration
from floorwalker.vision.motion.bodies import (
    HEAD,
    LEGS,
    SEGMENTS,
    TORSO,
    USUAL_HEIGHTS_M,
    Bodies,
    bodies_at,
    floor_grid,
)
from floorwalker.vision.motion.foreground import Mask
from floorwalker.vision.motion.occlusion import Occlusion
from floorwalker.vision.motion.settle import Settled, settle
from floorwalker.vision.motion.upright import Upright

FloatArray = npt.NDArray[np.float64]
_MOSTLY = 0.5
_FEET_SHARE = 0.12
_UPPER = tuple(index for index in range(len(SEGMENTS)) if index not in LEGS)


@dataclass(frozen=True, slots=True)
class FitRules:
    """What makes a person of foreground.

    Attributes:
        step_m: distance between the places that are tried first.
        empty_cost: what an empty pixel of each part takes away, where a filled one gives 1; higher wants
            fuller bodies and finds fewer. Legs are mostly gaps.
        least_gain: least gain as a share of the body's pixels in the picture.
        least_new: least share of the body's pixels that no other person explains; lower finds people behind
            others and sees doubles in wide clothes.
        least_head: least share of the head that must be foreground of nobody else.
        middle_height_m: the height that needs no evidence.
        height_spread_m: difference from it that costs a third of the gain.
        hidden_cost: share of the gain that a body with hidden legs loses against a whole one.
        least_seen: least share of a body that things known to stand before it may leave to be seen.
        sure_share: explained share from which on a body tells where things hide legs, looked at every
        look_s: seconds.
        smallest_px: least number of a body's pixels in the picture.
        least_inside: least share of a body that lies in the picture.
        most: people a picture.
    """

    step_m: float = 0.14
    empty_cost: tuple[float, ...] = (0.4, 0.5, 0.9, 0.8)
    least_gain: float = 0.25
    least_new: float = 0.32
    least_head: float = 0.55
    middle_height_m: float = 1.68
    height_spread_m: float = 0.18
    hidden_cost: float = 0.45
    least_seen: float = 0.25
    sure_share: float = 0.45
    look_s: float = 0.5
    smallest_px: float = 60.0
    least_inside: float = 0.35
    most: int = 60


@dataclass(frozen=True, slots=True)
class Found:
    """People found in one picture.

    Attributes:
        boxes: (n, 4) what they cover in working pixels, cut at the edges.
        foot: (n, 2) where they stand in working pixels.
        confidence: (n,) 0 to 1.
        feet_seen: (n,) whether the feet themselves were seen.
    """

    boxes: FloatArray
    foot: FloatArray
    confidence: FloatArray
    feet_seen: npt.NDArray[np.bool_]


class FloorFit:
    """Explains foreground by people on the floor, the one who explains most first.

    Args:
        calibration: one that knows heights.
        working: width and height of the masks to come.
        rules: what makes a person.

    Source:
        In the spirit of Fleuret et al., "Multicamera people tracking with a probabilistic occupancy map",
        PAMI 2008, greedily and with one camera.
    """

    def __init__(
        self, calibration: Calibration, working: tuple[int, int], rules: FitRules | None = None
    ) -> None:
        self._calibration = calibration
        self._working = working
        self._rules = rules or FitRules()
        self._scale = np.array(working) / np.array(calibration.resolution)
        self._camera_m = calibration.camera_m
        self._upright = Upright(calibration, working, self._scale)
        self._size = self._upright.size
        self._inside = self._upright.stretch(np.ones((working[1], working[0]), np.uint8))
        self._inside_sums = cv2.integral(self._inside)
        places = floor_grid(calibration, working, self._scale, self._rules.step_m)
        floor = np.repeat(places, len(USUAL_HEIGHTS_M), axis=0)
        heights = np.tile(np.array(USUAL_HEIGHTS_M), len(places))
        self._bodies = self._usable(self._bodies_at(floor, heights))
        self._corners = _corners(self._bodies.boxes, self._size)
        self._whole = self._bodies.whole()
        away_m = self._away_m(self._bodies)
        self._occlusion = Occlusion(
            self._size, *(np.quantile(away_m, [0.0, 1.0]) if len(away_m) else (1.0, 9.0))
        )
        self._looked_s = -np.inf

    def find(self, mask: Mask, time_s: float | None = None) -> Found:
        """The people in a foreground mask, (h, w) uint8."""
        looks = time_s is not None and time_s - self._looked_s >= self._rules.look_s
        if looks and time_s is not None:
            self._looked_s = time_s
        new = (self._upright.stretch(mask) > 0).astype(np.uint8)
        empty = self._inside - new
        ready = self._candidates(new)
        found: list[tuple[Settled, float]] = []
        gains, shares = self._gains(self._bodies.select(ready), self._corners[ready], new, empty)
        while len(ready) and len(found) < self._rules.most:
            best = int(gains.argmax())
            if gains[best] <= 0:
                break
            body, share = self._refined(
                self._bodies.select(ready[best : best + 1]), float(shares[best]), new, empty
            )
            person = self._settled(body, new)
            if looks and share >= self._rules.sure_share:
                self._note(body, person, new, empty)
            found.append((person, share))
            parts = _grown(body.boxes[0])
            for x1, y1, x2, y2 in np.maximum(parts, 0):
                new[y1:y2, x1:x2] = 0
                empty[y1:y2, x1:x2] = 0
            (left, top), (right, bottom) = parts[:, :2].min(axis=0), parts[:, 2:].max(axis=0)
            whole = self._whole[ready]
            touched = (whole[:, 0] < right) & (whole[:, 2] > left)
            touched &= (whole[:, 1] < bottom) & (whole[:, 3] > top) & (gains > 0)
            gains[best] = 0.0
            touched[best] = False
            if touched.any():
                again = ready[touched]
                gains[touched], shares[touched] = self._gains(
                    self._bodies.select(again), self._corners[again], new, empty
                )
        return self._collect(found)

    def _bodies_at(self, floor_m: FloatArray, height_m: FloatArray) -> Bodies:
        return bodies_at(self._calibration, floor_m, height_m, self._scale, self._upright, self._camera_m)

    def _away_m(self, bodies: Bodies) -> FloatArray:
        """How far from below the camera bodies stand."""
        return np.asarray(np.linalg.norm(bodies.floor_m - self._camera_m, axis=1), dtype=np.float64)

    def _note(self, body: Bodies, person: Settled, new: Mask, empty: Mask) -> None:
        """Let a clear person tell where legs are hidden: those that somebody of usual height has."""
        if person.offset is None:
            return
        usual = self._bodies_at(body.floor_m, np.array([TYPICAL_HEIGHT_M]))
        legs = usual.boxes[0, list(LEGS)] + np.tile(person.offset, 2)
        # Where exactly the feet of this one are is not known.
        legs[0, 3] -= _FEET_SHARE * (usual.whole()[0, 3] - usual.whole()[0, 1])
        foot = self._upright.forth(self._calibration.to_image(body.floor_m) * self._scale) + person.offset
        floor = self._calibration.to_floor(self._upright.back(foot) / self._scale)
        if np.isfinite(floor).all():
            away_m = np.linalg.norm(floor - self._camera_m, axis=1)
            corners = _corners(legs, self._size)
            self._occlusion.note(int(self._occlusion.band(away_m)[0]), corners, new, empty)

    def _usable(self, bodies: Bodies) -> Bodies:
        finite = bodies.select(np.flatnonzero(np.isfinite(bodies.boxes).all(axis=(1, 2))))
        whole = finite.whole()
        inside_px = _sums(self._inside_sums, _corners(whole, self._size))
        least_px = np.maximum(self._rules.least_inside * _area(whole), self._rules.smallest_px)
        return finite.select(np.flatnonzero(inside_px >= least_px))

    def _candidates(self, new: Mask) -> npt.NDArray[np.intp]:
        """Bodies whose torso is mostly foreground."""
        if not cv2.countNonZero(new):
            return np.zeros(0, np.intp)
        sums = _sums(cv2.integral(new), self._corners[:, TORSO])
        area = _area(self._corners[:, TORSO])
        return np.flatnonzero((sums >= 0.45 * area) & (area >= 8))

    def _gains(
        self, bodies: Bodies, corners: npt.NDArray[np.int32], new: Mask, empty: Mask
    ) -> tuple[FloatArray, FloatArray]:
        """What each body explains, in pixels, and as a share of what is left of it for it to explain.

        Not above 0 where it is no person. Of somebody behind others, or behind something not known yet, only
        the head and some of the torso may be left; these must then be well filled.
        """
        rules = self._rules
        filled = _sums(cv2.integral(new), corners)
        blank = _sums(cv2.integral(empty), corners)
        whole = _sums(self._inside_sums, corners)
        hidden_px = self._occlusion.hidden_px(corners, self._occlusion.band(self._away_m(bodies)))
        blank = np.maximum(blank - hidden_px, 0)
        area = whole - np.minimum(hidden_px, whole - filled)
        parts = filled - np.array(rules.empty_cost) * blank
        upper = list(_UPPER)
        whole_gain = parts.sum(axis=1)
        upper_gain = parts[:, upper].sum(axis=1) * (1 - rules.hidden_cost)
        hidden = upper_gain > whole_gain
        gain = np.where(hidden, upper_gain, whole_gain)
        left = filled + blank
        open_px = np.maximum(np.where(hidden, left[:, upper].sum(axis=1), left.sum(axis=1)), 1.0)
        share = gain / open_px
        unusual = (bodies.height_m - rules.middle_height_m) / rules.height_spread_m
        gain = gain * np.clip(1 - 0.35 * unusual**2, 0.2, 1.0)
        head_seen = filled[:, HEAD] >= rules.least_head * area[:, HEAD]
        good = (share >= rules.least_gain) & (open_px >= rules.smallest_px)
        good &= (open_px >= rules.least_new * area.sum(axis=1)) & (head_seen | (area[:, HEAD] < 4))
        good &= area.sum(axis=1) >= rules.least_seen * whole.sum(axis=1)
        return np.where(good, gain, 0.0), share

    def _refined(self, body: Bodies, share: float, new: Mask, empty: Mask) -> tuple[Bodies, float]:
        """The best place and height around a place of the grid."""
        step = self._rules.step_m
        for reach, tall in ((step / 2, 0.08),):
            offsets = np.arange(-2, 3) * (reach / 2)
            dx, dy, dh = (
                axis.ravel() for axis in np.meshgrid(offsets, offsets, np.array([-tall, 0.0, tall]))
            )
            floor = body.floor_m[0] + np.column_stack([dx, dy])
            heights = np.clip(body.height_m[0] + dh, 1.1, 2.0)
            around = self._usable(self._bodies_at(floor, heights))
            if not len(around):
                continue
            gains, shares = self._gains(around, _corners(around.boxes, self._size), new, empty)
            best = int(gains.argmax())
            if gains[best] > 0:
                body, share = around.select(np.array([best])), float(shares[best])
        return body, share

    def _settled(self, body: Bodies, new: Mask) -> Settled:
        """Box and foot of a fitted body."""
        usual = self._bodies_at(body.floor_m, np.array([TYPICAL_HEIGHT_M]))
        foot = self._upright.forth(self._calibration.to_image(body.floor_m) * self._scale)[0]
        corners = _corners(body.boxes, self._size)
        hidden_px = self._occlusion.hidden_px(corners, self._occlusion.band(self._away_m(body)))
        hidden = hidden_px[0, LEGS[0]] > _MOSTLY * _area(corners)[0, LEGS[0]]
        return settle(body, usual, foot, new, feet_hidden=bool(hidden))

    def _collect(self, found: list[tuple[Settled, float]]) -> Found:
        if not found:
            return Found(np.zeros((0, 4)), np.zeros((0, 2)), np.zeros(0), np.zeros(0, np.bool_))
        boxes = self._upright.boxes_back(np.stack([person.box for person, _ in found]))
        feet = self._upright.back(np.stack([person.foot for person, _ in found]))
        shares = np.array([share for _, share in found])
        seen = np.array([person.feet_seen for person, _ in found])
        return Found(_clipped(boxes, self._working), feet, np.clip(0.25 + shares, 0.05, 0.99), seen)


def _corners(boxes: FloatArray, working: tuple[int, int]) -> npt.NDArray[np.int32]:
    """Boxes as whole pixels inside the picture."""
    return np.round(_clipped(boxes, working)).astype(np.int32)


def _clipped(boxes: FloatArray, working: tuple[int, int]) -> FloatArray:
    limit = np.array([*working, *working], np.float64)
    return np.asarray(np.clip(boxes, 0, limit), dtype=np.float64)


def _area(boxes: npt.NDArray[np.generic]) -> FloatArray:
    sides = (boxes[..., 2:] - boxes[..., :2]).astype(np.float64)  # type: ignore[operator]
    return np.asarray(np.maximum(sides, 0).prod(axis=-1), dtype=np.float64)


def _sums(integral: npt.NDArray[Any], corners: npt.NDArray[np.int32]) -> FloatArray:
    """Sums of a picture over boxes, by its integral."""
    x1, y1, x2, y2 = (corners[..., index] for index in range(4))
    total = integral[y2, x2] - integral[y1, x2] - integral[y2, x1] + integral[y1, x1]
    return np.asarray(total, dtype=np.float64)


def _grown(boxes: FloatArray) -> npt.NDArray[np.int32]:
    """A body's parts, wider by a little: clothes, bags and the edge of the mask belong to the person."""
    sides = boxes[:, 2:] - boxes[:, :2]
    margin = np.column_stack([0.1 * sides[:, 0], 0.08 * sides[:, 1] + 1])
    return np.round(np.concatenate([boxes[:, :2] - margin, boxes[:, 2:] + margin], axis=1)).astype(np.int32)
