"""How fast events go in over HTTP, against what the database itself allows.

A real server (`floorwalker serve`, one process) takes batches of 500 events of which 5 % were sent before,
each batch committed and on the disk before its answer. In turn with it, block by block, a bare loop puts
the same rows into the same tables, so that whatever else the machine does hits both alike. A second server
takes them over four connections. At last the first one goes on to a million events and its memory is
watched.

Targets: over HTTP at least 0.7 of the bare loop; on SQLite at least 33 thousand events a second to 100
thousand rows on one connection, five times the best of three public servers of this contract (6.6 thousand,
as quoted in this project's findings, not measured again here); four connections no slower than one; nothing
lost, no 5xx; memory within 10 %.

    python benchmarks/event_ingest.py [--quick] [--json] [--database sqlite|postgres|both]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from sqlalchemy import create_engine, func, select

from _bare_loop import LOOPS, TUNED, BareLoop
from _ingest_load import BATCH, Batch, Client, Server, batches, running_server
from _postgres import NoPostgres, throwaway_cluster
from floorwalker.warehouse.schema import events

PUBLIC_BEST = 6600  # events a second, SQLite, one connection, to 100 thousand rows
TARGETS = {"ratio": 0.7, "rate": 5 * PUBLIC_BEST, "four_to_one": 1.0, "memory": 0.10}
STORE = "STORE_BLR_002"
BLOCK = 24  # batches before it is the other's turn
CONNECTIONS = 4

NewDatabase = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Result:
    """Figures of one database; rates are events a second.

    Attributes:
        database: `sqlite` or `postgres`.
        rows: how many rows each part of the race ended with.
        bare: the bare loops' rates, by name.
        one: over HTTP on one connection.
        ratio: `one` to the faster plain loop.
        ratio_tuned: `one` to the fastest loop of all.
        four: over HTTP on four connections.
        four_to_one: `four` to `one`.
        lost: events sent that are not there at the end.
        miscounted: how far the answers' counts of new events are from the truth.
        failed: answers with 5xx, or of no use.
        memory_events: events sent while memory was watched.
        memory_mb: the server's memory when it had warmed up, least and most from then on.
        memory: how far it went from what it was warmed up, as a share.
        load: the machine's load average over a minute, before and after.
    """

    database: str
    rows: int
    bare: dict[str, float]
    one: float
    ratio: float
    ratio_tuned: float
    four: float
    four_to_one: float
    lost: int
    miscounted: int
    failed: int
    memory_events: int
    memory_mb: tuple[float, float, float]
    memory: float
    load: tuple[float, float]


class Sender:
    """Sends to one server over some connections and keeps count.

    Args:
        server: which.
        connections: how many.
    """

    def __init__(self, server: Server, connections: int) -> None:
        self._clients = [Client(server.port) for _ in range(connections)]
        self.seconds = 0.0
        self.events = 0
        self.new = 0
        self.failed = 0

    def send(self, block: list[Batch]) -> None:
        """Send batches, each connection the next that is left."""
        waiting: SimpleQueue[Batch | None] = SimpleQueue()
        for item in [*block, *[None] * len(self._clients)]:
            waiting.put(item)
        for client in self._clients:
            client.reopen()
        began = time.perf_counter()
        with ThreadPoolExecutor(len(self._clients)) as pool:
            parts = list(pool.map(_send_all, self._clients, [waiting] * len(self._clients)))
        self.seconds += time.perf_counter() - began
        for status, answer in chain.from_iterable(parts):
            self.events += BATCH
            if status != 200 or answer["received"] != BATCH or answer["errors"]:
                self.failed += 1
            else:
                self.new += answer["inserted"]

    @property
    def rate(self) -> float:
        """Events a second so far."""
        return self.events / self.seconds

    def close(self) -> None:
        """Hang up."""
        for client in self._clients:
            client.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a fifth of the rows, a tenth of the memory run")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    arguments = parser.parse_args()
    rows, memory_events = (20_000, 100_000) if arguments.quick else (100_000, 1_000_000)
    results = []
    for kind in ("sqlite", "postgres") if arguments.database == "both" else (arguments.database,):
        try:
            results.append(measure(kind, rows, memory_events))
        except NoPostgres as error:
            print(f"postgres: not run: {error}", file=sys.stderr)
    if arguments.json:
        print(json.dumps([asdict(result) for result in results], indent=2))
    else:
        for result in results:
            show(result)
    return 0 if all(not (r.lost or r.miscounted or r.failed) for r in results) else 1


def measure(kind: str, rows: int, memory_events: int) -> Result:
    """Run all parts on one kind of database."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="floorwalker-ingest-")))
        databases = _databases(kind, folder, stack)
        before = os.getloadavg()[0]
        loops = {loop.__name__: loop(databases()) for loop in LOOPS[kind]}
        one_url, four_url = databases(), databases()
        servers = [stack.enter_context(running_server(url, folder)) for url in (one_url, four_url)]
        one, four = Sender(servers[0], 1), Sender(servers[1], CONNECTIONS)
        source = batches(STORE)
        bare_s, raced, unique = _race(loops.values(), one, four, source, rows)
        bare = {name: raced / seconds for name, seconds in zip(loops, bare_s, strict=True)}
        rate, four_rate = one.rate, four.rate
        lost = unique * (len(loops) + 2) - sum(loop.count() for loop in loops.values())
        lost -= _count(one_url) + _count(four_url)
        miscounted = abs(one.new - unique) + abs(four.new - unique)
        memory, more = _watch_memory(servers[0], one, source, memory_events)
        lost += unique + more - _count(one_url)
        for closing in [*(loop.close for loop in loops.values()), one.close, four.close]:
            closing()
        return Result(
            database=kind,
            rows=unique,
            bare=bare,
            one=rate,
            ratio=rate / max(bare[name] for name in bare if name not in TUNED),
            ratio_tuned=rate / max(bare.values()),
            four=four_rate,
            four_to_one=four_rate / rate,
            lost=lost,
            miscounted=miscounted,
            failed=one.failed + four.failed,
            memory_events=one.events,
            memory_mb=memory,
            memory=max(memory[2] / memory[0] - 1, 1 - memory[1] / memory[0]),
            load=(before, os.getloadavg()[0]),
        )


