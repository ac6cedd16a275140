"""The morning's true events, in the event schema."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from floorwalker.events import Event, EventType, pipeline_event_id
from floorwalker.simulation.layout import BILLING_ZONE, ENTRY_CAMERA, STORE_ID, ZONES, FloorZone
from floorwalker.simulation.morning import Morning, Person
from floorwalker.simulation.truth_stays import Crossing, Stay, all_stays, crossings_of

DWELL_EVERY_S = 30.0
PAID_WITHIN_S = 300.0


@dataclass(frozen=True, slots=True)
class Happenings:
    """What the events are written from.

    Attributes:
        crossings: counted line crossings of each person.
        stays: all zone stays.
    """

    crossings: dict[str, list[Crossing]]
    stays: list[Stay]


def happenings_of(morning: Morning) -> Happenings:
    """Read crossings and stays from the morning's positions."""
    last = morning.duration_s
    crossings = {
        person.person_id: [crossing for crossing in crossings_of(person) if crossing.time_s < last]
        for person in morning.people
    }
    return Happenings(crossings, all_stays(morning.people, ZONES, last))


def true_events(morning: Morning, happenings: Happenings, start_utc: datetime, recipe: str) -> list[Event]:
    """All events, sorted by time, camera and id.

    Args:
        morning: who and what.
        happenings: crossings and stays.
        start_utc: time of second 0.
        recipe: text that names seed and settings, part of the event ids.
    """
    writer = _Writer(start_utc, recipe)
    for person in morning.people:
        _door_events(writer, person, happenings.crossings[person.person_id])
    for stay in happenings.stays:
        _stay_events(writer, stay)
    for stay in happenings.stays:
        if stay.zone is BILLING_ZONE and not stay.person.is_staff:
            _queue_events(writer, stay, happenings, morning)
    ordered = sorted(writer.events, key=lambda event: (event.timestamp, event.camera_id, event.event_id))
    return _numbered(ordered)


@dataclass(slots=True)
class _Writer:
    start_utc: datetime
    recipe: str
    events: list[Event] = field(default_factory=list)
    counts: Counter[tuple[int, EventType]] = field(default_factory=Counter)

    def add(
        self,
        person: Person,
        kind: EventType,
        time_s: float,
        camera_id: str,
        zone_id: str | None = None,
        dwell_s: float = 0.0,
        **metadata: Any,
    ) -> None:
        ordinal = self.counts[person.number, kind]
        self.counts[person.number, kind] += 1
        self.events.append(
            Event(
                event_id=pipeline_event_id(
                    STORE_ID, camera_id, "truth", self.recipe, person.number, kind, ordinal
                ),
                store_id=STORE_ID,
                camera_id=camera_id,
                visitor_id=person.visitor_id,
                event_type=kind,
                timestamp=self.start_utc + timedelta(milliseconds=round(time_s * 1000)),
                zone_id=zone_id,
                dwell_ms=round(dwell_s * 1000),
                is_staff=person.is_staff,
                metadata={"queue_depth": None, "sku_zone": None, "session_seq": None} | metadata,
            )
        )

    def add_in(
        self,
        zone: FloorZone,
        person: Person,
        kind: EventType,
        time_s: float,
        dwell_s: float = 0.0,
        queue_depth: int | None = None,
    ) -> None:
        self.add(
            person,
            kind,
            time_s,
            zone.camera_id,
            zone.zone_id,
            dwell_s,
            queue_depth=queue_depth,
            sku_zone=zone.sku_zone,
        )


def _door_events(writer: _Writer, person: Person, crossings: list[Crossing]) -> None:
    has_left = False
    for crossing in crossings:
        if crossing.inward:
            kind = EventType.REENTRY if has_left else EventType.ENTRY
        else:
            kind, has_left = EventType.EXIT, True
        writer.add(person, kind, crossing.time_s, ENTRY_CAMERA, group_id=person.group_id)


def _stay_events(writer: _Writer, stay: Stay) -> None:
    zone, person = stay.zone, stay.person
    writer.add_in(zone, person, EventType.ZONE_ENTER, stay.start_s)
    length = stay.end_s - stay.start_s
    for count in range(1, int((length + 1e-6) // DWELL_EVERY_S) + 1):
        dwell_s = DWELL_EVERY_S * count
        writer.add_in(zone, person, EventType.ZONE_DWELL, stay.start_s + dwell_s, dwell_s)
    if not stay.open_end:
        writer.add_in(zone, person, EventType.ZONE_EXIT, stay.end_s, length)


def _queue_events(writer: _Writer, stay: Stay, happenings: Happenings, morning: Morning) -> None:
    depth = queue_depth_before(stay, happenings.stays)
    if depth == 0:
        return
    zone = stay.zone
    writer.add_in(zone, stay.person, EventType.BILLING_QUEUE_JOIN, stay.start_s, queue_depth=depth)
    if not stay.open_end and not has_paid(stay, morning):
        length = stay.end_s - stay.start_s
        writer.add_in(zone, stay.person, EventType.BILLING_QUEUE_ABANDON, stay.end_s, length)


def queue_depth_before(stay: Stay, stays: list[Stay]) -> int:
    """Customers in the zone when this one came; who came at the same moment counts by their number.

    Args:
        stay: the stay that begins.
        stays: all stays.
    """
    ahead = {
        other.person.number
        for other in stays
        if other.zone is stay.zone
        and other.person is not stay.person
        and not other.person.is_staff
        and other.covers(stay.start_s)
        and (other.start_s, other.person.number) < (stay.start_s, stay.person.number)
    }
    return len(ahead)


def has_paid(stay: Stay, morning: Morning) -> bool:
    """Whether the person, or their group, paid after they came into the zone and before 5 minutes after."""
    person = stay.person
    return any(
        (sale.buyer == person.person_id or (person.group_id is not None and sale.group_id == person.group_id))
        and stay.start_s <= sale.time_s <= stay.end_s + PAID_WITHIN_S
        for sale in morning.sales
    )


def _numbered(events: list[Event]) -> list[Event]:
    """Fill in session_seq: 1, 2, … among a visitor's events."""
    seen: Counter[str] = Counter()
    numbered = []
    for event in events:
        seen[event.visitor_id] += 1
        metadata = event.metadata | {"session_seq": seen[event.visitor_id]}
        numbered.append(msgspec.structs.replace(event, metadata=metadata))
    return numbered
