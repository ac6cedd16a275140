"""What the views show is what the API answers, in both engines alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from floorwalker.events import parse_utc
from floorwalker.insights.answers import answer_funnel, answer_heatmap, answer_metrics, answer_traffic
from floorwalker.insights.funnel import STEPS
from floorwalker.insights.picture import take_picture
from floorwalker.insights.traffic import QUARTER_HOUR
from floorwalker.insights.windows import window_of_day
from floorwalker.mart.views import VIEWS

DAYS = [
    ("IND", date(2026, 3, 3)),
    ("IND", date(2026, 3, 4)),
    ("NYC", date(2026, 3, 3)),
    ("NYC", date(2026, 3, 4)),
]

SAME_NAMES = [
    *("unique_visitors", "visits", "groups", "parties", "entries", "exits", "reentries", "occupancy"),
    *("occupancy_unseen", "staff_excluded", "staff_hours", "staffed_hours", "traffic_per_staff_hour"),
    *("conversion_rate", "conversion_matched", "matched_buyers", "transactions", "transactions_per_visitor"),
    *("avg_dwell_ms", "completed_stays", "queue_joins", "queue_abandons", "abandonment_rate"),
    *("basis", "currency", "till_offset_s"),
]


def _picture(chain, store_id, day):
    store = chain.warehouse.store(store_id)
    return take_picture(chain.warehouse, store, window_of_day(day, store.zone_info))


def _naive(text):
    return parse_utc(text).replace(tzinfo=None)


def test_both_engines_show_the_same(two_days, make_mart):
    marts = [make_mart(engine) for engine in ("clickhouse", "postgres")]
    for mart in marts:
        assert two_days.sync(mart.sink()).pushed == 4  # two stores, two days; their empty neighbours are none
    for view in VIEWS:
        first, second = (mart.query(f"SELECT * FROM {{m}}.{view.name}") for mart in marts)
        assert first[0] == second[0] == tuple(column.name for column in view.columns)
        assert first[1], view.name
        assert sorted(map(repr, first[1])) == sorted(map(repr, second[1])), view.name


def test_a_warehouse_on_postgresql_may_hold_its_own_mart(two_days, two_days_served, make_mart):
    apart = make_mart("postgres")
    two_days.sync(apart.sink())
    beside = replace(apart, url=two_days_served.url)
    two_days_served.sync(beside.sink())
    for view in VIEWS:
        if view.name != "v_pushes":  # counts of rows aside, these tell of the pushes
            assert beside.view(view.name) == apart.view(view.name)
    beside.close()


def test_days_are_the_answers_of_the_api(two_days, mart):
    two_days.sync(mart.sink())
    rows = {(row["store_id"], row["day"]): row for row in mart.view("v_days")}
    assert sorted(rows) == DAYS
    for (store_id, day), row in rows.items():
        picture = _picture(two_days, store_id, day)
        figures = answer_metrics(picture)
        for name in SAME_NAMES:
            assert row[name] == figures[name], name
        assert row["unique_visitors"] in (7, 8)
        assert row["revenue"] == Decimal(figures["revenue"]) == Decimal("59.97")
        assert (row["returns"], row["returned"]) == (1, Decimal("-5.00"))
        assert row["as_of_utc"] == _naive(figures["as_of"])
        assert row["warnings"] == ",".join(warning["code"] for warning in figures["warnings"])
        for rate, interval in figures["intervals"].items():
            assert (row[f"{rate}_low"], row[f"{rate}_high"]) == (interval["low"], interval["high"])
        assert row["queue_wait_mean_ms"] == figures["queue_wait"]["mean_ms"]
        assert row["served"] == figures["queue_wait"]["n"] == 3
        assert row["peak_from_utc"] == _naive(figures["peak_hour"]["from"])
        assert row["coverage_status"] == figures["coverage"]["status"]
        # Parts and wholes, for whoever adds days up.
        assert row["converted_visitors"] / row["unique_visitors"] == pytest.approx(
            row["conversion_rate"], abs=1e-4
        )
        assert row["matched_buyers"] / row["parties"] == pytest.approx(row["conversion_matched"], abs=1e-4)
        assert round(row["dwell_ms"] / row["completed_stays"]) == row["avg_dwell_ms"]
        steps = answer_funnel(picture)
        assert [row[f"funnel_{step}"] for step in STEPS] == [steps[step] for step in STEPS]
        shown = mart.view("v_funnel_days", f"store_id = '{store_id}' AND day = '{day}'")
        assert {part["step"]: part["visits"] for part in shown} == {step: steps[step] for step in STEPS}


def test_zones_hours_visits_and_sales_add_up_to_the_api(two_days, mart):
    two_days.sync(mart.sink())
    for store_id, day in DAYS:
        picture = _picture(two_days, store_id, day)
        here = f"store_id = '{store_id}' AND day = '{day}'"
        zones = {row["zone_id"]: row for row in mart.view("v_zone_days", here)}
        for zone_id, heat in answer_heatmap(picture).items():
            row = zones.pop(zone_id)
            assert row["visits"] == heat["frequency"]
            for name in (
                "avg_dwell_ms",
                "completed_stays",
                "normalized",
                "data_confidence",
                "kind",
                "status",
            ):
                assert row[name] == heat[name], name
        assert not zones
        hours = {row["from_utc"]: row for row in mart.view("v_hours", here)}
        for bucket in answer_traffic(picture, QUARTER_HOUR)["buckets"]:
            row = hours[_naive(bucket["from"])]
            for name in ("entries", "exits", "reentries", "occupancy", "status", "share"):
                assert row[name] == bucket[name], name
        figures = answer_metrics(picture)
        assert sum(row["revenue"] for row in hours.values()) == Decimal(figures["revenue"])
        assert (
            max(row["queue_max"] for row in hours.values()) == mart.view("v_days", here)[0]["queue_max"] > 0
        )
        visits = mart.view("v_visits", here)
        assert sum(row["counted"] for row in visits) == figures["unique_visitors"]
        assert sum(row["purchased"] for row in visits) == answer_funnel(picture)["purchased"]
        assert sum(row["at_till"] for row in visits) == answer_funnel(picture)["billing_queue"]
        assert sum(row["near_sale"] for row in visits) / len(visits) == pytest.approx(
            figures["conversion_rate"], abs=1e-4
        )
        assert sum(row["abandoned"] for row in visits) == figures["queue_abandons"] == 1
        stays = [row["dwell_ms"] for row in mart.view("v_stays", here)]
        assert round(sum(stays) / len(stays)) == figures["avg_dwell_ms"]
        sold = mart.view("v_sales", f"{here} AND kind = 'sale'")
        bought = {row["transaction_id"]: row["visitor_id"] for row in visits if row["purchased"]}
        assert {row["transaction_id"]: row["visitor_id"] for row in sold} == bought
        assert {row["salespeople"] for row in sold} == {"anna,ben"}


def test_nobody_of_the_staff_is_in_a_view(two_days, mart):
    two_days.sync(mart.sink())
    for view in ("v_visits", "v_stays"):
        assert "VIS_STAFF" not in {row["visitor_id"] for row in mart.view(view)}
    assert {row["staff_excluded"] for row in mart.view("v_days")} == {1}


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_days_of_23_and_25_hours(chain, mart, day, hours):
    chain.register(BER="Europe/Berlin")
    start = window_of_day(day, chain.warehouse.store("BER").zone_info)
    chain.shopper("BER", "FIRST", start.from_utc)
    chain.shopper("BER", "LAST", start.to_utc - timedelta(seconds=201))
    chain.shopper("BER", "NEXT", start.to_utc)
    chain.sync(mart.sink())
    here = f"day = '{day}'"
    row = mart.view("v_days", here)[0]
    assert row["to_utc"] - row["from_utc"] == timedelta(hours=hours)
    assert row["unique_visitors"] == 2
    quarters = mart.view("v_hours", here)
    assert len(quarters) == hours * 4
    assert len({row["from_utc"] for row in quarters}) == hours * 4
    # By the wall clock one hour is missing, or there twice.
    assert len({row["from_local"] for row in quarters}) == min(hours, 24) * 4
    assert {row["from_local"].date() for row in quarters} == {day}
    assert mart.view("v_visits", here)[0]["first_seen_local"] == datetime.combine(day, datetime.min.time())
