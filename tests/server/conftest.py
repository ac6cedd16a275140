"""A real server on a loopback port, started and stopped by the test that uses it."""

from __future__ import annotations

import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import uvicorn

from floorwalker.identity.matching.matcher import Matcher
from floorwalker.server.app import create_app
from floorwalker.site import Site
from floorwalker.warehouse import Warehouse

NOW = datetime(2026, 3, 3, 15, tzinfo=UTC)


class Clock:
    """A present that tests can move."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class House:
    """A running server and what is behind it.

    Attributes:
        matcher: the server's.
        database: the address of its database, for another process to look at.
    """

    http: httpx.Client
    warehouse: Warehouse
    clock: Clock
    log: list[dict[str, Any]]
    database: str
    matcher: Matcher

    def post(self, *events: Any) -> dict[str, Any]:
        answer = self.http.post("/events/ingest", json={"events": events})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, path: str, **params: str) -> Any:
        answer = self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="session")
def running(session_database_url: str) -> Iterator[House]:
    clock: Clock = Clock()
    log: list[dict[str, Any]] = []
    warehouse = Warehouse(session_database_url, clock=clock)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    app = create_app(warehouse, log=log.append)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.started
    with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=20) as http:
        yield House(http, warehouse, clock, log, session_database_url, app.state.matcher)
    server.should_exit = True
    thread.join(20)
    listener.close()
    warehouse.close()
    assert not thread.is_alive()


@pytest.fixture
def house(running: House, empty: Callable[[Warehouse], None]) -> House:
    """The server over an empty database; the test runs on each kind."""
    # Who gets a connection while the pool is being disposed of would wait for it in vain for half a minute.
    with running.warehouse.database._write_lock:
        running.warehouse.database._engine.dispose()
    empty(running.warehouse)
    shelf = running.matcher._shelf
    for key in list(shelf._held):  # what the server remembers of the test before is no more in its database
        shelf.drop(key)
    running.clock.now = NOW
    running.log.clear()
    return running


@pytest.fixture
def contract_event() -> dict[str, Any]:
    """The example of the contract, word for word."""
    return {
        "event_id": "550e8400-e29b-41d4-a716-446655440000",
        "store_id": "STORE_BLR_002",
        "camera_id": "CAM_ENTRY_01",
        "visitor_id": "VIS_c8a2f1",
        "event_type": "ENTRY",
        "timestamp": "2026-03-03T14:22:10Z",
        "zone_id": None,
        "dwell_ms": 0,
        "is_staff": False,
        "confidence": 0.95,
        "metadata": {"queue_depth": None, "sku_zone": None, "session_seq": 1},
    }


@pytest.fixture
def event(contract_event: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """Events of the contract's store and day; `at` is the time of day in UTC."""

    def make(
        kind: str = "ENTRY", at: str = "14:22:10", visitor: str = "VIS_c8a2f1", **more: Any
    ) -> dict[str, Any]:
        return contract_event | {
            "event_id": str(uuid.uuid4()),
            "event_type": kind,
            "timestamp": f"2026-03-03T{at}Z",
            "visitor_id": visitor,
            **more,
        }

    return make


@pytest.fixture
def site() -> Site:
    return Site.model_validate(
        {
            "store": [
                {
                    "id": "STORE_BLR_002",
                    "name": "Brigade Road",
                    "timezone": "Asia/Kolkata",
                    "opening_hours": {"tue": {"opens": "10:00", "closes": "21:00"}},
                    "floor_plan": {"width_m": 10, "depth_m": 8, "image": "plan.png"},
                    "camera": [
                        {
                            "id": "CAM_ENTRY_01",
                            "resolution": [1000, 800],
                            "entry_line": [
                                {"id": "door", "points": [[200, 400], [600, 400]], "inward": [400, 200]}
                            ],
                            "calibration": {
                                "image_points": [[0, 0], [1000, 0], [1000, 800], [0, 800]],
                                "floor_points": [[0, 8], [10, 8], [10, 0], [0, 0]],
                            },
                            "zone": [
                                {
                                    "id": "SKINCARE",
                                    "kind": "product",
                                    "polygon": [[100, 100], [300, 100], [300, 300]],
                                },
                                {
                                    "id": "BILLING",
                                    "kind": "billing",
                                    "polygon": [[500, 100], [700, 100], [700, 300]],
                                },
                            ],
                        }
                    ],
                }
            ]
        }
    )
