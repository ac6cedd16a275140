"""Line crossings and zone stays, read from true floor positions alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from floorwalker.simulation.crowd import STEP_S
from floorwalker.simulation.layout import ENTRY_LINE, INWARD_POINT, FloorZone
from floorwalker.simulation.morning import FloatArray, Person

BRIDGED_S = 1.0
SHORTEST_STAY_S = 1.0
FLICKER_S = 2.0
FLICKER_M = 0.5


@dataclass(frozen=True, slots=True)
class Crossing:
    """One counted crossing of the entry line.

    Attributes:
        time_s: when the floor position passed the line.
        inward: towards the shop.
    """

    time_s: float
    inward: bool


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay in a zone.

    Attributes:
        person: who.
        zone: where.
        start_s: first moment inside.
        end_s: last moment inside.
        open_end: the recording ended before the stay did.
    """

    person: Person
    zone: FloorZone
    start_s: float
    end_s: float
    open_end: bool

    def covers(self, time_s: float) -> bool:
        """Whether the person was in the zone at a moment."""
        return self.start_s <= time_s <= self.end_s


def crossings_of(person: Person) -> list[Crossing]:
    """Counted crossings of the entry line, in order.

    A crossing that is taken back within 2 s and less than 0.5 m beyond the line is not counted, and neither
    is its return.

    Args:
        person: whose walk.
    """
    found: list[Crossing] = []
    for stretch in person.walk.stretches():
        times: FloatArray = person.walk.step[stretch].astype(np.float64) * STEP_S
        place = person.walk.place_m[stretch]
        depth = _depth(place)
        raw = _raw_crossings(times, place, depth)
        found.extend(_without_flickers(raw, times, depth))
    return found


def _depth(place: FloatArray) -> FloatArray:
    """Metres beyond the line on the shop's side."""
    start, end = np.array(ENTRY_LINE[0]), np.array(ENTRY_LINE[1])
    along = (end - start) / np.linalg.norm(end - start)
    normal = np.array([-along[1], along[0]])
    if (np.array(INWARD_POINT) - start) @ normal < 0:
        normal = -normal
    return np.asarray((place - start) @ normal)


def _raw_crossings(times: FloatArray, place: FloatArray, depth: FloatArray) -> list[Crossing]:
    start, end = np.array(ENTRY_LINE[0]), np.array(ENTRY_LINE[1])
    length = float(np.linalg.norm(end - start))
    inside = depth >= 0
    crossings = []
    for index in np.flatnonzero(inside[1:] != inside[:-1]):
        share = depth[index] / (depth[index] - depth[index + 1])
        where = place[index] + share * (place[index + 1] - place[index])
        if 0 <= (where - start) @ (end - start) / length <= length:
            moment = times[index] + share * (times[index + 1] - times[index])
            crossings.append(Crossing(float(moment), bool(inside[index + 1])))
    return crossings


def _without_flickers(raw: list[Crossing], times: FloatArray, depth: FloatArray) -> list[Crossing]:
    kept: list[Crossing] = []
    for crossing in raw:
        if kept and kept[-1].inward != crossing.inward and crossing.time_s - kept[-1].time_s < FLICKER_S:
            between = (times >= kept[-1].time_s) & (times <= crossing.time_s)
            if np.abs(depth[between]).max(initial=0.0) < FLICKER_M:
                kept.pop()
                continue
        kept.append(crossing)
    return kept


def stays_of(person: Person, zone: FloorZone, duration_s: float) -> list[Stay]:
    """Stays of a second or more in a zone, gaps under a second bridged.

    Args:
        person: whose walk.
        zone: the zone.
        duration_s: length of the recording; a stay that reaches it is open.
    """
    x1, y1, x2, y2 = zone.rect
    x, y = person.walk.place_m[:, 0], person.walk.place_m[:, 1]
    times = person.walk.step[(x >= x1) & (x <= x2) & (y >= y1) & (y <= y2)] * STEP_S
    if len(times) == 0:
        return []
    breaks = np.flatnonzero(np.diff(times) >= BRIDGED_S + STEP_S - 1e-6) + 1
    stays = []
    for part in np.split(times, breaks):
        start, end = round(float(part[0]), 3), round(float(part[-1]), 3)
        if end - start >= SHORTEST_STAY_S - 1e-6:
            stays.append(Stay(person, zone, start, end, end >= duration_s - STEP_S - 1e-6))
    return stays


def all_stays(people: tuple[Person, ...], zones: tuple[FloorZone, ...], duration_s: float) -> list[Stay]:
    """Every stay of the morning, by start and person."""
    stays = [stay for person in people for zone in zones for stay in stays_of(person, zone, duration_s)]
    return sorted(stays, key=lambda stay: (stay.start_s, stay.person.number, stay.zone.zone_id))
