"""The roster: all tracks that a tracker holds at the moment, as one matrix."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from floorwalker.tracking.motion import ROWS, BoxMotion, FloatArray, IndexArray, MotionSettings

_ID, _FIRST, _LAST, _SEEN, _CONFIRMED = range(ROWS, ROWS + 5)
OWN_ROWS = ROWS + 5
BoolArray = npt.NDArray[np.bool_]


class Roster(BoxMotion):
    """Tracks with their motion, number, times and standing, a column each; numbers rise with the column.

    Memory is that of the tracks held: whoever leaves is gone.
    """

    def __init__(self, settings: MotionSettings, extra: int = 0) -> None:
        """An empty one.

        Args:
            settings: the motion model.
            extra: further rows of the tracker's own, from `OWN_ROWS` on; 0 for a new track.
        """
        super().__init__(settings, OWN_ROWS - ROWS + extra)
        self._begun = 0

    @property
    def last_s(self) -> FloatArray:
        """(n,) when each was seen last."""
        return np.asarray(self.state[_LAST])

    @property
    def is_confirmed(self) -> BoolArray:
        """(n,) which are believed."""
        return np.asarray(self.state[_CONFIRMED] > 0.0)

    def begin(self, centre: FloatArray, time_s: float, *, confirmed: bool = False) -> None:
        """Append new tracks, numbered on in the order of their boxes.

        Args:
            centre: (4, m) as `motion.to_centre` gives them.
            time_s: now.
            confirmed: believe them at once.
        """
        count = centre.shape[1]
        extra = np.zeros((len(self.state) - ROWS, count))
        extra[_ID - ROWS] = np.arange(self._begun + 1, self._begun + 1 + count)
        extra[_FIRST - ROWS : _LAST - ROWS + 1] = time_s
        extra[_SEEN - ROWS] = 1.0
        extra[_CONFIRMED - ROWS] = confirmed
        self._begun += count
        self.add(centre, extra)

    def see(
        self, rows: IndexArray, centre: FloatArray, time_s: float, *, confirm_s: float, confirm_seen: int
    ) -> None:
        """Take in where some tracks were seen.

        Args:
            rows: (m,) which.
            centre: (4, m) where.
            time_s: now.
            confirm_s: a track is believed when it has been seen over this time, and
            confirm_seen: this often.
        """
        self.correct(rows, centre)
        state = self.state
        state[_LAST, rows] = time_s
        now = state[_LAST] == time_s
        state[_SEEN] += now
        now &= state[_FIRST] <= time_s - confirm_s + 1e-6
        now &= state[_SEEN] >= confirm_seen
        np.maximum(state[_CONFIRMED], now, out=state[_CONFIRMED])

    def numbers(self, rows: IndexArray) -> npt.NDArray[np.int64]:
        """(n,) the numbers of tracks; -1 where the row is -1."""
        if self.state.shape[1] == 0:
            return np.full(len(rows), -1, dtype=np.int64)
        numbers = self.state[_ID].take(rows, mode="clip").astype(np.int64)
        numbers[rows < 0] = -1
        return np.asarray(numbers)

    def confirmed(self, track_id: int) -> bool:
        """Whether a track that is still held is believed."""
        return bool(self.believed(np.array([track_id]))[0])

    def believed(self, track_ids: npt.NDArray[np.int64]) -> BoolArray:
        """(m,) which of some tracks are held and believed."""
        if self.state.shape[1] == 0:
            return np.zeros(len(track_ids), dtype=bool)
        numbers = self.state[_ID]
        at = numbers.searchsorted(track_ids)
        found = numbers.take(at, mode="clip") == track_ids
        return np.asarray(found & (self.state[_CONFIRMED].take(at, mode="clip") > 0.0))
