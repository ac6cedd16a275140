"""What the mornings of `events.py` gave, added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from floorwalker.evaluation.attribution import Attribution, read_people
from floorwalker.evaluation.day_view import DayView, on_tracks_clock, resolved_events
from floorwalker.evaluation.events_match import match_events, score_events
from floorwalker.evaluation.identities import IdentityScore, score_identities
from floorwalker.evaluation.losses import losses
from floorwalker.evaluation.morning import Morning
from floorwalker.evaluation.returns import ReturnScore, score_returns
from floorwalker.evaluation.staff_found import StaffScore, score_staff
from floorwalker.evaluation.truth import read_boxes
from floorwalker.events import DOOR_EVENTS, EventType
from floorwalker.insights.metrics import completed_stays, metrics
from floorwalker.insights.picture import Picture
from floorwalker.pipeline.day_run import DayRun

TOLERANCE_S = 2.0
QUEUE = (EventType.BILLING_QUEUE_JOIN, EventType.BILLING_QUEUE_ABANDON)
ZONES = (EventType.ZONE_ENTER, EventType.ZONE_EXIT, EventType.ZONE_DWELL)
LOOKED_AT = {"door": DOOR_EVENTS, "queue": frozenset(QUEUE), "zones": frozenset(ZONES)}


@dataclass
class Tally:
    """What one detector gave over the mornings so far.

    Attributes:
        counts: (matched, measured, true) by view (`observed`, `resolved`) and kind.
        depth: matched joins with the right number of people ahead, and all matched joins.
        dwell: by zone, measured stays, their milliseconds, true stays, their milliseconds.
        visitors: (measured, true) unique visitors of each morning.
        staff: persons.
        returns: re-entries.
        identity: by morning.
        said: kind, confidence and rightness of each observed event.
        lost: missed and invented events by what was looked at and cause.
    """

    counts: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    depth: list[int] = field(default_factory=lambda: [0, 0])
    dwell: dict[str, list[float]] = field(default_factory=dict)
    visitors: list[tuple[int, int]] = field(default_factory=list)
    staff: StaffScore = field(default_factory=lambda: StaffScore(0, 0, 0))
    returns: ReturnScore = field(default_factory=lambda: ReturnScore(0, 0, 0))
    identity: list[IdentityScore] = field(default_factory=list)
    said: list[tuple[str, float, bool]] = field(default_factory=list)
    lost: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def f1(self, view: str, kinds: Iterable[EventType]) -> float:
        """F1 over all mornings' events of some kinds together, each matched with its own kind."""
        matched, measured, true = (
            sum(self.counts[view, kind.value, part] for kind in kinds) for part in range(3)
        )
        return 2 * matched / (measured + true) if measured + true else 1.0


def take(tally: Tally, morning: Morning, day: DayRun, picture: Picture) -> None:
    """Score one morning and add it to the tally."""
    view = view_of(morning, day, picture)
    for name, events in (("observed", view.observed), ("resolved", view.resolved)):
        for score in score_events(events, view.true, TOLERANCE_S):
            for part, count in enumerate((score.matched, score.measured, score.true)):
                tally.counts[name, score.name, part] += count
    pairs = match_events(view.observed, view.true, TOLERANCE_S)
    take_queue_depth(tally, view)
    take_dwell(tally, morning, picture)
    tally.visitors.append((metrics(picture)["unique_visitors"], morning.truth["unique_visitors"]))
    tally.staff += score_staff(view)
    tally.returns += score_returns(view, TOLERANCE_S)
    names = {event.event_id: event.visitor_id for event in picture.events}
    called = {event.visitor_id: names[event.event_id] for event in view.observed}
    tally.identity.append(score_identities(view.observed, view.true, pairs, called))
    right = {i for i, _ in pairs}
    tally.said += [(e.event_type.value, e.confidence, i in right) for i, e in enumerate(view.observed)]
    for name, kinds in LOOKED_AT.items():
        for (what, cause), count in losses(view, view.resolved, kinds, TOLERANCE_S).items():
            tally.lost[name, what, cause] += count


def view_of(morning: Morning, day: DayRun, picture: Picture) -> DayView:
    """A morning's view with the truth beside it."""
    start_s = {run.recording.camera_id: run.recording.start_utc.timestamp() for run in day.runs}
    observed = on_tracks_clock([event for run in day.runs for event in run.events], start_s)
    return DayView(
        observed,
        on_tracks_clock(resolved_events(observed, picture), start_s),
        on_tracks_clock(morning.true_events(), start_s),
        read_people(morning.folder / "people.csv"),
        {
            run.recording.camera_id: Attribution(
                run.tracks, read_boxes(morning.folder / f"{run.recording.camera_id}.boxes.csv")
            )
            for run in day.runs
        },
    )


def take_queue_depth(tally: Tally, view: DayView) -> None:
    """Whether matched joins tell the right number of people ahead."""
    joins, true = ([e for e in events if e.event_type is QUEUE[0]] for events in (view.resolved, view.true))
    for i, j in match_events(joins, true, TOLERANCE_S):
        tally.depth[0] += joins[i].metadata["queue_depth"] == true[j].metadata["queue_depth"]
        tally.depth[1] += 1


def take_dwell(tally: Tally, morning: Morning, picture: Picture) -> None:
    """Customers' completed stays by zone, as the figures count them, and the true ones."""
    for zone, dwell_ms in morning.truth["avg_dwell_ms"].items():
        true = morning.truth["zone_stays"][zone]
        row = tally.dwell.setdefault(zone, [0.0, 0.0, 0.0, 0.0])
        mine = [stay.dwell_ms or 0 for _, stay in completed_stays(picture) if stay.zone_id == zone]
        for place, value in enumerate((len(mine), sum(mine), true, true * dwell_ms)):
            row[place] += value
