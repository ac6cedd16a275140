"""A whole day put together: average linkage with links against scipy's linkages without any.

*Quality*, on the 42 people of `reid-images`, networks 0248 and 0287: people are halved, curve and thresholds
come from the one half and figures are told of the other, and the reverse, for several halvings. Ours joins
from mean log-odds of 1.0 on, by the curve of `floorwalker reid calibrate`; scipy's average, complete and
single linkage on cosines get the threshold that gives the best F1 over pairs on the first half, which ours
does not. Told: F1 over pairs and B-cubed, the mean error of unique visitors, and its mean size.

*Speed*, on 5,000 made-up entries of 256 numbers that fall apart by themselves, and that hang together all:
seconds of CPU, and as a ratio to scipy's average linkage on the same distances.

    python benchmarks/reid_clustering.py [--quick] [--json] [--splits N] [--cache FOLDER]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from _reid_data import Material, folds, read_material
from floorwalker.evaluation.partitions import score_partition
from floorwalker.identity.matching.calibrate import fit_curve, pairs_of
from floorwalker.identity.matching.calibration import Calibration
from floorwalker.identity.matching.clustering import cluster
from floorwalker.identity.matching.encoder import MeanEncoder

Numbers = npt.NDArray[np.float64]
Groups = Sequence[int]

NETWORKS = ("person-reidentification-retail-0248", "person-reidentification-retail-0287")
BURSTS = (2, 4)
PEERS = ("average", "complete", "single")
SHARES = np.linspace(0.2, 0.99, 40)  # of a half's joins, as thresholds that a peer may choose from
FIGURES = ("pairs F1", "B-cubed", "visitors", "size")


def part(material: Material, people: Sequence[str], burst: int) -> tuple[npt.NDArray[np.float32], list[str]]:
    """The entries of some people as vectors, and whose they are."""
    labelled = material.entries(people, burst)
    return labelled.encode(MeanEncoder()), [entry.person_id for entry in labelled.entries]


def scored(groups: Groups, people: Sequence[str]) -> tuple[float, float, float, float]:
    """F1 over pairs, B-cubed, error of the visitors and its size."""
    names = [str(number) for number in range(len(people))]
    found = dict(zip(names, map(str, groups), strict=True))
    score = score_partition(found, dict(zip(names, people, strict=True)))
    return score.pairs.f1, score.bcubed.f1, score.visitors_error, abs(score.visitors_error)


def tree(vectors: npt.NDArray[np.float32], method: str) -> Numbers:
    """scipy's tree of joins over cosines."""
    distance = np.clip(1.0 - vectors.astype(np.float64) @ vectors.T, 0.0, None)
    np.fill_diagonal(distance, 0.0)
    joins: Numbers = linkage(squareform(distance, checks=False), method)
    return joins


def quality(material: Material, burst: int, splits: int) -> dict[str, dict[str, float]]:
    """Means over all folds."""
    rows: dict[str, list[tuple[float, ...]]] = {}
    for fold in folds(material.people, splits, seed=7):
        tune, tuned_people = part(material, fold.tune, burst)
        report, people = part(material, fold.report, burst)
        curve = fit_curve(pairs_of(tune @ tune.T, tuned_people, ["day"] * len(tuned_people)))
        known = Calibration(encoder="mean-1", curve=curve, threshold=0.0, margin=0.0)
        ours = cluster(report, known.probability, range(len(people)), ())
        rows.setdefault("floorwalker", []).append(scored(ours.tolist(), people))
        for method in PEERS:
            joins = tree(tune, method)
            best = max(
                np.quantile(joins[:, 2], SHARES),
                key=lambda at, joins=joins: scored(fcluster(joins, at, "distance"), tuned_people)[0],  # type: ignore[misc]
            )
            theirs = fcluster(tree(report, method), best, "distance")
            rows.setdefault(f"scipy {method}", []).append(scored(theirs.tolist(), people))
    return {
        name: dict(zip(FIGURES, map(float, np.mean(np.array(found), axis=0)), strict=True))
        for name, found in rows.items()
    }


def speed(count: int) -> dict[str, dict[str, float]]:
    """Seconds of CPU, ours and scipy's, on entries that fall apart and on such that hang together."""
    rng = np.random.default_rng(0)
    people = np.repeat(rng.normal(size=(count // 4, 256)) + 0.45, 4, axis=0)
    vectors = people + 0.8 * rng.normal(size=(count, 256))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    theirs = _cpu_s(lambda: tree(vectors, "average"))
    told = {}
    for name, middle in (("fall apart", 0.45), ("hang together", 0.12)):
        curve = _curve(middle)
        ours = _cpu_s(lambda curve=curve: cluster(vectors, curve, range(count), ()))  # type: ignore[misc]
        told[name] = {"entries": count, "cpu_s": ours, "scipy_cpu_s": theirs, "ratio": ours / theirs}
    return told


def _curve(middle: float) -> Callable[[Numbers], Numbers]:
    return lambda cosine: 1.0 / (1.0 + np.exp(-15.0 * (cosine - middle)))


def _cpu_s(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def print_quality(network: str, burst: int, told: dict[str, dict[str, float]]) -> None:
    """One table."""
    print(f"== {network}, {burst} crops an entry")
    print(f"{'':18}" + "".join(f"{figure:>10}" for figure in FIGURES))
    for name, row in told.items():
        shown = (
            f"{row['pairs F1']:.3f}",
            f"{row['B-cubed']:.3f}",
            f"{row['visitors']:+.1%}",
            f"{row['size']:.1%}",
        )
        print(f"{name:18}" + "".join(f"{cell:>10}" for cell in shown))
    print()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one network, one halving, 1,000 entries")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--splits", type=int, default=6, help="halvings of the people")
    parser.add_argument("--cache", type=Path, help="folder to keep vectors in between runs")
    args = parser.parse_args()
    shared = Path(os.environ.get("FLOORWALKER_SHARED", Path(__file__).resolve().parents[1] / ".." / "shared"))
    result: dict[str, Any] = {"load": os.getloadavg()[0], "quality": {}}
    if not (shared / "data" / "reid-images").is_dir():
        print(f"not run: the real material is not in {shared} (FLOORWALKER_SHARED)", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as temporary:
        cache = args.cache or Path(temporary)
        cache.mkdir(parents=True, exist_ok=True)
        for network in NETWORKS[: 1 if args.quick else None]:
            material = read_material(shared, network, cache)
            for burst in BURSTS:
                told = quality(material, burst, 1 if args.quick else args.splits)
                result["quality"][f"{network}, {burst}"] = told
                if not args.json:
                    print_quality(network, burst, told)
    result["speed"] = speed(1000 if args.quick else 5000)
    if args.json:
        print(json.dumps(result, indent=2))
        return
    for name, row in result["speed"].items():
        print(
            f"{row['entries']:,} entries that {name}: {row['cpu_s']:.2f} s of CPU, "
            f"{row['ratio']:.2f} times scipy's {row['scipy_cpu_s']:.2f} s (load {result['load']:.1f})"
        )


if __name__ == "__main__":
    main()
