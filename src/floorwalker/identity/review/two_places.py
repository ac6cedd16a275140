"""Two places at once: which entries cannot be one person."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from floorwalker.identity.matching.entry import Entry

# Nobody walks from one door to another in so short a time, and clocks of cameras differ by less.
AT_ONCE_S = 2.0


@dataclass(frozen=True, slots=True)
class AtOnce:
    """Two entries that cannot be of one person.

    Attributes:
        first: one of them.
        second: the other, by another camera at about the same time.
    """

    first: Entry
    second: Entry

    def __str__(self) -> str:
        apart_s = abs((self.first.timestamp - self.second.timestamp).total_seconds())
        return (
            f"{self.first.entry_id} was at {self.first.camera} and {self.second.entry_id} at "
            f"{self.second.camera}, {apart_s:g} s apart: nobody is at two places at once"
        )


def two_places(some: Iterable[Entry], others: Sequence[Entry], at_once_s: float = AT_ONCE_S) -> AtOnce | None:
    """Why entries and others cannot be one person.

    Args:
        some: entries of one.
        others: entries of the other.
        at_once_s: how close two cameras' sightings may not be, in seconds; raising it forbids more.

    Returns:
        The first two that speak against it; None: they can be.
    """
    ordered = sorted(others, key=lambda entry: entry.timestamp)
    times = [entry.timestamp for entry in ordered]
    near = timedelta(seconds=at_once_s)
    for entry in some:
        begin = bisect_left(times, entry.timestamp - near)
        for other in ordered[begin : bisect_right(times, entry.timestamp + near)]:
            if other.camera != entry.camera:
                return AtOnce(entry, other)
    return None
