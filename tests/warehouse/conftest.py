from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from floorwalker.events import Event, EventType
from floorwalker.warehouse import Warehouse

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


@pytest.fixture
def noon() -> datetime:
    return NOON


@pytest.fixture
def make_event() -> Callable[..., Event]:
    def make(at_s: float = 0.0, visitor: str = "VIS_1", kind: str = "ENTRY", **more: Any) -> Event:
        values: dict[str, Any] = {
            "event_id": str(uuid.uuid4()),
            "store_id": "S1",
            "camera_id": "C1",
            "visitor_id": visitor,
            "event_type": EventType(kind),
            "timestamp": NOON + timedelta(seconds=at_s),
            "metadata": {"queue_depth": None, "sku_zone": None, "session_seq": 1},
        }
        return Event(**values | more)

    return make


@pytest.fixture
def warehouse(database_url: str) -> Iterator[Warehouse]:
    """An empty warehouse, at six in the evening; the test runs on each database."""
    opened = Warehouse(database_url, clock=lambda: NOON + timedelta(hours=6))
    yield opened
    opened.close()
