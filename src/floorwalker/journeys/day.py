"""A store's day: what only all cameras together show, as resolutions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from floorwalker.events import EventType
from floorwalker.identity.handover import HandoverSettings, Link, link_sightings
from floorwalker.journeys.day_matches import SameVisitor, links_of_matches
from floorwalker.journeys.day_returns import returns_of_day
from floorwalker.journeys.day_staff import sightings_with_uniform, staff_of_day, staff_proofs
from floorwalker.journeys.day_tracks import CameraDay, DayTrack, day_tracks, known_pairs
from floorwalker.journeys.door_people import DoorSettings
from floorwalker.journeys.staff import SIGNS, StaffSettings, StaffVerdict
from floorwalker.journeys.street import Street
from floorwalker.journeys.zones import ZoneSettings
from floorwalker.resolutions import Attribute, Resolution
from floorwalker.site import Store

__all__ = ["DAY_REASONS", "HANDOVER", "CameraDay", "DaySettings", "resolve_day"]

HANDOVER = "rule:handover"
WHOLE_DAY = "rule:whole-day"
_STAFF_REASONS = {sign: "rule:" + sign.replace(" ", "-") for sign in SIGNS}
# All reasons that `resolve_day` gives: what it says anew replaces what it said before.
DAY_REASONS = (HANDOVER, *_STAFF_REASONS.values(), WHOLE_DAY)


@dataclass(frozen=True, slots=True)
class DaySettings:
    """Thresholds of what all cameras together show."""

    handover: HandoverSettings = field(default_factory=HandoverSettings)
    door: DoorSettings = field(default_factory=DoorSettings)
    staff: StaffSettings = field(default_factory=StaffSettings)
    zone: ZoneSettings = field(default_factory=ZoneSettings)


def resolve_day(
    store: Store,
    days: Sequence[CameraDay],
    settings: DaySettings | None = None,
    matches: Sequence[SameVisitor] = (),
) -> list[Resolution]:
    """Who is the same person on several tracks, and who is staff.

    Args:
        store: the store.
        days: its recordings of one store-day, one entry a recording.
        settings: thresholds.
        matches: visitors whom the matcher took for one, where a network looked at them.

    Returns:
        SAME_AS from each other visitor_id of a person to the one that holds (the door's entry where there
        is one), and IS_STAFF for each visitor_id of a person who is staff, or of whom a camera said so while
        the day does not; in a stable order.
    """
    rules = settings or DaySettings()
    if not days:
        return []
    epoch = min(day.recording.start_utc for day in days)
    street = Street(store)
    nodes = [node for day in days for node in day_tracks(store, day, epoch, street, rules.zone)]
    proof = staff_proofs(nodes, rules.staff, rules.handover)
    sightings = sightings_with_uniform(nodes, proof, rules.staff.uniform)
    links = link_sightings(sightings, rules.handover, known_pairs(nodes))
    links += links_of_matches(nodes, matches)
    known = [members for members, _ in _persons(len(nodes), links)]
    links += returns_of_day(nodes, known, epoch, rules.door, rules.handover.door_slack_s)
    persons = _persons(len(nodes), links)
    staff = staff_of_day(nodes, proof, [members for members, _ in persons], rules.staff)
    found = []
    for place, (members, confidence) in enumerate(persons):
        person = [nodes[index] for index in members]
        found.extend(_same_as(store, person, confidence, members, epoch))
        found.extend(_is_staff(store, person, staff[place], epoch))
    return sorted(found, key=lambda item: (item.decided_utc, item.attribute.value, item.subject))


def _persons(count: int, links: Sequence[Link]) -> list[tuple[list[int], Mapping[int, float]]]:
    """The connected groups, each with the confidence of every member's best link."""
    group = list(range(count))

    def root(index: int) -> int:
        while group[index] != index:
            index = group[index]
        return index

    confidence: dict[int, float] = {}
    for link in links:
        low, high = sorted((root(link.first), root(link.second)))
        group[high] = low
        for end in (link.first, link.second):
            confidence[end] = max(confidence.get(end, 0.0), link.confidence)
    members: dict[int, list[int]] = defaultdict(list)
    for index in range(count):
        members[root(index)].append(index)
    return [(indices, {i: confidence.get(i, 1.0) for i in indices}) for indices in members.values()]


def _canonical(person: Sequence[DayTrack]) -> str | None:
    """The door's first entry holds, else the first event of all."""
    events = sorted(
        (event for node in person for event in node.events), key=lambda e: (e.timestamp, e.event_id)
    )
    inbound = [event for event in events if event.event_type in (EventType.ENTRY, EventType.REENTRY)]
    return (inbound or events)[0].visitor_id if events else None


def _same_as(
    store: Store,
    person: Sequence[DayTrack],
    confidence: Mapping[int, float],
    members: Sequence[int],
    epoch: datetime,
) -> list[Resolution]:
    canonical = _canonical(person)
    if canonical is None:
        return []
    found: dict[str, float] = {}
    for node, index in zip(person, members, strict=True):
        if node.visitor is not None and node.visitor != canonical:
            found[node.visitor] = max(found.get(node.visitor, 0.0), confidence[index])
    return [
        Resolution(store.id, visitor, Attribute.SAME_AS, canonical, HANDOVER, round(sure, 4), decided)
        for visitor, sure in sorted(found.items())
        for decided in _decided(store, visitor, person, epoch)
    ]


def _is_staff(
    store: Store, person: Sequence[DayTrack], verdict: StaffVerdict, epoch: datetime
) -> list[Resolution]:
    called = any(event.is_staff for node in person for event in node.events)
    if not verdict.is_staff and not called:
        return []
    visitors = sorted({node.visitor for node in person if node.visitor is not None})
    # One camera knows less than all: what it said of somebody does not stand against the day.
    value, reason, sure = (
        ("true", _STAFF_REASONS[verdict.rule], verdict.probability)
        if verdict.is_staff
        else ("false", WHOLE_DAY, 1 - verdict.probability)
    )
    return [
        Resolution(store.id, visitor, Attribute.IS_STAFF, value, reason, round(sure, 4), decided)
        for visitor in visitors
        for decided in _decided(store, visitor, person, epoch)
    ]


def _decided(store: Store, visitor: str, person: Sequence[DayTrack], epoch: datetime) -> list[datetime]:
    """The moments of what is said of a visitor: one in each local day that holds events of theirs.

    A statement is of one local day, and recordings may go on past midnight. On the last day the moment is
    when the person was last seen by any camera, else when the visitor was.
    """
    zone = ZoneInfo(store.timezone)
    last: dict[date, datetime] = {}
    for event in sorted((e for node in person for e in node.events), key=lambda e: e.timestamp):
        if event.visitor_id == visitor:
            last[event.timestamp.astimezone(zone).date()] = event.timestamp
    seen = _last_seen(person, epoch)
    day = seen.astimezone(zone).date()
    if day in last:
        last[day] = seen
    return sorted(last.values())


def _last_seen(person: Sequence[DayTrack], epoch: datetime) -> datetime:
    return epoch + timedelta(seconds=round(max(node.sighting.end_s for node in person), 3))
