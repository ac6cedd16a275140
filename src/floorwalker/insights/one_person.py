"""Whether several visitors can be one person: nobody is at two places at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import combinations, pairwise
from typing import Any
from zoneinfo import ZoneInfo as TimeZone

from shapely import Polygon

from floorwalker.events import DOOR_EVENTS, EventType, format_utc
from floorwalker.insights.stays import Stay, in_order, stays_of
from floorwalker.warehouse import ResolvedEvent, StoreView, ZoneInfo
from floorwalker.warehouse.records import from_us

_SAME_CROSSING_US = 10_000_000  # two cameras at one door see the same crossing at about the same time
_TWO_TRACKS_US = 10_000_000  # for a moment one camera may take one person for two
_TOGETHER_US = 2_000_000
_APART_M = 2.0


def why_not_one(
    view: StoreView, persons: Sequence[str], zones: Sequence[ZoneInfo], zone: TimeZone
) -> list[dict[str, Any]]:
    """What speaks against several visitors' being one person.

    Args:
        view: of their day.
        persons: their resolved visitor_ids.
        zones: of the store's site file; where they say where zones lie, two stays at once in zones more
            than 2 m apart are two people.
        zone: the store's time zone, for the words.

    Returns:
        One entry a contradiction, in order of time: `kind` is `entered_twice` (two ways in without a way out
        between), `two_places` or `seen_twice` (one camera saw both for more than 10 seconds at once);
        `visitors`, `at`, `message`. Empty: nothing is known against it.
    """
    wanted = set(persons)
    events: dict[str, list[ResolvedEvent]] = defaultdict(list)
    for event in view.events:
        if event.visitor_id in wanted:
            events[event.visitor_id].append(event)
    found = [*_entered_twice(events, zone), *_at_once(events, zones, zone)]
    return [{**entry, "at": format_utc(entry["at"])} for entry in sorted(found, key=lambda each: each["at"])]


def _entered_twice(events: dict[str, list[ResolvedEvent]], zone: TimeZone) -> Iterator[dict[str, Any]]:
    doors = in_order(e for mine in events.values() for e in mine if e.event_type in DOOR_EVENTS)
    for first, second in pairwise(doors):
        if EventType.EXIT in (first.event_type, second.event_type) or first.visitor_id == second.visitor_id:
            continue
        apart_us = second.time_us - first.time_us
        if first.camera_id != second.camera_id and apart_us <= _SAME_CROSSING_US:
            continue
        yield {
            "kind": "entered_twice",
            "visitors": [first.visitor_id, second.visitor_id],
            "at": from_us(second.time_us),
            "message": f"{first.visitor_id} came in at {_clock(first.time_us, zone)} and "
            f"{second.visitor_id} at {_clock(second.time_us, zone)}, and neither went out between",
        }


def _at_once(
    events: dict[str, list[ResolvedEvent]], zones: Sequence[ZoneInfo], zone: TimeZone
) -> Iterator[dict[str, Any]]:
    outlines = {each.zone_id: Polygon(each.floor_polygon_m) for each in zones if each.floor_polygon_m}
    cameras: dict[tuple[str, str | None], set[str]] = defaultdict(set)
    stays: dict[str, list[Stay]] = {}
    for name, mine in events.items():
        ordered = in_order(mine)
        stays[name] = stays_of(ordered, frozenset())
        for event in ordered:
            cameras[name, event.zone_id].add(event.camera_id)
    for one, other in combinations(sorted(stays), 2):
        for here in stays[one]:
            for there in stays[other]:
                together_us = min(here.last_us, there.last_us) - max(here.start_us, there.start_us)
                if together_us <= _TOGETHER_US:
                    continue
                shared = cameras[one, here.zone_id] & cameras[other, there.zone_id]
                kind = _contradiction(here, there, outlines, bool(shared), together_us)
                if kind:
                    since_us = max(here.start_us, there.start_us)
                    yield {
                        "kind": kind,
                        "visitors": [one, other],
                        "at": from_us(since_us),
                        "message": f"at {_clock(since_us, zone)} {one} was in {here.zone_id} and {other} in "
                        f"{there.zone_id} for {together_us // 1_000_000} s"
                        + (f", both seen by {min(shared)}" if shared else ""),
                    }


def _contradiction(
    here: Stay, there: Stay, outlines: dict[str, Polygon], same_camera: bool, together_us: int
) -> str | None:
    if {here.zone_id, there.zone_id} <= outlines.keys():
        apart_m = outlines[here.zone_id].distance(outlines[there.zone_id])
        if apart_m > _APART_M:
            return "two_places"
    return "seen_twice" if same_camera and together_us > _TWO_TRACKS_US else None


def _clock(time_us: int, zone: TimeZone) -> str:
    moment: datetime = from_us(time_us)
    return moment.astimezone(zone).strftime("%H:%M:%S")
