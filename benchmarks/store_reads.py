"""Reading while the warehouse grows: 200 thousand rows against 5 million, and while events pour in.

Both warehouses hold store-days of the same number of events. Two real servers (`floorwalker serve`) answer
over HTTP, asked in turn, so that whatever else the machine does hits both alike. Every request is for
another store and day than the ones before it: nothing that a server may remember helps it. Facts of past
days are built before `/anomalies` is timed (`floorwalker facts build`, as a running server does by itself
for live stores); a store-day whose earlier days have no facts yet is printed beside it.

Targets: `/metrics` at 5 million rows at most 1.5 times its time at 200 thousand; its 95th percentile while
20 batches of 500 events a second come in at most 3 times that of a quiet server; `/anomalies` and
`/health` at 5 million rows at most 2 times `/metrics`.

    python benchmarks/store_reads.py [--quick] [--json] [--database sqlite|postgres|both]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from _postgres import NoPostgres, free_port, throwaway_cluster
from _store_days import FIRST_DAY, Shape, fill, fresh_batch, store_name
from floorwalker.warehouse import Warehouse

SMALL, LARGE = Shape(stores=6, days=8), Shape(stores=40, days=30)
QUICK_SMALL, QUICK_LARGE = Shape(stores=2, days=8), Shape(stores=10, days=12)
BATCHES_A_SECOND = 20
TARGETS = {"growth": 1.5, "loaded_p95": 3.0, "anomalies": 2.0, "health": 2.0}
_START_LIMIT_S = 120.0
_FLOORWALKER = [sys.executable, "-c", "from floorwalker.cli import main; main()"]


@dataclass(frozen=True, slots=True)
class House:
    """A running server over a warehouse of some size."""

    port: int
    shape: Shape
    log: Path

    def store_days(self, seed: int) -> Iterator[tuple[str, str]]:
        """Stores and days, each pair once before any comes again; those with a week before them."""
        pairs = [(s, d) for s in range(self.shape.stores) for d in range(7, self.shape.days)]
        chance = random.Random(seed)
        while True:
            chance.shuffle(pairs)
            for store, day in pairs:
                yield store_name(store), (FIRST_DAY + timedelta(days=day)).isoformat()


class Asking:
    """One connection that asks a server, and how long each answer took."""

    def __init__(self, house: House) -> None:
        self._connection = HTTPConnection("127.0.0.1", house.port, timeout=60)

    def time(self, path: str) -> float:
        """Milliseconds until the whole answer is there."""
        begun = time.perf_counter()
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        body = answer.read()
        took_ms = (time.perf_counter() - begun) * 1000
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {body[:300]!r}")
        return took_ms

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


@contextmanager
def serving(url: str, shape: Shape, folder: Path) -> Iterator[House]:
    """`floorwalker serve` over a database, with its own limits of rate out of the way."""
    port = free_port()
    environment = {**os.environ, "FLOORWALKER_DATABASE_URL": url, "FLOORWALKER_HOME": str(folder)}
    environment |= {"FLOORWALKER_RATE_PER_S": "1000000", "FLOORWALKER_RATE_BURST": "1000000"}
    path = folder / f"server-{port}.log"
    with path.open("wb") as log:
        command = [*_FLOORWALKER, "serve", "--port", str(port)]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            _wait_for(port, process, path)
            yield House(port, shape, path)
        finally:
            process.terminate()
            process.wait(60)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_LIMIT_S
    while True:
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/livez")
            connection.getresponse().read()
            connection.close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start:\n{log.read_text()[-2000:]}") from None
            time.sleep(0.1)


def in_turn(houses: Sequence[House], rounds: int, path: Callable[[House, int], str]) -> list[list[float]]:
    """Ask several servers in turn.

    Args:
        houses: whom.
        rounds: how often each.
        path: the path of a house and round.

    Returns:
        Milliseconds, by house.
    """
    asking = [Asking(house) for house in houses]
    taken: list[list[float]] = [[] for _ in houses]
    for turn in range(rounds):
        for place, house in enumerate(houses):
            taken[place].append(asking[place].time(path(house, turn)))
    for each in asking:
        each.close()
    return taken


def pour(port: int, shape: Shape, seconds: float, first: int, report: Any) -> None:
    """Send batches at a steady pace, whatever becomes of them; runs in a process of its own."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    batches = [fresh_batch(shape, first + n) for n in range(round(seconds * BATCHES_A_SECOND))]
    report.put(None)
    begun, taken, failed = time.monotonic(), [], 0
    for number, body in enumerate(batches):
        time.sleep(max(0.0, begun + number / BATCHES_A_SECOND - time.monotonic()))
        start = time.perf_counter()
        connection.request("POST", "/events/ingest", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = json.loads(answer.read())
        taken.append((time.perf_counter() - start) * 1000)
        failed += answer.status != 200 or content["inserted"] != 500
    rate = len(batches) / (time.monotonic() - begun)
    report.put({"batches_a_second": round(rate, 1), "failed": failed, "median_ms": round(median(taken), 1)})


def p95(values: Sequence[float]) -> float:
    """The 95th percentile."""
    return quantiles(values, n=20)[-1]


def paced(
    house: House, path: Callable[[House, int], str], seconds: float, pause_s: float = 0.05
) -> list[float]:
    """Ask one server for a while, with a pause after each answer."""
    asking, taken, turn = Asking(house), [], 0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        taken.append(asking.time(path(house, turn)))
        turn += 1
        time.sleep(pause_s)
    asking.close()
    return taken


def measure(small: House, large: House, build_facts: Callable[[], None], quick: bool) -> dict[str, Any]:
    """All figures of one kind of database."""
    rounds = 60 if quick else 150
    days = {house.port: house.store_days(seed) for seed, house in enumerate((small, large))}

    def store_day(house: House, what: str) -> str:
        store, day = next(days[house.port])
        return f"/stores/{store}/{what}?day={day}"

    in_turn([small, large], 10, lambda house, _: store_day(house, "metrics"))  # everything is loaded now
    at_small, at_large = in_turn([small, large], rounds, lambda house, _: store_day(house, "metrics"))
    (cold,) = in_turn([large], 5, lambda house, _: store_day(house, "anomalies"))
    build_facts()
    in_turn([large], 10, lambda house, _: store_day(house, "anomalies"))
    asked = [store_day(large, "metrics"), store_day(large, "anomalies"), "/health", "/stores"]
    single: list[list[float]] = [[] for _ in asked]
    asking = Asking(large)
    for _ in range(rounds):
        asked[:2] = [store_day(large, "metrics"), store_day(large, "anomalies")]
        for place, path in enumerate(asked):
            single[place].append(asking.time(path))
    asking.close()
    metrics, anomalies, health, stores = single
    seconds = 10.0 if quick else 30.0
    quiet = paced(large, lambda house, _: store_day(house, "metrics"), seconds)
    report: Any = multiprocessing.get_context("spawn").Queue()
    poured = multiprocessing.get_context("spawn").Process(
        target=pour, args=(large.port, large.shape, seconds + 2, time.time_ns() % 10**9, report)
    )
    poured.start()
    report.get()
    time.sleep(1)
    loaded = paced(large, lambda house, _: store_day(house, "metrics"), seconds)
    ingest = report.get()
    poured.join()
    return {
        "rows": [small.shape.rows, large.shape.rows],
        "metrics_ms": {
            "small_p50": median(at_small), "large_p50": median(at_large),
            "small_p95": p95(at_small), "large_p95": p95(at_large),
        },
        "p50_ms": {
            "metrics": median(metrics), "anomalies": median(anomalies), "health": median(health),
            "stores": median(stores), "anomalies_without_facts": median(cold),
        },
        "loaded_ms": {
            "quiet_p50": median(quiet), "quiet_p95": p95(quiet),
            "loaded_p50": median(loaded), "loaded_p95": p95(loaded),
        },
        "ingest": ingest,
        "ratios": {
            "growth": median(at_large) / median(at_small),
            "loaded_p95": p95(loaded) / p95(quiet),
            "anomalies": median(anomalies) / median(metrics),
            "health": median(health) / median(metrics),
        },
    }  # fmt: skip


def run(kind: str, shapes: tuple[Shape, Shape], quick: bool) -> dict[str, Any]:
    """Build both warehouses of one kind of database, serve them and measure."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="floorwalker-reads-")))
        cluster = stack.enter_context(throwaway_cluster(durable=True)) if kind == "postgres" else None
        houses = []
        for name, shape in zip(("small", "large"), shapes, strict=True):
            url = cluster.new_database() if cluster else f"sqlite:///{folder / name}.db"
            begun = time.monotonic()
            warehouse = Warehouse(url)
            fill(warehouse, shape)
            warehouse.close()
            _tell(f"{kind}: {shape.rows:,} rows in {time.monotonic() - begun:.0f} s")
            houses.append((url, stack.enter_context(serving(url, shape, folder))))

        def build_facts() -> None:
            begun = time.monotonic()
            environment = {**os.environ, "FLOORWALKER_DATABASE_URL": houses[1][0]}
            past = ["--days", "3000"]  # the days lie where the calendar of the machine has long gone by
            subprocess.run(
                [*_FLOORWALKER, "facts", "build", *past], env=environment, check=True, capture_output=True
            )
            days = shapes[1].stores * shapes[1].days
            _tell(f"{kind}: facts of {days} days in {time.monotonic() - begun:.0f} s")

        loads = [os.getloadavg()[0]]
        found = measure(houses[0][1], houses[1][1], build_facts, quick)
        return {"database": kind, **found, "machine_load": [*loads, os.getloadavg()[0]]}


def show(found: dict[str, Any]) -> None:
    """The figures for people."""
    small, large = found["rows"]
    metrics, single, loaded = found["metrics_ms"], found["p50_ms"], found["loaded_ms"]
    load = " to ".join(f"{value:.1f}" for value in found["machine_load"])
    print(f"{found['database']}: {small:,} and {large:,} rows; machine's load {load}")
    print(f"  /metrics, one store-day   p50 {metrics['small_p50']:.1f} and {metrics['large_p50']:.1f} ms, "
          f"p95 {metrics['small_p95']:.1f} and {metrics['large_p95']:.1f} ms")  # fmt: skip
    print(f"  at {large:,} rows, p50    " + ", ".join(f"{k} {v:.1f} ms" for k, v in single.items()))
    print(f"  /metrics quiet            p50 {loaded['quiet_p50']:.1f}, p95 {loaded['quiet_p95']:.1f} ms")
    ingest = found["ingest"]
    print(f"  /metrics while {ingest['batches_a_second']} batches of 500 a second come in "
          f"(each {ingest['median_ms']} ms, {ingest['failed']} failed): "
          f"p50 {loaded['loaded_p50']:.1f}, p95 {loaded['loaded_p95']:.1f} ms")  # fmt: skip
    for name, ratio in found["ratios"].items():
        verdict = "holds" if ratio <= TARGETS[name] else "FALLS SHORT"
        print(f"  {name:<12} {ratio:5.2f}   at most {TARGETS[name]}: {verdict}")


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="67 thousand against 500 thousand rows")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default="both")
    arguments = parser.parse_args()
    kinds = ["sqlite", "postgres"] if arguments.database == "both" else [arguments.database]
    shapes = (QUICK_SMALL, QUICK_LARGE) if arguments.quick else (SMALL, LARGE)
    rows = []
    for kind in kinds:
        try:
            rows.append(run(kind, shapes, arguments.quick))
        except NoPostgres as error:
            _tell(f"{kind}: not run: {error}")
            continue
        if not arguments.json:
            show(rows[-1])
    if arguments.json:
        print(json.dumps({"targets": TARGETS, "rows": rows}))


if __name__ == "__main__":
    main()
