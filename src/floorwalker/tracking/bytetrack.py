"""ByteTrack: association of detections in two stages, strong ones first, then weak ones."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from floorwalker.tracking.motion import BoxMotion, MotionSettings
from floorwalker.tracking.overlap import assign, grow, iou, within_reach
from floorwalker.vision.detections import Detections

IndexArray = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class ByteTrackSettings:
    """How detections become tracks; times are presentation time.

    Attributes:
        strong_confidence: detections from here on take part in the first stage. Raising it starts fewer
            tracks and leaves more to the second stage.
        weak_confidence: detections below it are ignored.
        new_confidence: what a detection needs to start a track. Raising it starts fewer false tracks, later.
        least_overlap: intersection over union of grown boxes that the first stage asks for. Raising it
            splits fast walkers, lowering it mixes up neighbours.
        least_overlap_weak: the same for the second stage.
        growth: growth of boxes before they are compared, in heights.
        growth_far: the same for the last attempt, which catches fast walkers at few frames a second and
            people who reappear.
        reach: greatest distance between prediction and detection, in heights, when the track was seen
            just now, and
        reach_per_s: how that grows with the time unseen. Raising them follows sudden moves and lets a track
            jump to somebody who comes out from behind a third.
        confirm_s: a track is believed when it has been seen over this time, twice at least. Raising it
            drops short false tracks and short true ones.
        tentative_gap_s: an unconfirmed track that is not seen for longer is dropped.
        lost_s: a confirmed track that is not seen for longer is finished. Raising it bridges longer
            occlusions and mixes up more people.
        motion: the motion model.
    """

    strong_confidence: float = 0.5
    weak_confidence: float = 0.1
    new_confidence: float = 0.5
    least_overlap: float = 0.3
    least_overlap_weak: float = 0.45
    growth: float = 0.1
    growth_far: float = 0.3
    reach: float = 0.15
    reach_per_s: float = 0.8
    confirm_s: float = 0.5
    tentative_gap_s: float = 0.35
    lost_s: float = 2.0
    motion: MotionSettings = field(default_factory=MotionSettings)


class ByteTrack:
    """Tracks the people of one camera; implements `tracking.tracker.Tracker`.

    Memory is bounded by the people seen within `lost_s`: finished tracks leave.

    Source:
        Zhang et al., "ByteTrack: multi-object tracking by associating every detection box", ECCV 2022.
    """

    def __init__(self, settings: ByteTrackSettings | None = None) -> None:
        self._settings = settings or ByteTrackSettings()
        self._motion = BoxMotion(self._settings.motion)
        self._ids = np.zeros(0, dtype=np.int64)
        self._first_s = np.zeros(0)
        self._last_s = np.zeros(0)
        self._confirmed = np.zeros(0, dtype=bool)
        self._next_id = 1
        self._now_s: float | None = None

    def __len__(self) -> int:
        """Tracks held at the moment: in view, tentative or lost for a short while."""
        return len(self._ids)

    def confirmed(self, track_id: int) -> bool:
        """Whether a track that is still held was seen often enough to be believed."""
        return bool(np.any(self._confirmed[self._ids == track_id]))

    def update(self, detections: Detections, time_s: float) -> npt.NDArray[np.int64]:
        """Take in one frame.

        Args:
            detections: the frame's people.
            time_s: presentation time in seconds, greater than that of the frame before.

        Returns:
            (n,) the track of each detection, or -1.

        Raises:
            ValueError: time does not move forward.
        """
        if self._now_s is not None and not time_s > self._now_s:
            raise ValueError(f"expected a time after {self._now_s} s, got {time_s} s")
        self._forget(time_s)
        if self._now_s is not None and len(self):
            self._motion.predict(time_s - self._now_s, self._last_s < self._now_s)
        boxes = detections.xyxy.astype(np.float64)
        owner = self._associate(boxes, detections.confidence, time_s)
        matched = np.flatnonzero(owner >= 0)
        rows = owner[matched]
        self._motion.correct(rows, boxes[matched])
        self._last_s[rows] = time_s
        self._confirmed[rows] |= time_s - self._first_s[rows] >= self._settings.confirm_s - 1e-6
        fresh = np.flatnonzero((owner < 0) & (detections.confidence >= self._settings.new_confidence))
        owner[fresh] = len(self) + np.arange(len(fresh))
        self._begin(boxes[fresh], time_s)
        self._now_s = time_s
        result = np.full(len(detections), -1, dtype=np.int64)
        held = owner >= 0
        result[held] = self._ids[owner[held]]
        return result

    def _associate(
        self, boxes: npt.NDArray[np.float64], confidence: npt.NDArray[np.float32], time_s: float
    ) -> npt.NDArray[np.intp]:
        """The row of the track that each detection belongs to, or -1."""
        settings = self._settings
        owner = np.full(len(boxes), -1, dtype=np.intp)
        strong = confidence >= settings.strong_confidence
        weak = (confidence >= settings.weak_confidence) & ~strong
        in_view = self._last_s == self._now_s if self._now_s is not None else np.zeros(0, dtype=bool)
        predicted = self._motion.xyxy
        reach = settings.reach + settings.reach_per_s * (time_s - self._last_s)
        reachable = within_reach(predicted, boxes, reach)

        def stage(
            tracks: npt.NDArray[np.bool_], found: npt.NDArray[np.bool_], growth: float, least: float
        ) -> None:
            rows = np.setdiff1d(np.flatnonzero(tracks), owner[owner >= 0])
            columns = np.flatnonzero(found & (owner < 0))
            if len(rows) and len(columns):
                overlap = iou(grow(predicted[rows], growth), grow(boxes[columns], growth))
                overlap *= reachable[np.ix_(rows, columns)]
                picked_rows, picked_columns = assign(overlap, least)
                owner[columns[picked_columns]] = rows[picked_rows]

        stage(self._confirmed, strong, settings.growth, settings.least_overlap)
        stage(self._confirmed & in_view, weak, settings.growth, settings.least_overlap_weak)
        stage(~self._confirmed, strong, settings.growth, settings.least_overlap)
        stage(np.ones(len(self), dtype=bool), strong, settings.growth_far, settings.least_overlap)
        return owner

    def _begin(self, boxes: npt.NDArray[np.float64], time_s: float) -> None:
        count = len(boxes)
        self._motion.add(boxes)
        self._ids = np.append(self._ids, np.arange(self._next_id, self._next_id + count))
        self._first_s = np.append(self._first_s, np.full(count, time_s))
        self._last_s = np.append(self._last_s, np.full(count, time_s))
        self._confirmed = np.append(self._confirmed, np.zeros(count, dtype=bool))
        self._next_id += count

    def _forget(self, time_s: float) -> None:
        patience = np.where(self._confirmed, self._settings.lost_s, self._settings.tentative_gap_s)
        interval = 0.0 if self._now_s is None else time_s - self._now_s
        # One missed frame is forgiven however few frames a second there are, a hole in the recording is not.
        forgiven = min(2 * interval, 2 * self._settings.lost_s)
        keep = time_s - self._last_s <= np.maximum(patience, forgiven) + 1e-6
        self._motion.keep(keep)
        for name in ("_ids", "_first_s", "_last_s", "_confirmed"):
            setattr(self, name, getattr(self, name)[keep])
