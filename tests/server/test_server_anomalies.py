"""Anomalies and days over HTTP, on both databases."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import func, select

from floorwalker.notify.looking import look_at_store
from floorwalker.resolutions import Attribute, Resolution
from floorwalker.warehouse import Transaction
from floorwalker.warehouse.records import to_us
from floorwalker.warehouse.schema import day_facts

STORE = "/stores/STORE_BLR_002"
CONTRACT = {"type", "severity", "detected_at", "value", "expected", "suggested_action"}


def till(event, people, at="14:57", leave=None):
    """So many customers at the till from a time on, and gone again at another."""
    found = []
    for n in range(people):
        found += [
            event("ENTRY", f"{at}:{n:02d}", f"V{n}"),
            event("ZONE_ENTER", f"{at}:{n:02d}", f"V{n}", zone_id="BILLING"),
        ]
        if leave:
            found.append(event("ZONE_EXIT", f"{leave}:{n:02d}", f"V{n}", zone_id="BILLING", dwell_ms=1000))
    return found


def test_the_same_thing_is_one_anomaly_until_it_is_over(house, event):
    house.post(*till(event, 6))
    (first,) = house.get(f"{STORE}/anomalies")
    assert set(first) >= CONTRACT | {"anomaly_id", "active", "ended_at", "evidence", "as_of"}
    assert (first["type"], first["active"], first["ended_at"]) == ("BILLING_QUEUE_SPIKE", True, None)
    house.post(*[each for each in till(event, 6, leave="14:59") if each["event_type"] == "ZONE_EXIT"])
    (over,) = house.get(f"{STORE}/anomalies")
    assert (over["anomaly_id"], over["active"]) == (first["anomaly_id"], False)
    assert over["ended_at"] == "2026-03-03T14:59:02Z"
    assert house.get(f"{STORE}/anomalies", active="true") == []
    assert len(house.get(f"{STORE}/anomalies", active="false")) == 1


def test_a_replay_never_speaks_of_years(house, event):
    old = {"store_id": "OLD"}
    house.post(*[each | old for each in till(event, 6, at="09:00", leave="09:10")])
    house.post(
        *[event("ENTRY", f"09:{n:02d}:00", f"W{n}") | old for n in range(20, 59)],
        event("ZONE_ENTER", "09:00:30", "W0", zone_id="SKINCARE") | old,
        event("ZONE_EXIT", "09:01:00", "W0", zone_id="SKINCARE", dwell_ms=30000) | old,
        event("ZONE_ENTER", "09:57:00", "W1", zone_id="HAIR") | old,
    )
    house.clock.now = datetime(2027, 10, 1, tzinfo=UTC)
    found = house.get("/stores/OLD/anomalies")
    dead = next(each for each in found if each["type"] == "DEAD_ZONE")
    assert (dead["zone_id"], dead["value"]) == ("SKINCARE", 57)
    assert {each["type"] for each in found} == {"DEAD_ZONE", "BILLING_QUEUE_SPIKE"}
    assert all(each["as_of"].startswith("2026-03-03T09:58:00") for each in found)


def test_quiet_zones_that_have_customers_again_are_listed_on_request(house, event):
    zone = {"zone_id": "SKINCARE"}
    house.post(
        *[event("ENTRY", f"13:{n:02d}:00", f"W{n}") for n in range(59)],
        event("ZONE_ENTER", "13:00:10", "W0", **zone), event("ZONE_EXIT", "13:01:00", "W0", **zone),
        event("ZONE_ENTER", "13:50:00", "W1", **zone), event("ZONE_EXIT", "13:58:00", "W1", **zone),
    )  # fmt: skip
    assert house.get(f"{STORE}/anomalies", day="2026-03-03") == []
    (over,) = house.get(f"{STORE}/anomalies", day="2026-03-03", all="true")
    assert (over["type"], over["active"], over["value"]) == ("DEAD_ZONE", False, 49)


def test_a_feed_that_talks_again_was_silent(house, site, event):
    house.warehouse.register_site(site)
    house.post(event("ENTRY", "14:55:00"))
    house.clock.now += timedelta(minutes=20)
    store = house.warehouse.store("STORE_BLR_002")
    look_at_store(house.warehouse, store)
    (stale,) = house.get(f"{STORE}/anomalies")
    assert (stale["type"], stale["detected_at"]) == ("STALE_FEED", "2026-03-03T15:05:00Z")
    house.post(event("ENTRY", "15:19:00", "VIS_2"))
    look_at_store(house.warehouse, store)
    (over,) = house.get(f"{STORE}/anomalies")
    assert (over["anomaly_id"], over["active"]) == (stale["anomaly_id"], False)
    assert over["ended_at"] == "2026-03-03T15:20:00Z"


def kept(house):
    with house.warehouse.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(day_facts))


def until(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def week(house, event, days=8, converted=True):
    for ago in range(days):
        day = f"2026-03-{3 - ago:02d}" if ago < 3 else f"2026-02-{31 - ago:02d}"
        visits = []
        for n in range(12):
            at = {"timestamp": f"{day}T09:{n:02d}:00Z"}
            visits.append(event("ENTRY", visitor=f"{day}-{n}") | at)
            if ago and converted:
                till_at = {"timestamp": f"{day}T09:{n:02d}:30Z", "zone_id": "BILLING"}
                visits.append(event("ZONE_ENTER", visitor=f"{day}-{n}") | till_at)
        house.post(*visits)
        if ago and converted:
            at_us = to_us(datetime.fromisoformat(f"{day}T09:12:30+00:00"))
            sales = [Transaction("STORE_BLR_002", f"{day}-{n}", at_us + n, 100, "INR") for n in range(9)]
            house.warehouse.load_transactions(sales)


def test_conversion_against_the_seven_days_before(house, event):
    week(house, event)
    drops = [each for each in house.get(f"{STORE}/anomalies") if each["type"] == "CONVERSION_DROP"]
    (drop,) = drops
    assert (drop["severity"], drop["value"], drop["evidence"]["days_before"]) == ("CRITICAL", 0.0, 7)
    assert drop["evidence"]["visitors_before"] == 84
    assert until(lambda: kept(house) == 7)  # they are kept after the answer is sent
    assert house.get(f"{STORE}/anomalies") == house.get(f"{STORE}/anomalies")


def test_the_days_of_a_store_are_its_figures_day_by_day(house, event):
    week(house, event, days=3)
    answer = house.get(f"{STORE}/days", **{"from": "2026-02-20", "to": "2026-03-03"})
    assert [row["day"] for row in answer["days"]] == ["2026-03-01", "2026-03-02", "2026-03-03"]
    for row in answer["days"]:
        single = house.get(f"{STORE}/metrics", day=row["day"])
        assert row["swept"] is False
        own = ("day", "swept", "coverage")
        assert {name: single[name] for name in row if name not in own} == {
            name: value for name, value in row.items() if name not in own
        }
    late = event("ENTRY", visitor="late") | {"timestamp": "2026-03-01T20:00:00Z"}
    house.post(late)
    again = house.get(f"{STORE}/days", **{"from": "2026-03-01", "to": "2026-03-01"})
    assert again["days"][0]["unique_visitors"] == answer["days"][0]["unique_visitors"] + 1


@pytest.mark.parametrize(
    "query", ["from=2026-03-04&to=2026-03-03", "from=2020-01-01&to=2026-01-01", "from=x", "days=3"]
)
def test_a_bad_range_of_days_is_400(house, event, query):
    house.post(event())
    answer = house.http.get(f"{STORE}/days?{query}")
    assert answer.status_code == 400
    assert house.http.get("/stores/NOBODY/days").status_code == 404


def test_a_bad_day_is_told_by_the_parameters_name(house, event):
    house.post(event())
    for name in ("from", "to"):
        message = house.http.get(f"{STORE}/days?{name}=2026-02-30").json()["error"]["message"]
        assert message.startswith(f"{name}: "), message


def test_only_days_of_which_something_is_recorded_have_a_row(house, event, site):
    now = house.clock.now
    house.warehouse.register_site(site)  # its local day touches two UTC days, each of which touches another
    house.post(event())
    said = (Attribute.IS_STAFF, "true", "person:anna", 1.0, now - timedelta(days=9))
    house.warehouse.add_resolutions([Resolution("STORE_BLR_002", "V", *said)])
    answer = house.get(f"{STORE}/days", **{"from": "2026-02-10", "to": "2026-03-10"})
    assert [row["day"] for row in answer["days"]] == ["2026-03-03"]
    sale = Transaction("STORE_BLR_002", "T1", to_us(now - timedelta(days=1)), 100, "INR")
    house.warehouse.load_transactions([sale])
    answer = house.get(f"{STORE}/days", **{"from": "2026-02-10", "to": "2026-03-10"})
    assert [(row["day"], row["transactions"]) for row in answer["days"]] == [
        ("2026-03-02", 1), ("2026-03-03", 0),
    ]  # fmt: skip


def test_days_end_by_default_at_the_last_with_events(house, event):
    house.post(event())
    house.clock.now += timedelta(days=200)
    answer = house.get(f"{STORE}/days")
    assert (answer["from"], answer["to"], len(answer["days"])) == ("2026-02-01", "2026-03-03", 1)
    late = house.get(f"{STORE}/days", **{"from": "2026-05-01"})
    assert (late["from"], late["to"], late["days"]) == ("2026-05-01", "2026-05-01", [])


def test_no_answer_asks_more_often_where_there_are_more_events(house, event):
    house.post(*till(event, 3), *[event("ENTRY", "14:30:00", "O") | {"store_id": "OTHER"}])
    paths = [f"{STORE}/metrics", f"{STORE}/anomalies", "/health", "/stores", STORE]
    asked: list[str] = []
    engine = house.warehouse.database._engine

    def note(_connection, _cursor, statement, *_more):
        asked.append(statement)

    def count(path):
        counts = []
        for _ in range(4):  # the first keeps facts; now and then the server looks for changed keys besides
            asked.clear()
            house.get(path)
            counts.append(len(asked))
        return min(counts)

    sqlalchemy_event.listen(engine, "before_cursor_execute", note)
    try:
        few = {path: count(path) for path in paths}
        for hour in range(8):
            house.post(*till(event, 50, at=f"{hour + 5:02d}:10"))
        assert {path: count(path) for path in paths} == few
    finally:
        sqlalchemy_event.remove(engine, "before_cursor_execute", note)
    assert max(few.values()) <= 30, few
