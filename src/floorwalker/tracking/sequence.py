"""A whole sequence of detections through a tracker: what was believed at once, what is known in the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from floorwalker.tracking.mot_files import MotTable
from floorwalker.tracking.tracker import Tracker
from floorwalker.vision.detections import Detections

DEFAULT_FPS = 30.0
# A longer hole is passed over in one step: every track has ended by then.
_LONGEST_HOLE_S = 60.0


@dataclass(frozen=True, slots=True)
class Followed:
    """What a tracker made of a sequence.

    Attributes:
        online: each box under the id that was believed in its own frame: what a live camera gives.
        whole: each box of every track that was believed in the end, its first frames included.
    """

    online: MotTable
    whole: MotTable


def follow_sequence(
    detections: MotTable,
    tracker: Tracker,
    fps: float = DEFAULT_FPS,
    on_progress: Callable[[int, int], None] | None = None,
) -> Followed:
    """Track the detections of one sequence.

    Args:
        detections: by frame; ids are not looked at.
        tracker: a fresh one.
        fps: frames a second: frame numbers become presentation time with it.
        on_progress: called with frames done and frames in all.

    Returns:
        The tracks, with the detections' frame numbers, boxes and confidences.
    """
    ids, believed = np.full(len(detections), -1, dtype=np.int64), np.zeros(len(detections), dtype=bool)
    frames = np.unique(detections.frame)
    last, total = None, int(frames[-1] - frames[0] + 1) if len(frames) else 0
    for frame in frames.tolist():
        if last is not None and (frame - last) / fps <= _LONGEST_HOLE_S:
            for empty in range(last + 1, frame):
                tracker.update(Detections.empty(), empty / fps)
        rows = slice(*np.searchsorted(detections.frame, [frame, frame + 1]).tolist())
        ids[rows] = tracker.update(
            Detections.from_boxes(detections.xyxy[rows], detections.confidence[rows]), frame / fps
        )
        believed[rows] = tracker.believed(ids[rows])
        last = frame
        if on_progress is not None:
            on_progress(frame - int(frames[0]) + 1, total)
    named = MotTable(
        detections.frame, ids, detections.xyxy, detections.confidence, np.full(len(ids), -1, dtype=np.int64)
    )
    return Followed(named.select(believed), named.select(np.isin(ids, np.unique(ids[believed]))))
