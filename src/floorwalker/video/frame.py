"""The frame: one picture with its presentation time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a recording.

    Attributes:
        image: (height, width, 3) uint8, blue-green-red.
        time_s: presentation time in seconds since the recording's start, never a frame count.
        index: position among the decoded frames of the recording, from 0.
    """

    image: npt.NDArray[np.uint8]
    time_s: float
    index: int
