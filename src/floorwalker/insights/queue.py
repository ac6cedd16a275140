"""The queue at the till over time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import pairwise

from floorwalker.insights.picture import Picture
from floorwalker.insights.till import FORGOTTEN_US


def queue_length(picture: Picture, time_us: int) -> int:
    """Customers at the till at a moment, by the rule of `queue_curve`.

    Args:
        picture: the store.
        time_us: the moment.
    """
    curve = _whole_curve(picture)
    place = bisect_right(curve, (time_us, 1 << 62)) - 1
    return curve[place][1] if place >= 0 else 0


def queue_curve(picture: Picture) -> list[tuple[int, int]]:
    """Queue length after each change within the window up to `as_of`, by time.

    Customers seen in billing zones count, from coming to leaving; a stay nobody saw end counts for 5 minutes
    after the last sign of it. In a zone whose feed never tells that anybody left, the people ahead that a
    join told of count where they are more, until the next join there tells anew, for 5 minutes at most. What
    joins tell in other zones counts nothing: it may hold staff, or who joins, and no one ever takes it back.
    """
    return [
        (at_us, length)
        for at_us, length in _whole_curve(picture)
        if picture.from_us <= at_us < picture.to_us and at_us <= picture.as_of_us
    ]


def _whole_curve(picture: Picture) -> list[tuple[int, int]]:
    """Queue length after each change of the days that were read, each moment once."""
    ending = {stay.zone_id for visit in picture.visits for stay in visit.stays if stay.left}
    changes: list[tuple[int, str, int, int]] = []  # time, zone, step of those seen, step of those told of
    for visit in picture.customers:
        for stay in visit.stays:
            if stay.zone_id in picture.billing:
                end_us = stay.last_us if stay.left else stay.last_us + FORGOTTEN_US
                changes += [(stay.start_us, stay.zone_id, 1, 0), (end_us, stay.zone_id, -1, 0)]
    told: dict[str, list[tuple[int, int]]] = {}
    for at_us, zone, depth in picture.depths:
        if zone not in ending:
            told.setdefault(zone, []).append((at_us, depth))
    for zone, joins in told.items():
        joins.sort()
        for (at_us, depth), (next_us, _) in pairwise([*joins, (joins[-1][0] + FORGOTTEN_US, 0)]):
            changes += [(at_us, zone, 0, depth), (min(next_us, at_us + FORGOTTEN_US), zone, 0, -depth)]
    seen: dict[str, int] = {}
    ahead: dict[str, int] = {}
    curve: list[tuple[int, int]] = []
    length = 0
    for at_us, zone, step, more in sorted(changes):
        length -= max(seen.get(zone, 0), ahead.get(zone, 0))
        seen[zone] = seen.get(zone, 0) + step
        ahead[zone] = ahead.get(zone, 0) + more
        length += max(seen[zone], ahead[zone])
        if curve and curve[-1][0] == at_us:
            curve[-1] = (at_us, length)
        else:
            curve.append((at_us, length))
    return curve


def people_ahead(picture: Picture) -> list[tuple[int, int, int | None]]:
    """What customers' queue joins told of the people ahead, beside those who were seen there.

    Returns:
        (time, told, seen) by time; seen is None in zones whose feed never tells that somebody left.
    """
    starts: dict[str, list[int]] = {}
    ends: dict[str, list[int]] = {}
    mine: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for visit in picture.customers:
        for stay in visit.stays:
            if stay.zone_id in picture.billing and stay.left:
                starts.setdefault(stay.zone_id, []).append(stay.start_us)
                ends.setdefault(stay.zone_id, []).append(stay.last_us)
                mine.setdefault((visit.visitor_id, stay.zone_id), []).append((stay.start_us, stay.last_us))
    for times in (*starts.values(), *ends.values()):
        times.sort()
    found: list[tuple[int, int, int | None]] = []
    for event in picture.events:
        depth, zone, at_us = event.queue_depth, event.zone_id, event.time_us
        if event.event_type != "BILLING_QUEUE_JOIN" or depth is None or zone is None or event.is_staff:
            continue
        seen = None
        if zone in starts:
            own = sum(start < at_us < end for start, end in mine.get((event.visitor_id, zone), ()))
            seen = bisect_left(starts[zone], at_us) - bisect_right(ends[zone], at_us) - own
        found.append((at_us, depth, seen))
    return found
