"""A store's day: what only all cameras together show, as resolutions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from floorwalker.events import DOOR_EVENTS, Event, EventType
from floorwalker.identity.handover import HandoverSettings, Link, doors_agree, link_sightings
from floorwalker.identity.height import height_of
from floorwalker.identity.likeness import LikenessScale, likeness, odds_of
from floorwalker.identity.reentry import DoorTrack, ReentrySettings, match_reentries
from floorwalker.identity.sightings import STEP_S, Sighting, on_common_clock
from floorwalker.identity.uniform import uniform_resemblance
from floorwalker.journeys.staff import SIGNS, Presence, StaffSettings, StaffVerdict
from floorwalker.journeys.staff_finding import (
    Look,
    find_staff,
    proves_staff,
    seen_beside,
    seen_while_closed_s,
)
from floorwalker.journeys.street import Street
from floorwalker.journeys.zones import ZoneSettings, stays
from floorwalker.resolutions import Attribute, Resolution
from floorwalker.runs import Recording
from floorwalker.site import Camera, Store, ZoneKind
from floorwalker.tracking.track import Track, in_view_at_once

HANDOVER = "rule:handover"
_STAFF_REASONS = {sign: "rule:" + sign.replace(" ", "-") for sign in SIGNS}
# All reasons that `resolve_day` gives: what it says anew replaces what it said before.
DAY_REASONS = (HANDOVER, *_STAFF_REASONS.values())


@dataclass(frozen=True, slots=True)
class CameraDay:
    """What one recording of one camera gave.

    Attributes:
        camera: the camera.
        recording: what was filmed.
        tracks: its people.
        events: as `camera_events` made them of these tracks.
    """

    camera: Camera
    recording: Recording
    tracks: Sequence[Track]
    events: Sequence[Event]


@dataclass(frozen=True, slots=True)
class DaySettings:
    """Thresholds of what all cameras together show."""

    handover: HandoverSettings = field(default_factory=HandoverSettings)
    likeness: LikenessScale = field(default_factory=LikenessScale)
    reentry: ReentrySettings = field(default_factory=ReentrySettings)
    staff: StaffSettings = field(default_factory=StaffSettings)
    zone: ZoneSettings = field(default_factory=ZoneSettings)


@dataclass(frozen=True, slots=True)
class _Node:
    """One track with what is known of it."""

    day: CameraDay
    track: Track
    sighting: Sighting
    visitor: str | None
    events: tuple[Event, ...]
    presence: Presence
    served: bool

    @property
    def at_door(self) -> bool:
        """Whether it crossed an entry line."""
        return any(event.event_type in DOOR_EVENTS for event in self.events)


def resolve_day(
    store: Store, days: Sequence[CameraDay], settings: DaySettings | None = None
) -> list[Resolution]:
    """Who is the same person on several tracks, and who is staff.

    Args:
        store: the store.
        days: its recordings of one store-day, one entry a recording.
        settings: thresholds.

    Returns:
        SAME_AS from each other visitor_id of a person to the one that holds (the door's entry where there
        is one), and IS_STAFF for each visitor_id of a person who is staff; in a stable order.
    """
    rules = settings or DaySettings()
    if not days:
        return []
    epoch = min(day.recording.start_utc for day in days)
    street = Street(store)
    nodes = [node for day in days for node in _nodes(store, day, epoch, street, rules)]
    proof = _proofs(nodes, rules)
    sightings = _with_uniform(nodes, proof, rules.staff)
    links = link_sightings(sightings, rules.handover, _known(nodes))
    links += _returns(nodes, links, epoch, rules)
    persons = _persons(len(nodes), links)
    staff = _staff(nodes, proof, [members for members, _ in persons], days, rules.staff)
    found = []
    for place, (members, confidence) in enumerate(persons):
        person = [nodes[index] for index in members]
        found.extend(_same_as(store, person, confidence, members, epoch))
        found.extend(_is_staff(store, person, staff[place], epoch))
    return sorted(found, key=lambda item: (item.decided_utc, item.attribute.value, item.subject))


def _nodes(store: Store, day: CameraDay, epoch: datetime, street: Street, rules: DaySettings) -> list[_Node]:
    """The recording's tracks; passers-by, who were only ever outside, are left out."""
    offset_s = (day.recording.start_utc - epoch).total_seconds()
    calibration = day.camera.calibrated()
    of_track: dict[int, list[Event]] = defaultdict(list)
    for event in day.events:
        of_track[int(event.metadata["track_id"])].append(event)
    nodes = []
    for track in sorted(day.tracks, key=lambda track: track.track_id):
        events = tuple(of_track.get(track.track_id, ()))
        outside = street.outside(track.floor_m)
        if outside.all() and not events:
            continue
        doors = [event for event in events if event.event_type in DOOR_EVENTS]
        cells, floor = on_common_clock(track.time_s + offset_s, track.floor_m)
        sighting = Sighting(
            day.camera.id,
            cells,
            floor,
            track.appearance,
            height_of(track, calibration),
            came_in=_comes_in(doors, outside),
            went_out=_goes_out(doors, outside),
        )
        behind = sum(
            stay.duration_s
            for stay in stays(track, day.camera.zones, day.recording.duration_s, rules.zone)
            if stay.zone.kind is ZoneKind.STAFF_ONLY
        )
        presence = Presence(
            behind,
            track.end_s - track.start_s,
            day.recording.duration_s,
            closed_s=seen_while_closed_s(track, store, day.recording),
        )
        visitor = events[0].visitor_id if events else None
        served = any("service_s" in event.metadata for event in events if not event.is_staff)
        nodes.append(_Node(day, track, sighting, visitor, events, presence, served))
    return nodes


