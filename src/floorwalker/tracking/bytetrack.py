"""ByteTrack: association of detections in two stages, strong ones first, then weak ones."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from floorwalker.tracking.looks import Looks
from floorwalker.tracking.motion import FloatArray, IndexArray, MotionSettings, to_centre
from floorwalker.tracking.overlap import assign, grow, overlaps, within_reach
from floorwalker.tracking.roster import Roster
from floorwalker.vision.detections import Detections

BoolArray = npt.NDArray[np.bool_]
# Whose place fits well goes on although looks changed: people turn round, and others hide parts of them.
_MOST_AGAINST = -0.5


@dataclass(frozen=True, slots=True)
class ByteTrackSettings:
    """How detections become tracks; times are presentation time.

    The defaults are for a shop's camera at five to fifteen frames a second.

    Attributes:
        strong_confidence: detections from here on take part in the first stage. Raising it starts fewer
            tracks and leaves more to the second stage.
        weak_confidence: detections below it are ignored.
        new_confidence: what a detection needs to start a track. Raising it starts fewer false tracks, later.
        least_overlap: intersection over union of grown boxes that the first stage asks for. Raising it
            splits fast walkers, lowering it mixes up neighbours.
        least_overlap_weak: the same for the second stage, and
        least_overlap_new: for tracks that are not confirmed yet.
        weighs_confidence: overlaps with strong detections count less the less confident they are.
        growth: growth of boxes before they are compared, in heights.
        growth_far: the same for the last attempt, which catches fast walkers at few frames a second and
            people who reappear; None: no such attempt.
        reach: greatest distance between prediction and detection, in heights, when the track was seen
            just now; None: overlap is enough.
        reach_per_s: how that grows with the time unseen. Raising them follows sudden moves and lets a track
            jump to somebody who comes out from behind a third.
        confirm_s: a track is believed when it has been seen over this time, twice at least. Raising it
            drops short false tracks and short true ones.
        believes_first_frame: whoever is there in the first frame is believed at once.
        tentative_gap_s: an unconfirmed track that is not seen for longer is dropped.
        lost_s: a confirmed track that is not seen for longer is finished. Raising it bridges longer
            occlusions and mixes up more people.
        looks_weight: what equal looks add to the overlap, and half of what other ones take away, where
            descriptors are given. Raising it tells neighbours apart and breaks tracks of people who turn.
        looks_neutral: cosine of descriptors that says neither, and
        looks_span: how far from it their say is whole.
        looks_memory: share of the old in a track's descriptor when a new one comes.
        motion: the motion model.
    """

    strong_confidence: float = 0.5
    weak_confidence: float = 0.1
    new_confidence: float = 0.5
    least_overlap: float = 0.3
    least_overlap_weak: float = 0.45
    least_overlap_new: float = 0.3
    weighs_confidence: bool = False
    growth: float = 0.1
    growth_far: float | None = 0.3
    reach: float | None = 0.15
    reach_per_s: float = 0.8
    confirm_s: float = 0.5
    believes_first_frame: bool = False
    tentative_gap_s: float = 0.35
    lost_s: float = 2.0
    looks_weight: float = 1.0
    looks_neutral: float = 0.9
    looks_span: float = 0.1
    looks_memory: float = 0.9
    motion: MotionSettings = field(default_factory=MotionSettings)

    @classmethod
    def as_published(cls) -> ByteTrackSettings:
        """The published method and its thresholds, with times in place of numbers of frames."""
        return cls(
            strong_confidence=0.6,
            new_confidence=0.7,
            least_overlap=0.2,
            least_overlap_weak=0.5,
            least_overlap_new=0.2,
            weighs_confidence=True,
            growth=0.0,
            growth_far=None,
            reach=None,
            confirm_s=0.0,
            tentative_gap_s=0.0,
            lost_s=1.0,
            looks_weight=0.0,
        )


class ByteTrack:
    """Tracks the people of one camera; implements `tracking.tracker.Tracker`.

    Memory is bounded by the people seen within `lost_s`: finished tracks leave.

    Source:
        Zhang et al., "ByteTrack: multi-object tracking by associating every detection box", ECCV 2022; looks
        beside the overlap as in Aharon et al., "BoT-SORT", 2022.
    """

    def __init__(self, settings: ByteTrackSettings | None = None) -> None:
        self._settings = settings or ByteTrackSettings()
        self._roster = Roster(self._settings.motion)
        self._looks = Looks(self._settings.looks_memory)
        self._now_s: float | None = None

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
        weighed = self._weighed(appearance)
        owner = self._associate(corners, detections.confidence, time_s, before_s, weighed)
        centre = to_centre(corners)
        matched = (owner >= 0).nonzero()[0]
        roster.see(
            owner[matched],
            centre.take(matched, axis=1),
            time_s,
            confirm_s=settings.confirm_s,
            confirm_seen=2,
        )
        fresh = ((owner < 0) & (detections.confidence >= settings.new_confidence)).nonzero()[0]
        if len(fresh):
            owner[fresh] = np.arange(len(roster), len(roster) + len(fresh))
            first = before_s is None and settings.believes_first_frame
            roster.begin(centre.take(fresh, axis=1), time_s, confirmed=first)
            self._looks.add(len(fresh))
        if appearance is not None:
            self._looks.remember(owner, appearance, len(roster))
        return roster.numbers(owner)

    def _weighed(self, appearance: npt.NDArray[np.float32] | None) -> FloatArray | None:
        """(n, m) what looks add to the overlap of each pair; None where there are none to compare."""
        compared = self._looks.likeness(appearance) if self._settings.looks_weight > 0.0 else None
        if compared is None:
            return None
        settings, (cosines, known) = self._settings, compared
        say = np.clip((cosines - settings.looks_neutral) / settings.looks_span, _MOST_AGAINST, 1.0)
        return np.asarray(settings.looks_weight * say * known, dtype=np.float64)

    def _associate(
        self,
        corners: FloatArray,
        confidence: npt.NDArray[np.float32],
        time_s: float,
        before_s: float | None,
        looks: FloatArray | None,
    ) -> IndexArray:
        """The row of the track that each detection belongs to, or -1."""
        settings, roster = self._settings, self._roster
        owner = np.full(corners.shape[1], -1, dtype=np.intp)
        if len(roster) == 0 or len(owner) == 0:
            return owner
        predicted = roster.corners
        last_s, confirmed = roster.last_s, roster.is_confirmed
        strong = confidence >= settings.strong_confidence
        weak = confidence >= settings.weak_confidence
        weak &= ~strong
        near = None
        if settings.reach is not None:
            near = within_reach(predicted, corners, settings.reach + settings.reach_per_s * (time_s - last_s))

        def likeness(growth: float) -> FloatArray:
            if growth == 0.0:
                alike = overlaps(predicted, corners)
            else:
                alike = overlaps(grow(predicted, growth), grow(corners, growth))
            if near is not None:
                alike *= near
            return alike

        free = np.ones(len(roster), dtype=bool)

        def stage(tracks: BoolArray, found: BoolArray, alike: FloatArray, least: float) -> None:
            rows = (tracks & free).nonzero()[0]
            columns = (found & (owner < 0)).nonzero()[0]
            if len(rows) and len(columns):
                pairs = alike.take(rows, axis=0).take(columns, axis=1)
                if looks is not None:
                    # Looks choose among the pairs that place allows, and forbid some of them.
                    pairs += np.where(pairs >= least, looks.take(rows, axis=0).take(columns, axis=1), 0.0)
                picked, columns_picked = assign(pairs, least)
                taken = rows.take(picked)
                owner[columns.take(columns_picked)] = taken
                free[taken] = False

        alike = likeness(settings.growth)
        weighed = alike * confidence if settings.weighs_confidence else alike
        stage(confirmed, strong, weighed, settings.least_overlap)
        if weak.any():
            stage(confirmed & (last_s == before_s), weak, alike, settings.least_overlap_weak)
        stage(~confirmed, strong, weighed, settings.least_overlap_new)
        if settings.growth_far is not None and free.any() and (owner < 0).any():
            stage(free, strong, likeness(settings.growth_far), settings.least_overlap)
        return owner

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
