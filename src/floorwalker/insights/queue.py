"""The queue at the till over time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from floorwalker.insights.picture import Picture
from floorwalker.insights.till import FORGOTTEN_US


def queue_length(picture: Picture, time_us: int) -> int:
    """Customers at the till at a moment.

    Counted from stays in billing zones; a stay nobody saw end counts for 5 minutes after the last sign of
    it. Where the feed tells of queue joins only, the people ahead that the last join told of in the last
    5 minutes count too.

    Args:
        picture: the store.
        time_us: the moment.
    """
    standing = 0
    exact: set[str] = set()
    for visit in picture.customers:
        for stay in visit.stays:
            if stay.zone_id not in picture.billing:
                continue
            if stay.left:
                exact.add(stay.zone_id)
            end_us = stay.last_us if stay.left else stay.last_us + FORGOTTEN_US
            standing += stay.start_us <= time_us < end_us
    told = [
        depth
        for at_us, zone, depth in picture.depths
        if zone not in exact and time_us - FORGOTTEN_US < at_us <= time_us
    ]
    return max(standing, told[-1] if told else 0)


def queue_curve(picture: Picture) -> list[tuple[int, int]]:
    """Queue length after each change within the window up to `as_of`, by time."""
    changes: list[tuple[int, int]] = []
    for visit in picture.customers:
        for stay in visit.stays:
            if stay.zone_id in picture.billing:
                end_us = stay.last_us if stay.left else stay.last_us + FORGOTTEN_US
                changes += [(stay.start_us, 1), (end_us, -1)]
    # What a join tells of the people ahead counts at that moment, should the camera know more than stays do.
    told = [(at_us, depth) for at_us, _, depth in picture.depths]
    curve: list[tuple[int, int]] = []
    length, place = 0, 0
    told.sort()
    for at_us, step in sorted(changes):
        while place < len(told) and told[place][0] < at_us:
            curve.append((told[place][0], max(length, told[place][1])))
            place += 1
        length += step
        curve.append((at_us, length))
    curve += [(at_us, max(length, depth)) for at_us, depth in told[place:]]
    return [(t, n) for t, n in curve if picture.from_us <= t < picture.to_us and t <= picture.as_of_us]


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
