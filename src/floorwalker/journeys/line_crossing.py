"""Line crossing with hysteresis: who hesitates on a line, or flickers, has not crossed it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from floorwalker.journeys.line_geometry import Approach

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CrossingSettings:
    """When a path has crossed a line; distances are metres or, uncalibrated, shares of a 1.7 m person.

    Attributes:
        band_m: half breadth of the band around the line in which a person is on neither side. Raising it
            forgives more jitter and misses people who turn just behind the line.
        stay_s: a side counts only after this time on it, at a path's beginning and end up to the line itself.
        flicker_s: an excursion over the line and back shorter than this and
        flicker_m: shallower than this is none; smoothing takes a little off the depth of a quick turn.
        margin_m: how far past the line's ends a crossing still counts.
        near_m: how far from the line a track may begin or end for an unseen crossing to be inferred.
        least_speed_m_per_s: how fast it must move across for that.
        memory_s: another track's end or start within this time, nearby, explains the gap instead.
        nearby_m: how near that is.
    """

    band_m: float = 0.2
    stay_s: float = 0.15
    flicker_s: float = 2.0
    flicker_m: float = 0.49
    margin_m: float = 0.4
    near_m: float = 0.7
    least_speed_m_per_s: float = 0.3
    memory_s: float = 2.0
    nearby_m: float = 1.5


@dataclass(frozen=True, slots=True)
class Crossing:
    """One crossing of one line by one track.

    Attributes:
        track_id: who.
        line_id: which line.
        time_s: when the line itself was crossed, between the frames.
        inward: into the shop.
        confidence: 0 to 1; near 1 where the person was well seen on both sides.
        seen: `both sides`, `appeared behind` or `vanished before` the line.
        before_s: time on the side it came from; 0 where that was not seen.
        after_s: time on the side it went to, likewise.
        depth_m: how far from the line it was on the nearer of both sides.
    """

    track_id: int
    line_id: str
    time_s: float
    inward: bool
    confidence: float
    seen: str = "both sides"
    before_s: float = 0.0
    after_s: float = 0.0
    depth_m: float = 0.0


@dataclass(frozen=True, slots=True)
class SideVisit:
    """A stretch of a path on one side of the line.

    Attributes:
        side: 1 on the shop's side, -1 outside.
        first: index of the first moment outside the band on this side.
        last: index of the last one.
        start_s: when the band was left, between the frames; the path's start for its first stretch.
        end_s: when the band was entered again; the path's end for its last stretch.
        depth_m: greatest distance from the line.
    """

    side: int
    first: int
    last: int
    start_s: float
    end_s: float
    depth_m: float

    @property
    def duration_s(self) -> float:
        """Time on this side."""
        return self.end_s - self.start_s


def crossings(track_id: int, line_id: str, path: Approach, settings: CrossingSettings) -> list[Crossing]:
    """The crossings that were seen on both sides of the line.

    Args:
        track_id: who.
        line_id: which line.
        path: as seen from the line.
        settings: what counts.

    Returns:
        In order of time; directions alternate unless someone walked round the line's end.
    """
    visits = side_visits(path, settings)
    found = []
    for before, after in pairwise(visits):
        at = _zero(path.time_s, path.across_m, before.last, after.first)
        if np.interp(at, path.time_s, path.beyond_m) > settings.margin_m:
            continue
        depth = min(before.depth_m, after.depth_m)
        evidence = 0.7 + 0.3 * min(depth / (3 * settings.band_m), 1.0)
        found.append(
            Crossing(
                track_id,
                line_id,
                at,
                after.side > 0,
                evidence,
                before_s=before.duration_s,
                after_s=after.duration_s,
                depth_m=depth,
            )
        )
    return found


def side_visits(path: Approach, settings: CrossingSettings) -> list[SideVisit]:
    """The sides on which a path really was, in turn; flickers are left out and their neighbours joined."""
    across = path.across_m
    side = np.where(across > settings.band_m, 1, np.where(across < -settings.band_m, -1, 0))
    clear = np.flatnonzero(side)
    if len(clear) == 0:
        return []
    turns = np.flatnonzero(np.diff(side[clear])) + 1
    groups = np.split(clear, turns)
    visits = [_visit(path, int(side[group[0]]), int(group[0]), int(group[-1]), settings) for group in groups]
    while True:
        weak = _weakest(visits, path, settings)
        if weak is None:
            return visits
        visits = _without(visits, weak)


def _visit(path: Approach, side: int, first: int, last: int, settings: CrossingSettings) -> SideVisit:
    edge = side * settings.band_m
    time_s, across = path.time_s, path.across_m
    start = time_s[0] if first == 0 else _level(time_s, across, first - 1, edge)
    end = time_s[-1] if last == len(across) - 1 else _level(time_s, across, last, edge)
    depth = float(np.max(side * across[first : last + 1]))
    return SideVisit(side, first, last, float(start), float(end), depth)


def _weakest(visits: list[SideVisit], path: Approach, settings: CrossingSettings) -> int | None:
    """The shortest visit that does not count, if any."""
    weak = []
    last = len(visits) - 1
    for index, visit in enumerate(visits):
        came = _zero(path.time_s, path.across_m, visits[index - 1].last, visit.first) if index > 0 else None
        went = (
            _zero(path.time_s, path.across_m, visit.last, visits[index + 1].first) if index < last else None
        )
        if came is not None and went is not None:
            stayed_s = visit.duration_s
            flicker = visit.depth_m < settings.flicker_m and went - came < settings.flicker_s
        else:
            # Where a track begins or ends little of a side is seen: the band's near half counts too.
            stayed_s = (visit.end_s if went is None else went) - (visit.start_s if came is None else came)
            flicker = False
        if flicker or stayed_s < settings.stay_s:
            weak.append((visit.duration_s, index))
    return min(weak)[1] if weak else None


def _without(visits: list[SideVisit], index: int) -> list[SideVisit]:
    before, after = visits[:index], visits[index + 1 :]
    if before and after:
        left, right = before.pop(), after.pop(0)
        joined = SideVisit(
            left.side,
            left.first,
            right.last,
            left.start_s,
            right.end_s,
            max(left.depth_m, right.depth_m),
        )
        return [*before, joined, *after]
    return [*before, *after]


def _level(time_s: FloatArray, across: FloatArray, index: int, level: float) -> float:
    """When the path passes a level between one moment and the next."""
    a, b = across[index], across[index + 1]
    share = 0.5 if a == b else float(np.clip((level - a) / (b - a), 0.0, 1.0))
    return float(time_s[index] + share * (time_s[index + 1] - time_s[index]))


def _zero(time_s: FloatArray, across: FloatArray, first: int, last: int) -> float:
    """The last time between two moments at which the sign changes."""
    signs = np.sign(across[first : last + 1])
    change = np.flatnonzero(signs[:-1] != signs[1:])
    return _level(time_s, across, first + int(change[-1]), 0.0)
