"""Losses: which part of the way a missed or an invented event is to be laid to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from floorwalker.evaluation.day_view import DayView
from floorwalker.evaluation.events_match import DEFAULT_TOLERANCE_S, match_events
from floorwalker.events import Event, EventType

CAUSES = ("unseen", "ghost", "broken track", "mixed track", "identity", "staff", "rule")
_AROUND_S = 3.0
_LEAST_SEEN = 0.5
_SWAPPED = {EventType.ENTRY: EventType.REENTRY, EventType.REENTRY: EventType.ENTRY}


def losses(
    view: DayView,
    measured: Sequence[Event],
    kinds: frozenset[EventType],
    tolerance_s: float = DEFAULT_TOLERANCE_S,
) -> Counter[tuple[str, str]]:
    """Count missed and invented events of some kinds by cause.

    `unseen`: no track showed the person around that moment (detection, or a track never confirmed).
    `ghost`: the event's track shows nobody there. `broken track`: another track showed the person before
    than after. `mixed track`: the event's track went over to somebody else. `identity`: ENTRY for REENTRY or
    the reverse. `staff`: a customer taken for staff or the reverse. `rule`: one track showed the right
    person all the time; lines, zones and the queue decided otherwise.

    Args:
        view: the morning.
        measured: its events, observed or resolved.
        kinds: which kinds to look at.
        tolerance_s: greatest difference in time of a pair.

    Returns:
        Counts by (`missed` or `invented`, cause).
    """
    found = [event for event in measured if event.event_type in kinds]
    real = [event for event in view.true if event.event_type in kinds]
    pairs = match_events(found, real, tolerance_s)
    taken, met = {i for i, _ in pairs}, {j for _, j in pairs}
    counts: Counter[tuple[str, str]] = Counter()
    for j, event in enumerate(real):
        if j not in met:
            counts["missed", _why_missed(view, event, measured, tolerance_s)] += 1
    for i, event in enumerate(found):
        if i not in taken:
            counts["invented", _why_invented(view, event, tolerance_s)] += 1
    return counts


def _swapped(event: Event, others: Sequence[Event], tolerance_s: float) -> bool:
    kind = _SWAPPED.get(event.event_type)
    return kind is not None and any(
        other.event_type is kind and abs((other.timestamp - event.timestamp).total_seconds()) <= tolerance_s
        for other in others
    )


def _why_missed(view: DayView, event: Event, measured: Sequence[Event], tolerance_s: float) -> str:
    if _swapped(event, measured, tolerance_s):
        return "identity"
    person = next(p for p in view.people.values() if p.visitor_id == event.visitor_id)
    time_s = float(event.metadata["time_s"])
    tracks = view.tracks[event.camera_id]
    before = tracks.tracks_of(person.person_id, time_s - _AROUND_S, time_s)
    after = tracks.tracks_of(person.person_id, time_s, time_s + _AROUND_S)
    share = (sum(before.values()) + sum(after.values())) / 2
    if share < _LEAST_SEEN:
        return "unseen"
    if not before or not after or max(before, key=before.__getitem__) != max(after, key=after.__getitem__):
        return "broken track"
    mine = (*before, *after)
    if event.event_type.value.startswith("BILLING") and any(
        other.is_staff and int(other.metadata["track_id"]) in mine
        for other in view.resolved
        if other.camera_id == event.camera_id
    ):
        return "staff"
    return "rule"


def _why_invented(view: DayView, event: Event, tolerance_s: float) -> str:
    if _swapped(event, view.true, tolerance_s):
        return "identity"
    tracks, track_id = view.tracks[event.camera_id], int(event.metadata["track_id"])
    time_s = float(event.metadata["time_s"])
    person = view.shown(event)
    if person is None:
        return "ghost"
    if event.event_type.value.startswith("BILLING") and view.people[person].is_staff:
        return "staff"
    others = {tracks.person(track_id, time_s - 2.0, 1.0), tracks.person(track_id, time_s + 2.0, 1.0)}
    if others - {person, None}:
        return "mixed track"
    around = set(tracks.tracks_of(person, time_s - _AROUND_S, time_s + _AROUND_S))
    return "broken track" if around - {track_id} else "rule"
