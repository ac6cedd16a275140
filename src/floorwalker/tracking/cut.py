"""Cutting: a track that went over from one person to another behind something is two tracks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from floorwalker.tracking.step import similarity

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CutSettings:
    """When a change of looks is a change of person.

    Attributes:
        least_likeness: similarity of the looks before and after below which they are two people. Raising it
            cuts more tracks of one person whom light or a bag changed.
        samples: descriptors compared on each side; fewer than two say nothing.
        longest_step_s: a gap in sight longer than this many usual intervals may hide a change of person.
        jump: as may a jump of the feet by more than this share of the height.
    """

    least_likeness: float = 0.885
    samples: int = 4
    longest_step_s: float = 1.5
    jump: float = 0.12


def change_of_person(
    time_s: FloatArray,
    xyxy: npt.NDArray[np.float32],
    sample_s: FloatArray,
    appearance: npt.NDArray[np.float32],
    settings: CutSettings,
) -> int | None:
    """Where a track goes over to another person.

    Args:
        time_s: (n,) sightings of the track.
        xyxy: (n, 4) boxes in pixels.
        sample_s: (k,) times of the descriptors, increasing.
        appearance: (k, d) descriptors.
        settings: what counts.

    Returns:
        Index of the first sighting of the second person, or None.
    """
    least: tuple[float, int] | None = None
    for k in range(2, len(sample_s) - 1):
        before, after = appearance[max(k - settings.samples, 0) : k], appearance[k : k + settings.samples]
        alike = similarity(before, after)
        if alike is None or alike >= settings.least_likeness or (least is not None and alike >= least[0]):
            continue
        place = _break_between(time_s, xyxy, sample_s[k - 1], sample_s[k], settings)
        if place is not None:
            least = (alike, place)
    return None if least is None else least[1]


def _break_between(
    time_s: FloatArray, xyxy: npt.NDArray[np.float32], start_s: float, end_s: float, settings: CutSettings
) -> int | None:
    """The likeliest moment of a change between two times: a gap in sight or a jump of the feet."""
    first, last = np.searchsorted(time_s, [start_s, end_s])
    rows = np.arange(int(first) + 1, min(int(last) + 1, len(time_s)))
    if len(rows) == 0:
        return None
    step_s = time_s[rows] - time_s[rows - 1]
    usual_s = float(np.median(np.diff(time_s)))
    feet = np.column_stack([(xyxy[:, 0] + xyxy[:, 2]) / 2, xyxy[:, 3]]).astype(np.float64)
    height = float(np.median(xyxy[:, 3] - xyxy[:, 1]))
    jump = np.linalg.norm(feet[rows] - feet[rows - 1], axis=1) / max(height, 1.0)
    strangeness = np.maximum(step_s / (settings.longest_step_s * usual_s), jump / settings.jump)
    at = int(np.argmax(strangeness))
    return int(rows[at]) if strangeness[at] >= 1.0 else None
