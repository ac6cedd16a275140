"""A visitor_id is of one visit day, and so is every word on it: the days beside it stay as they are."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from floorwalker.insights.answers import answer_metrics
from floorwalker.insights.picture import take_picture
from floorwalker.insights.windows import window_between, window_of_day
from floorwalker.resolutions import Attribute, Resolution
from floorwalker.site import Site
from floorwalker.warehouse import Transaction, Warehouse
from floorwalker.warehouse.corrections import Corrections, Stretch, Wish
from floorwalker.warehouse.expressing import Asked, Kind
from floorwalker.warehouse.records import to_us

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def warehouse(database_url):
    opened = Warehouse(database_url, clock=lambda: NOON + 5 * DAY)
    yield opened
    opened.close()


def correct(warehouse, day, *asked):
    zone = warehouse.store("S1").zone_info
    window = window_of_day(day, zone)
    place = Stretch("S1", day.isoformat(), to_us(window.from_utc), to_us(window.to_utc))
    Corrections(warehouse).make(place, Wish("asha", "", asked, force=True), lambda view, names: [])
    return Corrections(warehouse).of_day(place)


def staff(visitor, value="true"):
    return Asked(Kind.STAFF, (visitor,), value)


def figures(warehouse, day):
    store = warehouse.store("S1")
    answer = answer_metrics(take_picture(warehouse, store, window_of_day(day, store.zone_info)))
    return answer["unique_visitors"], answer["staff_excluded"]


THIRD, FOURTH = date(2026, 3, 3), date(2026, 3, 4)


def test_a_word_on_one_day_changes_no_other(warehouse, make_event):
    warehouse.add_events([make_event(86_400 * n, v) for n in (-1, 0, 1) for v in ("VIS_1", "VIS_2", "VIS_3")])
    correct(warehouse, THIRD, staff("VIS_1"), Asked(Kind.MERGE, ("VIS_2", "VIS_3")))
    assert [figures(warehouse, THIRD + n * DAY) for n in (-1, 0, 1)] == [(3, 0), (1, 1), (3, 0)]


def test_a_later_word_on_the_next_day_leaves_the_earlier_one_standing(warehouse, make_event):
    warehouse.add_events([make_event(0, "VIS_1"), make_event(86_400, "VIS_1")])
    correct(warehouse, THIRD, staff("VIS_1"))
    correct(warehouse, FOURTH, staff("VIS_1", "false"))
    assert (figures(warehouse, THIRD), figures(warehouse, FOURTH)) == ((0, 1), (1, 0))
    assert [bool(listed.in_force) for listed in correct(warehouse, THIRD, staff("VIS_1"))] == [False, True]


def test_days_are_those_of_the_stores_clock(warehouse, make_event):
    """23:30 and 00:30 in Kolkata lie on one UTC day."""
    warehouse.register_site(Site.model_validate({"store": [{"id": "S1", "timezone": "Asia/Kolkata"}]}))
    midnight_s = 6.5 * 3600
    warehouse.add_events([make_event(midnight_s - 1800, "VIS_1"), make_event(midnight_s + 1800, "VIS_1")])
    correct(warehouse, FOURTH, staff("VIS_1"))
    assert (figures(warehouse, THIRD), figures(warehouse, FOURTH)) == ((1, 0), (0, 1))


def test_staff_of_one_day_is_not_staff_of_the_next_in_a_window_over_both(warehouse, make_event):
    warehouse.add_events([make_event(0, "VIS_1", is_staff=True), make_event(86_400, "VIS_1")])
    store = warehouse.store("S1")
    window = window_between(NOON - DAY / 2, NOON + 3 * DAY / 2, store.zone_info)
    events = warehouse.read("S1", window.from_utc, window.to_utc).events
    assert [event.is_staff for event in events] == [True, False]
    assert answer_metrics(take_picture(warehouse, store, window))["unique_visitors"] == 1


def test_a_rules_word_is_written_for_each_day_and_taken_back_for_each(warehouse, make_event):
    warehouse.add_events([make_event(0, "VIS_1"), make_event(86_400, "VIS_1")])
    said = [
        Resolution("S1", "VIS_1", Attribute.IS_STAFF, "true", "rule:x", 0.9, NOON + n * DAY) for n in (0, 1)
    ]
    assert warehouse.add_resolutions(said) == 2
    assert warehouse.add_resolutions(said) == 0
    assert (figures(warehouse, THIRD), figures(warehouse, FOURTH)) == ((0, 1), (0, 1))
    assert warehouse.replace_resolutions("S1", ["VIS_1"], ["rule:x"], said[1:]) == 1
    assert (figures(warehouse, THIRD), figures(warehouse, FOURTH)) == ((1, 0), (0, 1))


def test_what_a_person_said_of_a_purchase_is_of_its_day(warehouse, make_event):
    def visit(start_s):
        return [
            make_event(start_s, "VIS_1"),
            make_event(start_s + 10, "VIS_1", "ZONE_ENTER", zone_id="BILLING"),
            make_event(start_s + 60, "VIS_1", "ZONE_EXIT", zone_id="BILLING", dwell_ms=50_000),
        ]

    warehouse.add_events([*visit(0), *visit(86_400)])
    sold = [Transaction("S1", f"T{n}", to_us(NOON + n * DAY) + 61_000_000, 100, "INR") for n in (0, 1)]
    warehouse.load_transactions(sold)
    correct(warehouse, THIRD, Asked(Kind.PURCHASED, ("VIS_1",), "false"))
    store = warehouse.store("S1")
    window = window_between(NOON - DAY / 2, NOON + 3 * DAY / 2, store.zone_info)
    assert list(take_picture(warehouse, store, window).outcome.purchased) == [(FOURTH, "VIS_1")]
