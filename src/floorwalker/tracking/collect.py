"""Gathering: what a tracker says frame by frame becomes finished tracks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from floorwalker.site.calibration import Calibration
from floorwalker.tracking.cut import CutSettings, change_of_person
from floorwalker.tracking.footing import steady_feet
from floorwalker.tracking.track import Track
from floorwalker.vision.detections import Detections

# A descriptor of someone half hidden describes somebody else as well.
_LEAST_QUALITY = 0.3
# Quality, time and descriptor.
_Sample = tuple[float, float, npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Sightings of several tracks, in order of time; `feet_seen` is -1 where the detector does not know."""

    ids: npt.NDArray[np.int64]
    time_s: npt.NDArray[np.float64]
    xyxy: npt.NDArray[np.float32]
    foot_px: npt.NDArray[np.float32]
    confidence: npt.NDArray[np.float32]
    feet_seen: npt.NDArray[np.int8]

    def select(self, keep: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> _Chunk:
        return _Chunk(*(getattr(self, field.name)[keep] for field in fields(self)))

    @classmethod
    def join(cls, chunks: list[_Chunk]) -> _Chunk:
        return cls(
            *(np.concatenate([getattr(chunk, field.name) for chunk in chunks]) for field in fields(cls))
        )


class TrackCollector:
    """Gathers the sightings of one camera and gives the finished, confirmed tracks.

    A track that goes over from one person to another, as its looks tell, is cut in two.

    Sightings of tracks that were never confirmed leave as soon as they are older than `patience_s`.
    """

    def __init__(
        self,
        calibration: Calibration | None,
        *,
        samples: int = 12,
        patience_s: float = 10.0,
        sample_every_s: float = 0.5,
        tidy_every: int = 500,
        cut: CutSettings | None = None,
    ) -> None:
        """Begin.

        Args:
            calibration: for floor positions; None leaves them NaN.
            samples: appearance descriptors kept a track, the best ones by quality.
            patience_s: how long an unconfirmed track may still become confirmed.
            sample_every_s: between two descriptors of a track that `due` asks for.
            tidy_every: frames after which dropped tracks are cleared out.
            cut: when a change of looks is a change of person.
        """
        self._calibration = calibration
        self._samples = samples
        self._patience_s = patience_s
        self._sample_every_s = sample_every_s
        self._tidy_every = tidy_every
        self._cut = cut or CutSettings()
        self._chunks: list[_Chunk] = []
        self._confirmed: set[int] = set()
        self._appearance: dict[int, list[_Sample]] = {}
        self._handed_out = 0

    def due(self, ids: npt.NDArray[np.int64], time_s: float) -> npt.NDArray[np.bool_]:
        """Which detections are worth describing now; people change little from frame to frame.

        Args:
            ids: (n,) tracks as `Tracker.update` gave them.
            time_s: presentation time.

        Returns:
            (n,) True where the track's last descriptor is older than `sample_every_s`.
        """
        wanted = [
            track >= 0
            and (
                track not in self._appearance
                or time_s - self._appearance[track][-1][1] >= self._sample_every_s
            )
            for track in ids.tolist()
        ]
        return np.array(wanted, dtype=bool)

    def add(
        self,
        ids: npt.NDArray[np.int64],
        detections: Detections,
        time_s: float,
        is_confirmed: Callable[[int], bool],
        appearance: npt.NDArray[np.float32] | None = None,
        quality: npt.NDArray[np.float32] | None = None,
    ) -> None:
        """Take in one frame.

        Args:
            ids: (n,) tracks as `Tracker.update` gave them, -1 for none.
            detections: the frame's people.
            time_s: presentation time, increasing.
            is_confirmed: `Tracker.confirmed`.
            appearance: (n, d) descriptors; rows that are 0 or not `due` are passed over.
            quality: (n,) 0 to 1, how well each person is seen; below 0.3 a descriptor is left out.
        """
        held = np.flatnonzero(ids >= 0)
        if len(held) == 0:
            return
        self._confirmed.update(int(i) for i in ids[held] if i not in self._confirmed and is_confirmed(int(i)))
        self._chunks.append(
            _Chunk(
                ids[held].astype(np.int64),
                np.full(len(held), time_s, dtype=np.float64),
                detections.xyxy[held],
                detections.foot_px[held],
                detections.confidence[held],
                _seen(detections)[held],
            )
        )
        if appearance is not None:
            weights = np.ones(len(ids), dtype=np.float32) if quality is None else quality
            due = self.due(ids, time_s)
            for row in held[due[held]]:
                self._keep_sample(int(ids[row]), float(weights[row]), time_s, appearance[row])
        if len(self._chunks) >= self._tidy_every:
            self._tidy(time_s)

    def take_finished(self, now_s: float) -> list[Track]:
        """Hand out the confirmed tracks that nobody has seen for `patience_s`, and forget them.

        What is held is then bounded by who was seen lately, however long the camera runs. The patience must
        be longer than the tracker's: a track that still went on would come out a second time.

        Args:
            now_s: presentation time.

        Returns:
            The tracks, numbered on from those handed out before, in order of first sighting.
        """
        if not self._chunks:
            return []
        self._tidy(now_s)
        held = self._chunks[0]
        recent = held.ids[held.time_s > now_s - self._patience_s]
        going_on = np.isin(held.ids, recent)
        if going_on.all():
            return []
        self._chunks = [held.select(going_on)] if going_on.any() else []
        over = held.select(~going_on)
        tracks = self._hand_out(over)
        gone = set(over.ids.tolist())
        self._confirmed -= gone
        self._appearance = {track: kept for track, kept in self._appearance.items() if track not in gone}
        return tracks

    def finish(self) -> list[Track]:
        """The confirmed tracks that are left, numbered on in order of first sighting."""
        if not self._chunks:
            return []
        tracks = self._hand_out(_Chunk.join(self._chunks))
        self._chunks, self._confirmed, self._appearance, self._handed_out = [], set(), {}, 0
        return tracks

    def _hand_out(self, sightings: _Chunk) -> list[Track]:
        sightings = sightings.select(np.isin(sightings.ids, sorted(self._confirmed)))
        sightings = sightings.select(np.lexsort((sightings.time_s, sightings.ids)))
        starts = np.flatnonzero(np.diff(sightings.ids, prepend=-1))
        bounds = [*starts.tolist(), len(sightings.ids)]
        whole = [sightings.select(np.arange(a, b)) for a, b in pairwise(bounds)]
        pieces = [part for piece in whole for part in self._persons(piece, self._samples_of(piece))]
        pieces.sort(key=lambda part: (part[0].time_s[0], part[0].ids[0]))
        tracks = [
            self._track(number, *part) for number, part in enumerate(pieces, start=self._handed_out + 1)
        ]
        self._handed_out += len(tracks)
        return tracks

    def _samples_of(self, piece: _Chunk) -> list[_Sample]:
        return sorted(self._appearance.get(int(piece.ids[0]), []), key=lambda sample: sample[1])

    def _persons(self, piece: _Chunk, samples: list[_Sample]) -> list[tuple[_Chunk, list[_Sample]]]:
        """The piece, cut where it goes over from one person to another."""
        if len(samples) < 4:
            return [(piece, samples)]
        sample_s = np.array([time_s for _, time_s, _ in samples])
        appearance = np.stack([descriptor for _, _, descriptor in samples])
        at = change_of_person(piece.time_s, piece.xyxy, sample_s, appearance, self._cut)
        if at is None:
            return [(piece, samples)]
        moment_s = float(piece.time_s[at])
        rows = np.arange(len(piece.ids))
        before = [sample for sample in samples if sample[1] < moment_s]
        after = [sample for sample in samples if sample[1] >= moment_s]
        return [
            *self._persons(piece.select(rows < at), before),
            *self._persons(piece.select(rows >= at), after),
        ]

    def _track(self, number: int, piece: _Chunk, samples: list[_Sample]) -> Track:
        foot_px = self._feet(piece)
        floor = (
            np.full((len(piece.ids), 2), np.nan)
            if self._calibration is None
            else self._calibration.to_floor(foot_px)
        )
        appearance = (
            np.stack([descriptor for _, _, descriptor in samples])
            if samples
            else np.zeros((0, 0), dtype=np.float32)
        )
        return Track(number, piece.time_s, piece.xyxy, foot_px, floor, piece.confidence, appearance)

    def _feet(self, piece: _Chunk) -> npt.NDArray[np.float32]:
        """The piece's foot points, steadied by the person's height where detector and calibration allow."""
        known = piece.feet_seen >= 0
        if self._calibration is None or self._calibration.projection is None or not known.any():
            return piece.foot_px
        foot_px = piece.foot_px.copy()
        foot_px[known] = steady_feet(
            piece.time_s[known],
            piece.xyxy[known],
            piece.foot_px[known],
            piece.feet_seen[known] > 0,
            self._calibration,
        )
        return foot_px

    def _keep_sample(
        self, track: int, quality: float, time_s: float, descriptor: npt.NDArray[np.float32]
    ) -> None:
        if quality < _LEAST_QUALITY or not descriptor.any():
            return
        samples = self._appearance.setdefault(track, [])
        samples.append((quality, time_s, descriptor.copy()))
        if len(samples) > self._samples:
            samples.pop(self._most_expendable(samples[:-1]))

    @staticmethod
    def _most_expendable(samples: list[_Sample]) -> int:
        """The worse one of the two neighbours nearest in time, so that the samples spread over the track."""
        times = np.array([sample[1] for sample in samples])
        left = int(np.argmin(np.diff(times)))
        return left if samples[left][0] < samples[left + 1][0] else left + 1

    def _tidy(self, time_s: float) -> None:
        joined = _Chunk.join(self._chunks)
        young = joined.time_s >= time_s - self._patience_s
        kept = np.isin(joined.ids, sorted(self._confirmed)) | np.isin(joined.ids, joined.ids[young])
        self._chunks = [joined.select(kept)]
        alive = set(np.unique(self._chunks[0].ids).tolist())
        self._appearance = {track: samples for track, samples in self._appearance.items() if track in alive}


def _seen(detections: Detections) -> npt.NDArray[np.int8]:
    if detections.feet_seen is None:
        return np.full(len(detections), -1, dtype=np.int8)
    return detections.feet_seen.astype(np.int8)
