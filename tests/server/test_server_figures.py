from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from floorwalker.warehouse import Transaction
from floorwalker.warehouse.records import to_us

STORE = "/stores/STORE_BLR_002"
FIGURES = ("metrics", "funnel", "heatmap", "anomalies", "traffic")


def sale(number, at):
    moment = datetime.fromisoformat(f"2026-03-03T{at}+00:00")
    return Transaction("STORE_BLR_002", f"T{number}", to_us(moment), 10050, "INR")


def shopper(event, visitor="VIS_1"):
    """In at 10:00, skincare for a minute, billing behind one other, out at 10:10."""
    return [
        event("ENTRY", "10:00:00", visitor),
        event("ZONE_ENTER", "10:01:00", visitor, zone_id="SKINCARE"),
        event("ZONE_DWELL", "10:01:30", visitor, zone_id="SKINCARE", dwell_ms=30000),
        event("ZONE_EXIT", "10:02:00", visitor, zone_id="SKINCARE", dwell_ms=60000),
        event("ZONE_ENTER", "10:05:00", visitor, zone_id="BILLING"),
        event("BILLING_QUEUE_JOIN", "10:05:00", visitor, zone_id="BILLING", metadata={"queue_depth": 1}),
        event("ZONE_EXIT", "10:08:00", visitor, zone_id="BILLING", dwell_ms=180000),
        event("EXIT", "10:10:00", visitor),
    ]


@pytest.mark.parametrize("what", FIGURES)
def test_an_unknown_store_is_404_with_the_body(house, what):
    answer = house.http.get(f"/stores/NOBODY/{what}")
    assert answer.status_code == 404
    assert set(answer.json()["error"]) == {"code", "message", "trace_id", "details"}


def test_an_empty_store_is_zeros(house, site):
    house.warehouse.register_site(site)
    metrics = house.get(f"{STORE}/metrics")
    for name in (
        "unique_visitors",
        "conversion_rate",
        "avg_dwell_ms",
        "queue_depth_current",
        "abandonment_rate",
    ):
        assert metrics[name] == 0
    assert metrics["window"]["day"] == "2026-03-03"
    funnel = house.get(f"{STORE}/funnel")
    assert [funnel[step] for step in ("entry", "zone_visit", "billing_queue", "purchased")] == [0, 0, 0, 0]
    assert house.get(f"{STORE}/heatmap")["SKINCARE"]["frequency"] == 0
    assert house.get(f"{STORE}/anomalies") == []
    assert house.get(f"{STORE}/traffic")["buckets"] == []
    assert house.get("/health")["stores"]["STORE_BLR_002"]["last_event_timestamp"] is None


def test_the_contracts_figures(house, site, event):
    house.warehouse.register_site(site)
    house.post(*shopper(event), event("ENTRY", "10:30:00", "VIS_2"))
    house.warehouse.load_transactions([sale(1, "10:07:30")])
    metrics = house.get(f"{STORE}/metrics")
    assert metrics["unique_visitors"] == 2
    assert metrics["conversion_rate"] == metrics["conversion_matched"] == 0.5
    assert metrics["avg_dwell_ms"] == 120000
    assert metrics["zones"]["SKINCARE"]["avg_dwell_ms"] == 60000
    assert metrics["abandonment_rate"] == 0.0
    assert (metrics["queue_joins"], metrics["transactions"], metrics["revenue"]) == (1, 1, "100.50")
    assert (metrics["entries"], metrics["exits"], metrics["occupancy"]) == (2, 1, 1)
    assert metrics["as_of"] == "2026-03-03T10:30:00Z"
    assert metrics["basis"] == "door"
    funnel = house.get(f"{STORE}/funnel")
    assert [funnel[step] for step in ("entry", "zone_visit", "billing_queue", "purchased")] == [2, 1, 1, 1]
    assert funnel["drop_off_pct"] == {
        "entry": 0.0,
        "zone_visit": 50.0,
        "billing_queue": 0.0,
        "purchased": 0.0,
    }
    skincare = house.get(f"{STORE}/heatmap")["SKINCARE"]
    assert {k: skincare[k] for k in ("frequency", "avg_dwell_ms", "normalized", "data_confidence")} == {
        "frequency": 1,
        "avg_dwell_ms": 60000,
        "normalized": 100.0,
        "data_confidence": "low",
    }


