"""A receiver of webhooks on a loopback port, and a shop that is live."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from floorwalker.events import Event, EventType
from floorwalker.notify.sending import Sender
from floorwalker.warehouse import Warehouse

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


class Clock:
    """A present that tests can move."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Received:
    """One request that came in."""

    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> dict[str, Any]:
        return json.loads(self.body)


@dataclass
class Receiver:
    """What a webhook leads to; `answers` are the statuses to give, the last one for ever."""

    url: str = ""
    answers: list[int] = field(default_factory=lambda: [204])
    got: list[Received] = field(default_factory=list)
    location: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def types(self) -> list[tuple[str, str]]:
        return [(got.message["type"], got.message["data"]["anomaly"]["type"]) for got in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    taken = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with taken.lock:
                taken.got.append(Received({k.lower(): v for k, v in self.headers.items()}, body))
                status = taken.answers.pop(0) if len(taken.answers) > 1 else taken.answers[0]
            self.send_response(status)
            if taken.location:
                self.send_header("Location", taken.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    taken.url = f"http://127.0.0.1:{server.server_port}/hook?shop=1"
    yield taken
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def sender() -> Sender:
    """Patient: on a busy machine a receiver that does answer may be slow."""
    return Sender(private=True, step_s=30.0, whole_s=60.0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def warehouse(database_url: str, clock: Clock) -> Iterator[Warehouse]:
    opened = Warehouse(database_url, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def queue() -> Callable[..., list[Event]]:
    """So many customers who come to the till `minutes_ago`, and leave it after `leave_after`."""

    def make(
        people: int, minutes_ago: float, leave_after: float | None = None, store: str = "S", start: int = 0
    ) -> list[Event]:
        begin = NOON - timedelta(minutes=minutes_ago)

        def event(kind: str, visitor: str, at: datetime, zone: str | None, **more: Any) -> Event:
            return Event(
                event_id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{store}{kind}{visitor}{at}")),
                store_id=store,
                camera_id="C1",
                visitor_id=visitor,
                event_type=EventType(kind),
                timestamp=at,
                zone_id=zone,
                **more,
            )

        found = []
        for number in range(start, start + people):
            name, at = f"V{number}", begin + timedelta(seconds=number)
            found += [event("ENTRY", name, at, None), event("ZONE_ENTER", name, at, "BILLING")]
            if leave_after is not None:
                left = at + timedelta(minutes=leave_after)
                found.append(event("ZONE_EXIT", name, left, "BILLING", dwell_ms=round(leave_after * 60_000)))
        return found

    return make
