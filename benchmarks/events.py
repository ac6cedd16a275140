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
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from _events_tally import LOOKED_AT, QUEUE, ZONES, Tally, take
from _mornings import TruthBuilder, followed, morning_in
from floorwalker.evaluation.morning import picture_of
from floorwalker.evaluation.reliability import reliability
from floorwalker.events import EventType
from floorwalker.pipeline.day_run import DetectorBuilder, NamedDetector
from floorwalker.settings import Settings
from floorwalker.simulation import Difficulty
from floorwalker.warehouse import Warehouse

SEEDS = tuple(range(201, 211))


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
