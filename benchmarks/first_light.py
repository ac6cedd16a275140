"""First light: simulated mornings of 10 minutes, from video to events, scored against the truth.

Prints, for five seeds that nothing was tuned on, ENTRY and EXIT F1 (one to one with the truth within 2 s,
each by its own type; `inbound` pools ENTRY with REENTRY) and unique visitors, once with the built-in
detector and once with the true boxes in its place.

    python benchmarks/first_light.py [--quick] [--json] [--seeds 101,102] [--detector NAME|PATH]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from floorwalker.evaluation.events_match import score_events
from floorwalker.evaluation.morning import Morning, compare, measure_morning, read_morning
from floorwalker.evaluation.truth import TrueBoxes
from floorwalker.events import Event
from floorwalker.pipeline.day_run import DetectorBuilder, NamedDetector
from floorwalker.settings import Settings
from floorwalker.simulation import Difficulty, simulate
from floorwalker.site import Camera
from floorwalker.vision.detector import Detector
from floorwalker.warehouse import Warehouse

SEEDS = (101, 102, 103, 104, 105)
TOLERANCE_S = 2.0


@dataclass(frozen=True, slots=True)
class TruthBuilder:
    """Makes detectors that read the simulator's boxes."""

    folder: Path

    def __call__(self, camera: Camera) -> Detector:
        return TrueBoxes(self.folder / f"{camera.id}.boxes.csv")


def scores(events: Sequence[Event], true: Sequence[Event]) -> dict[str, float]:
    """F1 of the door's events: each kind, ENTRY and EXIT together, and ENTRY pooled with REENTRY."""
    by_name = {score.name: score for score in score_events(events, true, TOLERANCE_S)}
    door = [by_name[name] for name in ("ENTRY", "EXIT") if name in by_name]
    pooled = score_events(events, true, TOLERANCE_S, pool_inbound=True)
    result = {f"{name.lower()}_f1": score.f1 for name, score in by_name.items()}
    result["inbound_f1"] = next((score.f1 for score in pooled if score.name == "INBOUND"), 1.0)
    total = sum(score.measured + score.true for score in door)
    result["door_f1"] = 2 * sum(score.matched for score in door) / total if total else 1.0
    return result


def measure(morning: Morning, build: DetectorBuilder) -> dict[str, Any]:
    """Process one morning and score it."""
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(f"sqlite:///{folder}/floorwalker.db")
        begun = time.monotonic()
        day, figures = measure_morning(morning, build, warehouse)
        seconds = time.monotonic() - begun
        warehouse.close()
    events = [event for run in day.runs for event in run.events]
    visitors, true_visitors = figures["unique_visitors"], morning.truth["unique_visitors"]
    return {
        **scores(events, morning.true_events()),
        "unique_visitors": visitors,
        "true_unique_visitors": true_visitors,
        "visitors_off": abs(visitors - true_visitors) / max(true_visitors, 1),
        "figures": {row.figure: [row.measured, row.true] for row in compare(figures, morning.truth)},
        "frames_per_second": sum(run.frames for run in day.runs) / seconds,
    }


SHOWN = ("entry_f1", "exit_f1", "door_f1", "inbound_f1", "reentry_f1")


def print_table(rows: list[dict[str, Any]]) -> None:
    """The table for people."""
    names = [name.removesuffix("_f1") + " F1" for name in SHOWN]
    print(f"{'seed':>5} {'detector':<10}" + "".join(f"{name:>12}" for name in names) + "   visitors (true)")
    for row in rows:
        cells = "".join(f"{row.get(name, 1.0):12.3f}" for name in SHOWN)
        print(
            f"{row['seed']:>5} {row['detector']:<10}{cells}   "
            f"{row['unique_visitors']} ({row['true_unique_visitors']})"
        )
    for detector in dict.fromkeys(row["detector"] for row in rows):
        mine = [row for row in rows if row["detector"] == detector]
        cells = "".join(f"{mean(row.get(name, 1.0) for row in mine):12.3f}" for name in SHOWN)
        worst = max(row["visitors_off"] for row in mine)
        print(f" mean {detector:<10}{cells}   off by at most {worst:.1%}")


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
    parser.add_argument("--folder", type=Path, help="keep the mornings here, and use those already here")
    arguments = parser.parse_args()
    seeds = [int(seed) for seed in arguments.seeds.split(",") if seed] or list(
        SEEDS[: 2 if arguments.quick else None]
    )
    minutes = 3.0 if arguments.quick else arguments.minutes
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for seed in seeds:
            folder = (arguments.folder or Path(scratch)) / f"{arguments.difficulty}-{seed}-{minutes:g}"
            if not (folder / "truth.json").is_file():
                simulate(folder, seed, minutes, arguments.difficulty)
            morning = read_morning(folder)
            named = NamedDetector(arguments.detector, Settings.load().models_dir)
            builders: dict[str, DetectorBuilder] = {
                arguments.detector: named,
                "true boxes": TruthBuilder(folder),
            }
            for name, build in builders.items():
                print(f"seed {seed}, {name} …", file=sys.stderr)
                row = {"seed": seed, "detector": Path(name).stem[:10], **measure(morning, build)}
                rows.append(row)
                print("  " + ", ".join(f"{key} {row.get(key, 1.0):.3f}" for key in SHOWN), file=sys.stderr)
    if arguments.json:
        load = os.getloadavg()[0]
        print(
            json.dumps({"minutes": minutes, "difficulty": arguments.difficulty, "load": load, "rows": rows})
        )
    else:
        print_table(rows)


if __name__ == "__main__":
    main()
