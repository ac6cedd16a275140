"""Re-entries that only the whole day shows: who comes in is compared with all that is known of who left."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from itertools import product

import numpy as np

from floorwalker.events import DOOR_EVENTS, EventType
from floorwalker.identity.handover import Link, doors_agree
from floorwalker.identity.likeness import likeness, odds_of
from floorwalker.identity.reentry import DoorTrack, match_reentries
from floorwalker.journeys.day_tracks import DayTrack
from floorwalker.journeys.door_people import DoorSettings
from floorwalker.tracking.track import in_view_at_once


def returns_of_day(
    nodes: Sequence[DayTrack],
    persons: Sequence[Sequence[int]],
    epoch: datetime,
    settings: DoorSettings,
    door_slack_s: float,
) -> list[Link]:
    """Re-entries seen only now: an arrival compared with every track that each leaver had at the doors.

    Args:
        nodes: the day's tracks.
        persons: the places of each person's tracks, as far as persons are known.
        epoch: moment 0 of the common clock.
        settings: how people are known again at a door.
        door_slack_s: another camera may see somebody for so long after the door says they left.

    Returns:
        A link between the first tracks of both visits each.
    """
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
        return _likeness([nodes[i] for i in at_door[a]], [nodes[j] for j in at_door[b]], settings)

    def at_once(a: int, b: int) -> bool:
        return any(
            nodes[i].day is nodes[j].day and in_view_at_once(nodes[i].track, nodes[j].track)
            for i in persons[a]
            for j in persons[b]
        )

    door = [DoorTrack(person, tuple(crossed)) for person, crossed in enumerate(moments) if crossed]
    found = []
    for match in match_reentries(door, alike, settings.reentry, at_once):
        together = [nodes[i].sighting for i in (*persons[match.track_id], *persons[match.earlier_id])]
        if doors_agree(together, door_slack_s):
            score = float(np.log(odds_of(match.probability)))
            found.append(Link(persons[match.earlier_id][0], persons[match.track_id][0], score))
    return found


def _likeness(a: Sequence[DayTrack], b: Sequence[DayTrack], settings: DoorSettings) -> float | None:
    """Probability that two persons are one: by their most alike tracks, the same way and opposite ways."""
    odds: dict[bool, list[float]] = {True: [], False: []}
    for one, other in product(a, b):
        if one.day.camera.id != other.day.camera.id:
            continue
        along = one.inward == other.inward
        first, second = one.sighting, other.sighting
        scale = settings.along if along else settings.across
        value = likeness(first.appearance, second.appearance, scale, (first.height, second.height))
        if value is not None:
            odds[along].append(math.log(odds_of(value)))
    best = [max(found) for found in odds.values() if found]
    if not best:
        return None
    views = settings.both_views if len(best) > 1 else 1.0
    return 1 / (1 + math.exp(-views * sum(best) / len(best)))