def _proofs(nodes: Sequence[_Node], settings: DaySettings) -> list[bool]:
    """Which tracks show staff for certain: by themselves, or because place joins them to one that does.

    Who stands behind a counter is half hidden there; the uniform is learned where they are seen whole.
    """
    alone = [proves_staff(node.presence, settings.staff) for node in nodes]
    found = list(alone)
    for link in link_sightings([node.sighting for node in nodes], settings.handover, _known(nodes)):
        if link.score >= settings.staff.sure_link:
            found[link.first] |= alone[link.second]
            found[link.second] |= alone[link.first]
    return found


def _with_uniform(nodes: Sequence[_Node], proof: Sequence[bool], settings: StaffSettings) -> list[Sighting]:
    """The tracks as sightings that tell who is dressed like those who are sure to be staff."""
    looks = [_look(node, sure) for node, sure in zip(nodes, proof, strict=True)]
    known = [(place, look) for place, look in enumerate(looks) if look.proof]
    return [
        replace(
            node.sighting,
            uniform=uniform_resemblance(
                looks[place].looks,
                seen_beside(looks[place], [look for owner, look in known if owner != place]),
                settings.uniform,
            ),
        )
        for place, node in enumerate(nodes)
    ]


def _look(node: _Node, proof: bool) -> Look:
    return Look(node.track.appearance, node.presence.in_view_s, proof, node.day.camera.id)


def _comes_in(doors: Sequence[Event], outside: npt.NDArray[np.bool_]) -> bool:
    """Whether nothing inside the shop comes before a track."""
    return doors[0].event_type is not EventType.EXIT if doors else bool(outside[0])


def _goes_out(doors: Sequence[Event], outside: npt.NDArray[np.bool_]) -> bool:
    """Whether nothing inside the shop comes after a track."""
    return doors[-1].event_type is EventType.EXIT if doors else bool(outside[-1])


def _known(nodes: Sequence[_Node]) -> list[tuple[int, int]]:
    """Tracks that already share a visitor_id, by re-entry."""
    first: dict[str, int] = {}
    pairs = []
    for index, node in enumerate(nodes):
        if node.visitor is None:
            continue
        if node.visitor in first:
            pairs.append((first[node.visitor], index))
        first.setdefault(node.visitor, index)
    return pairs


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