def show(result: Result) -> None:
    """Print one database's figures."""
    limit = ", ".join(f"{rate:,.0f} {name}" for name, rate in result.bare.items())
    print(f"{result.database}, {result.rows:,} rows, load {result.load[0]:.2f} -> {result.load[1]:.2f}")
    print(f"  bare loops          {limit}")
    print(f"  one connection      {result.one:,.0f} events/s = {result.ratio:.2f} of the faster plain loop"
          f" (target {TARGETS['ratio']}), {result.ratio_tuned:.2f} of the fastest")  # fmt: skip
    if result.database == "sqlite":
        print(f"    to public servers {result.one / PUBLIC_BEST:.1f} times their best (target 5; "
              f"{PUBLIC_BEST:,} quoted)")  # fmt: skip
    print(f"  {CONNECTIONS} connections       {result.four:,.0f} events/s = {result.four_to_one:.2f} of one"
          f" (target {TARGETS['four_to_one']})")  # fmt: skip
    print(f"  lost {result.lost}, miscounted {result.miscounted}, failed {result.failed}")
    warm, least, most = result.memory_mb
    # fmt: off
    print(f"  memory              {warm:.0f} MB warm, {least:.0f} to {most:.0f} MB over "
          f"{result.memory_events:,} events: {result.memory:.1%} (target {TARGETS['memory']:.0%})")
    # fmt: on


def _databases(kind: str, folder: Path, stack: ExitStack) -> NewDatabase:
    """Gives the address of a new empty database each time."""
    if kind == "postgres":
        return stack.enter_context(throwaway_cluster(durable=True)).new_database
    names = iter(range(100))
    return lambda: f"sqlite:///{folder / f'{next(names)}.db'}"


def _race(
    loops: Collection[BareLoop], one: Sender, four: Sender, source: Iterator[Batch], rows: int
) -> tuple[list[float], int, int]:
    """Let all take the same batches, block by block in turn.

    Returns:
        Each bare loop's seconds, how many events each took, and how many of them were new, the first block
        aside: in it connections open and statements are prepared.
    """
    seconds = [0.0] * len(loops)
    taken = unique = 0
    while unique < rows:
        block = list(islice(source, BLOCK))
        for place, loop in enumerate(loops):
            prepared = [loop.prepare(batch) for batch in block]
            began = time.perf_counter()
            for item in prepared:
                loop.take(item)
            seconds[place] += time.perf_counter() - began
        one.send(block)
        four.send(block)
        taken += BATCH * len(block)
        if not unique:
            seconds, taken = [0.0] * len(loops), 0
            one.seconds = four.seconds = 0.0
            one.events = four.events = 0
        unique += sum(batch.new for batch in block)
    return seconds, taken, unique


def _watch_memory(
    server: Server, sender: Sender, source: Iterator[Batch], events: int
) -> tuple[tuple[float, float, float], int]:
    """Go on to so many events; a tenth of them warm the server up.

    Returns:
        Its memory in MB when warm, then least and most, and how many of the events were new.
    """
    new, seen = 0, []
    while sender.events < events:
        block = list(islice(source, BLOCK))
        sender.send(block)
        new += sum(batch.new for batch in block)
        if sender.events >= events / 10:
            seen.append(server.memory_mb())
    return (seen[0], min(seen), max(seen)), new


def _send_all(client: Client, waiting: SimpleQueue[Batch | None]) -> list[tuple[int, dict[str, Any]]]:
    return [client.post(batch.body) for batch in iter(waiting.get, None)]


def _count(url: str) -> int:
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.scalar(select(func.count()).select_from(events))
    engine.dispose()
    return int(rows or 0)


if __name__ == "__main__":
    sys.exit(main())
