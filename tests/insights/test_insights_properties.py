from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from floorwalker.events import DOOR_EVENTS, Event, EventType
from floorwalker.insights.answers import (
    answer_dwell,
    answer_funnel,
    answer_heatmap,
    answer_metrics,
    answer_purchases,
    answer_traffic,
)
from floorwalker.insights.funnel import STEPS
from floorwalker.insights.picture import take_picture
from floorwalker.insights.windows import choose_window
from floorwalker.warehouse import Transaction
from floorwalker.warehouse.records import to_us

MORNING = datetime(2026, 3, 3, 8, tzinfo=UTC)
ANSWERS = {
    "metrics": answer_metrics,
    "funnel": answer_funnel,
    "heatmap": answer_heatmap,
    "traffic": answer_traffic,
    "dwell": answer_dwell,
    "purchases": answer_purchases,
}
CUSTOMERS_ONLY = (
    "unique_visitors", "visits", "entries", "exits", "reentries", "occupancy", "groups", "parties",
    "peak_hour", "conversion_rate", "conversion_matched", "matched_buyers", "avg_dwell_ms",
    "queue_depth_current", "queue_joins", "queue_abandons", "queue_wait", "queue_service",
)  # fmt: skip
quick = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


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
        metadata={
            "queue_depth": draw(st.integers(0, 5)),
            "group_id": draw(st.sampled_from([None, None, "g", "h"])),
        },
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
    return {name: answer(picture) for name, answer in ANSWERS.items()}


@quick
@given(logs, sales)
def test_the_funnel_only_narrows_and_rates_are_rates(empty_warehouse, events, sold):
    found = figures(empty_warehouse, events, sold)
    if found is None:
        return
    counted, steps = found["metrics"], found["funnel"]
    counts = [steps[step] for step in STEPS]
    assert counts == sorted(counts, reverse=True)
    assert steps["purchased"] <= len(sold)
    assert steps["entry"] <= 5  # six visitors, one of them staff
    for rate in ("conversion_rate", "conversion_matched", "abandonment_rate"):
        interval = counted["intervals"][rate]
        assert 0.0 <= counted[rate] <= 1.0
        if rate != "abandonment_rate" and not counted["transactions"]:
            assert (interval["low"], interval["high"], counted[rate]) == (None, None, 0.0)
        elif interval["n"]:
            assert interval["low"] <= counted[rate] + 1e-4
            assert counted[rate] <= interval["high"] + 1e-4
    assert counted["queue_abandons"] <= counted["queue_joins"]
    assert counted["matched_buyers"] <= len(sold)
    assert counted["parties"] <= counted["unique_visitors"] <= counted["visits"]
    assert all(0 <= drop <= 100 for drop in steps["drop_off_pct"].values())
    assert found["purchases"]["matched"] + len(found["purchases"]["unmatched"]) == len(sold)
    assert all(0 <= match["margin_s"] <= 300 for match in found["purchases"]["matches"])


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
def test_two_stores_never_mix(empty_warehouse, events, sold):
    alone = [event for event in events if event.store_id == "S1"]
    assert figures(empty_warehouse, events, sold) == figures(empty_warehouse, alone, sold)


@quick
@given(logs, sales)
def test_staff_is_in_no_figure_of_customers(empty_warehouse, events, sold):
    # Staff tells how far the data reaches, which zones there are and whether their feed tells of leaving:
    # somebody of staff ends both logs by leaving every zone.
    last = [
        Event(
            event_id=str(uuid.UUID(int=2**65 + ordinal)),
            store_id="S1",
            camera_id="C",
            visitor_id="z",
            event_type=EventType.ZONE_EXIT,
            timestamp=MORNING + timedelta(seconds=1801),
            zone_id=zone,
            is_staff=True,
        )
        for ordinal, zone in enumerate(("BILLING", "SKIN", "HAIR"))
    ]
    found = figures(empty_warehouse, [*events, *last], sold)
    customers = [event for event in events if not event.is_staff]
    without = figures(empty_warehouse, [*customers, *last], sold)
    if found["metrics"]["basis"] != without["metrics"]["basis"]:
        return
    if any(found["heatmap"][zone]["kind"] != heat["kind"] for zone, heat in without["heatmap"].items()):
        return  # a queue event of staff's tells of a till that no site file names
    for name in CUSTOMERS_ONLY:
        assert found["metrics"][name] == without["metrics"][name], name
    for step in STEPS:
        assert found["funnel"][step] == without["funnel"][step], step
    for zone, heat in without["heatmap"].items():
        assert found["heatmap"][zone]["frequency"] == heat["frequency"], zone
    assert found["dwell"]["stays"] == without["dwell"]["stays"]
    assert found["purchases"]["matches"] == without["purchases"]["matches"]
