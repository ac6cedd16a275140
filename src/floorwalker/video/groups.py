"""Groups of pictures: the stretches of a recording that can be decoded by themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from floorwalker.video.packets import PacketTable

LEAST_GROUP_S = 1.0
LONGEST_GROUP_S = 30.0
LARGEST_GROUP_BYTES = 64 << 20
_DUE_TOLERANCE_S = 1e-6
IndexArray = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Groups:
    """The g groups of a recording, each of whole groups of pictures as the encoder made them.

    A group owns the pictures that are shown from its first key frame on and before the next group's. Where
    the encoder lets pictures refer to the group before ("open" groups), the last pictures of a group are
    stored after the next group's key frame.

    Attributes:
        first: (g,) index of each group's first packet; the next group's is its end.
        tail: (g,) index past the last packet that the group's pictures need; beyond the group's own
            end where it is open.
        start_s: (g + 1,) presentation time of each group's first key frame, and of the recording's end.
        owner: (n,) the group that owns each packet's picture.
        index: (n,) position of each packet's picture among those shown, -1 where it is not shown.
    """

    first: IndexArray
    tail: IndexArray
    start_s: npt.NDArray[np.float64]
    owner: IndexArray
    index: IndexArray

    def __len__(self) -> int:
        return len(self.first)

    def end(self, group: int) -> int:
        """Index past a group's last packet."""
        return int(self.first[group + 1]) if group + 1 < len(self) else len(self.owner)


def find_groups(table: PacketTable, least_s: float = LEAST_GROUP_S) -> Groups | str:
    """Cut a recording into groups that can be decoded by themselves.

    Args:
        table: its packets.
        least_s: shorter groups are joined with the next; a recording of key frames alone so becomes groups
            of about this length.

    Returns:
        The groups, or why there are none: in words that go into a report.
    """
    keys = np.flatnonzero(table.key)
    if not table.timed.all():
        return "missing timestamps"
    if len(keys) == 0:
        return "no key frames are marked"
    time_s = table.time_s
    if np.any(np.diff(table.pts[keys]) <= 0) or len(np.unique(table.pts)) != len(table):
        return "repeated times"
    keys = _spread(keys, time_s[keys], least_s)
    first = keys.copy()
    first[0] = 0
    owner = np.clip(np.searchsorted(table.pts[keys], table.pts, side="right") - 1, 0, None)
    stored = np.clip(np.searchsorted(first, np.arange(len(table)), side="right") - 1, 0, None)
    if np.any((stored - owner < 0) | (stored - owner > 1)):
        return "times out of order"
    shown = np.flatnonzero(table.shown & (table.pts >= table.zero_pts))
    index = np.full(len(table), -1, np.intp)
    index[shown[np.argsort(table.pts[shown], kind="stable")]] = np.arange(len(shown))
    tail = np.append(first[1:], len(table))
    leading = np.flatnonzero(stored - owner == 1)
    np.maximum.at(tail, owner[leading], leading + 1)
    start_s = np.append(time_s[keys], time_s.max() + 1.0 / table.rate)
    start_s[0] = min(start_s[0], 0.0)
    groups = Groups(first, tail, start_s, owner, index)
    return _too_long(groups, table) or groups


def due(
    table: PacketTable, groups: Groups, fps: float | None, among: npt.NDArray[np.bool_] | None = None
) -> npt.NDArray[np.bool_]:
    """Which pictures a thinning to a rate takes: those that plain reading takes (`read_frames`).

    Args:
        table: the packets.
        groups: their groups.
        fps: most frames a second; None: every picture.
        among: (n,) pictures to take from; default: all that are shown.

    Returns:
        (n,) by packet.
    """
    shown = groups.index >= 0 if among is None else among
    if fps is None:
        return shown
    order = np.flatnonzero(shown)
    order = order[np.argsort(table.pts[order], kind="stable")]
    interval = np.floor((table.time_s[order] + _DUE_TOLERANCE_S) * fps)
    taken = np.zeros(len(table), bool)
    taken[order] = np.diff(interval, prepend=-np.inf) > 0
    return taken


def _spread(keys: IndexArray, time_s: npt.NDArray[np.float64], least_s: float) -> IndexArray:
    """The key frames at which groups begin."""
    kept = [0]
    for at in range(1, len(keys)):
        if time_s[at] - time_s[kept[-1]] >= least_s - _DUE_TOLERANCE_S:
            kept.append(at)
    return keys[kept]


def _too_long(groups: Groups, table: PacketTable) -> str | None:
    longest_s = float(np.diff(groups.start_s).max())
    if longest_s > LONGEST_GROUP_S:
        return f"key frames up to {longest_s:.0f} s apart"
    if np.add.reduceat(table.size, groups.first).max() > LARGEST_GROUP_BYTES:
        return "groups of pictures too large to hold"
    return None