def test_twenty_visits_make_a_zone_trustworthy(house, event):
    for number in range(20):
        house.post(*shopper(event, f"VIS_{number}"))
    assert house.get(f"{STORE}/heatmap")["SKINCARE"]["data_confidence"] == "high"


def test_a_reentry_is_not_a_second_visit(house, event):
    house.post(*shopper(event), event("REENTRY", "10:20:00", "VIS_1"), event("EXIT", "10:30:00", "VIS_1"))
    metrics = house.get(f"{STORE}/metrics")
    assert (metrics["unique_visitors"], metrics["entries"], metrics["reentries"]) == (1, 1, 1)
    assert house.get(f"{STORE}/funnel")["entry"] == 1


def test_staff_is_never_counted(house, event):
    house.post(*[e | {"is_staff": True} for n in range(9) for e in shopper(event, f"STAFF_{n}")])
    metrics = house.get(f"{STORE}/metrics")
    assert (metrics["unique_visitors"], metrics["queue_joins"], metrics["entries"]) == (0, 0, 0)
    assert metrics["staff_excluded"] == 9
    assert house.get(f"{STORE}/funnel")["zone_visit"] == 0
    assert house.get(f"{STORE}/heatmap")["SKINCARE"]["frequency"] == 0
    window = {"from": "2026-03-03T10:00:00Z", "to": "2026-03-03T10:06:00Z"}
    assert house.get(f"{STORE}/metrics", **window)["queue_depth_current"] == 0
    assert house.get(f"{STORE}/anomalies", **window) == []


def test_a_long_queue_is_a_spike_with_its_evidence(house, event):
    for number in range(6):
        house.post(*shopper(event, f"VIS_{number}")[:6])
    (spike,) = house.get(f"{STORE}/anomalies")
    assert set(spike) >= {"type", "severity", "detected_at", "value", "expected", "suggested_action"}
    assert (spike["type"], spike["severity"], spike["value"]) == ("BILLING_QUEUE_SPIKE", "WARN", 6)
    assert spike["detected_at"] == "2026-03-03T10:05:00Z"
    assert house.get(f"{STORE}/metrics")["queue_depth_current"] == 6


def test_windows_and_days(house, event, site):
    house.warehouse.register_site(site)
    late = event("ENTRY", "20:00:00") | {"timestamp": "2026-03-02T20:00:00Z"}  # the 3rd in Kolkata
    house.post(late, event("ENTRY", "10:00:00", "VIS_2"))
    assert house.get(f"{STORE}/metrics")["unique_visitors"] == 2
    assert house.get(f"{STORE}/metrics", day="2026-03-03")["unique_visitors"] == 2
    assert house.get(f"{STORE}/metrics", day="2026-03-02")["unique_visitors"] == 0
    assert house.get(f"{STORE}/metrics", **{"from": "2026-03-03T05:00:00Z"})["unique_visitors"] == 1
    assert house.get(f"{STORE}/metrics", to="2026-03-03T05:00:00Z")["unique_visitors"] == 1
    unescaped = house.http.get(f"{STORE}/metrics?from=2026-03-03T10:30:00+05:30")
    assert unescaped.json()["window"]["from"] == "2026-03-03T05:00:00Z"
    assert house.get("/stores")[0]["days"] == ["2026-03-03"]


def test_without_events_today_the_last_day_with_events_is_shown(house, event):
    house.post(event("ENTRY", "10:00:00"))
    house.clock.now = datetime(2026, 3, 20, tzinfo=UTC)
    assert house.get(f"{STORE}/metrics")["window"]["day"] == "2026-03-03"


@pytest.mark.parametrize(
    "query",
    [
        "day=yesterday",
        "day=2026-02-30",
        "day=0001-01-01",
        "day=9999-12-31",
        "day=",
        "day=２０２６-03-03",
        "from=2026-03-03T10:00:00",
        "from=x&to=y",
        "from=0001-01-01T00:00:00%2B14:00",
        "to=9999-12-31T23:59:59-14:00",
        "from=2026-03-03T10:00:00Z&to=2026-03-03T09:00:00Z",
        "from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z",
        "day=2026-03-03&from=2026-03-03T10:00:00Z",
    ],
)
@pytest.mark.parametrize("what", ["metrics", "anomalies"])
def test_a_bad_window_is_400(house, event, what, query):
    house.post(event())
    answer = house.http.get(f"{STORE}/{what}?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/no/such", 404), ("PUT", "/health", 405)])
