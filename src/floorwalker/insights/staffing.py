"""Staff hours, and how much traffic they meet."""

from __future__ import annotations

from dataclasses import dataclass

from floorwalker.insights.occupancy import presence
from floorwalker.insights.picture import Picture
from floorwalker.insights.spans import common, length_us, union

_HOUR_US = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Staffing:
    """The staff of a window.

    Attributes:
        people: distinct staff seen in the window.
        person_hours: hours that they were present, summed over people; None where none was seen.
        staffed_hours: hours in which at least one of them was present; None likewise.
        traffic_per_hour: customers' ways in for each person-hour; None without person-hours.
    """

    people: int
    person_hours: float | None
    staffed_hours: float | None
    traffic_per_hour: float | None


def staffing(picture: Picture, ways_in: int) -> Staffing:
    """Judge the staff of a window by their presence: each person's stretches from first sight to EXIT or
    last sight, those that overlap counted once.

    Args:
        picture: the store.
        ways_in: customers' entries and re-entries in the window.
    """
    window = [(picture.from_us, picture.to_us)]
    by_person: dict[str, list[tuple[int, int]]] = {}
    for visit in picture.visits:
        if visit.is_staff and any(map(picture.holds, visit.seen_us)):
            by_person.setdefault(visit.visitor_id, []).extend(presence(visit))
    if not by_person:
        return Staffing(0, None, None, None)
    present = [common(union(spans), window) for spans in by_person.values()]
    person_us = sum(map(length_us, present))
    staffed_us = length_us(union(span for spans in present for span in spans))
    hours = person_us / _HOUR_US
    return Staffing(
        len(by_person),
        round(hours, 4),
        round(staffed_us / _HOUR_US, 4),
        round(ways_in / hours, 4) if person_us else None,
    )
