"""Motion of boxes: a constant-velocity Kalman filter over all tracks at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.intp]


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
    """Centre, width and height of n boxes with their velocities.

    Noise that is independent a coordinate keeps the covariance block-diagonal, so that each coordinate is
    a filter of two numbers and a step is plain arithmetic on arrays, without a matrix inverse.

    Source:
        Kalman, 1960; noise proportional to the height as in Bewley et al., "SORT", ICIP 2016, with
        continuous white-noise acceleration, so that the interval between frames may vary.
    """

    def __init__(self, settings: MotionSettings) -> None:
        self._settings = settings
        self.mean = np.zeros((0, 4))
        self.velocity = np.zeros((0, 4))
        self._pp = np.zeros((0, 4))
        self._pv = np.zeros((0, 4))
        self._vv = np.zeros((0, 4))

    def __len__(self) -> int:
        return len(self.mean)

    def add(self, xyxy: FloatArray) -> None:
        """Append boxes that stand still until more is known.

        Args:
            xyxy: (m, 4) pixels.
        """
        boxes = to_centre(xyxy)
        height = boxes[:, 3:4]
        speed = np.array([self._settings.start_speed] * 2 + [self._settings.size_speed] * 2)
        self.mean = np.vstack([self.mean, boxes])
        self.velocity = np.vstack([self.velocity, np.zeros_like(boxes)])
        self._pp = np.vstack(
            [self._pp, np.broadcast_to((self._settings.position_noise * height) ** 2, boxes.shape)]
        )
        self._pv = np.vstack([self._pv, np.zeros_like(boxes)])
        self._vv = np.vstack([self._vv, (speed * height) ** 2])

    def keep(self, mask: npt.NDArray[np.bool_]) -> None:
        """Forget the boxes whose mask is False."""
        for name in ("mean", "velocity", "_pp", "_pv", "_vv"):
            setattr(self, name, getattr(self, name)[mask])

    def predict(self, dt_s: float, unseen: npt.NDArray[np.bool_]) -> None:
        """Move all boxes on in time.

        Args:
            dt_s: seconds since the frame before, > 0.
            unseen: (n,) boxes that were not seen in the frame before; their velocity fades.
        """
        settings = self._settings
        fade = np.where(unseen, np.exp(-dt_s / settings.coasting_s), 1.0)[:, None]
        # Distance covered while the velocity fades over the interval.
        reach = np.where(unseen, settings.coasting_s * (1 - fade[:, 0]), dt_s)[:, None]
        noise = (settings.acceleration_noise * self.mean[:, 3:4]) ** 2
        self.mean = self.mean + reach * self.velocity
        self.mean[:, 2:] = np.maximum(self.mean[:, 2:], 1.0)
        self.velocity = fade * self.velocity
        self._pp = self._pp + 2 * dt_s * self._pv + dt_s**2 * self._vv + noise * dt_s**3 / 3
        self._pv = self._pv + dt_s * self._vv + noise * dt_s**2 / 2
        self._vv = self._vv + noise * dt_s

    def correct(self, rows: IndexArray, xyxy: FloatArray) -> None:
        """Take in what was seen.

        Args:
            rows: (m,) which boxes.
            xyxy: (m, 4) where they were seen, pixels.
        """
        seen = to_centre(xyxy)
        noise = (self._settings.position_noise * seen[:, 3:4]) ** 2
        pp, pv, vv = self._pp[rows], self._pv[rows], self._vv[rows]
        gain_p, gain_v = pp / (pp + noise), pv / (pp + noise)
        surprise = seen - self.mean[rows]
        self.mean[rows] += gain_p * surprise
        self.velocity[rows] += gain_v * surprise
        self._pp[rows] = (1 - gain_p) * pp
        self._pv[rows] = (1 - gain_p) * pv
        self._vv[rows] = vv - gain_v * pv

    @property
    def xyxy(self) -> FloatArray:
        """(n, 4) boxes where the people are expected."""
        half = self.mean[:, 2:] / 2
        return np.hstack([self.mean[:, :2] - half, self.mean[:, :2] + half])


def to_centre(xyxy: FloatArray) -> FloatArray:
    """Boxes as centre x, centre y, width, height."""
    return np.column_stack([(xyxy[:, :2] + xyxy[:, 2:]) / 2, np.maximum(xyxy[:, 2:] - xyxy[:, :2], 1.0)])
