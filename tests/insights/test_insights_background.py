"""What earlier days a window is held against, on both databases."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from floorwalker.events import Event, EventType
from floorwalker.insights.background import judge
from floorwalker.insights.windows import window_of_day
from floorwalker.warehouse import Transaction
from floorwalker.warehouse.records import to_us
from floorwalker.warehouse.sweeping import Kind, sweep_store

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)


def event(kind, at, visitor, zone=None):
    return Event(
        event_id=str(uuid.uuid4()), store_id="S", camera_id="C1", visitor_id=visitor,
        event_type=EventType(kind), timestamp=at, zone_id=zone,
    )  # fmt: skip


@pytest.fixture
def week(empty_warehouse):
    """Twenty visitors a day, half of whom stand at the till; its rows are there for two days only."""
    warehouse = empty_warehouse(lambda: NOON + timedelta(days=1))
    for ago in range(8):
        noon = NOON - timedelta(days=ago)
        events = [event("ENTRY", noon, f"{ago}-{n}") for n in range(20)]
        for n in range(10 if ago else 2):
            events.append(event("ZONE_ENTER", noon + timedelta(minutes=n), f"{ago}-{n}", "BILLING"))
            events.append(
                event("ZONE_EXIT", noon + timedelta(minutes=n, seconds=30), f"{ago}-{n}", "BILLING")
            )
        warehouse.add_events(events, live=False)
    for ago, count in ((0, 2), (1, 10), (6, 10)):
        noon = NOON - timedelta(days=ago)
        times = [to_us(noon + timedelta(minutes=n, seconds=20)) for n in range(count)]
        warehouse.load_transactions(
            [Transaction("S", f"{ago}-{n}", at_us, 1, "INR") for n, at_us in enumerate(times)]
        )
    yield warehouse
    warehouse.close()


def drop(warehouse):
    window = window_of_day(date(2026, 3, 9), ZoneInfo("UTC"))
    found = judge(warehouse, warehouse.store("S"), window).anomalies
    return next((each for each in found if each.kind == "CONVERSION_DROP"), None)


def test_days_whose_till_rows_are_missing_are_no_days_without_buyers(week):
    found = drop(week)
    assert found is not None
    assert found.expected >= 0.5
    assert found.evidence["days_before"] == 2


def test_days_whose_sales_were_swept_are_none_either(week):
    kept = {Kind.TRANSACTIONS: 3}
    for _ in sweep_store(week.database, week.store("S"), kept, week.now()):
        pass
    found = drop(week)
    assert found is not None
    assert found.evidence["days_before"] == 1
