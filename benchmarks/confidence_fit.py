"""Fits the weights of `floorwalker.journeys.confidence` to what came true, and prints them as the table.

A logistic curve a kind of event, drawn towards weights that were set by hand: signs that hardly ever occur on
these mornings keep what is known of them otherwise. Tuning mornings only (seeds 1 to 4); `events.py` reports
on others how far the confidences hold.

    python benchmarks/confidence_fit.py [--seeds 1,2] [--folder DIR] [--workers N]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from _mornings import TruthBuilder, followed, morning_in
from floorwalker.evaluation.events_match import match_events
from floorwalker.events import Event, EventType
from floorwalker.journeys.confidence import Weights
from floorwalker.pipeline.day_run import DetectorBuilder, NamedDetector
from floorwalker.settings import Settings

SEEDS = (1, 2, 3, 4)
_PULL = 2.0
_MANY = 60
_DOOR = Weights(-5.0, {"detected": 1.0, "both_sides": 3.5, "depth": 1.0, "who": 3.5})
_SIGNS = ("detected", "entered", "left", "long", "deep", "sighted", "whole", "followed", "alone")
_STAY = dict.fromkeys(_SIGNS, 0.4)
BY_HAND = {
    EventType.ENTRY: _DOOR,
    EventType.REENTRY: _DOOR,
    EventType.EXIT: _DOOR,
    EventType.ZONE_ENTER: Weights(-2.5, _STAY | {"entered": 1.5}),
    EventType.ZONE_EXIT: Weights(-2.5, _STAY | {"left": 1.5}),
    EventType.ZONE_DWELL: Weights(-2.5, _STAY),
    EventType.BILLING_QUEUE_JOIN: Weights(-2.5, _STAY | {"entered": 1.5, "ahead": 0.5}),
    EventType.BILLING_QUEUE_ABANDON: Weights(-3.0, _STAY | {"unserved": 0.5}),
}
Outcomes = list[tuple[EventType, Mapping[str, float], bool]]


def outcomes(measured: Sequence[Event], true: Sequence[Event]) -> Outcomes:
    """Each event's kind and signs, and whether it has a true one of its kind within 2 s."""
    right = {i for i, _ in match_events(measured, true)}
    return [(e.event_type, e.metadata["why"]["signs"], i in right) for i, e in enumerate(measured)]


def fitted(found: Iterable[tuple[Mapping[str, float], bool]], hand: Weights) -> Weights:
    """The most probable weights of one kind, the ones set by hand being the expectation.

    Few events move them less: what a dozen happened to have in common is no rule.
    """
    rows = list(found)
    strength = _PULL * max(1.0, _MANY / max(len(rows), 1))
    names = list(hand.signs)
    start = np.array([hand.constant, *hand.signs.values()])
    signs = np.array([[1.0, *(row.get(name, 0.0) for name in names)] for row, _ in rows])
    side = np.array([1.0 if right else -1.0 for _, right in rows])

    def loss(weights: np.ndarray) -> float:
        pull = 0.5 * strength * float(np.sum((weights - start) ** 2))
        return pull + (float(np.sum(np.logaddexp(0.0, -side * (signs @ weights)))) if rows else 0.0)

    best = minimize(loss, start, method="L-BFGS-B").x
    return Weights(round(float(best[0]), 2), dict(zip(names, best[1:].round(2).tolist(), strict=True)))


def fit_all(found: Outcomes) -> dict[EventType, Weights]:
    """The table."""
    return {
        kind: fitted([(signs, right) for other, signs, right in found if other is kind], hand)
        for kind, hand in BY_HAND.items()
    }


def print_table(table: Mapping[EventType, Weights], counts: Mapping[EventType, int]) -> None:
    """As it stands in `confidence_table`."""
    print("TABLE = {")
    for kind, weights in table.items():
        signs = ", ".join(f'"{name}": {value}' for name, value in weights.signs.items())
        print(f"    EventType.{kind.value}: Weights(  # {counts[kind]} events")
        print(f"        {weights.constant},\n        {{{signs}}},\n    ),")
    print("}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)), help="separated by commas")
    parser.add_argument("--minutes", type=float, default=6.0)
    parser.add_argument("--workers", type=int, help="processes; default: one a core")
    parser.add_argument(
        "--folder", type=Path, help="keep mornings and tracks here, and use those already here"
    )
    arguments = parser.parse_args()
    found: Outcomes = []
    with tempfile.TemporaryDirectory() as scratch:
        for seed in map(int, arguments.seeds.split(",")):
            morning = morning_in(arguments.folder or Path(scratch), seed, arguments.minutes, "normal")
            builders: dict[str, DetectorBuilder] = {
                "motion": NamedDetector("motion", Settings.load().models_dir),
                "true-boxes": TruthBuilder(morning.folder),
            }
            for name, build in builders.items():
                print(f"seed {seed}, {name} …", file=sys.stderr)
                day = followed(morning, name, build, workers=arguments.workers)
                measured = [event for run in day.runs for event in run.events]
                found += outcomes(measured, morning.true_events())
    print_table(fit_all(found), {kind: sum(other is kind for other, *_ in found) for kind in BY_HAND})


if __name__ == "__main__":
    main()
