from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta

from floorwalker.events import Event, EventType
from floorwalker.insights.facts import day_row, days_between, keep_facts, read_facts
from floorwalker.insights.metrics import metrics
from floorwalker.insights.picture import take_picture
from floorwalker.insights.windows import choose_window
from floorwalker.warehouse import Transaction
from floorwalker.warehouse.records import to_us
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


def test_a_swept_day_is_no_row_of_zeros(empty_warehouse):
    warehouse = empty_warehouse(clock=lambda: NOON + timedelta(hours=1))
    warehouse.add_events([entry(NOON - timedelta(days=day), f"V{day}") for day in range(4)], live=False)
    warehouse.load_transactions([Transaction("S1", "T", to_us(NOON - timedelta(days=2)), 250, "INR")])
    days = days_between(date(2026, 2, 28), date(2026, 3, 2))
    kept = read_facts(warehouse, warehouse.store("S1"), days)
    keep_facts(warehouse, warehouse.store("S1"), kept.fresh)
    for _ in sweep_store(warehouse.database, warehouse.store("S1"), {Kind.EVENTS: 1}, warehouse.now()):
        pass
    store = warehouse.store("S1")
    found = read_facts(warehouse, store, days)
    rows = {day: day_row(facts, store) for day, facts in found.days.items()}
    warehouse.close()
    assert sorted(rows) == [date(2026, 3, 1), date(2026, 3, 2)]  # of 28 February nothing is left at all
    swept, there = rows[date(2026, 3, 1)], rows[date(2026, 3, 2)]
    assert (swept["swept"], swept["transactions"], swept["revenue"]) == (True, 1, "2.50")
    for name in ("unique_visitors", "conversion_rate", "avg_dwell_ms", "entries", "staff_excluded"):
        assert swept[name] is None
    assert (there["swept"], there["unique_visitors"], there["transactions"]) == (False, 1, 0)


def figures(warehouse, day):
    store = warehouse.store("S1")
    return metrics(take_picture(warehouse, store, choose_window(warehouse, store, day=day)))


def codes(found):
    return [warning["code"] for warning in found["warnings"]]
