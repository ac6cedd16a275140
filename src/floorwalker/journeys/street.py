"""The street: which places of the common floor lie outside the shop."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from floorwalker.journeys.line_geometry import locate
from floorwalker.site import Store

FloatArray = npt.NDArray[np.float64]
_MARGIN_M = 0.3
_BESIDE_M = 0.4


class Street:
    """What lies outside: beyond the floor plan's edges, and on the far side of the entry lines.

    Beyond a line's ends nothing is said: shops have corners.
    """

    def __init__(self, store: Store) -> None:
        """Bring the store's entry lines to the floor.

        Args:
            store: its floor plan, and the lines of its calibrated cameras.

        Raises:
            InputError: a camera's calibration contradicts itself.
        """
        self._plan = store.floor_plan
        self._lines: list[tuple[FloatArray, float]] = []
        for camera in store.cameras:
            calibration = camera.calibrated()
            if calibration is None:
                continue
            for line in camera.entry_lines:
                floor = calibration.to_floor(np.array([*line.points, line.inward], dtype=np.float64))
                if np.isfinite(floor).all():
                    inward = float(np.sign(locate(floor[-1:], floor[:-1])[0][0]))
                    self._lines.append((floor[:-1], inward))

    def outside(self, floor_m: FloatArray) -> npt.NDArray[np.bool_]:
        """Whether places lie outside the shop.

        Args:
            floor_m: (n, 2) metres; NaN where unknown.

        Returns:
            (n,) False where unknown.
        """
        known = np.asarray(np.isfinite(floor_m).all(axis=1))
        places = np.where(known[:, None], floor_m, 0.0)
        found = np.zeros(len(places), dtype=bool)
        if self._plan is not None:
            reach = (self._plan.width_m, self._plan.depth_m)
            found |= ((places < -_MARGIN_M) | (places > np.array(reach) + _MARGIN_M)).any(axis=1)
        for line, inward in self._lines:
            across, beyond = locate(places, line)
            found |= (across * inward < -_MARGIN_M) & (beyond <= _BESIDE_M)
        return np.asarray(found & known)
