"""Motion of boxes: a constant-velocity Kalman filter over all tracks at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.intp]

# Rows of the matrix of states: centre x, centre y, width, height; their velocities; then variance of place,
# covariance of place and velocity, variance of velocity, each once for the centre and once for the size.
_BOX, _VELOCITY = slice(0, 4), slice(4, 8)
_PP, _PV, _VV = slice(8, 10), slice(10, 12), slice(12, 14)
ROWS = 14


@dataclass(frozen=True, slots=True)
class MotionSettings:
    """How people are expected to move; lengths are shares of the box's height.

    Attributes:
        position_noise: standard deviation of a detection's centre and size. Raising it trusts detections
            less: smoother boxes, slower to follow.
        acceleration_noise: how fast velocities wander, heights a second per square root of a second.
            Raising it follows turns faster and predicts worse through gaps.
        start_speed: standard deviation of a new track's velocity, heights a second (a walker: 0.7).
        size_speed: the same for width and height, which change slowly.
        coasting_s: an unseen track's velocity fades with this time constant, since people turn and stop.
    """

    position_noise: float = 0.05
    acceleration_noise: float = 0.5
    start_speed: float = 0.7
    size_speed: float = 0.1
    coasting_s: float = 1.0


class BoxMotion:
    """Centre, width and height of n boxes with their velocities, a column a box.

    Noise that is independent a coordinate, and equal for both coordinates of the centre and of the size,
    keeps the covariance to three numbers each: a step is plain arithmetic on rows, without a matrix inverse.
    All that is known of a box stands in one matrix, so that it comes and goes in one call.

    Attributes:
        state: (14 + extra, n) the filter's rows, then whatever whoever uses it keeps of each box.

    Source:
        Kalman, 1960; noise proportional to the height as in Bewley et al., "SORT", ICIP 2016, with
        continuous white-noise acceleration, so that the interval between frames may vary.
    """

    def __init__(self, settings: MotionSettings, extra: int = 0) -> None:
        self._settings = settings
        self.state: FloatArray = np.zeros((ROWS + extra, 0))

    def __len__(self) -> int:
        return int(self.state.shape[1])

    def add(self, centre: FloatArray, extra: FloatArray | None = None) -> None:
        """Append boxes that stand still until more is known.

        Args:
            centre: (4, m) as `to_centre` gives them.
            extra: (extra, m) what else is kept of them.
        """
        settings = self._settings
        fresh = np.zeros((len(self.state), centre.shape[1]))
        height = centre[3]
        fresh[_BOX] = centre
        fresh[_PP] = (settings.position_noise * height) ** 2
        fresh[12] = (settings.start_speed * height) ** 2
        fresh[13] = (settings.size_speed * height) ** 2
        if extra is not None:
            fresh[ROWS:] = extra
        self.state = np.concatenate([self.state, fresh], axis=1)

    def keep(self, mask: npt.NDArray[np.bool_]) -> None:
        """Forget the boxes whose mask is False."""
        self.state = self.state[:, mask]

    def predict(self, dt_s: float, unseen: npt.NDArray[np.bool_]) -> None:
        """Move all boxes on in time.

        Args:
            dt_s: seconds since the frame before, > 0.
            unseen: (n,) boxes that were not seen in the frame before; their velocity fades.
        """
        settings, state = self._settings, self.state
        noise = (settings.acceleration_noise * state[3]) ** 2
        velocity = state[_VELOCITY]
        if unseen.any():
            fade = math.exp(-dt_s / settings.coasting_s)
            # Distance covered while the velocity fades over the interval.
            state[_BOX] += np.where(unseen, settings.coasting_s * (1 - fade), dt_s) * velocity
            velocity *= np.where(unseen, fade, 1.0)
        else:
            state[_BOX] += dt_s * velocity
        np.maximum(state[2:4], 1.0, out=state[2:4])
        pp, pv, vv = state[_PP], state[_PV], state[_VV]
        pp += (2 * dt_s) * pv + (dt_s**2) * vv + (dt_s**3 / 3) * noise
        pv += dt_s * vv + (dt_s**2 / 2) * noise
        vv += dt_s * noise

    def correct(self, rows: IndexArray, seen: FloatArray) -> None:
        """Take in what was seen.

        Args:
            rows: (m,) which boxes.
            seen: (4, m) where they were seen, as `to_centre` gives it.
        """
        part = self.state[:ROWS].take(rows, axis=1)
        noise = (self._settings.position_noise * seen[3]) ** 2
        pv, vv = part[_PV], part[_VV]
        # The gains of place and velocity, one above the other, each for the centre and for the size.
        gain = part[8:12].reshape(2, 2, -1) / (part[_PP] + noise)
        surprise = (seen - part[_BOX]).reshape(2, 2, -1)
        part[:8] += (gain[:, :, None] * surprise).reshape(8, -1)
        vv -= gain[1] * pv
        part[8:12] = (gain * noise).reshape(4, -1)
        self.state[:ROWS, rows] = part

    @property
    def velocity(self) -> FloatArray:
        """(4, n) of centre, width and height, pixels a second."""
        return self.state[_VELOCITY]

    @property
    def corners(self) -> FloatArray:
        """(4, n) where the people are expected: x1, y1, x2, y2."""
        boxes = np.empty((4, self.state.shape[1]))
        half = self.state[2:4] * 0.5
        np.subtract(self.state[:2], half, out=boxes[:2])
        np.add(self.state[:2], half, out=boxes[2:])
        return boxes


def to_centre(corners: FloatArray) -> FloatArray:
    """Boxes as centre x, centre y, width, height; nothing is smaller than a pixel.

    Args:
        corners: (4, n) x1, y1, x2, y2.
    """
    boxes = np.empty_like(corners)
    np.add(corners[:2], corners[2:], out=boxes[:2])
    boxes[:2] *= 0.5
    np.subtract(corners[2:], corners[:2], out=boxes[2:])
    np.maximum(boxes[2:], 1.0, out=boxes[2:])
    return boxes
