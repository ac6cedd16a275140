"""Neighbours: how many others stood close to somebody at a moment; in a crowd tracks go astray."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt

from floorwalker.tracking.track import Track

CLOSE_M = 0.9
_BUCKET_S = 10.0


class Neighbours:
    """The tracks of one camera, to be asked who is close to whom.

    Args:
        tracks: by track_id.
    """

    def __init__(self, tracks: Mapping[int, Track]) -> None:
        self._tracks = tracks
        self._during: dict[int, list[int]] = defaultdict(list)
        for track_id, track in tracks.items():
            for bucket in range(int(track.start_s // _BUCKET_S), int(track.end_s // _BUCKET_S) + 1):
                self._during[bucket].append(track_id)

    def close(self, own: Collection[int], track_id: int, time_s: float) -> int:
        """How many others are within an arm's length.

        Args:
            own: the tracks of the person.
            track_id: that of them which shows the moment.
            time_s: the moment.

        Returns:
            A count; 0 where places on the floor are not known.
        """
        place = _place(self._tracks[track_id], time_s)
        others = [
            self._tracks[other]
            for other in self._during.get(int(time_s // _BUCKET_S), ())
            if other not in own
        ]
        return sum(
            bool(np.linalg.norm(_place(other, time_s) - place) < CLOSE_M)
            for other in others
            if other.start_s <= time_s <= other.end_s
        )


def _place(track: Track, time_s: float) -> npt.NDArray[np.float64]:
    """Where a track was seen next, (2,) metres."""
    row = min(int(np.searchsorted(track.time_s, time_s)), len(track.time_s) - 1)
    return np.asarray(track.floor_m[row], dtype=np.float64)
