"""The tracks of a store's day: each with its events, its place on the common clock and signs of staff."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from floorwalker.events import DOOR_EVENTS, Event, EventType
from floorwalker.identity.height import height_of
from floorwalker.identity.sightings import Sighting, on_common_clock
from floorwalker.journeys.staff import Presence
from floorwalker.journeys.staff_finding import seen_while_closed_s
from floorwalker.journeys.street import Street
from floorwalker.journeys.zones import ZoneSettings, stays
from floorwalker.runs import Recording
from floorwalker.site import Camera, Store, ZoneKind
from floorwalker.tracking.track import Track


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
class DayTrack:
    """One track with what is known of it.

    Attributes:
        day: the recording it is of.
        track: itself.
        sighting: the same on the store's common floor and clock.
        visitor: the visitor_id of its events, None where it made none.
        events: its events.
        presence: what it shows of being staff.
        served: stood at a counter as those do who are served.
    """

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

    @property
    def inward(self) -> bool:
        """Whether it crossed an entry line inwards first."""
        first = next((event for event in self.events if event.event_type in DOOR_EVENTS), None)
        return first is not None and first.event_type is not EventType.EXIT


def day_tracks(
    store: Store, day: CameraDay, epoch: datetime, street: Street, zone: ZoneSettings
) -> list[DayTrack]:
    """The recording's tracks; passers-by, who were only ever outside, are left out.

    Args:
        store: the store.
        day: the recording.
        epoch: moment 0 of the common clock.
        street: what lies outside the store.
        zone: what a stay is.
    """
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
            for stay in stays(track, day.camera.zones, day.recording.duration_s, zone)
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
        nodes.append(DayTrack(day, track, sighting, visitor, events, presence, served))
    return nodes


def known_pairs(nodes: Sequence[DayTrack]) -> list[tuple[int, int]]:
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


def _comes_in(doors: Sequence[Event], outside: npt.NDArray[np.bool_]) -> bool:
    """Whether nothing inside the shop comes before a track."""
    return doors[0].event_type is not EventType.EXIT if doors else bool(outside[0])


def _goes_out(doors: Sequence[Event], outside: npt.NDArray[np.bool_]) -> bool:
    """Whether nothing inside the shop comes after a track."""
    return doors[-1].event_type is EventType.EXIT if doors else bool(outside[-1])
