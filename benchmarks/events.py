"""Events of ten unseen simulated mornings, from video to the resolved view, scored against the truth.

Three cameras, ten minutes, difficulty normal; once with the built-in detector and once with the true boxes in
its place, so that it shows where the loss is. Tracks are kept beside the mornings under a fingerprint of the
code that made them: an interrupted run goes on where it stopped. `--folder` keeps mornings and tracks.

    python benchmarks/events.py [--quick] [--json] [--seeds 201,202] [--folder DIR] [--detector NAME|PATH]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from _mornings import TruthBuilder, followed, morning_in
from floorwalker.evaluation.attribution import Attribution, read_people
from floorwalker.evaluation.day_view import DayView, on_tracks_clock, resolved_events
from floorwalker.evaluation.events_match import match_events, score_events
from floorwalker.evaluation.identities import IdentityScore, score_identities
from floorwalker.evaluation.losses import losses
from floorwalker.evaluation.morning import Morning, picture_of
from floorwalker.evaluation.reliability import reliability
from floorwalker.evaluation.returns import ReturnScore, score_returns
from floorwalker.evaluation.staff_found import StaffScore, score_staff
from floorwalker.evaluation.truth import read_boxes
from floorwalker.events import DOOR_EVENTS, EventType
from floorwalker.insights.metrics import completed_stays, metrics
from floorwalker.insights.picture import Picture
from floorwalker.pipeline.day_run import DayRun, DetectorBuilder, NamedDetector
from floorwalker.settings import Settings
from floorwalker.simulation import Difficulty
from floorwalker.warehouse import Warehouse

SEEDS = tuple(range(201, 211))
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


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the table.

    Attributes:
        name: what is measured.
        value: how much.
        target: what it must reach, or None where nothing was asked.
        at_most: whether less is better.
        note: what it rests on.
    """

    name: str
    value: float
    target: float | None = None
    at_most: bool = False
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is reached."""
        if self.target is None:
            return None
        return self.value <= self.target if self.at_most else self.value >= self.target


def door_measures(tally: Tally) -> list[Measure]:
    """F1 of ENTRY and EXIT together: pairs of one kind within 2 s, one to one, over all mornings.

    A re-entry that is called an entry is wrong twice; `inbound` tells how well the ways in alone are
    counted. Resolved is what every figure reads, observed what the door's camera wrote.
    """
    pair = (EventType.ENTRY, EventType.EXIT)
    return [
        Measure("ENTRY/EXIT F1, resolved", tally.f1("resolved", pair), 0.95),
        Measure("ENTRY/EXIT F1, observed", tally.f1("observed", pair)),
        *(
            Measure(f"{kind.value} F1, resolved", tally.f1("resolved", [kind]))
            for kind in (EventType.ENTRY, EventType.EXIT, EventType.REENTRY)
        ),
    ]


def queue_measures(tally: Tally) -> list[Measure]:
    """F1 of BILLING_QUEUE_JOIN and _ABANDON, each alone and together.

    Observed is what the till's camera wrote, by place alone; resolved is what holds when all cameras were
    looked at and the till's rows were assigned to those who stood there: `floorwalker.insights.till`.
    """
    rows = [
        Measure("queue JOIN+ABANDON F1, resolved", tally.f1("resolved", QUEUE), 0.90),
        Measure("queue JOIN+ABANDON F1, observed", tally.f1("observed", QUEUE)),
    ]
    for kind in QUEUE:
        true = tally.counts["resolved", kind.value, 2]
        for view in ("resolved", "observed"):
            rows.append(Measure(f"{kind.value} F1, {view}", tally.f1(view, [kind]), note=f"{true} true"))
    right, joins = tally.depth
    rows.append(Measure("people ahead right, of matched joins", right / max(joins, 1), note=f"{joins} joins"))
    return rows


def zone_measures(tally: Tally) -> list[Measure]:
    """F1 of zone events; mean dwell of a zone: all mornings' completed customers' stays, ours over true."""
    rows = [Measure(f"{kind.value} F1", tally.f1("resolved", [kind])) for kind in ZONES]
    off = {}
    for zone, (mine, mine_ms, true, true_ms) in sorted(tally.dwell.items()):
        measured, real = mine_ms / max(mine, 1), true_ms / max(true, 1)
        off[zone] = abs(measured / real - 1) if real else 0.0
        note = f"{measured / 1000:.1f} s of {real / 1000:.1f} s; {mine:.0f} stays of {true:.0f}"
        rows.append(Measure(f"mean dwell off, {zone}", off[zone], 0.10, at_most=True, note=note))
    return rows


def people_measures(tally: Tally) -> list[Measure]:
    """Persons: staff found, re-entries found and rightly linked, unique visitors, names over all cameras.

    Unique visitors: the mean over mornings of the relative error. Names: B-cubed of all matched events.
    """
    staff, back = tally.staff, tally.returns
    off = [abs(mine - true) / max(true, 1) for mine, true in tally.visitors]
    total = sum(score.events for score in tally.identity) or 1
    pure = sum(score.precision * score.events for score in tally.identity) / total
    whole = sum(score.recall * score.events for score in tally.identity) / total
    mine, true = (sum(counts) for counts in zip(*tally.visitors, strict=True))
    worst = f"worst {max(off, default=0.0):.1%}; {mine} of {true}"
    return [
        Measure("staff precision, persons", staff.precision, 0.95, note=f"{staff.measured} called staff"),
        Measure("staff recall, persons", staff.recall, 0.95, note=f"{staff.true} are"),
        Measure("re-entries found", back.recall, 0.80, note=f"{back.true} true"),
        Measure("re-entries' precision", back.precision, 0.95, note=f"{back.measured} measured"),
        Measure("unique visitors off", sum(off) / max(len(off), 1), 0.05, at_most=True, note=worst),
        Measure("names over cameras, precision (B³)", pure),
        Measure("names over cameras, recall (B³)", whole),
    ]


def confidence_measures(tally: Tally) -> list[Measure]:
    """Brier score of observed events' confidences, right being: paired with a true event of that kind."""
    groups: dict[str, list[tuple[float, bool]]] = {"all": [(c, right) for _, c, right in tally.said]}
    for kind, confidence, right in tally.said:
        groups.setdefault(kind, []).append((confidence, right))
    rows = []
    for name, pairs in groups.items():
        found = reliability([c for c, _ in pairs], [right for _, right in pairs])
        note = f"constant {found.base_brier:.3f}; expected error {found.error:.3f}; n {len(pairs)}"
        rows.append(Measure(f"Brier, {name}", found.brier, note=note))
    return rows


