"""Who is inside: counted through the door, with missed exits and missed entries told apart."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date

from floorwalker.insights.visits import Visit

_HOUR_US = 3_600_000_000


def occupancy_curve(visits: Iterable[Visit]) -> list[tuple[int, int]]:
    """People inside after each crossing, by time; every local day begins with nobody.

    Somebody who comes in while they count as inside was missed going out: that EXIT is taken at the moment
    they come back, unless an EXIT of somebody who never came in lies between the two, which then is
    theirs under another name. An EXIT while nobody counts as inside is of somebody who was there before
    the camera was.

    Args:
        visits: of customers, of any days.

    Returns:
        (time in microseconds, people inside from then on), sorted, each time once.
    """
    days: dict[date, list[Visit]] = {}
    for visit in visits:
        days.setdefault(visit.day, []).append(visit)
    curve: list[tuple[int, int]] = []
    for day in sorted(days):
        inside = 0
        before_us = None
        for at_us, way in _steps(days[day]):
            inside = max(0, inside + way)
            if at_us == before_us:
                curve[-1] = (at_us, inside)
            else:
                curve.append((at_us, inside))
            before_us = at_us
    return curve


def inside_at(curve: Sequence[tuple[int, int]], time_us: int, since_us: int) -> int:
    """People inside at a moment.

    Args:
        curve: as `occupancy_curve` gives it.
        time_us: the moment, crossings of it included.
        since_us: beginning of its local day; what happened before says nothing.
    """
    place = bisect_right(curve, (time_us, 1 << 62)) - 1
    return curve[place][1] if place >= 0 and curve[place][0] >= since_us else 0


def presence(visit: Visit) -> list[tuple[int, int]]:
    """The stretches in which one person was in the shop, from first sight to EXIT or last sight.

    Args:
        visit: of anybody; somebody seen inside after an EXIT has come back.
    """
    exits = iter(sorted(visit.exits_us))
    out_us = next(exits, None)
    found: list[tuple[int, int]] = []
    begun_us, last_us = None, visit.first_us
    for at_us in dict.fromkeys(visit.seen_us):
        if begun_us is None and at_us != out_us:
            begun_us = at_us
        last_us = at_us
        if at_us == out_us:
            found.append((at_us if begun_us is None else begun_us, at_us))
            begun_us = None
            while out_us is not None and out_us <= at_us:
                out_us = next(exits, None)
    if begun_us is not None:
        found.append((begun_us, last_us))
    return [(start_us, end_us) for start_us, end_us in found if end_us > start_us]


def unseen_for_an_hour(visits: Iterable[Visit], time_us: int, day: date) -> int:
    """Customers who count as inside at a moment though nobody saw them for an hour: likely missed exits.

    Args:
        visits: of customers.
        time_us: the moment.
        day: its local day.
    """
    count = 0
    for visit in visits:
        if visit.day != day:
            continue
        ways_in = [at_us for at_us in visit.inbound_us if at_us <= time_us]
        if not ways_in or any(ways_in[-1] <= at_us <= time_us for at_us in visit.exits_us):
            continue
        last_us = max(at_us for at_us in visit.seen_us if at_us <= time_us)
        count += time_us - last_us > _HOUR_US
    return count


def _steps(visits: Sequence[Visit]) -> list[tuple[int, int]]:
    """Crossings of one day as (time, +1 or -1), ways in before ways out of the same moment."""
    steps: list[tuple[int, int]] = []
    missed: list[tuple[int, int]] = []  # (came in again, came in before)
    orphans: list[int] = []
    for visit in visits:
        crossed = sorted([(t, 0) for t in visit.inbound_us] + [(t, 1) for t in visit.exits_us])
        inside_since: int | None = None
        for at_us, out in crossed:
            if out:
                steps.append((at_us, -1))
                if inside_since is None:
                    orphans.append(at_us)
                inside_since = None
            else:
                steps.append((at_us, 1))
                if inside_since is not None:
                    missed.append((at_us, inside_since))
                inside_since = at_us
    orphans.sort()
    for again_us, before_us in sorted(missed):
        theirs = next((at_us for at_us in orphans if before_us <= at_us <= again_us), None)
        if theirs is None:
            steps.append((again_us, -1))
        else:
            orphans.remove(theirs)
    return sorted(steps, key=lambda step: (step[0], -step[1]))
