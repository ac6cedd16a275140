"""How often the offset between till and cameras is found, how far off it is, and how often chance is taken
for one.

Days are made up: half of the customers come at any time, half around a rush hour; buyers pay some seconds
before they leave the till, others stand there and leave without paying. What is true is known.

    python benchmarks/clock_offset.py [--runs 200]
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from floorwalker.sales.clock_offset import TillDay, estimate_clock_offset

OPEN_S = 11 * 3600.0
OFFSET_S = 237.0


@dataclass(frozen=True)
class Case:
    """One kind of shop: how many days, sales a day, others at the till for each sale, how much the time
    between paying and leaving varies, and what share of the buyers the cameras see leave."""

    days: int
    sales: int
    others: float = 1.0
    spread_s: float = 20.0
    seen: float = 1.0

    def title(self) -> str:
        return f"{self.days:>4} {self.sales:>10} {self.others:>15g} {self.spread_s:>8.0f} s {self.seen:>5.0%}"


CASES = [
    Case(3, 12),
    Case(7, 30),
    Case(14, 30),
    Case(14, 200, others=2),
    Case(7, 30, others=4),
    Case(7, 30, spread_s=60),
    Case(7, 30, spread_s=120),
    Case(3, 12, spread_s=120),
    Case(3, 12, others=4, spread_s=60, seen=0.5),
    Case(7, 12, others=4, spread_s=60, seen=0.5),
    Case(14, 30, others=4, spread_s=60, seen=0.5),
    Case(7, 30, others=9, spread_s=120, seen=0.3),
    Case(14, 30, others=9, spread_s=120, seen=0.3),
]


def customers(rng: np.random.Generator, count: int) -> npt.NDArray[np.float64]:
    rush = rng.normal(0.6 * OPEN_S, 3600, count)
    return np.clip(np.where(rng.random(count) < 0.5, rng.uniform(0, OPEN_S, count), rush), 0, OPEN_S)


def a_day(rng: np.random.Generator, case: Case, *, linked: bool) -> TillDay:
    leaves = customers(rng, case.sales)
    paid = (leaves if linked else customers(rng, case.sales)) - np.abs(
        rng.normal(0, case.spread_s, case.sales)
    )
    others = customers(rng, round(case.others * case.sales))
    noticed = leaves[rng.random(case.sales) < case.seen]
    return TillDay((paid + OFFSET_S).tolist(), np.concatenate([noticed, others]).tolist())


def row(case: Case, runs: int) -> str:
    found, intervals, chance = [], [], 0
    significant = 0
    for run in range(runs):
        rng = np.random.default_rng([run, case.days, case.sales])
        days = [a_day(rng, case, linked=True) for _ in range(case.days)]
        offset = estimate_clock_offset(days, rng, permutations=199, resamples=200)
        significant += offset.significant
        if offset.significant:
            found.append(offset.offset_s)
            intervals.append((offset.low_s, offset.high_s))
        strangers = [a_day(rng, case, linked=False) for _ in range(case.days)]
        chance += estimate_clock_offset(strangers, rng, permutations=199, resamples=1).significant
    alarms = f"{chance / runs:>12.1%}"
    if not found:
        return f"{case.title()} {0:>8.0%} {'':>33} {alarms}"
    middle = float(np.median(found))
    width = float(np.median([high - low for low, high in intervals]))
    wrong = float(np.percentile(np.abs(np.asarray(found) - middle), 90))
    return (
        f"{case.title()} {significant / runs:>8.0%} {middle - OFFSET_S:>+7.0f} s {wrong:>10.0f} s "
        f"{width:>7.0f} s {alarms}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    runs = parser.parse_args().runs
    begun = time.perf_counter()
    print(f"true offset {OFFSET_S:.0f} s; {runs} made-up shops a row; 95 % test with 199 turns")
    print(
        "days  sales/day  others per sale     spread  seen    found      bias  90 % within  interval  "
        "false alarms"
    )
    for case in CASES:
        print(row(case, runs), flush=True)
    print(f"{time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
