"""From one camera's tracks to its events: lines, zones, dwell, queue, staff and re-entry together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from floorwalker.events import Event
from floorwalker.journeys.context import CameraContext
from floorwalker.journeys.door_people import DoorSettings, people_at_door
from floorwalker.journeys.found import CameraJourneys
from floorwalker.journeys.fragments import FragmentSettings, joined_stays
from floorwalker.journeys.line_crossing import Crossing, CrossingSettings, crossings, side_visits
from floorwalker.journeys.line_evidence import TrackEnd, inferred_crossings, track_ends
from floorwalker.journeys.line_geometry import approach
from floorwalker.journeys.neighbours import Neighbours
from floorwalker.journeys.picture_edge import beyond_the_edge
from floorwalker.journeys.queue import QueueSettings, queue_visits
from floorwalker.journeys.staff import Presence, StaffSettings, StaffVerdict, together
from floorwalker.journeys.staff_finding import Look, find_staff, proves_staff, seen_while_closed_s
from floorwalker.journeys.writing import events_of
from floorwalker.journeys.zones import Stay, ZoneSettings, stays
from floorwalker.site import Calibration, ZoneKind
from floorwalker.tracking.track import Track

__all__ = [
    "CameraContext",
    "JourneySettings",
    "camera_events",
    "camera_journeys",
    "door_crossings",
    "presence_of",
]


@dataclass(frozen=True, slots=True)
class JourneySettings:
    """All thresholds of the way from tracks to events."""

    crossing: CrossingSettings = field(default_factory=CrossingSettings)
    zone: ZoneSettings = field(default_factory=ZoneSettings)
    fragment: FragmentSettings = field(default_factory=FragmentSettings)
    queue: QueueSettings = field(default_factory=QueueSettings)
    staff: StaffSettings = field(default_factory=StaffSettings)
    door: DoorSettings = field(default_factory=DoorSettings)


def camera_events(
    tracks: Sequence[Track], context: CameraContext, settings: JourneySettings | None = None
) -> list[Event]:
    """The events of one camera's tracks.

    Args:
        tracks: of one recording and run, in the camera's pixels.
        context: where, when and by which run.
        settings: thresholds.

    Returns:
        Events sorted by time and id; the same tracks in any order give the same events.

    Raises:
        InputError: the camera's calibration contradicts itself.
    """
    rules = settings or JourneySettings()
    return events_of(camera_journeys(tracks, context, rules), context)


def camera_journeys(
    tracks: Sequence[Track], context: CameraContext, settings: JourneySettings
) -> CameraJourneys:
    """What happened to the people of one camera.

    Args:
        tracks: of one recording and run, in the camera's pixels.
        context: where, when and by which run.
        settings: thresholds.

    Raises:
        InputError: the camera's calibration contradicts itself.
    """
    calibration = context.camera.calibrated()
    by_id = {track.track_id: track for track in sorted(tracks, key=lambda track: track.track_id)}
    ordered = list(by_id.values())
    duration_s = context.recording.duration_s
    found = door_crossings(ordered, context, calibration, settings.crossing)
    seen_stays = [
        stay for track in ordered for stay in stays(track, context.camera.zones, duration_s, settings.zone)
    ]
    all_stays, first = joined_stays(seen_stays, by_id, settings.fragment)
    people = people_at_door(by_id, found, calibration, settings.door)
    person = {track_id: people.person[first[track_id]] for track_id in by_id}
    presence = {
        track.track_id: replace(
            presence_of(track, seen_stays, duration_s),
            closed_s=seen_while_closed_s(track, context.store, context.recording),
            inside_s=_inside_s([c for c in found if c.track_id == track.track_id]),
        )
        for track in ordered
    }
    staff = _staff(by_id, person, presence, all_stays, settings)
    queue = queue_visits(all_stays, by_id, frozenset(staff), settings.queue)
    return CameraJourneys(
        crossings=tuple(found),
        stays=tuple(all_stays),
        queue=tuple(queue),
        staff=staff,
        presence=presence,
        person=person,
        tracks=by_id,
        returns=people.returns,
        returning=people.returning,
        party=people.party,
        neighbours=Neighbours(by_id),
    )


def _staff(
    tracks: Mapping[int, Track],
    person: Mapping[int, int],
    presence: Mapping[int, Presence],
    all_stays: Sequence[Stay],
    settings: JourneySettings,
) -> dict[int, StaffVerdict]:
    """Who is staff, by track; all tracks of a person alike."""
    proof = {track_id: proves_staff(presence[track_id], settings.staff) for track_id in tracks}
    sure = frozenset(track_id for track_id, proven in proof.items() if proven)
    evidence: dict[int, list[Presence]] = defaultdict(list)
    looks: dict[int, list[Look]] = defaultdict(list)
    for track_id, track in tracks.items():
        evidence[person[track_id]].append(presence[track_id])
        looks[person[track_id]].append(Look(track.appearance, track.end_s - track.start_s, proof[track_id]))
    for visit in queue_visits(all_stays, tracks, sure, settings.queue):
        served = (visit.at_counter_s or 0.0) >= settings.queue.served_s
        evidence[person[visit.stay.track_id]].append(Presence(0, 0, 0, served=served, joined=visit.joined))
    found = find_staff({who: together(parts) for who, parts in evidence.items()}, looks, settings.staff)
    return {track_id: found[person[track_id]] for track_id in tracks if found[person[track_id]].is_staff}


def _inside_s(crossed: Sequence[Crossing]) -> float | None:
    """From the first way in to the last way out of one track."""
    came = [crossing.time_s for crossing in crossed if crossing.inward]
    left = [crossing.time_s for crossing in crossed if not crossing.inward]
    return left[-1] - came[0] if came and left and left[-1] > came[0] else None


def door_crossings(
    tracks: Sequence[Track],
    context: CameraContext,
    calibration: Calibration | None,
    settings: CrossingSettings,
) -> list[Crossing]:
    """All crossings of the camera's entry lines, seen and inferred, in order of time."""
    found: list[Crossing] = []
    for line in context.camera.entry_lines:
        seen: dict[int, list[Crossing]] = {}
        ends: list[TrackEnd] = []
        for track in tracks:
            whole = beyond_the_edge(track, context.camera.resolution, calibration)
            path = approach(whole, line, calibration)
            if len(path.time_s) == 0:
                continue
            seen[track.track_id] = crossings(track.track_id, line.id, path, settings)
            sides = [visit.side for visit in side_visits(path, settings)]
            ends.extend(track_ends(track.track_id, path, sides))
        found.extend(crossing for crossed in seen.values() for crossing in crossed)
        found.extend(inferred_crossings(ends, line.id, context.recording.duration_s, settings, seen))
    by_id = {track.track_id: track for track in tracks}
    weighed = [_weighed(crossing, by_id[crossing.track_id]) for crossing in found]
    return sorted(weighed, key=lambda crossing: (crossing.time_s, crossing.track_id, crossing.line_id))


def _weighed(crossing: Crossing, track: Track) -> Crossing:
    """The crossing with its evidence times the detector's confidence around it."""
    near = np.abs(track.time_s - crossing.time_s) <= 1.0
    detected = float(np.mean(track.confidence[near] if near.any() else track.confidence))
    return replace(crossing, confidence=crossing.confidence * detected)


def presence_of(track: Track, all_stays: Sequence[Stay], duration_s: float) -> Presence:
    """How long and where one track was seen."""
    behind = sum(
        stay.duration_s
        for stay in all_stays
        if stay.track_id == track.track_id and stay.zone.kind is ZoneKind.STAFF_ONLY
    )
    return Presence(behind, track.end_s - track.start_s, duration_s)
