"""The track: one person through one recording of one camera."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

TOGETHER_S = 0.5
_BY_MOMENT = ("time_s", "xyxy", "foot_px", "floor_m", "confidence")


@dataclass(frozen=True, slots=True)
class Track:
    """One person as one camera followed them, as arrays over the n moments they were seen.

    Attributes:
        track_id: ordinal within the run, from 1, in order of first sighting.
        time_s: (n,) float64 presentation times, increasing.
        xyxy: (n, 4) float32 boxes in pixels.
        foot_px: (n, 2) float32 where the person stood, pixels.
        floor_m: (n, 2) float64 floor positions in metres, NaN where the camera is not calibrated.
        confidence: (n,) float32 of the detections, 0 to 1.
        appearance: (k, d) float32 descriptors of good views, each of L2 norm 1; k may be 0.
    """

    track_id: int
    time_s: npt.NDArray[np.float64]
    xyxy: npt.NDArray[np.float32]
    foot_px: npt.NDArray[np.float32]
    floor_m: npt.NDArray[np.float64]
    confidence: npt.NDArray[np.float32]
    appearance: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        n = len(self.time_s)
        if n == 0:
            raise ValueError(f"track {self.track_id} has no moment")
        shapes = {"xyxy": (n, 4), "foot_px": (n, 2), "floor_m": (n, 2), "confidence": (n,)}
        for name, shape in shapes.items():
            actual = getattr(self, name).shape
            if actual != shape:
                raise ValueError(f"track {self.track_id}, {name}: expected shape {shape}, got {actual}")

    @property
    def start_s(self) -> float:
        """Presentation time of the first sighting."""
        return float(self.time_s[0])

    @property
    def end_s(self) -> float:
        """Presentation time of the last sighting."""
        return float(self.time_s[-1])


def in_view_at_once(one: Track, other: Track, least_s: float = TOGETHER_S) -> bool:
    """Whether two tracks of one recording ran side by side, so that they are two people.

    Args:
        one: a track.
        other: another one.
        least_s: a shorter time together is none: the detector may see one person twice for a moment.
    """
    return min(one.end_s, other.end_s) - max(one.start_s, other.start_s) > least_s


def before(track: Track, moment_s: float) -> Track:
    """What a track showed until a moment, looks kept; its first sighting at least."""
    until = max(int(np.searchsorted(track.time_s, moment_s - 1e-9)), 1)
    rows = {name: getattr(track, name)[:until] for name in _BY_MOMENT}
    return replace(track, **rows)
