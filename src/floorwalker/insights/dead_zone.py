"""Product zones that nobody visits for half an hour in which the shop was open and a camera saw it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from floorwalker.events import format_utc
from floorwalker.insights.anomaly import Anomaly
from floorwalker.insights.opening import opening_spans
from floorwalker.insights.picture import DEAD_AFTER, Picture
from floorwalker.insights.spans import Span, common
from floorwalker.insights.visits import LocalDay
from floorwalker.site import ZoneKind
from floorwalker.warehouse.records import from_us

_DEAD_US = DEAD_AFTER // DEAD_AFTER.resolution


def dead_zones(picture: Picture) -> list[Anomaly]:
    """One anomaly for each stretch without a customer, from its beginning to the next customer."""
    days = _days(picture)
    if not days:
        return []
    stays: dict[str, list[Span]] = {
        zone: [] for zone, kind in picture.kinds.items() if kind is ZoneKind.PRODUCT
    }
    for visit in picture.customers:
        for stay in visit.stays:
            if stay.zone_id in stays and stay.start_us <= picture.as_of_us:
                stays[stay.zone_id].append((stay.start_us, stay.last_us))
    found = []
    for zone, mine in sorted(stays.items()):
        mine.sort()
        for begin_us, end_us in days:
            for since_us, until_us in quiet_spans(mine, begin_us, end_us):
                anomaly = _judge(picture, zone, since_us, until_us, any(stay[1] == since_us for stay in mine))
                if anomaly is not None:
                    found.append(anomaly)
    return found


def quiet_spans(stays: Iterable[Span], begin_us: int, end_us: int) -> list[Span]:
    """The stretches of at least half an hour, of a stretch of time, in which nobody was there.

    Args:
        stays: by their beginning; whoever overlaps another is one stay with them.
        begin_us: from when on it matters.
        end_us: until when.
    """
    spans: list[Span] = []
    reached_us = begin_us
    for start_us, last_us in stays:
        if start_us >= end_us:
            break
        if start_us - reached_us >= _DEAD_US:
            spans.append((reached_us, start_us))
        reached_us = max(reached_us, last_us)
    if end_us - reached_us >= _DEAD_US:
        spans.append((reached_us, end_us))
    return spans


def _days(picture: Picture) -> list[Span]:
    """By local day, the stretches in which somebody might have come: open, and between the first and the
    last thing known of that day, or up to `as_of`."""
    known: dict[date, tuple[int, int]] = {}
    for visit in picture.visits:
        low, high = known.get(visit.day, (visit.first_us, visit.last_us))
        known[visit.day] = (min(low, visit.first_us), max(high, visit.last_us))
    today = LocalDay(picture.window.zone)(picture.as_of_us)
    spans: Sequence[Span] = [
        (low, picture.as_of_us if day == today else min(high, picture.as_of_us))
        for day, (low, high) in sorted(known.items())
    ]
    window = picture.window
    whole = replace(window, from_utc=window.whole_from_utc, to_utc=window.whole_to_utc)
    hours = opening_spans(picture.store, whole)
    spans = [span for span in spans if span[0] < span[1]]
    return spans if hours is None else common(spans, hours)


def _judge(picture: Picture, zone: str, since_us: int, until_us: int, visited: bool) -> Anomaly | None:
    detected_us = since_us + _DEAD_US
    active = until_us >= picture.as_of_us
    # What is over must have been seen when it became one; what goes on must be seen now.
    stretch_us = (picture.as_of_us - _DEAD_US, picture.as_of_us) if active else (since_us, detected_us)
    watched = picture.watching.watched(zone, stretch_us)
    if not watched or not (active or picture.holds(detected_us)):
        return None
    minutes = round((until_us - since_us) / 60e6)
    return Anomaly(
        store_id=picture.store.store_id,
        kind="DEAD_ZONE",
        severity="INFO",
        begun_us=since_us,
        detected_us=detected_us,
        ended_us=None if active else until_us,
        zone_id=zone,
        value=minutes,
        expected=_DEAD_US // 60_000_000,
        message=f"no customer in {zone} for {minutes} minutes",
        action=f"Look at {zone}: is it blocked, badly lit or out of stock? Check its camera's view too.",
        evidence={
            "last_customer": format_utc(from_us(since_us)) if visited else None,
            "cameras": sorted(picture.zone_cameras.get(zone, ())),
        },
        as_of_us=picture.as_of_us,
    )
