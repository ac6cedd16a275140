"""Observation-centric tracking: what was really seen of a person leads, the filter only bridges."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from floorwalker.tracking.looks import Looks
from floorwalker.tracking.motion import FloatArray, IndexArray, MotionSettings, to_centre
from floorwalker.tracking.overlap import assign, grow, overlaps
from floorwalker.tracking.roster import OWN_ROWS, Roster
from floorwalker.vision.detections import Detections

BoolArray = npt.NDArray[np.bool_]

# Centres (x, y) of observations: the last one, a recent one and an older one, and when the recent one was.
_SEEN, _RECENT, _OLDER, _RECENT_S = (
    slice(OWN_ROWS, OWN_ROWS + 2),
    slice(OWN_ROWS + 2, OWN_ROWS + 4),
    slice(OWN_ROWS + 4, OWN_ROWS + 6),
    OWN_ROWS + 6,
)
_EXTRA = 7
_VELOCITY, _VARIANCE = slice(4, 6), 12


@dataclass(frozen=True, slots=True)
class ObservationCentricSettings:
    """How detections become tracks; times are presentation time.

    Attributes:
        strong_confidence: detections from here on take part in the first stage.
        weak_confidence: detections below it are ignored.
        new_confidence: what a detection needs to start a track. Raising it starts fewer false tracks, later.
        least: likeness that the first stage asks for: overlap, weighed by height and confidence, and the
            agreement of direction. Raising it splits fast walkers, lowering it mixes up neighbours.
        least_weak: overlap that the second stage asks for, and
        least_new: likeness that tracks ask for that are not confirmed yet.
        weighs_confidence: overlaps with strong detections count less the less confident they are.
        growth: growth of boxes before they are compared, in heights.
        height_weight: power with which the common share of two boxes' heights weighs their overlap; who is
            half hidden changes height, and neighbours differ in it.
        direction_weight: what going on in the direction of before adds to the overlap, at most half of it.
        direction_s: over how long the direction of before is taken. Raising it is steadier and turns later.
        patience: how much less a track's overlaps count per second unseen; who was seen just now goes first.
        confirm_seen: a track is believed when it was seen this often.
        believes_first_frame: whoever is there in the first frame is believed at once.
        tentative_gap_s: an unconfirmed track that is not seen for longer is dropped.
        lost_s: a confirmed track that is not seen for longer is finished. Raising it bridges longer
            occlusions and mixes up more people.
        renewal: share with which a track that is found again forgets its filter and takes the mean velocity
            since it was seen last (observation-centric re-update); 0 to 1.
        appearance_weight: what equal looks add to the overlap, where descriptors are given.
        least_appearance: cosine of descriptors from which on looks are alike at all; below it a pair is
            not made.
        appearance_memory: share of the old in a track's descriptor when a new one comes.
        motion: the motion model.
    """

    strong_confidence: float = 0.6
    weak_confidence: float = 0.1
    new_confidence: float = 0.75
    least: float = 0.1
    least_weak: float = 0.5
    least_new: float = 0.3
    weighs_confidence: bool = True
    growth: float = 0.05
    height_weight: float = 1.0
    direction_weight: float = 0.2
    direction_s: float = 0.3
    patience: float = 0.5
    confirm_seen: int = 3
    believes_first_frame: bool = False
    tentative_gap_s: float = 0.0
    lost_s: float = 1.2
    renewal: float = 0.0
    appearance_weight: float = 0.5
    least_appearance: float = 0.5
    appearance_memory: float = 0.9
    motion: MotionSettings = field(
        default_factory=lambda: MotionSettings(
            acceleration_noise=0.3, start_speed=1.0, size_speed=0.2, coasting_s=10.0
        )
    )


class ObservationCentric:
    """Tracks the people of one camera; implements `tracking.tracker.Tracker`.

    Memory is bounded by the people seen within `lost_s`: finished tracks leave.

    Source:
        Cao et al., "Observation-centric SORT", CVPR 2023 (direction, re-update); Yang et al., "C-BIoU",
        WACV 2023 (grown boxes); Yang et al., "Hybrid-SORT", AAAI 2024 (height in the overlap); Maggiolino et
        al., "Deep OC-SORT", ICIP 2023 (appearance); Zhang et al., "ByteTrack", ECCV 2022 (weak detections).
    """

    def __init__(self, settings: ObservationCentricSettings | None = None) -> None:
        self._settings = settings or ObservationCentricSettings()
        self._roster = Roster(self._settings.motion, _EXTRA)
        self._now_s: float | None = None
        self._looks = Looks(self._settings.appearance_memory)

    def __len__(self) -> int:
        """Tracks held at the moment: in view, tentative or lost for a short while."""
        return len(self._roster)

    def confirmed(self, track_id: int) -> bool:
        """Whether a track that is still held was seen often enough to be believed."""
        return self._roster.confirmed(track_id)

    def believed(self, track_ids: npt.NDArray[np.int64]) -> BoolArray:
        """(m,) the same for many at once."""
        return self._roster.believed(track_ids)

    def update(
        self, detections: Detections, time_s: float, appearance: npt.NDArray[np.float32] | None = None
    ) -> npt.NDArray[np.int64]:
        """Take in one frame.

        Args:
            detections: the frame's people.
            time_s: presentation time in seconds, greater than that of the frame before.
            appearance: (n, d) descriptors of norm 1, rows of 0 where there is none; they help to tell people
                apart. All frames' descriptors have one length.

        Returns:
            (n,) the track of each detection, or -1.

        Raises:
            ValueError: time does not move forward.
        """
        before_s, settings, roster = self._now_s, self._settings, self._roster
        if before_s is not None and not time_s > before_s:
            raise ValueError(f"expected a time after {before_s} s, got {time_s} s")
        if before_s is not None and len(roster):
            self._forget(time_s, time_s - before_s)
            roster.predict(time_s - before_s, roster.last_s < before_s)
        self._now_s = time_s
        corners = np.array(detections.xyxy.T, dtype=np.float64, order="C")
        centre = to_centre(corners)
        owner = self._associate(corners, centre, detections.confidence, before_s, appearance)
        matched = (owner >= 0).nonzero()[0]
        rows = owner[matched]
        self._see(rows, centre.take(matched, axis=1), time_s, before_s)
        fresh = ((owner < 0) & (detections.confidence >= settings.new_confidence)).nonzero()[0]
        if len(fresh):
            owner[fresh] = np.arange(len(roster), len(roster) + len(fresh))
            first = before_s is None and settings.believes_first_frame
            self._begin(centre.take(fresh, axis=1), time_s, first)
        if appearance is not None:
            self._looks.remember(owner, appearance, len(roster))
        return roster.numbers(owner)

    def _associate(
        self,
        corners: FloatArray,
        centre: FloatArray,
        confidence: npt.NDArray[np.float32],
        before_s: float | None,
        appearance: npt.NDArray[np.float32] | None,
    ) -> IndexArray:
        """The row of the track that each detection belongs to, or -1."""
        settings, roster = self._settings, self._roster
        owner = np.full(corners.shape[1], -1, dtype=np.intp)
        if len(roster) == 0 or len(owner) == 0:
            return owner
        last_s, confirmed = roster.last_s, roster.is_confirmed
        strong = confidence >= settings.strong_confidence
        weak = confidence >= settings.weak_confidence
        weak &= ~strong
        free = np.ones(len(roster), dtype=bool)

        def stage(tracks: BoolArray, found: BoolArray, alike: FloatArray, least: float) -> None:
            rows = (tracks & free).nonzero()[0]
            columns = (found & (owner < 0)).nonzero()[0]
            if len(rows) and len(columns):
                picked, columns_picked = assign(alike.take(rows, axis=0).take(columns, axis=1), least)
                taken = rows.take(picked)
                owner[columns.take(columns_picked)] = taken
                free[taken] = False

        overlap, alike = self._likeness(corners, centre, confidence, before_s, appearance)
        stage(confirmed, strong, alike, settings.least)
        if weak.any():
            stage(confirmed & (last_s == before_s), weak, overlap, settings.least_weak)
        stage(~confirmed, strong, alike, settings.least_new)
        return owner

    def _likeness(
        self,
        corners: FloatArray,
        centre: FloatArray,
        confidence: npt.NDArray[np.float32],
        before_s: float | None,
        appearance: npt.NDArray[np.float32] | None,
    ) -> tuple[FloatArray, FloatArray]:
        """(n, m) how well the predicted boxes overlap, and how likely each pair is the same person."""
        settings, state = self._settings, self._roster.state
        predicted = self._roster.corners
        overlap = overlaps(grow(predicted, settings.growth), grow(corners, settings.growth))
        if settings.height_weight > 0.0:
            shared = np.minimum(predicted[3][:, None], corners[3])
            shared -= np.maximum(predicted[1][:, None], corners[1])
            np.maximum(shared, 0.0, out=shared)
            spanned = np.maximum(predicted[3][:, None], corners[3])
            spanned -= np.minimum(predicted[1][:, None], corners[1])
            shared /= spanned
            overlap *= shared if settings.height_weight == 1.0 else shared**settings.height_weight
        alike = overlap * confidence if settings.weighs_confidence else overlap.copy()
        if settings.patience > 0.0 and before_s is not None:
            unseen_s = before_s - self._roster.last_s
            alike /= (1.0 + settings.patience * unseen_s)[:, None]
        possible = alike >= settings.least
        self._weigh_looks(alike, possible, appearance)
        if settings.direction_weight > 0.0:
            older = state[_OLDER]
            before = state[_SEEN] - older
            after = centre[:2, None, :] - older[:, :, None]
            along = before[0][:, None] * after[0] + before[1][:, None] * after[1]
            along /= np.hypot(before[0], before[1])[:, None] * np.hypot(after[0], after[1]) + 1e-9
            alike += (0.5 * settings.direction_weight) * along * (confidence * possible)
        return overlap, alike

    def _see(self, rows: IndexArray, centre: FloatArray, time_s: float, before_s: float | None) -> None:
        settings, roster = self._settings, self._roster
        state = roster.state
        if settings.renewal > 0.0 and before_s is not None and len(rows):
            again = (roster.last_s[rows] < before_s).nonzero()[0]
            if len(again):
                self._renew(rows[again], centre.take(again, axis=1), time_s)
        roster.see(rows, centre, time_s, confirm_s=0.0, confirm_seen=settings.confirm_seen)
        state[_SEEN, rows] = centre[:2]
        due = rows[state[_RECENT_S, rows] <= time_s - settings.direction_s]
        if len(due):
            state[_OLDER, due] = state[_RECENT, due]
            state[_RECENT, due] = state[_SEEN, due]
            state[_RECENT_S, due] = time_s

    def _renew(self, rows: IndexArray, centre: FloatArray, time_s: float) -> None:
        """Found again: the path between two observations tells more than what was predicted meanwhile."""
        state, share = self._roster.state, self._settings.renewal
        gap_s = time_s - self._roster.last_s[rows]
        velocity = (centre[:2] - state[_SEEN, rows]) / gap_s
        state[_VELOCITY, rows] += share * (velocity - state[_VELOCITY, rows])
        state[:2, rows] += share * (centre[:2] - state[:2, rows])
        usual = (self._settings.motion.start_speed * centre[3]) ** 2
        state[_VARIANCE, rows] = np.minimum(state[_VARIANCE, rows], usual)

    def _begin(self, centre: FloatArray, time_s: float, confirmed: bool) -> None:
        roster, count = self._roster, centre.shape[1]
        roster.begin(centre, time_s, confirmed=confirmed)
        for place in (_SEEN, _RECENT, _OLDER):
            roster.state[place, -count:] = centre[:2]
        roster.state[_RECENT_S, -count:] = time_s
        self._looks.add(count)

    def _weigh_looks(
        self, alike: FloatArray, possible: BoolArray, appearance: npt.NDArray[np.float32] | None
    ) -> None:
        """Pairs that look alike gain, pairs that do not are out; a pair with nothing to compare stays."""
        compared = self._looks.likeness(appearance)
        if compared is None:
            return
        settings, (cosines, known) = self._settings, compared
        likeness = (cosines - settings.least_appearance) / (1.0 - settings.least_appearance)
        alike += settings.appearance_weight * np.clip(likeness, 0.0, 1.0) * (known & possible)
        alike[known & (likeness < 0.0)] = 0.0

    def _forget(self, time_s: float, interval_s: float) -> None:
        settings, roster = self._settings, self._roster
        unseen_s = time_s - roster.last_s
        # One missed frame is forgiven however few frames a second there are, a hole in the recording is not.
        forgiven_s = min(2 * interval_s, 2 * settings.lost_s)
        tentative_s = max(settings.tentative_gap_s, forgiven_s) + 1e-6
        lost_s = max(settings.lost_s, forgiven_s) + 1e-6
        if unseen_s.max() > tentative_s:
            held = unseen_s <= np.where(roster.is_confirmed, lost_s, tentative_s)
            roster.keep(held)
            self._looks.keep(held)
