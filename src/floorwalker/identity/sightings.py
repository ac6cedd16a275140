"""Sightings: one track of one camera on the store's common floor and clock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from floorwalker.identity.height import Height

FloatArray = npt.NDArray[np.float64]
STEP_S = 0.2
_BRIDGED_S = 1.0


@dataclass(frozen=True, slots=True)
class Sighting:
    """One person as one camera followed them.

    Attributes:
        camera_id: which camera.
        cells: (n,) increasing numbers of steps of `STEP_S` since the day's epoch at which they were seen.
        floor_m: (n, 2) where, NaN where unknown.
        appearance: (k, d) descriptors.
        height: estimated height, or None.
        came_in: it begins outside the door: nothing came before.
        went_out: it ends outside the door: nothing comes after.
        uniform: resemblance with those who are sure to be staff, or None.
    """

    camera_id: str
    cells: npt.NDArray[np.int64]
    floor_m: FloatArray
    appearance: npt.NDArray[np.float32]
    height: Height | None = None
    came_in: bool = False
    went_out: bool = False
    uniform: float | None = None

    @property
    def start_s(self) -> float:
        """First moment, seconds since the day's epoch."""
        return float(self.cells[0]) * STEP_S

    @property
    def end_s(self) -> float:
        """Last moment, seconds since the day's epoch."""
        return float(self.cells[-1]) * STEP_S


def on_common_clock(time_s: FloatArray, floor_m: FloatArray) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Bring a path to steps of the common clock; short gaps are filled, long ones stay open.

    Args:
        time_s: (n,) increasing seconds since the day's epoch.
        floor_m: (n, 2) metres.

    Returns:
        (m,) numbers of steps, m ≥ 1, and (m, 2) the places then.
    """
    cells = np.arange(np.floor(time_s[0] / STEP_S), np.ceil(time_s[-1] / STEP_S) + 1).astype(np.int64)
    at = np.clip(cells * STEP_S, time_s[0], time_s[-1])
    after = np.clip(np.searchsorted(time_s, at), 0, len(time_s) - 1)
    before = np.maximum(after - 1, 0)
    held = time_s[after] - time_s[before] <= _BRIDGED_S
    held |= np.isclose(time_s[after], at) | np.isclose(time_s[before], at)
    place = np.column_stack([np.interp(at, time_s, floor_m[:, axis]) for axis in (0, 1)])
    return cells[held], place[held]
