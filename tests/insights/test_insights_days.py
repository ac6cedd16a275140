"""The local days that hold events, on both databases."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from floorwalker.events import Event, EventType
from floorwalker.insights.windows import days_with_events
from floorwalker.site import Site
from floorwalker.warehouse import Transaction
from floorwalker.warehouse.records import to_us

# London's clocks go forward on 29 March 2026, Auckland's back on 5 April.
BEGIN = datetime(2026, 3, 27, tzinfo=UTC)


def event(at):
    return Event(
        event_id=str(uuid.uuid4()), store_id="S", camera_id="C", visitor_id="a", event_type=EventType.ENTRY,
        timestamp=at,
    )  # fmt: skip


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/London", "Pacific/Auckland", "Asia/Kolkata", "America/New_York"]
)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(hours=st.lists(st.integers(0, 24 * 14), max_size=12), limit=st.integers(1, 9))
def test_days_are_those_of_the_events_and_of_nothing_else(empty_warehouse, zone, hours, limit):
    warehouse = empty_warehouse(lambda: BEGIN + timedelta(days=12))
    warehouse.register_site(
        Site.model_validate({"store": [{"id": "S", "timezone": zone}, {"id": "OTHER", "timezone": zone}]})
    )
    now = warehouse.now()
    times = [BEGIN + timedelta(hours=hour) for hour in hours]
    warehouse.add_events([event(at) for at in times])
    warehouse.load_transactions([Transaction("S", "T", to_us(BEGIN - timedelta(days=3)), 1, "INR")])
    expected = {at.astimezone(ZoneInfo(zone)).date() for at in times if at < now + timedelta(minutes=5)}
    found = days_with_events(warehouse, warehouse.stores(), limit)
    assert found["S"] == sorted(expected, reverse=True)[:limit]
    assert found["OTHER"] == []
    warehouse.close()
