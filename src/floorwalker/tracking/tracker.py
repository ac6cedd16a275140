"""What every tracker offers."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from floorwalker.vision.detections import Detections


class Tracker(Protocol):
    """Joins the detections of successive frames of one camera; ids are ordinals of this instance."""

    def update(
        self, detections: Detections, time_s: float, appearance: npt.NDArray[np.float32] | None = None
    ) -> npt.NDArray[np.int64]:
        """Take in one frame.

        Args:
            detections: the frame's people.
            time_s: presentation time in seconds, greater than that of the frame before.
            appearance: (n, d) descriptors of norm 1 of those detections that were described, else 0.

        Returns:
            (n,) the track of each detection, or -1; a track's first frames carry its id although it may
            still turn out unconfirmed (see `confirmed`).
        """
        ...

    def confirmed(self, track_id: int) -> bool:
        """Whether a track was seen often enough to be believed."""
        ...

    def believed(self, track_ids: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """(m,) the same for many at once."""
        ...
