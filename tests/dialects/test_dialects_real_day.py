"""The real till's day and the events published for it: every figure of docs/real-day.md."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from floorwalker.dialects import decode_shipped
from floorwalker.events import decode_event
from floorwalker.insights.funnel import funnel
from floorwalker.insights.leaving import leaving_us, till_day
from floorwalker.insights.metrics import metrics
from floorwalker.insights.picture import Picture, take_picture
from floorwalker.insights.queue import queue_curve
from floorwalker.insights.queue_spike import queue_spikes
from floorwalker.insights.till import judge_till
from floorwalker.insights.visits import LocalDay
from floorwalker.insights.windows import window_of_day
from floorwalker.mart.quarter_hours import quarter_hours
from floorwalker.sales.clock_offset import TillDay, TooLittleData, estimate_clock_offset
from floorwalker.sales.pos import Till, read_pos
from floorwalker.site import Site
from floorwalker.warehouse import Warehouse
from floorwalker.warehouse.directory import WarehouseStores

pytestmark = pytest.mark.shared

KOLKATA = ZoneInfo("Asia/Kolkata")
DAY = date(2026, 4, 10)
SITE = {"store": [{"id": store, "timezone": "Asia/Kolkata"} for store in ("ST1008", "ST1076")]}


@pytest.fixture(scope="module")
def warehouse(shared, tmp_path_factory):
    folder = shared / "store-intelligence-challenge"
    opened = Warehouse(f"sqlite:///{tmp_path_factory.mktemp('real') / 'w.db'}")
    opened.register_site(Site.model_validate(SITE))
    path = folder / "pos_transactions_ST1008_2026-04-10_redacted.csv"
    sales = read_pos(path, lambda name: Till(name, KOLKATA)).transactions
    assert opened.load_transactions(sales).inserted == 24
    lines = (folder / "participant_canonical_events_ST1008.jsonl").read_bytes().splitlines()
    assert opened.add_events([decode_event(line) for line in lines], live=False).inserted == 491
    stores = WarehouseStores(opened.database)
    rows = (folder / "shipped_sample_event_rows.jsonl").read_bytes().splitlines()
    shipped = [event for row in rows for event in decode_shipped(row, stores) or ()]
    assert opened.add_events(shipped, live=False).inserted == 8
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def picture(warehouse) -> Picture:
    return take_picture(warehouse, warehouse.store("ST1008"), window_of_day(DAY, KOLKATA))


def clock(time_us):
    return datetime.fromtimestamp(time_us / 1e6, UTC).astimezone(KOLKATA).strftime("%H:%M:%S")


def test_the_day(warehouse, picture):
    view = warehouse.read("ST1008", picture.window.from_utc, picture.window.to_utc)
    assert Counter(event.event_type for event in view.events) == {
        "ENTRY": 79,
        "REENTRY": 4,
        "EXIT": 32,
        "ZONE_ENTER": 144,
        "ZONE_EXIT": 115,
        "ZONE_DWELL": 91,
        "BILLING_QUEUE_JOIN": 25,
        "BILLING_QUEUE_ABANDON": 1,
    }
    times = [sale.time_us for sale in view.transactions]
    assert (clock(times[0]), clock(times[-1])) == ("12:15:05", "21:39:55")
    assert (clock(view.events[0].time_us), clock(view.events[-1].time_us)) == ("11:55:57", "21:40:35")


def test_nobody_queues_long_whatever_joins_tell(picture):
    assert max(depth for _, _, depth in picture.depths) >= 5
    assert queue_spikes(picture) == []
    assert max(length for _, length in queue_curve(picture)) == 2
    assert max(row[6] for row in quarter_hours(picture)) == 2


def test_three_conversions_that_agree(picture):
    found = metrics(picture)
    assert found["unique_visitors"] == 76
    assert found["transactions"] == 24
    assert found["revenue"] == "34331.71"
    for name in ("conversion_rate", "conversion_matched", "transactions_per_visitor"):
        assert found[name] == 0.3158, name
    assert (found["staff_excluded"], found["exits"], found["occupancy"]) == (3, 29, 51)
    assert (found["queue_joins"], found["queue_abandons"], found["abandonment_rate"]) == (25, 1, 0.04)
    assert "QUEUE_DEPTH_DISAGREES" in {warning["code"] for warning in found["warnings"]}
    counts = funnel(picture)
    assert [counts[s] for s in ("entry", "zone_visit", "billing_queue", "purchased")] == [76, 76, 25, 24]


def test_each_buyer_leaves_twenty_seconds_after_a_sale(picture):
    visits = {visit.visitor_id: visit for visit in picture.visits}
    gaps = Counter(
        stay.last_us - paid_us
        for (_, name), paid_us in picture.outcome.purchased.items()
        for stay in visits[name].stays
        if stay.zone_id in picture.billing
    )
    assert gaps == {20_000_000: 24}


def test_two_at_the_till_at_once_get_a_sale_each(picture):
    near = {name: [clock(at_us) for at_us in times] for (_, name), times in picture.outcome.near_sale.items()}
    assert near["VIS_e5ddff"] == ["15:46:39", "15:50:44"]
    bought = {name: clock(at_us) for (_, name), at_us in picture.outcome.purchased.items()}
    assert (bought["VIS_e5ddff"], bought["VIS_a73dc1"]) == ("15:46:39", "15:50:44")
    assert {name for _, name in picture.outcome.abandoned} == {"VIS_900160"}
    assert "VIS_900160" not in near


@pytest.mark.parametrize(
    ("ahead_s", "near", "bought"),
    [(0, 24, 24), (60, 24, 24), (120, 22, 21), (200, 13, 11), (300, 7, 7), (-300, 24, 21), (-600, 8, 8)],
)
def test_what_a_till_that_is_wrong_would_do(picture, ahead_s, near, bought):
    sales = [replace(sale, time_us=sale.time_us - ahead_s * 1_000_000) for sale in picture.sales]
    outcome = judge_till(picture.visits, sales, picture.billing, LocalDay(KOLKATA), picture.as_of_us)
    assert (len(outcome.near_sale), len(outcome.purchased)) == (near, bought)


def test_the_clips_lie_far_from_any_sale(picture):
    begin = datetime(2026, 4, 10, 20, 9, tzinfo=KOLKATA)
    end = begin + timedelta(minutes=3)
    moments = [datetime.fromtimestamp(sale.time_us / 1e6, UTC) for sale in picture.sales]
    before = begin - max(moment for moment in moments if moment < begin)
    after = min(moment for moment in moments if moment > end) - end
    assert (round(before.total_seconds() / 60), round(after.total_seconds() / 60)) == (15, 13)
    assert not any(begin <= moment <= end + timedelta(minutes=5) for moment in moments)


def test_one_day_says_nothing_of_the_clocks(warehouse, picture):
    day = till_day(warehouse, warehouse.store("ST1008"), DAY)
    assert (len(day.sales_s), len(day.leaves_s)) == (24, len(leaving_us(picture)))
    with pytest.raises(TooLittleData, match="1 of 1 days"):
        estimate_clock_offset([day], np.random.default_rng(0))
    # Three such days would tell the 20 seconds by which the events were put behind the sales.
    days = [
        TillDay([at_s + 86_400 * n for at_s in day.sales_s], [at_s + 86_400 * n for at_s in day.leaves_s])
        for n in range(3)
    ]
    found = estimate_clock_offset(days, np.random.default_rng(0), permutations=199, resamples=50)
    assert (found.offset_s, found.significant) == (pytest.approx(-20, abs=1), True)


def test_the_shipped_rows(warehouse):
    found = metrics(
        take_picture(warehouse, warehouse.store("ST1076"), window_of_day(date(2026, 3, 8), KOLKATA))
    )
    assert (found["basis"], found["unique_visitors"]) == ("unlinked", 1)
    assert (found["queue_joins"], found["queue_abandons"], found["abandonment_rate"]) == (2, 1, 0.5)
    assert found["zones"]["PURPLLE_MUM_1076_Z01"]["avg_dwell_ms"] == 33_440
