"""Re-entry matching: how often it is right about people that it has not seen.

42 people of `reid-images` in two cameras, 16 crops each; entries are bursts of neighbouring views of one
camera. People are halved: thresholds are chosen, curves fitted and encoders trained on the one half, figures
told of the other; then the halves change places, and all that for several halvings. Prints, for the networks
0248 and 0287,

- true matches found at thresholds for 1 % false matches (of all decisions), by the number of earlier entries
  of the person, by the rule of persons and by the rule of entries,
- mAP, CMC, DIR@FAR of the mean and of encoders trained on the tuning half, with and without attributes (here
  the colours of the clothing, by `_reid_data.clothing_colours`), and their difference from the mean, with
  95 % intervals over people,
- whole days of four crossings a person through the matcher: error of the unique
  visitors, B-cubed and pairwise F1, as `/match` decided and with all entries together (`mode=global`).

    python benchmarks/reid_quality.py [--quick] [--json] [--burst N] [--splits N] [--cache FOLDER]

The encoders that are trained need PyTorch (the extra `train`); without it their rows are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from _reid_data import Fold, Material, folds, read_material
from _reid_days import day, days_together, shipped
from _reid_methods import Compared, Method, methods
from _reid_scores import Numbers, Scored, by_earlier, decide, drawn, interval
from floorwalker.identity.matching.encoder import MeanEncoder
from floorwalker.identity.matching.replay import outcome
from floorwalker.identity.matching.rules import Rule

NETWORKS = ("person-reidentification-retail-0248", "person-reidentification-retail-0287")
CONTRACT_MARGIN = 0.02
DEFAULT = "mean"
SHOWN = ("mean", "trained, attentive")
DAY_BURST = 4  # four crossings a person: two visits


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What one way of comparing came to on the report people of one fold.

    Attributes:
        figures: each figure with everybody once, then with people drawn anew.
        rules: by rule, thresholds and outcome; empty for ways that are not shown so.
        days: by way of making a day, what the manifests came to; likewise.
    """

    figures: dict[str, Numbers]
    rules: dict[str, dict[str, Any]]
    days: dict[str, list[dict[str, dict[str, float]]]]


def measure(
    material: Material, name: str, method: Method, fold: Fold, number: int, burst: int, orders: int
) -> Part:
    """One way of comparing on one fold; of one number the same people are drawn for every way."""
    compared = method(material, fold, burst, number)
    figures = drawn(Scored.of(compared), number)
    if name not in SHOWN:
        return Part(figures, {}, {})
    daily = method(material, fold, DAY_BURST, number)
    days = {name: [day(daily, seed) for seed in range(orders)]}
    if name == DEFAULT:
        days["mean, rule of entries"] = [day(daily, seed, Rule.ENTRY) for seed in range(orders)]
        days["mean, shipped thresholds"] = [day(shipped(daily), seed) for seed in range(orders)]
    return Part(figures, rules(compared), days)


def rules(compared: Compared) -> dict[str, dict[str, Any]]:
    """The rule of persons and the rule of entries, each with thresholds of its own."""
    ways = {
        "person": (False, compared.chosen),
        f"entry, margin {CONTRACT_MARGIN}": (
            True,
            compared.choose(by_entry=True, margins=(CONTRACT_MARGIN,)),
        ),
        "entry, margin by tuning": (True, compared.choose(by_entry=True)),
    }
    if isinstance(compared.encoder, MeanEncoder):
        ways["person, shipped thresholds"] = (False, compared.encoder.thresholds)
    told = {}
    for rule, (by_entry, chosen) in ways.items():
        decisions = decide(compared, by_entry=by_entry)
        told[rule] = {
            "threshold": chosen.threshold,
            "margin": chosen.margin,
            **asdict(outcome(decisions, chosen)),
            "by_earlier": by_earlier(decisions, chosen),
        }
    return told


def together(parts: dict[str, list[Part]]) -> dict[str, Any]:
    """The figures of one network: means over folds, intervals over people."""
    told: dict[str, Any] = {"rules": {}, "methods": {}, "days": {}}
    baseline: dict[str, Numbers] = {}
    for name, found in parts.items():
        mean = {one: np.mean([part.figures[one] for part in found], axis=0) for one in found[0].figures}
        told["methods"][name] = {"figures": {figure: interval(values) for figure, values in mean.items()}}
        if name == DEFAULT:
            baseline = mean
        else:
            more = {figure: interval(values - baseline[figure]) for figure, values in mean.items()}
            told["methods"][name]["against the mean"] = more
        if found[0].rules:
            told["rules"][name] = {
                rule: _mean_rows([part.rules[rule] for part in found]) for rule in found[0].rules
            }
        for way in found[0].days:
            told["days"][way] = days_together([one for part in found for one in part.days[way]])
    return told