def test_every_error_has_the_body(house, method, path, status):
    answer = house.http.request(method, path)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"code", "message", "trace_id", "details"}


def test_a_failure_of_the_program_is_500_without_its_trace(house, event, monkeypatch):
    house.post(event())

    def fail(*_args):
        raise RuntimeError("secret")

    monkeypatch.setattr(house.warehouse, "read", fail)
    answer = house.http.get(f"{STORE}/metrics")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_health_judges_live_feeds_only(house, event, site):
    house.warehouse.register_site(site)
    house.post(event("ENTRY", "14:59:00"))
    old = event("ENTRY", "09:00:00") | {"store_id": "REPLAY"}
    house.post(old)
    health = house.get("/health")
    for name in (
        "status",
        "stores",
        "warnings",
        "ok",
        "threshold",
        "margin",
        "topk",
        "device",
        "model_loaded",
    ):
        assert name in health
    assert (health["status"], health["warnings"]) == ("healthy", [])
    assert health["stores"]["STORE_BLR_002"]["lag_minutes"] == 1.0
    assert health["stores"]["STORE_BLR_002"]["last_event_timestamp"] == "2026-03-03T14:59:00Z"
    house.clock.now += timedelta(minutes=20)
    health = house.get("/health")
    assert health["status"] == "degraded"
    assert [warning.split()[:3] for warning in health["warnings"]] == [
        ["STALE_FEED", "STORE_BLR_002", "CAM_ENTRY_01:"]
    ]
    assert health["stores"]["REPLAY"]["mode"] == "replay"
    assert [a["type"] for a in house.get(f"{STORE}/anomalies")] == ["STALE_FEED"]
    house.clock.now += timedelta(hours=1)  # 21:50 in Kolkata: closed
    assert house.get("/health")["status"] == "healthy"


def test_layout_and_floor_plan(house, site, tmp_path):
    (tmp_path / "plan.png").write_bytes(b"\x89PNG picture")
    house.warehouse.register_site(site, tmp_path)
    layout = house.get(f"{STORE}/layout")
    assert layout["floor_plan"]["width_m"] == 10
    picture = house.http.get(layout["floor_plan"]["image_url"])
    assert (picture.headers["content-type"], picture.content) == ("image/png", b"\x89PNG picture")
    zones = {zone["zone_id"]: zone for zone in layout["zones"]}
    assert zones["BILLING"]["kind"] == "billing"
    assert zones["SKINCARE"]["polygon_m"][0] == pytest.approx([1, 7], abs=0.01)
    assert layout["cameras"][0]["entry_lines"] == 1
    house.warehouse.register_site(site)
    assert house.http.get(f"{STORE}/floor-plan").status_code == 404


def test_traffic_by_quarter_hour_over_a_long_day(house, event):
    house.post(*shopper(event), event("ENTRY", "10:20:00", "VIS_2"), event("ENTRY", "14:20:00", "VIS_3"))
    answer = house.get(f"{STORE}/traffic")
    assert answer["bucket_minutes"] == 15
    buckets = answer["buckets"]
    assert [(b["from"], b["entries"], b["exits"], b["occupancy"]) for b in buckets[:2]] == [
        ("2026-03-03T10:00:00Z", 1, 1, 0),
        ("2026-03-03T10:15:00Z", 1, 0, 1),
    ]
    assert len(buckets) == 18


def test_traffic_of_a_short_recording_by_the_minute(house, event):
    house.post(*shopper(event), event("ENTRY", "10:20:00", "VIS_2"))
    answer = house.get(f"{STORE}/traffic")
    assert answer["bucket_minutes"] == 1
    assert answer["buckets"][-1] == {
        "from": "2026-03-03T10:20:00Z", "entries": 1, "exits": 0, "reentries": 0, "occupancy": 1,
        "status": "unknown", "share": None,
    }  # fmt: skip
    assert sum(bucket["entries"] for bucket in answer["buckets"]) == 2


def test_the_openapi_document_names_every_route(house):
    paths = house.get("/openapi.json")["paths"]
    assert {"/events/ingest", "/health", "/stores/{store_id}/metrics"} <= set(paths)
