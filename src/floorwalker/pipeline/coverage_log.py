"""The coverage of a live stretch: when its camera did not watch, and why, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable

from floorwalker.runs import Gap

CAMERA_DOWN = "camera down"
LEARNING = "learning the room"
_SHORTEST_S = 1.0


class CoverageLog:
    """Keeps a stretch's gaps.

    Args:
        down_after_s: without a picture for longer, a camera is down.
        near_s: two gaps of one reason that lie nearer are one.
        most: gaps kept; beyond it the two that lie nearest become one, which claims too little rather than
            too much.
    """

    def __init__(self, *, down_after_s: float = 3.0, near_s: float = 2.0, most: int = 300) -> None:
        self._down_after_s = down_after_s
        self._near_s = near_s
        self._most = most
        self._gaps: list[Gap] = []
        self._last_s = 0.0

    @property
    def last_s(self) -> float:
        """Time of the last picture, or the stretch's start."""
        return self._last_s

    def picture(self, time_s: float) -> bool:
        """A picture came.

        Args:
            time_s: of the picture.

        Returns:
            Whether the camera was down before it.
        """
        was_down = self.is_down(time_s)
        if was_down:
            self.add([Gap(self._last_s, time_s, CAMERA_DOWN)])
        self._last_s = max(time_s, self._last_s)
        return was_down

    def is_down(self, now_s: float) -> bool:
        """Whether no picture came for too long."""
        return now_s - self._last_s > self._down_after_s

    def add(self, gaps: Iterable[Gap]) -> None:
        """Note stretches that were not watched."""
        for gap in gaps:
            if gap.end_s - gap.start_s < _SHORTEST_S:
                continue
            last = self._gaps[-1] if self._gaps else None
            if last and last.reason == gap.reason and gap.start_s - last.end_s <= self._near_s:
                self._gaps[-1] = Gap(min(last.start_s, gap.start_s), max(last.end_s, gap.end_s), gap.reason)
            else:
                self._gaps.append(gap)
            if len(self._gaps) > self._most:
                self._join_nearest()

    def gaps(self, now_s: float, ongoing: Iterable[Gap] = ()) -> tuple[Gap, ...]:
        """All gaps by now, in order of time.

        Args:
            now_s: the present.
            ongoing: what goes on and may change yet.
        """
        found = [*self._gaps, *(gap for gap in ongoing if gap.end_s - gap.start_s >= _SHORTEST_S)]
        if self.is_down(now_s):
            found.append(Gap(self._last_s, now_s, CAMERA_DOWN))
        tidy = [Gap(round(gap.start_s, 3), round(gap.end_s, 3), gap.reason) for gap in found]
        return tuple(sorted(tidy, key=lambda gap: (gap.start_s, gap.end_s)))

    def _join_nearest(self) -> None:
        gaps = self._gaps
        at = min(range(len(gaps) - 1), key=lambda i: gaps[i + 1].start_s - gaps[i].end_s)
        first, second = gaps[at], gaps[at + 1]
        longer = max(first, second, key=lambda gap: gap.end_s - gap.start_s)
        gaps[at : at + 2] = [Gap(first.start_s, max(first.end_s, second.end_s), longer.reason)]
