"""What was found of one camera's people, before it is written as events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from floorwalker.identity.reentry import Reentry
from floorwalker.journeys.line_crossing import Crossing
from floorwalker.journeys.neighbours import Neighbours
from floorwalker.journeys.queue import QueueVisit
from floorwalker.journeys.staff import Presence, StaffVerdict
from floorwalker.journeys.zones import Stay
from floorwalker.tracking.track import Track


@dataclass(frozen=True, slots=True)
class CameraJourneys:
    """Crossings, stays, queue and persons of one camera.

    Attributes:
        crossings: of entry lines, in order of time.
        stays: in zones.
        queue: customers' stays at the till.
        staff: what says that a track is staff; those that are not are left out.
        presence: the evidence for staff, by track.
        person: for each track the track that stands for its person; itself unless it is the fragment of
            another or came back.
        tracks: by track_id.
        returns: the match behind each track that came back.
        returning: probability of being anyone who left, for each track that came in.
        party: for each track that came in with others the first track of that party.
        neighbours: who is close to whom.
    """

    crossings: tuple[Crossing, ...]
    stays: tuple[Stay, ...]
    queue: tuple[QueueVisit, ...]
    staff: Mapping[int, StaffVerdict]
    presence: Mapping[int, Presence]
    person: Mapping[int, int]
    tracks: Mapping[int, Track]
    returns: Mapping[int, Reentry]
    returning: Mapping[int, float]
    party: Mapping[int, int]
    neighbours: Neighbours
