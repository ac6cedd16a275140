"""Telling entries apart: how much slower than bare FAISS, how quick over HTTP, how quick after a restart.

*Query, then add*, at 200, 5,000 and 50,000 entries of one store's day: a burst of 10 vectors of 256 numbers
comes in, and is compared and kept. Peers in the same run, turn by turn with ours: `faiss.IndexFlatIP` alone
(search of 20 neighbours, then add) on a vector that is ready, and the same with the mean of the burst taken
first, which whoever uses FAISS has to do too. Ours is `Matcher.match`: mean, search, persons, the rules of
time and place, the answer, the log; in memory, and in SQLite, where each entry is on the disk before the
answer (which FAISS alone never does).

*Over HTTP*: `floorwalker serve` in a process of its own over SQLite with 5,000 entries, 50 requests a second
by the clock: what waits behind a slow answer counts as waiting. Each answer waits for the disk, so the time
of one write and sync of that size is printed beside it.

*After a restart*: entries of 10 vectors a minute, from SQLite.

Targets: the library at most 2 times FAISS at each size; 95th percentile over HTTP at most 10 ms; at least
50,000 entries a minute.

    python benchmarks/reid_speed.py [--quick] [--json]
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from _ingest_load import running_server
from floorwalker.identity.matching.answer import Answer, Status
from floorwalker.identity.matching.bucket_log import EntryStore
from floorwalker.identity.matching.encoder import MeanEncoder
from floorwalker.identity.matching.entry import BucketKey, Direction, Entry
from floorwalker.identity.matching.matcher import Matcher
from floorwalker.identity.matching.memory_store import MemoryStore
from floorwalker.identity.matching.rules import Rules
from floorwalker.warehouse import Warehouse
from floorwalker.warehouse.entries import SqlEntries

Vectors = npt.NDArray[np.float32]

KEY = BucketKey("2026-03-03", "nc0009")
SIX = datetime(2026, 3, 3, 6, tzinfo=UTC)
IMAGES, NUMBERS = 10, 256
VISITS = 4  # of one person
NEIGHBOURS = 20
RULES = Rules(0.65, 0.02, NEIGHBOURS)
TARGETS = {"ratio": 2.0, "p95_ms": 10.0, "rebuild_a_minute": 50_000}
A_SECOND, CLIENTS = 50, 4


def bursts(count: int, images: int, seed: int) -> Iterator[Vectors]:
    """Bursts of people who come and go; those of one person have a cosine of about 0.9."""
    rng = np.random.default_rng(seed)
    people = rng.normal(size=(max(1, count // VISITS), NUMBERS)).astype(np.float32)
    for _ in range(count):
        person = people[rng.integers(len(people))]
        visit = person + rng.normal(0, 0.3, NUMBERS).astype(np.float32)
        yield visit + rng.normal(0, 0.5, (images, NUMBERS)).astype(np.float32)


def entries(
    count: int, *, size: int, first: int = 0, images: int = IMAGES, seed: int = 1, prefix: str = "e"
) -> list[Entry]:
    """Entries of a day of so many that lasts twelve hours, from the first of these on."""
    apart = timedelta(hours=12) / size
    return [
        Entry(
            KEY,
            f"{prefix}{number}",
            SIX + apart * (first + number),
            [*Direction][number % 2],
            f"CAM_{number % 2}",
            burst,
        )
        for number, burst in enumerate(bursts(count, images, seed))
    ]


def fill(store: EntryStore, some: Sequence[Entry]) -> None:
    """Puts entries into a store as if they had been answered, four to a person."""
    for start in range(0, len(some), 5000):
        with store.session(KEY) as session:
            for number, entry in enumerate(some[start : start + 5000], start):
                session.put(entry, Answer(Status.NEW, None, f"nc0009-{number // VISITS + 1:04d}"))


class Rivals:
    """Who is asked at one size, each with entries of their own.

    Args:
        size: how many entries there are before.
        folder: for the database.
    """

    def __init__(self, size: int, folder: Path) -> None:
        self._encoder = MeanEncoder()
        self._index = faiss.IndexFlatIP(NUMBERS)
        before = entries(size, size=size, images=1)
        self._index.add(np.stack([self._encoder.encode(entry.embeddings, {}) for entry in before]))
        self._ready: dict[str, Vectors] = {}
        self._warehouse = Warehouse(f"sqlite:///{folder / 'speed.db'}")
        memory, sqlite = MemoryStore(), SqlEntries(self._warehouse.database)
        self.asked: dict[str, Callable[[Entry], object]] = {
            "faiss": self._search_and_add,
            "mean_faiss": self._mean_search_and_add,
            "memory": self._matching(memory, before),
            "sqlite": self._matching(sqlite, before),
        }

    def prepare(self, entry: Entry) -> None:
        """Take the mean for who is not timed with it."""
        self._ready = {entry.entry_id: self._encoder.encode(entry.embeddings, {})[np.newaxis]}

    def close(self) -> None:
        self._warehouse.close()

    def _matching(self, store: EntryStore, before: Sequence[Entry]) -> Callable[[Entry], object]:
        fill(store, before)
        matcher = Matcher(store, self._encoder, RULES)
        matcher.rebuild(KEY.day_id)
        return matcher.match

    def _search_and_add(self, entry: Entry) -> None:
        vector = self._ready[entry.entry_id]
        self._index.search(vector, NEIGHBOURS)
        self._index.add(vector)

    def _mean_search_and_add(self, entry: Entry) -> None:
        vector = self._encoder.encode(entry.embeddings, entry.attrs)[np.newaxis]
        self._index.search(vector, NEIGHBOURS)
        self._index.add(vector)


def query_then_add(size: int, rounds: int, repeats: int, folder: Path) -> dict[str, Any]:
    """Microseconds of one entry, the median of all rounds, each asked in turn.

    Args:
        size: how many entries there are before.
        rounds: entries that come, a tenth of the size at most, so that it stays what it is.
        repeats: how often all of it is done.
        folder: for databases.
    """
    took_us: dict[str, list[float]] = {}
    for repeat in range(repeats):
        with tempfile.TemporaryDirectory(dir=folder) as name:
            rivals = Rivals(size, Path(name))
            gc.collect()
            gc.freeze()  # as the server does when it has started
            coming = entries(rounds, size=size, first=size, seed=2 + repeat, prefix="new")
            names = list(rivals.asked)
            for number, entry in enumerate(coming):
                rivals.prepare(entry)
                for place in range(len(names)):  # nobody is always first
                    asked = names[(place + number) % len(names)]
                    begun = time.perf_counter()
                    rivals.asked[asked](entry)
                    took_us.setdefault(asked, []).append((time.perf_counter() - begun) * 1e6)
            rivals.close()
            gc.unfreeze()
    middle = {name: round(median(values), 1) for name, values in took_us.items()}
    return {
        "entries": size,
        **{f"{name}_us": value for name, value in middle.items()},
        "ratio": round(middle["memory"] / middle["mean_faiss"], 2),
        "ratio_without_the_mean": round(middle["memory"] / middle["faiss"], 2),
    }


def over_http(size: int, seconds: float, folder: Path) -> dict[str, Any]:
    """Milliseconds from the moment a request was due to its whole answer."""
    folder.mkdir()
    url = f"sqlite:///{folder / 'w.db'}"
    warehouse = Warehouse(url)
    fill(SqlEntries(warehouse.database), entries(size, size=size))
    warehouse.close()
    count = int(seconds * A_SECOND)
    sent = [_body(entry) for entry in entries(count, size=size, first=size, seed=3, prefix="http")]
    took_ms: list[float] = []
    statuses: dict[int, int] = {}
    with running_server(url, folder) as server:
        _post(HTTPConnection("127.0.0.1", server.port, timeout=60), "/rebuild", b'{"day_id": "2026-03-03"}')
        begin = time.perf_counter() + 0.5

        def client(mine: int) -> None:
            connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
            for number in range(mine, count, CLIENTS):
                due = begin + number / A_SECOND
                time.sleep(max(0.0, due - time.perf_counter()))
                status = _post(connection, "/match", sent[number])
                took_ms.append((time.perf_counter() - due) * 1000)
                statuses[status] = statuses.get(status, 0) + 1

        threads = [threading.Thread(target=client, args=(mine,)) for mine in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if statuses != {200: count}:
        raise RuntimeError(f"answers by status: {statuses}")
    cuts = quantiles(took_ms, n=100)
    return {
        "entries": size,
        "requests": count,
        "p50_ms": round(cuts[49], 2),
        "p95_ms": round(cuts[94], 2),
        "p99_ms": round(cuts[98], 2),
    }


def of_the_disk(folder: Path) -> dict[str, float]:
    """Milliseconds in which this disk takes what one answer waits for: 16 kB at the end of a file."""
    took_ms = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(200):
            begun = time.perf_counter()
            file.write(b"x" * 16_384)
            os.fdatasync(file.fileno())
            took_ms.append((time.perf_counter() - begun) * 1000)
    cuts = quantiles(took_ms, n=100)
    return {"p50_ms": round(cuts[49], 2), "p95_ms": round(cuts[94], 2)}


def after_a_restart(size: int, folder: Path) -> dict[str, Any]:
    """Entries a minute that a new process reads and encodes."""
    warehouse = Warehouse(f"sqlite:///{folder / 'rebuild.db'}")
    store = SqlEntries(warehouse.database)
    fill(store, entries(size, size=size))
    matcher = Matcher(store, MeanEncoder(), RULES)
    begun = time.perf_counter()
    done = matcher.rebuild(KEY.day_id)
    took_s = time.perf_counter() - begun
    warehouse.close()
    assert done.count == size
    return {"entries": size, "seconds": round(took_s, 2), "a_minute": round(size / took_s * 60)}


def _body(entry: Entry) -> bytes:
    return json.dumps(
        {
            "day_id": KEY.day_id,
            "store_id": KEY.store_id,
            "entry_id": entry.entry_id,
            "timestamp": entry.timestamp.isoformat(),
            "direction": entry.direction.value,
            "camera": entry.camera,
            "images": [f"s3://crops/{entry.entry_id}/{number}.jpg" for number in range(IMAGES)],
            "embeddings": entry.embeddings.round(6).tolist(),
            "attrs": {"upper_colour": {"black": 0.8, "blue": 0.2}},
        }
    ).encode()


def _post(connection: HTTPConnection, path: str, body: bytes) -> int:
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, fewer rounds")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    sizes = (
        ((200, 20, 3), (5000, 50, 1)) if asked.quick else ((200, 20, 30), (5000, 400, 1), (50_000, 100, 1))
    )
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        result = {
            "query_then_add": [query_then_add(*size, folder) for size in sizes],
            "http": over_http(500 if asked.quick else 5000, 3 if asked.quick else 20, folder / "http"),
            "disk": of_the_disk(folder),
            "rebuild": after_a_restart(1000 if asked.quick else 10_000, folder),
            "targets": TARGETS,
            "load": [round(load, 2), round(os.getloadavg()[0], 2)],
        }
    if asked.json:
        print(json.dumps(result))
    else:
        show(result)


def show(result: dict[str, Any]) -> None:
    print(f"load {result['load'][0]} -> {result['load'][1]}")
    print("query, then add (median µs an entry)")
    columns = ("entries", "faiss_us", "mean_faiss_us", "memory_us", "sqlite_us", "ratio")
    print("".join(f"{name:>17}" for name in (*columns, "without the mean")))
    for row in result["query_then_add"]:
        values = [row[name] for name in (*columns, "ratio_without_the_mean")]
        print("".join(f"{value:>17,}" for value in values))
    http, rebuild = result["http"], result["rebuild"]
    print(
        f"over HTTP at {http['entries']:,} entries, {A_SECOND} a second, {http['requests']} requests: "
        f"p50 {http['p50_ms']} ms, p95 {http['p95_ms']} ms, p99 {http['p99_ms']} ms"
    )
    print(f"the disk alone: p50 {result['disk']['p50_ms']} ms, p95 {result['disk']['p95_ms']} ms a sync")
    print(f"after a restart: {rebuild['a_minute']:,} entries a minute ({rebuild['entries']:,} read)")
    targets = ", ".join(f"{name} {value:,}" for name, value in TARGETS.items())
    print(f"targets: {targets}")


if __name__ == "__main__":
    main()
