"""A processed morning as it is known at the end: the resolved view, and whom each event really shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from floorwalker.evaluation.attribution import Attribution, TruePerson
from floorwalker.events import DOOR_EVENTS, Event, EventType
from floorwalker.insights.picture import Picture
from floorwalker.warehouse.records import from_us


@dataclass(frozen=True, slots=True)
class DayView:
    """What the cameras and the till together tell of one morning, beside what really happened.

    Attributes:
        observed: the event log, as the cameras wrote it.
        resolved: the same events under the name and with the staff mark that hold at the end; ENTRY and
            REENTRY as the visitor's day tells; BILLING_QUEUE_JOIN and _ABANDON of customers only, the
            abandons as they are decided after the till's rows.
        true: what really happened.
        people: the true persons by person_id.
        tracks: whom each camera's tracks really show.
    """

    observed: Sequence[Event]
    resolved: Sequence[Event]
    true: Sequence[Event]
    people: Mapping[str, TruePerson]
    tracks: Mapping[str, Attribution]

    def shown(self, event: Event) -> str | None:
        """The person_id of whom the track of a measured event shows around its moment."""
        attribution, time_s = self.tracks[event.camera_id], float(event.metadata["time_s"])
        first = int(event.metadata["track_id"])
        shown = [attribution.person(int(track), time_s) for track in event.metadata.get("tracks", [first])]
        return next(filter(None, shown), attribution.person(first))


def on_tracks_clock(events: Sequence[Event], start_s: Mapping[str, float]) -> list[Event]:
    """Events with `time_s`, the presentation time of their recording, in the metadata.

    Args:
        events: measured or true.
        start_s: POSIX time of presentation time 0, by camera.
    """
    return [
        msgspec.structs.replace(
            event,
            metadata=event.metadata | {"time_s": event.timestamp.timestamp() - start_s[event.camera_id]},
        )
        for event in events
    ]


def resolved_events(observed: Sequence[Event], picture: Picture) -> list[Event]:
    """The event log as every figure reads it.

    Args:
        observed: the log.
        picture: of a window that holds all of it.

    Returns:
        By time; an abandon that only the till's rows tell has the last event of the visitor's stay at the
        till for its origin.
    """
    by_id = {event.event_id: event for event in observed}
    returns = {(visit.visitor_id, at_us) for visit in picture.visits for at_us in visit.reentries_us}
    known = [
        (
            event,
            msgspec.structs.replace(
                by_id[event.event_id], visitor_id=event.visitor_id, is_staff=event.is_staff
            ),
        )
        for event in picture.events
    ]
    found = []
    for event, mine in known:
        kind = mine.event_type
        if kind in (EventType.ENTRY, EventType.REENTRY):
            back = (event.visitor_id, event.time_us) in returns
            mine = msgspec.structs.replace(mine, event_type=EventType.REENTRY if back else EventType.ENTRY)
        elif kind is EventType.BILLING_QUEUE_ABANDON or (
            kind is EventType.BILLING_QUEUE_JOIN and event.is_staff
        ):
            continue
        found.append(mine)
    found += _abandons([mine for _, mine in known], picture)
    return sorted(found, key=lambda event: (event.timestamp, event.event_id))


def _abandons(events: Sequence[Event], picture: Picture) -> list[Event]:
    """One event for each visit that ended in giving up, at the moment at which the visitor left the till."""
    found = []
    for visit in picture.customers:
        if (visit.day, visit.visitor_id) not in picture.outcome.abandoned:
            continue
        at_till = [
            event
            for event in events
            if event.visitor_id == visit.visitor_id and event.zone_id in picture.billing
        ]
        gave_up = [e for e in at_till if e.event_type is EventType.BILLING_QUEUE_ABANDON]
        stays = [stay for stay in visit.stays if stay.zone_id in picture.billing]
        if not at_till or not (gave_up or stays):
            continue
        origin = (gave_up or at_till)[-1]
        moment = origin.timestamp if gave_up else from_us(stays[-1].last_us)
        found.append(
            msgspec.structs.replace(origin, event_type=EventType.BILLING_QUEUE_ABANDON, timestamp=moment)
        )
    return found


def door_only(events: Sequence[Event]) -> list[Event]:
    """The door's events."""
    return [event for event in events if event.event_type in DOOR_EVENTS]
