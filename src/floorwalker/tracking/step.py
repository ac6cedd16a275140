"""Steps from where tracks end to where others begin, in metres or their like, and how alike they look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from floorwalker.tracking.track import Track

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.intp]
TYPICAL_HEIGHT_M = 1.7


@dataclass(frozen=True, slots=True)
class _Ends:
    """One end each of n tracks.

    Attributes:
        floor_m: (n, 2) places on the floor, NaN where the camera is not calibrated.
        floor_m_per_s: (n, 2) velocities there.
        foot_px: (n, 2) places in the picture, and
        foot_px_per_s: (n, 2) velocities there.
        height_px: (n,) usual heights.
    """

    floor_m: FloatArray
    floor_m_per_s: FloatArray
    foot_px: FloatArray
    foot_px_per_s: FloatArray
    height_px: FloatArray


@dataclass(frozen=True, slots=True)
class Step:
    """From the ends of some tracks to the starts of others, pair by pair, in metres or their like.

    Attributes:
        from_m: (pairs, 2) where the one ended, and
        from_m_per_s: (pairs, 2) how fast it went.
        to_m: (pairs, 2) where the other began, and
        to_m_per_s: (pairs, 2) how fast that went.
        gap_s: (pairs,) seconds between.
    """

    from_m: FloatArray
    from_m_per_s: FloatArray
    to_m: FloatArray
    to_m_per_s: FloatArray
    gap_s: FloatArray

    @classmethod
    def between(
        cls, tracks: Sequence[Track], earlier: IndexArray, later: IndexArray, gap_s: FloatArray
    ) -> Step:
        """The steps of some pairs.

        Args:
            tracks: of one camera.
            earlier: (pairs,) indices of the tracks that end, and
            later: (pairs,) of those that begin.
            gap_s: (pairs,) seconds between.
        """
        last = _ends(tracks, slice(-9, None), -1)
        first = _ends(tracks, slice(0, 9), 0)
        known = np.isfinite(last.floor_m[earlier]) & np.isfinite(first.floor_m[later])
        on_floor = known.all(axis=1, keepdims=True)
        height_px = (last.height_px[earlier] + first.height_px[later]) / 2
        metres_per_px = (TYPICAL_HEIGHT_M / np.maximum(height_px, 1.0))[:, None]

        def metres(ends: _Ends, at: IndexArray) -> tuple[FloatArray, FloatArray]:
            place = np.where(on_floor, ends.floor_m[at], ends.foot_px[at] * metres_per_px)
            return place, np.where(on_floor, ends.floor_m_per_s[at], ends.foot_px_per_s[at] * metres_per_px)

        return cls(*metres(last, earlier), *metres(first, later), gap_s)


def similarity(a: npt.NDArray[np.float32], b: npt.NDArray[np.float32]) -> float | None:
    """Mean of the best cosines between two sets of descriptors, or None where one has none.

    Args:
        a: (k, d) of norm 1.
        b: (l, d) of norm 1.
    """
    if len(a) == 0 or len(b) == 0:
        return None
    cosines = a @ b.T
    return float((cosines.max(axis=0).mean() + cosines.max(axis=1).mean()) / 2)


def _ends(tracks: Sequence[Track], window: slice, at: int) -> _Ends:
    boxes = [track.xyxy[window] for track in tracks]
    return _Ends(
        np.array([track.floor_m[at] for track in tracks], dtype=np.float64),
        np.array([_velocity(track.time_s[window], track.floor_m[window]) for track in tracks]),
        np.array([track.foot_px[at] for track in tracks], dtype=np.float64),
        np.array([_velocity(track.time_s[window], track.foot_px[window]) for track in tracks]),
        np.array([float(np.median(box[:, 3] - box[:, 1])) for box in boxes]),
    )


def _velocity(time_s: FloatArray, path: npt.NDArray[np.floating]) -> FloatArray:
    good = np.isfinite(path).all(axis=1)
    t, p = time_s[good], path[good].astype(np.float64)
    if len(t) < 3 or t[-1] - t[0] < 0.2:
        return np.zeros(2)
    centred = t - t.mean()
    return np.asarray(centred @ (p - p.mean(axis=0)) / (centred @ centred))