def _mean_rows(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    plain = {
        key: round(float(np.mean([row[key] for row in rows])), 4) for key in rows[0] if key != "by_earlier"
    }
    counts = rows[0]["by_earlier"]
    by_count = {str(n): round(float(np.mean([row["by_earlier"][n] for row in rows])), 4) for n in counts}
    return {**plain, "by_earlier": by_count}


def print_tables(network: str, told: dict[str, Any]) -> None:
    """The tables for people."""
    for name, rules in told["rules"].items():
        print(f"\n== {network}, {name}: true matches found, by earlier entries of the person")
        counts = list(next(iter(rules.values()))["by_earlier"])
        head = f"{'rule':27} {'τ':>5} {'m':>5} {'false':>6} {'asked':>6} {'found':>6} |"
        print(head, " ".join(f"{n:>5}" for n in counts))
        for rule, row in rules.items():
            shares = " ".join(f"{row['by_earlier'][n]:5.3f}" for n in counts)
            print(
                f"{rule:27} {row['threshold']:5.3f} {row['margin']:5.3f} {row['false']:6.2%} "
                f"{row['asked']:6.2%} {row['found']:6.3f} | {shares}"
            )
    _print_methods(network, told["methods"])
    print(f"\n== {network}: whole days")
    print(
        f"{'way':28} {'manifest':8} {'visitors':>9} {'size':>7} {'B-cubed':>8} {'pairs F1':>9} {'asked':>6}"
    )
    for name, both in told["days"].items():
        for kind, row in both.items():
            print(
                f"{name:28} {kind:8} {row['visitors_error']:+9.1%} {row['visitors_error_size']:7.1%} "
                f"{row['bcubed_f1']:8.3f} {row['pairs_f1']:9.3f} {row['asked']:6.1%}"
            )


def _print_methods(network: str, rows: dict[str, Any]) -> None:
    print(f"\n== {network}: ways to compare (95 % intervals over people; ± against the mean below)")
    for name, row in rows.items():
        print(name)
        for figure, got in row["figures"].items():
            line = f"    {figure:24} {got['value']:6.3f}  ({got['low']:.3f} to {got['high']:.3f})"
            if "against the mean" in row:
                more = row["against the mean"][figure]
                line += f"   {more['value']:+.3f}  ({more['low']:+.3f} to {more['high']:+.3f})"
            print(line)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one network, one halving")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--burst", type=int, default=2, help="crops an entry")
    parser.add_argument("--splits", type=int, default=2, help="halvings of the people")
    parser.add_argument("--orders", type=int, default=5, help="orders of a whole day")
    parser.add_argument("--network", choices=[name[-4:] for name in NETWORKS], help="only this one")
    parser.add_argument("--cache", type=Path, help="folder to keep vectors in between runs")
    args = parser.parse_args()
    shared = Path(os.environ.get("FLOORWALKER_SHARED", Path(__file__).resolve().parents[1] / ".." / "shared"))
    if not (shared / "data" / "reid-images").is_dir():
        print(f"not run: the real material is not in {shared} (FLOORWALKER_SHARED)", file=sys.stderr)
        return
    if "trained, attentive" not in methods():
        print("PyTorch is not installed: the trained encoders are left out", file=sys.stderr)
    networks = [name for name in NETWORKS if args.network in (None, name[-4:])][: 1 if args.quick else None]
    result: dict[str, Any] = {"burst": args.burst, "splits": 1 if args.quick else args.splits, "networks": {}}
    with tempfile.TemporaryDirectory() as temporary:
        cache = args.cache or Path(temporary)
        cache.mkdir(parents=True, exist_ok=True)
        for network in networks:
            material = read_material(shared, network, cache)
            orders = 2 if args.quick else args.orders
            halves = list(enumerate(folds(material.people, result["splits"], seed=7)))
            told = together(
                {
                    name: [
                        measure(material, name, method, fold, number, args.burst, orders)
                        for number, fold in halves
                    ]
                    for name, method in methods().items()
                }
            )
            result["networks"][network] = told
            if not args.json:
                print_tables(network, told)
    if args.json:
        print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
