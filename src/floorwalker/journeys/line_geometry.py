"""Where a path lies relative to an entry line: on which side, how far, and within its extent or not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from floorwalker.journeys.path import smooth
from floorwalker.site import Calibration, EntryLine
from floorwalker.tracking.track import Track

FloatArray = npt.NDArray[np.float64]
TYPICAL_HEIGHT_M = 1.7


@dataclass(frozen=True, slots=True)
class Approach:
    """A track's path as seen from a line, over the n moments at which the place of the feet is known.

    Attributes:
        time_s: (n,) presentation times.
        across_m: (n,) signed distance from the line, positive on the shop's side. Without calibration a
            person's height in the picture stands for 1.7 m.
        beyond_m: (n,) how far past the line's nearer end, 0 within its extent.
        place_m: (n, 2) the path itself in the same unit.
    """

    time_s: FloatArray
    across_m: FloatArray
    beyond_m: FloatArray
    place_m: FloatArray


def approach(track: Track, line: EntryLine, calibration: Calibration | None) -> Approach:
    """See a track from a line.

    Args:
        track: one person in one camera.
        line: in pixels of the camera.
        calibration: where given, distances are metres on the floor.

    Returns:
        The path relative to the line.
    """
    points, inward = np.array(line.points, dtype=np.float64), np.array([line.inward], dtype=np.float64)
    path = track.foot_px.astype(np.float64)
    scale = np.ones(len(path))
    on_floor = None
    if calibration is not None:
        on_floor = calibration.to_floor(np.vstack([points, inward]))
    if on_floor is not None and np.isfinite(on_floor).all():
        points, inward = on_floor[:-1], on_floor[-1:]
        path = track.floor_m
    else:
        height = track.xyxy[:, 3:4].astype(np.float64) - track.xyxy[:, 1:2]
        scale = TYPICAL_HEIGHT_M / np.maximum(smooth(track.time_s, height, 1.0)[:, 0], 1.0)
    path = smooth(track.time_s, path)
    good = np.isfinite(path).all(axis=1)
    across, beyond = locate(path[good], points)
    sign = np.sign(locate(inward, points)[0][0])
    return Approach(
        track.time_s[good],
        across * sign * scale[good],
        beyond * scale[good],
        path[good] * scale[good, None],
    )


def locate(points: FloatArray, line: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Signed distance of points from a polyline whose end segments go on for ever.

    Args:
        points: (n, 2).
        line: (k, 2), k ≥ 2.

    Returns:
        (n,) distance, positive to the left of the line's direction; (n,) distance past its nearer end.

    Source:
        Bærentzen and Aanæs, "Signed distance computation using the angle weighted pseudonormal", 2005: at a
        corner the sum of the neighbouring normals tells the side.
    """
    start, step = line[:-1], np.diff(line, axis=0)
    length = np.maximum(np.linalg.norm(step, axis=1), 1e-12)
    along = step / length[:, None]
    normal = np.column_stack([-along[:, 1], along[:, 0]])
    from_start = points[:, None, :] - start[None, :, :]
    reach = np.einsum("nkd,kd->nk", from_start, along)
    low, high = np.zeros(len(length)), length.copy()
    low[0], high[-1] = -np.inf, np.inf
    clamped = np.clip(reach, low, high)
    offset = from_start - clamped[:, :, None] * along[None, :, :]
    distance = np.linalg.norm(offset, axis=2)
    nearest = np.argmin(distance, axis=1)
    rows = np.arange(len(points))
    best, where = offset[rows, nearest], clamped[rows, nearest]
    facing = normal[nearest]
    # At a corner two segments are equally near; the second one's start is the first one's end.
    at_end = (where >= length[nearest] - 1e-12) & (nearest < len(length) - 1)
    at_start = (where <= 1e-12) & (nearest > 0)
    facing = facing + np.where(at_end[:, None], normal[np.minimum(nearest + 1, len(length) - 1)], 0.0)
    facing = facing + np.where(at_start[:, None], normal[np.maximum(nearest - 1, 0)], 0.0)
    side = np.where(np.einsum("nd,nd->n", best, facing) >= 0, 1.0, -1.0)
    past_start = np.where(nearest == 0, np.maximum(-reach[:, 0], 0.0), 0.0)
    past_end = np.where(nearest == len(length) - 1, np.maximum(reach[:, -1] - length[-1], 0.0), 0.0)
    return side * distance[rows, nearest], past_start + past_end
