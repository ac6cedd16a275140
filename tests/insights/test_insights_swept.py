from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from floorwalker.events import Event, EventType
from floorwalker.insights.metrics import metrics
from floorwalker.insights.picture import take_picture
from floorwalker.insights.windows import choose_window
from floorwalker.warehouse.sweeping import Kind, sweep_store

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


def entry(moment, visitor):
    return Event(
        event_id=str(uuid.uuid4()),
        store_id="S1",
        camera_id="C1",
        visitor_id=visitor,
        event_type=EventType.ENTRY,
        timestamp=moment,
    )


def test_a_swept_day_says_so_instead_of_an_empty_shop(empty_warehouse):
    warehouse = empty_warehouse(clock=lambda: NOON + timedelta(hours=1))
    warehouse.add_events([entry(NOON - timedelta(days=day), f"V{day}") for day in range(4)], live=False)
    before = figures(warehouse, "2026-03-02")
    for _ in sweep_store(warehouse.database, warehouse.store("S1"), {Kind.EVENTS: 1}, warehouse.now()):
        pass
    swept, kept = figures(warehouse, "2026-03-01"), figures(warehouse, "2026-03-02")
    warehouse.close()
    assert swept["unique_visitors"] == 0
    assert "SWEPT" in codes(swept)
    assert kept["unique_visitors"] == before["unique_visitors"] == 1
    assert "SWEPT" not in codes(kept)


def figures(warehouse, day):
    store = warehouse.store("S1")
    return metrics(take_picture(warehouse, store, choose_window(warehouse, store, day=day)))


def codes(found):
    return [warning["code"] for warning in found["warnings"]]
