"""Where a person stands, told by the head and by the person's own height where the feet are hidden."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from floorwalker.site.calibration import Calibration

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FootingSettings:
    """How much the head says of where somebody stands.

    Attributes:
        usual_m: height of people of whom no feet were seen.
        spread_m: standard deviation of heights among people. Lowering it holds to the usual height.
        sighting_m: standard deviation of one height as feet and head give it.
        alike_s: sightings nearer in time than this err alike and count as one.
        most_sightings: no more are counted, since all of a track err alike a little: a hat, a shadow.
        shortest_m: heights below are no person's: something hid the feet.
        tallest_m: nor are heights above.
        head_px: standard deviation of the row of a head, pixels.
        feet_px: standard deviation of the row of feet that are seen, pixels: shadows are taken for shoes.
            Raising it relies on the head.
    """

    usual_m: float = 1.68
    spread_m: float = 0.09
    sighting_m: float = 0.1
    alike_s: float = 1.0
    most_sightings: int = 8
    shortest_m: float = 1.3
    tallest_m: float = 2.05
    head_px: float = 2.0
    feet_px: float = 8.0


def steady_feet(
    time_s: FloatArray,
    xyxy: npt.NDArray[np.float32],
    foot_px: npt.NDArray[np.float32],
    feet_seen: npt.NDArray[np.bool_],
    calibration: Calibration,
    settings: FootingSettings | None = None,
) -> npt.NDArray[np.float32]:
    """The foot points of one person, corrected by the heads above them.

    A head is seen over shelves and counters that hide the feet, and no shadow lies around it. With the
    person's height, learnt wherever the feet are seen, its row tells how far away the person stands.

    Args:
        time_s: (n,) sightings of one person, increasing.
        xyxy: (n, 4) boxes in pixels whose upper edges are the tops of heads.
        foot_px: (n, 2) where the person seems to stand.
        feet_seen: (n,) whether that was read from the feet.
        calibration: one that knows heights.
        settings: how much the head says.

    Returns:
        (n, 2) foot points; as they came where the head is outside the picture.
    """
    rules = settings or FootingSettings()
    projection = calibration.projection
    if projection is None:
        raise ValueError("heads tell places only with a calibration that knows heights")
    floor = calibration.to_floor(foot_px)
    rows = xyxy[:, 1].astype(np.float64)
    usable = np.isfinite(floor).all(axis=1) & (rows > 1.0)
    if not usable.any():
        return foot_px
    heights = _heights(floor, rows, projection)
    good = usable & feet_seen & (heights > rules.shortest_m) & (heights < rules.tallest_m)
    # How many pixels a metre of height is, there: who is near is measured better.
    px_per_m = np.abs(xyxy[:, 3] - rows) / np.clip(heights, 0.5, 2.5)
    height, doubt_m = _height(time_s[good], heights[good], px_per_m[good], rules)
    away = floor - calibration.camera_m
    distance = np.linalg.norm(away, axis=1, keepdims=True)
    by_head = _distance(rows, away / np.maximum(distance, 1e-9), calibration.camera_m, height, projection)
    head_px2 = rules.head_px**2 + (doubt_m * px_per_m) ** 2
    say = np.where(feet_seen, rules.feet_px**2 / (rules.feet_px**2 + head_px2), 1.0)
    moved = (
        calibration.camera_m
        + away / np.maximum(distance, 1e-9) * ((1 - say) * distance[:, 0] + say * by_head)[:, None]
    )
    usable &= np.isfinite(moved).all(axis=1) & (by_head > 0)
    result = foot_px.copy()
    result[usable] = calibration.to_image(moved[usable]).astype(np.float32)
    return result


def _heights(floor: FloatArray, rows: FloatArray, projection: FloatArray) -> FloatArray:
    """How tall people are who stand at places and whose heads are at rows."""
    base = np.column_stack([floor, np.zeros(len(floor)), np.ones(len(floor))]) @ projection.T
    up = projection[:, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((base[:, 1] - rows * base[:, 2]) / (rows * up[2] - up[1]), dtype=np.float64)


def _height(
    time_s: FloatArray, heights: FloatArray, weights: FloatArray, rules: FootingSettings
) -> tuple[float, float]:
    """The height of one person and its standard deviation, from the usual one and from sightings."""
    sightings = min(len(np.unique(np.floor(time_s / rules.alike_s))), rules.most_sightings)
    if sightings == 0:
        return rules.usual_m, rules.spread_m
    trust, usual = sightings / rules.sighting_m**2, 1 / rules.spread_m**2
    order = np.argsort(heights, kind="stable")
    share = np.cumsum(weights[order]) / weights.sum()
    middle = float(heights[order][np.searchsorted(share, 0.5)])
    height = (middle * trust + rules.usual_m * usual) / (trust + usual)
    return height, float((trust + usual) ** -0.5)


def _distance(
    rows: FloatArray, direction: FloatArray, camera_m: FloatArray, height: float, projection: FloatArray
) -> FloatArray:
    """How far from below the camera, in given directions, people of a height have their heads at rows."""
    count = len(rows)
    start = np.array([*camera_m, height, 1.0])
    along = np.column_stack([direction, np.zeros((count, 2))])
    plane = projection[1] - rows[:, None] * projection[2]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(-(plane @ start) / (plane * along).sum(axis=1), dtype=np.float64)
