"""Sales just after midnight make one conversion, in one day, on both databases."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from floorwalker.events import Event, EventType
from floorwalker.insights.facts import facts_of, keep_facts, read_facts
from floorwalker.insights.history import history, picture_as_known
from floorwalker.insights.metrics import metrics
from floorwalker.insights.picture import take_picture
from floorwalker.insights.till import SALE_WINDOW_US
from floorwalker.insights.windows import window_between, window_of_day
from floorwalker.resolutions import Attribute, Resolution
from floorwalker.site import Site
from floorwalker.warehouse import Transaction
from floorwalker.warehouse.facts import LATE_SALE_US
from floorwalker.warehouse.records import to_us

ZONE = ZoneInfo("UTC")
DAY, NEXT = date(2026, 3, 3), date(2026, 3, 4)
MIDNIGHT = datetime(2026, 3, 4, tzinfo=UTC)


class Clock:
    now = MIDNIGHT + timedelta(days=5)

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def warehouse(empty_warehouse, clock):
    opened = empty_warehouse(clock)
    opened.register_site(Site.model_validate({"store": [{"id": "S", "timezone": "UTC"}]}))
    yield opened
    opened.close()


def at_till(visitor, start_s, end_s, staff=False):
    """Somebody at the till, in seconds from midnight."""
    kinds = [
        ("ENTRY", start_s - 1, None),
        ("ZONE_ENTER", start_s, "BILLING"),
        ("ZONE_EXIT", end_s, "BILLING"),
    ]
    return [
        Event(
            event_id=str(uuid.uuid4()), store_id="S", camera_id="C", visitor_id=visitor, is_staff=staff,
            event_type=EventType(kind), timestamp=MIDNIGHT + timedelta(seconds=at_s), zone_id=zone,
        )
        for kind, at_s, zone in kinds
    ]  # fmt: skip


def sell(warehouse, *at_s, name="T"):
    times = [to_us(MIDNIGHT + timedelta(seconds=each)) for each in at_s]
    warehouse.load_transactions(
        [Transaction("S", f"{name}{n}", at_us, 100, "INR") for n, at_us in enumerate(times)]
    )


def bought(picture):
    return {purchase.sale.transaction_id: purchase.visitor_id for purchase in picture.outcome.purchases}


def of_day(warehouse, day):
    return take_picture(warehouse, warehouse.store("S"), window_of_day(day, ZONE))


def of_both(warehouse):
    window = window_between(MIDNIGHT - timedelta(days=1), MIDNIGHT + timedelta(days=1), ZONE)
    return take_picture(warehouse, warehouse.store("S"), window)


def figures(picture):
    found = metrics(picture)
    return tuple(found[name] for name in ("matched_buyers", "conversion_rate", "transactions", "revenue"))


def codes(picture):
    return {warning["code"] for warning in metrics(picture)["warnings"]}


def test_a_sale_after_midnight_converts_the_visit_before_it(warehouse):
    warehouse.add_events(at_till("late", -110, -20), live=False)
    sell(warehouse, 30)
    assert figures(of_day(warehouse, DAY)) == (1, 1.0, 0, "0.00")
    assert figures(of_day(warehouse, NEXT)) == (0, 0.0, 1, "1.00")
    assert figures(of_both(warehouse)) == (1, 1.0, 1, "1.00")
    assert not codes(of_day(warehouse, DAY)) & {"NO_TILL_DATA", "CONVERSION_EXCEEDS_TRANSACTIONS"}
    hour = window_between(MIDNIGHT - timedelta(hours=1), MIDNIGHT, ZONE)
    assert figures(take_picture(warehouse, warehouse.store("S"), hour))[0] == 1


def test_who_came_to_the_till_after_midnight_has_the_sale(warehouse):
    warehouse.add_events(at_till("late", -110, -20) + at_till("early", 10, 60), live=False)
    sell(warehouse, 30)
    assert (bought(of_day(warehouse, DAY)), bought(of_day(warehouse, NEXT))) == ({}, {"T0": "early"})
    assert bought(of_both(warehouse)) == {"T0": "early"}
    assert figures(of_day(warehouse, DAY))[1] == 0.0


def test_staff_behind_the_till_takes_no_sale(warehouse):
    staff = at_till("cashier", 5, 3600) + at_till("cashier", 40_000, 40_010, staff=True)
    warehouse.add_events(at_till("late", -110, -20) + staff, live=False)
    sell(warehouse, 30)
    assert (bought(of_day(warehouse, DAY)), bought(of_day(warehouse, NEXT))) == ({"T0": "late"}, {})


def test_a_sale_that_a_person_named_on_its_own_day_is_of_that_day(warehouse):
    warehouse.add_events(at_till("late", -110, -20) + at_till("early", 200, 260), live=False)
    sell(warehouse, 30)
    said = Resolution(
        "S", "early", Attribute.PURCHASED, "T0", "person:asha", 1.0, MIDNIGHT + timedelta(hours=1)
    )
    warehouse.add_resolutions([said])
    assert (bought(of_day(warehouse, DAY)), bought(of_day(warehouse, NEXT))) == ({}, {"T0": "early"})


def test_days_alone_and_together_tell_the_same(warehouse):
    dice = random.Random(7)
    for night in range(12):
        events, base = [], night * 20
        for n in range(base, base + 8):
            start = dice.randint(-500, 300)
            end = start + dice.randint(20, 200)
            if (start < 0) == (end < 0) and start != 0:
                events += at_till(f"v{n}", start, end)
        warehouse.add_events(events, live=False)
        sell(warehouse, *(dice.randint(-400, 700) for _ in range(2)), name=f"{night}-")
        apart = [bought(of_day(warehouse, day)) for day in (DAY, NEXT)]
        assert not apart[0].keys() & apart[1].keys()
        assert bought(of_both(warehouse)) == apart[0] | apart[1]
        near = [of_day(warehouse, day).outcome.near_sale for day in (DAY, NEXT)]
        assert of_both(warehouse).outcome.near_sale == near[0] | near[1]


def kept(warehouse):
    store = warehouse.store("S")
    found = read_facts(warehouse, store, [DAY])
    keep_facts(warehouse, store, found.fresh)
    assert found.days[DAY] == facts_of(take_picture(warehouse, store, window_of_day(DAY, ZONE)))
    return found.days[DAY].figures["conversion_matched"], bool(found.fresh)


def test_facts_of_the_day_before_know_of_late_sales_and_of_who_took_them(warehouse):
    warehouse.add_events(at_till("late", -110, -20), live=False)
    sell(warehouse, -4000, name="own")
    assert kept(warehouse) == (0.0, True)
    assert kept(warehouse) == (0.0, False)
    sell(warehouse, 30)
    assert kept(warehouse) == (1.0, True)
    assert kept(warehouse) == (1.0, False)
    warehouse.add_events(at_till("early", 10, 60), live=False)
    assert kept(warehouse) == (0.0, True)
    warehouse.add_resolutions(
        [Resolution("S", "early", Attribute.IS_STAFF, "true", "rule", 1.0, MIDNIGHT + timedelta(minutes=1))]
    )
    assert kept(warehouse) == (1.0, True)


def test_what_was_known_before_the_late_sale_came(warehouse, clock):
    warehouse.add_events(at_till("late", -110, -20), live=False)
    clock.now += timedelta(hours=1)
    sell(warehouse, 30)
    store, window = warehouse.store("S"), window_of_day(DAY, ZONE)
    before = picture_as_known(warehouse, store, window, clock.now - timedelta(minutes=1))
    assert (bought(before), bought(picture_as_known(warehouse, store, window, clock.now))) == (
        {},
        {"T0": "late"},
    )
    told = history(warehouse, store, window)
    assert told["figures"]["conversion_matched"] == 1.0


def test_the_kept_facts_reach_as_far_as_a_sale_does():
    assert LATE_SALE_US == SALE_WINDOW_US
