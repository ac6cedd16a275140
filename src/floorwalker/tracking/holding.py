"""Holding the tracks of a stream: those that go on and those that ended lately, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from floorwalker.site.calibration import Calibration
from floorwalker.tracking.track import Track
from floorwalker.vision.detections import Detections

FloatArray = npt.NDArray[np.float64]
Labels = Callable[[FloatArray], npt.NDArray[np.intp]]
_LEAST_QUALITY = 0.3
_COLUMNS = 8  # time, box, feet, confidence


@dataclass(frozen=True, slots=True)
class HoldingRules:
    """How much is held of a track.

    Attributes:
        samples: appearance descriptors a track.
        sample_every_s: between two of them.
        patience_s: a track that is not confirmed and not seen for longer is dropped.
        detail_s: sightings of this last time are all kept.
        coarse_s: of the time before, one sighting in this time, and those where a label changes.
        most_moments: sightings of one track at most; beyond it the early ones thin out further. Raising it
            costs memory and time for people who stay for hours.
    """

    samples: int = 12
    sample_every_s: float = 0.5
    patience_s: float = 10.0
    detail_s: float = 60.0
    coarse_s: float = 5.0
    most_moments: int = 2400


@dataclass(slots=True)
class _Held:
    rows: FloatArray
    count: int = 0
    confirmed: bool = False
    looks: list[tuple[float, float, npt.NDArray[np.float32]]] = field(default_factory=list)

    @property
    def end_s(self) -> float:
        return float(self.rows[self.count - 1, 0])

    def append(self, row: FloatArray) -> None:
        if self.count == len(self.rows):
            self.rows = np.concatenate([self.rows, np.empty_like(self.rows)])
        self.rows[self.count] = row
        self.count += 1


class TrackHolder:
    """Gathers the sightings of one camera's stream; takes what a `TrackCollector` takes.

    Unlike a collector it can be asked at any time, forgets what it is told to, and thins the early part of
    a track that goes on for hours.

    Args:
        calibration: for floor positions; None leaves them NaN.
        rules: how much is held.
        labels: (n, 2) feet in pixels to (n,) labels, whose changes thinning keeps; None: nothing is kept
            apart.
    """

    def __init__(
        self,
        calibration: Calibration | None,
        rules: HoldingRules | None = None,
        labels: Labels | None = None,
    ) -> None:
        self._calibration = calibration
        self._rules = rules or HoldingRules()
        self._labels = labels
        self._held: dict[int, _Held] = {}
        self._joined_to: dict[int, int] = {}

    def __len__(self) -> int:
        """Tracks held, unconfirmed ones included."""
        return len(self._held)

    @property
    def moments(self) -> int:
        """Sightings held of all tracks."""
        return sum(held.count for held in self._held.values())

    def due(self, ids: npt.NDArray[np.int64], time_s: float) -> npt.NDArray[np.bool_]:
        """Which detections are worth describing now (see `TrackCollector.due`)."""
        return np.array([track >= 0 and self._is_due(track, time_s) for track in ids.tolist()], dtype=bool)

    def add(
        self,
        ids: npt.NDArray[np.int64],
        detections: Detections,
        time_s: float,
        is_confirmed: Callable[[int], bool],
        appearance: npt.NDArray[np.float32] | None = None,
        quality: npt.NDArray[np.float32] | None = None,
    ) -> None:
        """Take in one frame (see `TrackCollector.add`)."""
        for at in np.flatnonzero(ids >= 0).tolist():
            track = int(ids[at])
            name = self._name(track)
            held = self._held.get(name)
            if held is None:
                held = self._held[name] = _Held(np.empty((32, _COLUMNS)))
            elif held.end_s >= time_s:
                continue  # two detections of what was joined to one person: the second is somebody else
            row = (time_s, *detections.xyxy[at], *detections.foot_px[at], detections.confidence[at])
            held.append(np.array(row, dtype=np.float64))
            held.confirmed = held.confirmed or is_confirmed(track)
            clear = 1.0 if quality is None else float(quality[at])
            if appearance is not None and clear >= _LEAST_QUALITY and self._is_due(track, time_s):
                self._keep_look(held, clear, time_s, appearance[at])
            if held.count > 2 * self._rules.most_moments:
                self._thin(held, time_s)

    def tracks(self) -> list[Track]:
        """The confirmed tracks as they are now, under the tracker's ids, by id."""
        return [self._track(name, held) for name, held in sorted(self._held.items()) if held.confirmed]

    def ended(self, before_s: float) -> list[int]:
        """Confirmed tracks not seen since a time."""
        return [name for name, held in self._held.items() if held.confirmed and held.end_s < before_s]

    def join(self, first: int, second: int) -> None:
        """Let one held track go on in another: both, and what is still to come of it, are the first.

        Where the two overlap, the second counts.
        """
        before, after = self._held[first], self._held.pop(second)
        held = int(np.searchsorted(before.rows[: before.count, 0], after.rows[0, 0]))
        before.rows = np.concatenate([before.rows[:held], after.rows[: after.count]])
        before.count = len(before.rows)
        before.looks = sorted([*before.looks, *after.looks], key=lambda look: look[1])
        while len(before.looks) > self._rules.samples:
            before.looks.pop(_most_expendable(before.looks))
        for name, target in self._joined_to.items():
            if target == second:
                self._joined_to[name] = first
        self._joined_to[second] = first

    def drop(self, names: list[int]) -> None:
        """Forget tracks that ended."""
        for name in names:
            del self._held[name]
        gone = set(names)
        self._joined_to = {second: first for second, first in self._joined_to.items() if first not in gone}

    def tidy(self, time_s: float) -> None:
        """Forget what was not believed in time, and thin what is old."""
        limit_s = time_s - self._rules.patience_s
        for name, held in list(self._held.items()):
            if not held.confirmed and held.end_s < limit_s:
                del self._held[name]
            elif time_s - float(held.rows[0, 0]) > 2 * self._rules.detail_s:
                self._thin(held, time_s)

    def _name(self, track: int) -> int:
        return self._joined_to.get(track, track)

    def _is_due(self, track: int, time_s: float) -> bool:
        held = self._held.get(self._name(track))
        return held is None or not held.looks or time_s - held.looks[-1][1] >= self._rules.sample_every_s

    def _keep_look(
        self, held: _Held, quality: float, time_s: float, descriptor: npt.NDArray[np.float32]
    ) -> None:
        if descriptor.any():
            held.looks.append((quality, time_s, descriptor.copy()))
            if len(held.looks) > self._rules.samples:
                held.looks.pop(_most_expendable(held.looks[:-1]))

    def _thin(self, held: _Held, time_s: float) -> None:
        rules = self._rules
        rows = held.rows[: held.count]
        old = int(np.searchsorted(rows[:, 0], time_s - rules.detail_s))
        if old < 3:
            return
        wanted = np.diff(np.floor(rows[:old, 0] / rules.coarse_s), prepend=-1) != 0
        turns = np.zeros(old, dtype=bool)
        turns[0] = True
        if self._labels is not None:
            changes = np.flatnonzero(np.diff(self._labels(rows[:old, 5:7])))
            turns[changes] = turns[changes + 1] = True
        kept = _at_most(wanted | turns, turns, max(rules.most_moments - (held.count - old), 2))
        held.rows = np.concatenate([rows[kept], rows[old:]])
        held.count = len(held.rows)

    def _track(self, name: int, held: _Held) -> Track:
        rows = held.rows[: held.count]
        foot_px = rows[:, 5:7].astype(np.float32)
        floor = (
            np.full((len(rows), 2), np.nan)
            if self._calibration is None
            else self._calibration.to_floor(foot_px)
        )
        looks = [descriptor for _, _, descriptor in held.looks]
        return Track(
            name,
            rows[:, 0].copy(),
            rows[:, 1:5].astype(np.float32),
            foot_px,
            floor,
            rows[:, 7].astype(np.float32),
            np.stack(looks) if looks else np.zeros((0, 0), dtype=np.float32),
        )


def _at_most(wanted: npt.NDArray[np.bool_], turns: npt.NDArray[np.bool_], most: int) -> npt.NDArray[np.intp]:
    """Indices of what is wanted, thinned evenly to a number; turns go last, and the first one stays."""
    kept = np.flatnonzero(wanted)
    while len(kept) > most:
        plain = np.flatnonzero(~turns[kept])
        spare = plain[::2] if len(plain) else np.arange(1, len(kept), 2)
        kept = np.delete(kept, spare)
    return kept


def _most_expendable(looks: list[tuple[float, float, npt.NDArray[np.float32]]]) -> int:
    """The worse one of the two looks nearest in time, so that those kept spread over the track."""
    times = np.array([look[1] for look in looks])
    left = int(np.argmin(np.diff(times)))
    return left if looks[left][0] < looks[left + 1][0] else left + 1
