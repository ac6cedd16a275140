"""Re-entries found: in time, and linked to an earlier leaving of the same true person."""

from __future__ import annotations

from dataclasses import dataclass

from floorwalker.evaluation.day_view import DayView, door_only
from floorwalker.evaluation.events_match import DEFAULT_TOLERANCE_S, match_events
from floorwalker.evaluation.matched import Matched
from floorwalker.events import EventType


@dataclass(frozen=True, slots=True)
class ReturnScore(Matched):
    """How well people who came back were known again.

    Attributes:
        matched: measured re-entries that meet a true one in time and whose visitor's EXIT before shows the
            person who really came back.
        measured: re-entries measured; one that is linked to somebody else counts here only.
        true: true re-entries.
    """

    matched: int
    measured: int
    true: int

    def __add__(self, other: ReturnScore) -> ReturnScore:
        return ReturnScore(
            self.matched + other.matched, self.measured + other.measured, self.true + other.true
        )


def score_returns(view: DayView, tolerance_s: float = DEFAULT_TOLERANCE_S) -> ReturnScore:
    """Score the re-entries of the resolved view.

    Args:
        view: the morning.
        tolerance_s: greatest difference in time of a pair.
    """
    door = door_only(view.resolved)
    measured = [event for event in door if event.event_type is EventType.REENTRY]
    true = [event for event in view.true if event.event_type is EventType.REENTRY]
    who = {person.visitor_id: person.person_id for person in view.people.values()}
    right = 0
    for i, j in match_events(measured, true, tolerance_s):
        event = measured[i]
        gone = [
            other
            for other in door
            if other.visitor_id == event.visitor_id
            and other.event_type is EventType.EXIT
            and other.timestamp < event.timestamp
        ]
        right += bool(gone) and view.shown(gone[-1]) == who[true[j].visitor_id]
    return ReturnScore(right, len(measured), len(true))
