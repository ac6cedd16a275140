from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from floorwalker.events import DOOR_EVENTS, Event, EventType
from floorwalker.insights.funnel import STEPS, funnel
from floorwalker.insights.heatmap import heatmap
from floorwalker.insights.metrics import metrics
from floorwalker.insights.picture import take_picture
from floorwalker.insights.traffic import traffic
from floorwalker.insights.windows import choose_window
from floorwalker.warehouse import Transaction
from floorwalker.warehouse.records import to_us

MORNING = datetime(2026, 3, 3, 8, tzinfo=UTC)
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def an_event(draw):
    kind = draw(st.sampled_from(list(EventType)))
    visitor = draw(st.sampled_from("abcdef"))
    return Event(
        event_id=str(uuid.UUID(int=draw(st.integers(0, 2**64)))),
        store_id=draw(st.sampled_from(["S1", "S1", "S2"])),
        camera_id="C",
        visitor_id=visitor,
        event_type=kind,
        timestamp=MORNING + timedelta(seconds=draw(st.integers(0, 1800))),
        zone_id=None if kind in DOOR_EVENTS else draw(st.sampled_from(["BILLING", "SKIN", "HAIR"])),
        dwell_ms=draw(st.integers(0, 100_000)),
        is_staff=visitor == "f",
        metadata={"queue_depth": draw(st.integers(0, 5))},
    )


logs = st.lists(an_event(), max_size=40, unique_by=lambda event: event.event_id)
sales = st.lists(st.integers(0, 1800), max_size=6, unique=True)


def figures(open_empty, events, sold, batch=1000, store_id="S1"):
    warehouse = open_empty(clock=lambda: MORNING + timedelta(hours=4))
    warehouse.load_transactions(
        [Transaction("S1", f"T{s}", to_us(MORNING + timedelta(seconds=s)), 100, "INR") for s in sold]
    )
    for start in range(0, len(events), batch):
        warehouse.add_events(events[start : start + batch])
    if store_id not in warehouse.versions():
        warehouse.close()
        return None
    store = warehouse.store(store_id)
    picture = take_picture(warehouse, store, choose_window(warehouse, store, day="2026-03-03"))
    warehouse.close()
    return metrics(picture), funnel(picture), heatmap(picture), traffic(picture)


@quick
@given(logs, sales)
def test_the_funnel_only_narrows_and_rates_are_rates(empty_warehouse, events, sold):
    found = figures(empty_warehouse, events, sold)
    if found is None:
        return
    counted, steps, _, _ = found
    counts = [steps[step] for step in STEPS]
    assert counts == sorted(counts, reverse=True)
    assert steps["purchased"] <= len(sold)
    assert steps["entry"] <= 5  # six visitors, one of them staff
    for rate in ("conversion_rate", "conversion_matched", "abandonment_rate"):
        assert 0.0 <= counted[rate] <= 1.0
    assert counted["queue_abandons"] <= counted["queue_joins"]
    assert all(0 <= drop <= 100 for drop in steps["drop_off_pct"].values())


@quick
@given(logs, sales, st.integers(1, 20), st.randoms(use_true_random=False))
def test_order_batches_and_repetition_change_no_figure(
    empty_warehouse, events, sold, batch, chance: random.Random
):
    again = events + chance.sample(events, len(events) // 2)
    chance.shuffle(again)
    assert figures(empty_warehouse, again, sold, batch) == figures(empty_warehouse, events, sold)


@quick
@given(logs, sales)
def test_staff_and_other_stores_change_no_figure_of_customers(empty_warehouse, events, sold):
    found = figures(empty_warehouse, events, sold)
    kept = [e for e in events if e.store_id == "S1" and not e.is_staff]
    without = figures(empty_warehouse, kept, sold)
    if found is None or without is None:
        return
    for name in (
        "unique_visitors",
        "entries",
        "exits",
        "queue_joins",
        "queue_abandons",
        "conversion_matched",
    ):
        if found[0]["basis"] == without[0]["basis"]:
            assert found[0][name] == without[0][name], name
