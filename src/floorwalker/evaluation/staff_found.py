"""Staff found: over persons, each counted once however many tracks and names they had."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from floorwalker.evaluation.day_view import DayView
from floorwalker.evaluation.matched import Matched


@dataclass(frozen=True, slots=True)
class StaffScore(Matched):
    """How well staff was told from customers.

    Attributes:
        matched: staff persons that were called staff.
        measured: persons called staff; a name that is called so and shows no person counts as one.
        true: staff persons of whom anything was seen that made an event.
    """

    matched: int
    measured: int
    true: int

    def __add__(self, other: StaffScore) -> StaffScore:
        return StaffScore(
            self.matched + other.matched, self.measured + other.measured, self.true + other.true
        )


def score_staff(view: DayView) -> StaffScore:
    """Score who is staff in the resolved view.

    A person is called staff where the tracks that are called so show them for longer than those that are
    not; only tracks that made events count, since nothing else reaches a figure.

    Args:
        view: the morning.
    """
    tracks = {
        (event.camera_id, int(event.metadata["track_id"])): (event.visitor_id, event.is_staff)
        for event in view.resolved
    }
    seconds: dict[tuple[str, bool], float] = defaultdict(float)
    shown: set[str] = set()
    for (camera_id, track_id), (visitor, is_staff) in tracks.items():
        for person, length_s in view.tracks[camera_id].seconds(track_id).items():
            seconds[person, is_staff] += length_s
            shown.add(visitor)
    ghosts = {visitor for visitor, is_staff in tracks.values() if is_staff and visitor not in shown}
    seen = {person for person, _ in seconds}
    called = {person for person in seen if seconds[person, True] > seconds[person, False]}
    staff = {person for person in seen if view.people[person].is_staff}
    return StaffScore(len(called & staff), len(called) + len(ghosts), len(staff))