def _returns(
    nodes: Sequence[_Node], links: Sequence[Link], epoch: datetime, rules: DaySettings
) -> list[Link]:
    """Re-entries seen only now: an arrival compared with every track that each leaver had at the doors."""
    persons = [members for members, _ in _persons(len(nodes), links)]
    moments = [
        sorted(
            ((event.timestamp - epoch).total_seconds(), event.event_type is not EventType.EXIT)
            for index in members
            for event in nodes[index].events
            if event.event_type in DOOR_EVENTS
        )
        for members in persons
    ]
    at_door = [[i for i in members if nodes[i].at_door] for members in persons]

    def alike(a: int, b: int) -> float | None:
        known = [
            value
            for i in at_door[a]
            for j in at_door[b]
            if nodes[i].day.camera.id == nodes[j].day.camera.id
            and (value := _likeness(nodes[i], nodes[j], rules.likeness)) is not None
        ]
        return max(known) if known else None

    def at_once(a: int, b: int) -> bool:
        return any(
            nodes[i].day is nodes[j].day and in_view_at_once(nodes[i].track, nodes[j].track)
            for i in persons[a]
            for j in persons[b]
        )

    door = [DoorTrack(person, tuple(crossed)) for person, crossed in enumerate(moments) if crossed]
    found = []
    for match in match_reentries(door, alike, rules.reentry, at_once):
        together = [nodes[i].sighting for i in (*persons[match.track_id], *persons[match.earlier_id])]
        if doors_agree(together, rules.handover.door_slack_s):
            score = float(np.log(odds_of(match.probability)))
            found.append(Link(persons[match.earlier_id][0], persons[match.track_id][0], score))
    return found


def _likeness(a: _Node, b: _Node, scale: LikenessScale) -> float | None:
    one, other = a.sighting, b.sighting
    return likeness(one.appearance, other.appearance, scale, (one.height, other.height))


def _canonical(person: Sequence[_Node]) -> str | None:
    """The door's first entry holds, else the first event of all."""
    events = sorted(
        (event for node in person for event in node.events), key=lambda e: (e.timestamp, e.event_id)
    )
    inbound = [event for event in events if event.event_type in (EventType.ENTRY, EventType.REENTRY)]
    return (inbound or events)[0].visitor_id if events else None


def _same_as(
    store: Store,
    person: Sequence[_Node],
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


def _staff(
    nodes: Sequence[_Node],
    proof: Sequence[bool],
    persons: Sequence[Sequence[int]],
    days: Sequence[CameraDay],
    settings: StaffSettings,
) -> dict[int, StaffVerdict]:
    """What the day says of each person's being staff, by place in the list of persons."""
    watched_s = max(day.recording.duration_s for day in days)
    evidence, looks = {}, {}
    for place, members in enumerate(persons):
        person = [nodes[index] for index in members]
        cells = np.unique(np.concatenate([node.sighting.cells for node in person]))
        kinds = {event.event_type for node in person for event in node.events if not event.is_staff}
        evidence[place] = Presence(
            sum(node.presence.staff_only_s for node in person),
            len(cells) * STEP_S,
            watched_s,
            closed_s=max(node.presence.closed_s for node in person),
            served=any(node.served for node in person),
            joined=EventType.BILLING_QUEUE_JOIN in kinds,
            inside_s=_inside_s(person),
        )
        looks[place] = [_look(nodes[index], proof[index]) for index in members]
    return find_staff(evidence, looks, settings)


def _inside_s(person: Sequence[_Node]) -> float | None:
    """From the first way in to the last way out."""
    came = [node.sighting.start_s for node in person if node.sighting.came_in]
    left = [node.sighting.end_s for node in person if node.sighting.went_out]
    return max(left) - min(came) if came and left and max(left) > min(came) else None


def _is_staff(
    store: Store, person: Sequence[_Node], verdict: StaffVerdict, epoch: datetime
) -> list[Resolution]:
    if not verdict.is_staff:
        return []
    visitors = sorted({node.visitor for node in person if node.visitor is not None})
    reason, sure = _STAFF_REASONS[verdict.rule], round(verdict.probability, 4)
    return [
        Resolution(store.id, visitor, Attribute.IS_STAFF, "true", reason, sure, decided)
        for visitor in visitors
        for decided in _decided(store, visitor, person, epoch)
    ]


def _decided(store: Store, visitor: str, person: Sequence[_Node], epoch: datetime) -> list[datetime]:
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


def _last_seen(person: Sequence[_Node], epoch: datetime) -> datetime:
    return epoch + timedelta(seconds=round(max(node.sighting.end_s for node in person), 3))
