"""Batches of believable events, the lean client that sends them, and the server that takes them."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from _postgres import free_port
from floorwalker.events import decode_bulk

BATCH = 500
DUPLICATES = 25  # of each batch: 5 %
_ROUTE = (
    ("ENTRY", None, "CAM_DOOR"),
    ("ZONE_ENTER", "SKINCARE", "CAM_FLOOR_1"),
    ("ZONE_DWELL", "SKINCARE", "CAM_FLOOR_1"),
    ("ZONE_EXIT", "SKINCARE", "CAM_FLOOR_1"),
    ("ZONE_ENTER", "PERFUME", "CAM_FLOOR_2"),
    ("ZONE_EXIT", "PERFUME", "CAM_FLOOR_2"),
    ("ZONE_ENTER", "BILLING", "CAM_TILL"),
    ("BILLING_QUEUE_JOIN", "BILLING", "CAM_TILL"),
    ("ZONE_EXIT", "BILLING", "CAM_TILL"),
    ("EXIT", None, "CAM_DOOR"),
)
_FIRST = datetime(2026, 1, 5, 9, tzinfo=UTC)

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """One request.

    Attributes:
        body: what a client sends.
        rows: the same events as rows of the table, for the bare loop.
        new: how many of them were in no batch before.
    """

    body: bytes
    rows: list[Row]
    new: int


def batches(store_id: str, seed: int = 1) -> Iterator[Batch]:
    """Batches of one store without end: visits in order of time, 5 % of each sent a second time.

    Args:
        store_id: whose events.
        seed: of ids and of what is sent again.
    """
    rng = random.Random(seed)
    sent: list[dict[str, Any]] = []
    coming = _events(store_id, rng)
    while True:
        again = rng.sample(sent, DUPLICATES) if sent else []
        fresh = [next(coming) for _ in range(BATCH - len(again))]
        sent = [*sent[-4 * BATCH :], *fresh]
        batch = [*fresh, *again]
        rng.shuffle(batch)
        body = json.dumps({"events": batch}).encode()
        columns = decode_bulk(body)
        assert columns is not None
        rows = [(*row, None, 0) for row in zip(*columns.all(), strict=True)]
        yield Batch(body, rows, len(fresh))


def _events(store_id: str, rng: random.Random) -> Iterator[dict[str, Any]]:
    visit = 0
    while True:
        began = _FIRST + timedelta(seconds=9 * visit)
        for sequence, (kind, zone, camera) in enumerate(_ROUTE, 1):
            moment = began + timedelta(milliseconds=sequence * 41_370)
            yield {
                "event_id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
                "store_id": store_id,
                "camera_id": camera,
                "visitor_id": f"VIS_{visit:08x}",
                "event_type": kind,
                "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z",
                "zone_id": zone,
                "dwell_ms": 41_370 if kind in ("ZONE_DWELL", "ZONE_EXIT") else 0,
                "is_staff": visit % 40 == 0,
                "confidence": round(0.6 + visit % 37 / 100, 2),
                "metadata": {
                    "queue_depth": visit % 5 + 1 if kind == "BILLING_QUEUE_JOIN" else None,
                    "sku_zone": zone,
                    "session_seq": sequence,
                },
            }
        visit += 1


class Client:
    """One connection that is kept open; sends, waits for the answer, sends again."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._buffer = bytearray(1 << 16)
        self._socket = self._connect()

    def reopen(self) -> None:
        """Connect anew: the server hangs up on who rests for some seconds."""
        self._socket.close()
        self._socket = self._connect()

    def post(self, body: bytes) -> tuple[int, dict[str, Any]]:
        """Send a batch and give the status and the answer."""
        head = (
            "POST /events/ingest HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._socket.sendall(head.encode() + body)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._receive()
        head_bytes, _, content = answer.partition(b"\r\n\r\n")
        lines = head_bytes.decode().lower().split("\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith("content-length:"))
        while len(content) < length:
            content += self._receive()
        return int(lines[0].split()[1]), json.loads(content)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self._port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _receive(self) -> bytes:
        size = self._socket.recv_into(self._buffer)
        if not size:
            raise ConnectionError("the server hung up")
        return bytes(self._buffer[:size])


@dataclass(frozen=True, slots=True)
class Server:
    """A running `floorwalker serve`."""

    process: subprocess.Popen[bytes]
    port: int

    def memory_mb(self) -> float:
        """What it holds of the machine's memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024


@contextmanager
def running_server(url: str, folder: Path) -> Iterator[Server]:
    """`floorwalker serve` in a process of its own, on a loopback port, until the block ends."""
    port = free_port()
    environment = {**os.environ, "FLOORWALKER_DATABASE_URL": url, "FLOORWALKER_HOME": str(folder)}
    command = [sys.executable, "-c", "from floorwalker.cli import main; main()", "serve", "--port", str(port)]
    with (folder / f"server-{port}.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        _wait_for(process, port, folder / f"server-{port}.log")
        yield Server(process, port)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"the server did not start:\n{log.read_text(errors='replace')[-2000:]}")
