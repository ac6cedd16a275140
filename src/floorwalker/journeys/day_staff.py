"""Staff of a store's day: what all cameras together show of each person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from floorwalker.events import EventType
from floorwalker.identity.handover import HandoverSettings, link_sightings
from floorwalker.identity.sightings import STEP_S, Sighting
from floorwalker.identity.uniform import UniformSettings, uniform_resemblance
from floorwalker.journeys.day_tracks import DayTrack, known_pairs
from floorwalker.journeys.staff import Presence, StaffSettings, StaffVerdict
from floorwalker.journeys.staff_finding import Look, find_staff, proves_staff, seen_beside


def staff_proofs(
    nodes: Sequence[DayTrack], settings: StaffSettings, handover: HandoverSettings
) -> list[bool]:
    """Which tracks show staff for certain: by themselves, or because place joins them to one that does.

    Who stands behind a counter is half hidden there; the uniform is learned where they are seen whole.

    Args:
        nodes: the day's tracks.
        settings: what proves it.
        handover: when place joins two tracks.
    """
    alone = [proves_staff(node.presence, settings) for node in nodes]
    found = list(alone)
    for link in link_sightings([node.sighting for node in nodes], handover, known_pairs(nodes)):
        if link.score >= settings.sure_link:
            found[link.first] |= alone[link.second]
            found[link.second] |= alone[link.first]
    return found


def sightings_with_uniform(
    nodes: Sequence[DayTrack], proof: Sequence[bool], settings: UniformSettings
) -> list[Sighting]:
    """The tracks as sightings that tell who is dressed like those who are sure to be staff.

    Args:
        nodes: the day's tracks.
        proof: which of them show staff for certain.
        settings: how many of those are compared with.
    """
    looks = [_look(node, sure) for node, sure in zip(nodes, proof, strict=True)]
    known = [(place, look) for place, look in enumerate(looks) if look.proof]
    return [
        replace(
            node.sighting,
            uniform=uniform_resemblance(
                looks[place].looks,
                seen_beside(looks[place], [look for owner, look in known if owner != place]),
                settings,
            ),
        )
        for place, node in enumerate(nodes)
    ]


def _look(node: DayTrack, proof: bool) -> Look:
    return Look(node.track.appearance, node.presence.in_view_s, proof, node.day.camera.id)


def staff_of_day(
    nodes: Sequence[DayTrack],
    proof: Sequence[bool],
    persons: Sequence[Sequence[int]],
    settings: StaffSettings,
) -> dict[int, StaffVerdict]:
    """What the day says of each person's being staff, by place in the list of persons.

    Args:
        nodes: the day's tracks.
        proof: which of them show staff for certain.
        persons: the places of each person's tracks.
        settings: thresholds and weights.
    """
    watched_s = max((node.day.recording.duration_s for node in nodes), default=0.0)
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


def _inside_s(person: Sequence[DayTrack]) -> float | None:
    """The longest visit from a way in to the way out, which several cameras may see a little apart."""
    passages = sorted(
        [(node.sighting.start_s, True) for node in person if node.sighting.came_in]
        + [(node.sighting.end_s, False) for node in person if node.sighting.went_out]
    )
    visits: list[float] = []
    came_s, was_inward = None, False
    for time_s, inward in passages:
        if inward and not was_inward:
            came_s = time_s
        elif not inward and came_s is not None:
            visits.append(time_s - came_s)
        was_inward = inward
    return max(visits, default=None)
