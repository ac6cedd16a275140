"""Who is staff among the latest events is told by the whole day."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from floorwalker.events import Event, EventType
from floorwalker.server.recent import latest_events
from floorwalker.warehouse import Warehouse

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


def test_whoever_the_morning_calls_staff_is_staff_at_noon(database_url):
    def event(kind, at, zone=None, **more):
        return Event(
            event_id=str(uuid.uuid4()), store_id="S", camera_id="C1", visitor_id="a",
            event_type=EventType(kind), timestamp=at, zone_id=zone, **more,
        )  # fmt: skip

    warehouse = Warehouse(database_url, clock=lambda: NOON + timedelta(hours=1))
    later = [event("ZONE_ENTER", NOON + timedelta(seconds=n), "Z") for n in range(3)]
    yesterday = event("ENTRY", NOON - timedelta(hours=20))
    warehouse.add_events([yesterday, event("ENTRY", NOON - timedelta(hours=4), is_staff=True), *later])
    shown = [event.is_staff for event in latest_events(warehouse, "S", warehouse.now(), 3)]
    assert shown == [True] * 3
    # One who is staff today was not yesterday.
    shown = [event.is_staff for event in latest_events(warehouse, "S", warehouse.now(), 5)]
    assert shown == [*[True] * 4, False]
    warehouse.close()
