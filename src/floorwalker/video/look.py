"""How a recording is looked at: all of it, every n-th picture, key frames alone, or where it matters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from floorwalker.runs import Gap
from floorwalker.video.adaptive import AdaptiveLook, AdaptiveRules
from floorwalker.video.empty import Points
from floorwalker.video.frame import Frame
from floorwalker.video.grouped import GroupDecoder, stored_groups
from floorwalker.video.groups import Groups, due, find_groups
from floorwalker.video.keyframes import key_frames
from floorwalker.video.packets import PacketTable, TimeListener, read_packets
from floorwalker.video.reader import MISSING, SHORTEST_GAP_S, TRUNCATED, GapListener, read_frames
from floorwalker.video.scan import scan

DEFAULT_STRIDE = 20


class Mode(StrEnum):
    """How a recording is looked at."""

    ALL = "all"
    STRIDE = "stride"
    KEYFRAMES = "keyframes"
    ADAPTIVE = "adaptive"


@dataclass(frozen=True, slots=True)
class How:
    """A mode and its settings.

    Attributes:
        mode: the mode.
        fps: most frames a second; None: every picture. Mode `stride` does not ask it.
        stride: mode `stride` takes one picture of so many. Raising it costs less and sees less.
        rules: what mode `adaptive` goes by.
        masks: polygons that do not count there, in shares of the picture's width and height.
    """

    mode: Mode = Mode.ADAPTIVE
    fps: float | None = None
    stride: int = DEFAULT_STRIDE
    rules: AdaptiveRules = field(default_factory=AdaptiveRules)
    masks: tuple[Points, ...] = ()


class Look:
    """One look at a recording.

    Where the recording is not as a mode needs it (missing or repeated times, key frames far apart or none,
    packets that say nothing) it is decoded whole and thinned in the same way; a gap of no length says so.

    Args:
        path: the file.
        how: the mode and its settings.
        on_gap: told of each gap, as `read_frames` tells; stretches passed over are none.
        on_time: told now and then how many seconds a look ahead has gone through.
    """

    def __init__(
        self, path: Path, how: How, on_gap: GapListener | None = None, on_time: TimeListener | None = None
    ) -> None:
        self._path, self._how = path, how
        self._report = on_gap or (lambda gap: None)
        self._on_time = on_time
        self._adaptive: AdaptiveLook | None = None

    def stretches(self) -> Iterator[Iterator[Frame]]:
        """What to look at, one stretch after the other.

        Each has to be gone through, and what was found in it told (`heed`), before the next is asked for.

        Yields:
            Frames in order of time, with exactly the times that decoding everything gives.

        Raises:
            InputError: the file cannot be read, or not one of its frames can.
            WorkError: the file changed meanwhile.
        """
        if self._how.mode is Mode.ADAPTIVE:
            yield from self._where_it_matters()
        elif self._how.mode is Mode.ALL:
            yield read_frames(self._path, self._how.fps, self._report)
        else:
            yield self._thinned()

    def frames(self) -> Iterator[Frame]:
        """All frames one after the other, for whoever finds nobody."""
        for stretch in self.stretches():
            yield from stretch

    def heed(self, time_s: float, people: bool) -> None:
        """Hear whether there are people in a frame that was handed out."""
        if self._adaptive is not None:
            self._adaptive.heed(time_s, people)

    def _where_it_matters(self) -> Iterator[Iterator[Frame]]:
        how = self._how
        scanned = scan(self._path, how.rules.sizes, self._on_time)
        if isinstance(scanned, str):
            self._say(scanned)
            yield read_frames(self._path, how.fps, self._report)
            return
        self._adaptive = AdaptiveLook(self._path, scanned, how.fps, how.rules, how.masks)
        yield from self._adaptive.stretches()
        _report_gaps(scanned.table, scanned.groups, self._adaptive.lost, self._report)

    def _thinned(self) -> Iterator[Frame]:
        how = self._how
        table = read_packets(self._path, self._on_time)
        groups = find_groups(table)
        if isinstance(groups, str):
            self._say(groups)
            yield from read_frames(
                self._path,
                how.fps if how.mode is Mode.KEYFRAMES else None,
                self._report,
                _is_key if how.mode is Mode.KEYFRAMES else lambda _, index: index % how.stride == 0,
            )
            return
        if how.mode is Mode.KEYFRAMES:
            wanted = table.key & (groups.index >= 0)
            wanted &= due(table, groups, how.fps, wanted)
            came = np.zeros(len(table), bool)
            for at, frame in key_frames(self._path, table, groups, wanted):
                came[at] = True
                yield frame
            lost = wanted & ~came
        else:
            wanted = (groups.index >= 0) & (groups.index % how.stride == 0)
            with GroupDecoder(self._path, table, groups) as decoder:
                for group in stored_groups(self._path, table, groups):
                    yield from (frame for _, frame in decoder.pictures(group, wanted))
                lost = decoder.asked & ~decoder.came
        _report_gaps(table, groups, lost, self._report)

    def _say(self, reason: str) -> None:
        if reason:
            self._report(Gap(0.0, 0.0, f"decoded whole: {reason}"))


def _is_key(frame: VideoFrame, _: int) -> bool:
    return bool(frame.key_frame)


def _report_gaps(
    table: PacketTable, groups: Groups, lost: npt.NDArray[np.bool_], report: GapListener
) -> None:
    """Where a second or more is missing from the file, or did not decode; what was passed over is there."""
    times = np.sort(table.time_s[(groups.index >= 0) & ~lost])
    step_s = 1.0 / table.rate
    for at in np.flatnonzero(np.diff(times) - step_s >= SHORTEST_GAP_S):
        before, after = times[at : at + 2]
        report(Gap(float(before) + step_s, float(after), MISSING))
    end_s = float(times[-1]) + step_s if len(times) else 0.0
    if table.declared_s is not None and table.declared_s - end_s >= SHORTEST_GAP_S:
        report(Gap(end_s, table.declared_s, TRUNCATED))