def measures(tally: Tally) -> list[Measure]:
    """All lines of the table."""
    return [
        *door_measures(tally),
        *queue_measures(tally),
        *zone_measures(tally),
        *people_measures(tally),
        *confidence_measures(tally),
    ]


def print_table(tallies: Mapping[str, Tally]) -> None:
    """The tables for people: measures, losses by cause, reliability."""
    for detector, tally in tallies.items():
        print(f"\n{detector}, {len(tally.visitors)} mornings")
        for row in measures(tally):
            asked = "" if row.target is None else f"{'≤' if row.at_most else '≥'} {row.target:.2f}"
            verdict = {None: "", True: "met", False: "NOT MET"}[row.met]
            print(f"  {row.name:<40}{row.value:8.3f}  {asked:<7} {verdict:<8} {row.note}".rstrip())
        print("  lost, by cause (resolved events):")
        for name in LOOKED_AT:
            for what in ("missed", "invented"):
                causes = {c: n for (a, b, c), n in tally.lost.items() if (a, b) == (name, what)}
                listed = ", ".join(f"{c} {n}" for c, n in sorted(causes.items(), key=lambda x: -x[1]))
                print(f"    {name:<6} {what:<9} {listed or 'none'}")
        print("  confidence: said → right (number of events)")
        found = reliability([c for _, c, _ in tally.said], [right for *_, right in tally.said])
        print("    " + ", ".join(f"{b.said:.2f} → {b.right:.2f} ({b.count})" for b in found.bins))


def as_json(tallies: Mapping[str, Tally]) -> dict[str, Any]:
    """The same as JSON values."""
    return {
        detector: {
            "mornings": len(tally.visitors),
            "measures": [{**asdict(row), "met": row.met} for row in measures(tally)],
            "lost": [[*key, count] for key, count in sorted(tally.lost.items())],
            "visitors": tally.visitors,
            "reliability": asdict(
                reliability([c for _, c, _ in tally.said], [right for *_, right in tally.said])
            ),
        }
        for detector, tally in tallies.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="two seeds of three minutes")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--seeds", default="", help="other seeds, separated by commas")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--difficulty", default="normal", choices=[level.value for level in Difficulty])
    parser.add_argument(
        "--detector", default="motion", help="motion, a pulled network's name, or an ONNX file"
    )
    parser.add_argument("--only", choices=["detector", "truth"], help="one of the two")
    parser.add_argument("--workers", type=int, help="processes; default: one a core")
    parser.add_argument(
        "--folder", type=Path, help="keep mornings and tracks here, and use those already here"
    )
    arguments = parser.parse_args()
    seeds = [int(seed) for seed in arguments.seeds.split(",") if seed] or list(
        SEEDS[: 2 if arguments.quick else None]
    )
    minutes = 3.0 if arguments.quick else arguments.minutes
    load = os.getloadavg()[0]
    tallies: dict[str, Tally] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for seed in seeds:
            morning = morning_in(arguments.folder or Path(scratch), seed, minutes, arguments.difficulty)
            builders: dict[str, DetectorBuilder] = {}
            if arguments.only != "truth":
                models = Settings.load().models_dir
                builders[Path(arguments.detector).stem] = NamedDetector(arguments.detector, models)
            if arguments.only != "detector":
                builders["true boxes"] = TruthBuilder(morning.folder)
            for name, build in builders.items():
                print(f"seed {seed}, {name} …", file=sys.stderr)
                day = followed(morning, name.replace(" ", "-"), build, workers=arguments.workers)
                with tempfile.TemporaryDirectory() as place:
                    warehouse = Warehouse(f"sqlite:///{place}/floorwalker.db")
                    picture = picture_of(morning, day, warehouse)
                    warehouse.close()
                take(tallies.setdefault(name, Tally()), morning, day, picture)
    if arguments.json:
        print(json.dumps({"seeds": seeds, "minutes": minutes, "load": load, "detectors": as_json(tallies)}))
    else:
        listed = ", ".join(map(str, seeds))
        print(f"seeds {listed}; {minutes:g} minutes, {arguments.difficulty}; load {load:.2f}")
        print_table(tallies)


if __name__ == "__main__":
    main()
