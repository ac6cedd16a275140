"""What the figures mean, asked over HTTP: coverage, conversions, catalogue, late events."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert

from floorwalker.runs import Gap, Recording, Run
from floorwalker.warehouse import Transaction
from floorwalker.warehouse.records import to_us
from floorwalker.warehouse.schema import clock_offsets
from floorwalker.warehouse.schema import events as event_rows

STORE = "/stores/STORE_BLR_002"
WINDOWED = ("metrics", "funnel", "heatmap", "traffic", "dwell", "purchases")


def sale(number, at, store="STORE_BLR_002"):
    moment = datetime.fromisoformat(f"2026-03-03T{at}+00:00")
    return Transaction(store, f"T{number}", to_us(moment), 10050, "INR")


def shopper(event, visitor, minute=0, **more):
    def at(extra, second=0):
        return f"10:{minute + extra:02d}:{second:02d}"

    return [
        event("ENTRY", at(0), visitor, **more),
        event("ZONE_ENTER", at(1), visitor, zone_id="SKINCARE"),
        event("ZONE_EXIT", at(2), visitor, zone_id="SKINCARE", dwell_ms=60000),
        event("ZONE_ENTER", at(5), visitor, zone_id="BILLING"),
        event("BILLING_QUEUE_JOIN", at(5), visitor, zone_id="BILLING", metadata={"queue_depth": 1}),
        event("ZONE_EXIT", at(8), visitor, zone_id="BILLING", dwell_ms=180000),
        event("EXIT", at(10), visitor),
    ]


def everything(house):
    """All answers of the store's day."""
    return {what: house.get(f"{STORE}/{what}", day="2026-03-03") for what in WINDOWED}


