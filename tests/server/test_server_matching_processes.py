"""Two real servers at one store's day, eight clients at both, and one server killed in the middle."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from _ingest_load import Server, running_server
from floorwalker.identity.matching.bucket_log import Matched
from floorwalker.identity.matching.encoder import MeanEncoder
from floorwalker.identity.matching.entry import BucketKey
from floorwalker.identity.matching.matcher import Matcher
from floorwalker.identity.matching.memory_store import MemoryStore
from floorwalker.warehouse import Warehouse
from floorwalker.warehouse.entries import SqlEntries

KEY = BucketKey("2026-03-03", "nc0009")
CLIENTS, ENTRIES = 8, 40


def bodies() -> list[dict[str, Any]]:
    rng = np.random.default_rng(11)
    people = rng.normal(size=(10, 32))
    return [
        {
            "day_id": KEY.day_id,
            "store_id": KEY.store_id,
            "entry_id": f"e{number}",
            "timestamp": f"2026-03-03T10:{number:02d}:00Z",
            "direction": ("entry", "exit")[number // 10 % 2],
            "camera": f"CAM_{number % 2}",
            "images": [],
            "embeddings": (people[number % 10] + rng.normal(0, 0.45, (3, 32))).round(5).tolist(),
            "attrs": {},
        }
        for number in range(ENTRIES)
    ]


class Client:
    """Posts all entries in an order of its own; what one server does not answer it sends to the other."""

    def __init__(self, servers: list[Server], seed: int) -> None:
        self._servers = servers
        self._order = random.Random(seed)
        self._prefers = seed % 2
        self.told: dict[str, bytes] = {}

    def run(self, sent: list[dict[str, Any]], told: Callable[[], None]) -> None:
        shuffled = self._order.sample(sent, len(sent))
        with httpx.Client(timeout=30) as http:
            for body in shuffled:
                self.told[body["entry_id"]] = self._until_answered(http, body)
                told()

    def _until_answered(self, http: httpx.Client, body: dict[str, Any]) -> bytes:
        for attempt in range(200):
            server = self._servers[(self._prefers + attempt) % 2]
            try:
                answer = http.post(f"http://127.0.0.1:{server.port}/match", json=body)
            except httpx.HTTPError:
                time.sleep(0.02)
                continue
            if answer.status_code == 200:
                return answer.content
            assert answer.status_code == 503, answer.text
        raise AssertionError("never answered")


@pytest.fixture(autouse=True)
def _no_limits(monkeypatch):
    monkeypatch.setenv("FLOORWALKER_RATE_PER_S", "100000")
    monkeypatch.setenv("FLOORWALKER_RATE_BURST", "100000")


def test_eight_clients_two_servers_and_a_kill_give_what_one_order_gives(database_url, tmp_path: Path):
    sent, told = bodies(), [0]
    reached = threading.Event()

    def count() -> None:
        told[0] += 1
        if told[0] >= CLIENTS * ENTRIES // 4:
            reached.set()

    with ExitStack() as stack:
        servers = [stack.enter_context(running_server(database_url, tmp_path)) for _ in range(2)]
        clients = [Client(servers, seed) for seed in range(CLIENTS)]
        threads = [threading.Thread(target=client.run, args=(sent, count)) for client in clients]
        for thread in threads:
            thread.start()
        assert reached.wait(120)
        servers[0].process.kill()  # the plug is pulled in the middle
        for thread in threads:
            thread.join(120)
        assert [len(client.told) for client in clients] == [ENTRIES] * CLIENTS
        restarted = stack.enter_context(running_server(database_url, tmp_path))
        address = f"http://127.0.0.1:{restarted.port}"
        assert httpx.post(f"{address}/rebuild", json={"day_id": KEY.day_id}).json()["count"] == ENTRIES
        for body in sent:
            again = httpx.post(f"{address}/match", json=body)
            assert {again.content} == {client.told[body["entry_id"]] for client in clients}
        probe = sent[0] | {"entry_id": "probe", "persist": False, "timestamp": "2026-03-03T11:00:00Z"}
        ports = (servers[1].port, restarted.port)
        asked = {httpx.post(f"http://127.0.0.1:{port}/match", json=probe).content for port in ports}
        assert len(asked) == 1
    warehouse = Warehouse(database_url)
    records = SqlEntries(warehouse.database).records(KEY)
    warehouse.close()
    assert [record.number for record in records] == list(range(1, ENTRIES + 1))
    assert {record.entry.entry_id for record in records} == {body["entry_id"] for body in sent}
    serial = Matcher(MemoryStore(), MeanEncoder())
    for record in records:
        assert isinstance(record, Matched)
        assert serial.match(record.entry).answer == record.answer
    statuses = {record.answer.status for record in records}
    assert {"new", "match"} <= statuses