@pytest.mark.parametrize("what", WINDOWED)
@pytest.mark.parametrize(
    ("query", "code", "says"),
    [
        ("date=2026-03-03", "unknown_parameter", "day, from"),
        ("Day=2026-03-03", "unknown_parameter", "did you mean day?"),
        ("day=2026-03-03&day=2026-03-04", "repeated_parameter", "day"),
        ("from=2026-03-03T10:00:00Z&until=x", "unknown_parameter", "'until'"),
    ],
)
def test_a_parameter_that_a_call_does_not_know_is_refused_by_name(house, event, what, query, code, says):
    house.post(event())
    answer = house.http.get(f"{STORE}/{what}?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert says in answer.json()["error"]["message"]
    assert "day" in answer.json()["error"]["details"]["takes"]


@pytest.mark.parametrize("what", WINDOWED)
def test_every_answer_says_as_of_when_it_is(house, event, what):
    house.post(*shopper(event, "VIS_1"))
    answer = house.http.get(f"{STORE}/{what}")
    body = answer.json()
    stated = body["SKINCARE"]["as_of"] if what == "heatmap" else body["as_of"]
    assert stated == "2026-03-03T10:10:00Z"
    if what == "heatmap":
        assert answer.headers["x-as-of"] == stated


def test_quarter_hours_on_request(house, event):
    house.post(*shopper(event, "VIS_1"))
    assert house.get(f"{STORE}/traffic")["bucket_minutes"] == 1
    answer = house.get(f"{STORE}/traffic", bucket_minutes="15")
    assert (answer["bucket_minutes"], [b["entries"] for b in answer["buckets"]]) == (15, [1])
    for wrong, status in (("7", 400), ("0", 400), ("x", 422)):
        found = house.http.get(f"{STORE}/traffic", params={"bucket_minutes": wrong})
        assert found.status_code == status


def test_ten_people_near_one_sale_are_not_ten_buyers(house, event):
    for number in range(10):
        house.post(*shopper(event, f"VIS_{number}"))
    house.warehouse.load_transactions([sale(1, "10:08:05")])
    metrics = house.get(f"{STORE}/metrics")
    assert metrics["conversion_rate"] == 1.0  # the contract's rule
    assert metrics["conversion_matched"] == metrics["transactions_per_visitor"] == 0.1
    assert metrics["intervals"]["conversion_matched"] == {"low": 0.0179, "high": 0.4042, "n": 10}
    assert "CONVERSION_EXCEEDS_TRANSACTIONS" in [w["code"] for w in metrics["warnings"]]
    purchases = house.get(f"{STORE}/purchases")
    (match,) = purchases["matches"]
    assert (match["transaction_id"], match["gap_s"], match["margin_s"]) == ("T1", 5.0, 0.0)
    assert metrics["queue_abandons"] == 9  # nobody both gave up and bought


def test_the_tills_clock_is_set_right_only_by_a_persons_word_and_said(house, event):
    house.post(*shopper(event, "VIS_1"))  # leaves the till at 10:08
    house.warehouse.load_transactions([sale(1, "10:22:05")])  # the till is 14 minutes ahead
    assert house.get(f"{STORE}/metrics")["till_offset_s"] == 0
    assert house.get(f"{STORE}/metrics")["conversion_matched"] == 0.0
    row = {"store_id": "STORE_BLR_002", "version": 1, "offset_s": 840.0, "evidence": "{}", "computed_us": 1}
    with house.warehouse.database.write() as connection:
        connection.execute(insert(clock_offsets), [row | {"applied_us": 1, "applied_by": "asha"}])
    metrics = house.get(f"{STORE}/metrics")
    assert (metrics["till_offset_s"], metrics["conversion_matched"]) == (840.0, 1.0)
    assert "TILL_CLOCK_SHIFTED" in [warning["code"] for warning in metrics["warnings"]]
    purchases = house.get(f"{STORE}/purchases")
    assert purchases["till_offset_s"] == 840.0
    assert purchases["matches"][0]["timestamp"] == "2026-03-03T10:08:05Z"


def test_late_events_correct_every_figure(house, event, empty):
    first, second = shopper(event, "VIS_1"), shopper(event, "VIS_2", 20)
    sales = [sale(1, "10:08:05"), sale(2, "10:28:10")]
    house.warehouse.load_transactions(sales)
    house.post(*first, *second)
    expected = everything(house)
    empty(house.warehouse)
    house.warehouse.load_transactions(sales)
    house.post(*second)
    before = everything(house)
    assert before["metrics"]["unique_visitors"] == before["purchases"]["matched"] == 1
    house.clock.now = datetime(2026, 3, 20, tzinfo=UTC)
    house.post(*first)
    assert everything(house) == expected


def test_any_order_split_and_repetition_gives_the_same_answers(house, event, empty):
    log = [e for n in range(4) for e in shopper(event, f"VIS_{n}", 3 * n, metadata={"group_id": "g"})]
    sales = [sale(1, "10:08:05"), sale(2, "10:14:30")]
    house.warehouse.load_transactions(sales)
    house.post(*log)
    expected = everything(house)
    assert expected["metrics"]["unique_visitors"] == 4
    for seed in range(4):
        chance = random.Random(seed)
        empty(house.warehouse)
        shuffled = log + chance.sample(log, 9)
        chance.shuffle(shuffled)
        while shuffled:
            size = chance.randint(1, 7)
            house.post(*shuffled[:size])
            shuffled = shuffled[size:]
            if chance.random() < 0.3:
                house.warehouse.load_transactions(sales)
        house.warehouse.load_transactions(sales)
        assert everything(house) == expected, seed


@pytest.mark.parametrize("year", [2099, 9999])
def test_an_event_of_a_far_year_in_an_old_database_hides_nothing(house, event, year):
    house.post(*shopper(event, "VIS_1"))
    far = {
        "store_id": "STORE_BLR_002",
        "time_us": to_us(datetime(year, 12, 31, 23, tzinfo=UTC)),
        "event_id": str(uuid.uuid4()),
        "camera_id": "CAM_ENTRY_01",
        "visitor_id": "VIS_far",
        "event_type": "ENTRY",
        "dwell_ms": 0,
        "is_staff": False,
        "confidence": 1.0,
        "metadata": "{}",
        "received_us": 0,
    }
    with house.warehouse.database.write() as connection:
        connection.execute(insert(event_rows), [far])
    metrics = house.get(f"{STORE}/metrics")
    assert (metrics["window"]["day"], metrics["unique_visitors"]) == ("2026-03-03", 1)
    assert house.get("/stores")[0]["days"] == ["2026-03-03"]
    for what in (*WINDOWED, "anomalies"):
        house.get(f"{STORE}/{what}")
    assert house.http.get("/health").status_code == 200


def record(house, camera, begin, minutes, gaps=(), content="a"):
    start = datetime.fromisoformat(f"2026-03-{begin}:00+00:00")
    recording = Recording("STORE_BLR_002", camera, start, minutes * 60.0, content * 64, gaps)
    house.warehouse.record_run(recording, Run(recording.recording_id, "0", "motion", "1" * 32), [])


def test_where_no_camera_watched_the_answer_is_null_and_says_so(house, site):
    # The shop's day is 10:00 to 21:00 in Kolkata, 04:30 to 15:30 UTC; its only camera failed on Tuesday.
    house.warehouse.register_site(site)
    house.clock.now = datetime(2026, 3, 4, 12, tzinfo=UTC)
    record(house, "CAM_ENTRY_01", "02T04:30", 660)
    metrics = house.get(f"{STORE}/metrics", day="2026-03-03")
    for name in ("unique_visitors", "conversion_rate", "avg_dwell_ms", "queue_depth_current"):
        assert metrics[name] is None
    assert metrics["coverage"]["status"] == "unwatched"
    assert "UNWATCHED" in [warning["code"] for warning in metrics["warnings"]]
    assert house.get(f"{STORE}/heatmap", day="2026-03-03")["SKINCARE"]["frequency"] is None
    assert house.get(f"{STORE}/funnel", day="2026-03-03")["entry"] is None


def test_where_a_camera_was_down_in_part_the_answer_says_partial(house, site, event):
    house.warehouse.register_site(site)
    house.clock.now = datetime(2026, 3, 4, 12, tzinfo=UTC)
    record(house, "CAM_ENTRY_01", "03T04:30", 330)  # until 10:00
    house.post(event("ENTRY", "05:00:00"))
    figure = house.get(f"{STORE}/metrics", day="2026-03-03")["coverage"]["figures"]["unique_visitors"]
    assert figure == {"status": "partial", "share": 0.5, "cameras": ["CAM_ENTRY_01"]}
    record(house, "CAM_ENTRY_01", "03T10:00", 330, (Gap(0, 3600, "black"),), "b")
    found = house.get(f"{STORE}/metrics", day="2026-03-03")
    assert found["coverage"]["down"] == [
        {
            "camera_id": "CAM_ENTRY_01",
            "from": "2026-03-03T10:00:00Z",
            "to": "2026-03-03T11:00:00Z",
            "reason": "black",
        }
    ]


def test_one_moment_is_of_two_days_in_two_stores(house, event, site):
    east = site.model_dump(by_alias=True)["store"][0] | {"id": "EAST", "timezone": "Pacific/Auckland"}
    west = east | {"id": "WEST", "timezone": "America/Los_Angeles"}
    house.warehouse.register_site(type(site).model_validate({"store": [east, west]}))
    for store in ("EAST", "WEST"):
        house.post(event("ENTRY", "12:00:00", "VIS_1") | {"store_id": store})
    assert house.get("/stores/EAST/metrics")["window"]["day"] == "2026-03-04"
    assert house.get("/stores/WEST/metrics")["window"]["day"] == "2026-03-03"
    for store, day in (("EAST", "2026-03-03"), ("WEST", "2026-03-04")):
        assert house.get(f"/stores/{store}/metrics", day=day)["unique_visitors"] == 0


def test_the_feeds_own_waiting_times_are_used(house):
    row = {
        "queue_event_id": "cfd8e3c5-7aa0-4ea3-9b59-692d50da8308",
        "event_type": "queue_completed",
        "track_id": 102,
        "store_id": "ST1076",
        "camera_id": "CAM6",
        "zone_id": "Z_BILLING_01",
        "queue_join_ts": "2026-03-03T10:13:05.080000Z",
        "queue_served_ts": "2026-03-03T10:13:13.240000Z",
        "queue_exit_ts": "2026-03-03T10:15:31.840000Z",
        "wait_seconds": 8,
        "queue_position_at_join": 2,
        "abandoned": False,
    }
    assert house.post(row)["errors"] == []
    (store,) = house.get("/stores")
    metrics = house.get(f"/stores/{store['store_id']}/metrics")
    assert metrics["queue_wait"]["mean_ms"] == 8160
    assert (metrics["queue_service"]["mean_ms"], metrics["queue_service"]["basis"]) == (138600, "told")


def test_the_catalogue_is_data_for_programs_and_a_page_for_browsers(house):
    found = house.http.get("/catalogue")
    assert found.headers["content-type"] == "application/json"
    assert found.headers["vary"] == "Accept"
    ids = {metric["id"] for metric in found.json()["metrics"]}
    assert {"metrics.conversion_rate", "heatmap.*.frequency", "traffic.buckets.[].entries"} <= ids
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    page = house.http.get("/catalogue", headers={"Accept": browser})
    assert page.headers["content-type"].startswith("text/html")
    assert "Conversion (matched)" in page.text
    assert page.text.count('id="metrics.unique_visitors"') == 1
    assert house.http.get("/ui/catalogue").text == page.text
    both = house.http.get("/catalogue", headers={"Accept": "text/html;q=0.5, application/json"})
    assert both.headers["content-type"] == "application/json"
    assert house.http.get("/catalogue?x=1").status_code == 400


def test_the_catalogue_lists_the_fields_that_the_server_sends(house, event):
    house.post(*shopper(event, "VIS_1"))
    tops = {}
    for metric in house.get("/catalogue")["metrics"]:
        tops.setdefault(metric["answer"], set()).add(metric["path"].split(".")[0])
    for what in WINDOWED:
        body = house.get(f"{STORE}/{what}")
        assert set(body) == tops[what] or what == "heatmap", what
