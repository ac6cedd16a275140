from __future__ import annotations

import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import create_engine, func, select

from floorwalker.warehouse.schema import events

STORE = "/stores/STORE_BLR_002"


def error_of(answer):
    body = answer.json()["error"]
    assert set(body) == {"code", "message", "trace_id", "details"}
    assert body["trace_id"] == answer.headers["x-trace-id"]
    return body["code"]


def batch_of(*items):
    return '{"events": [' + ", ".join(items) + "]}"


def test_the_contracts_example_and_the_same_again(house, contract_event):
    assert house.post(contract_event) == {"received": 1, "inserted": 1, "duplicates": 0, "errors": []}
    assert house.post(contract_event) == {"received": 1, "inserted": 0, "duplicates": 1, "errors": []}
    assert house.get(f"{STORE}/metrics")["unique_visitors"] == 1


def test_the_same_id_with_other_content_is_a_conflict(house, contract_event):
    house.post(contract_event)
    answer = house.post(contract_event | {"visitor_id": "VIS_other"})
    assert answer["inserted"] == 0
    assert set(answer["errors"][0]) == {"index", "event_id", "code", "message"}
    assert answer["errors"][0]["code"] == "conflict"


def test_what_is_acknowledged_can_be_read_at_once_by_another_process(house, event):
    house.post(*[event() for _ in range(20)])
    other = create_engine(house.database)
    with other.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(events)) == 20
    other.dispose()


BAD = {
    "dwell of 1e30": {"dwell_ms": 1e30},
    "dwell too large for a database": {"dwell_ms": 10**30},
    "metadata is a list": {"metadata": [1, 2]},
    "year 1 east of Greenwich": {"timestamp": "0001-01-01T00:00:00+14:00"},
    "year 9999 west of Greenwich": {"timestamp": "9999-12-31T23:59:59-12:00"},
    "naive time": {"timestamp": "2026-03-03T14:22:10"},
    "no time": {"timestamp": "yesterday"},
    "time is a number": {"timestamp": 1772547730},
    "far future": {"timestamp": "2099-01-01T00:00:00Z"},
    "unknown type": {"event_type": "DANCE"},
    "no uuid": {"event_id": "17"},
    "confidence above 1": {"confidence": 1.5},
    "zone at the door": {"zone_id": "SKINCARE"},
    "empty store": {"store_id": ""},
    "control character": {"visitor_id": "VIS\u0000"},
    "queue depth is text": {"metadata": {"queue_depth": "three"}},
    "staff is text": {"is_staff": "no"},
}


@pytest.mark.parametrize("change", BAD.values(), ids=BAD.keys())
def test_a_bad_event_never_sinks_the_good_ones(house, event, change):
    answer = house.post(event(), event() | change, event(visitor="VIS_2"))
    assert (answer["received"], answer["inserted"], answer["duplicates"]) == (3, 2, 0)
    assert [fault["index"] for fault in answer["errors"]] == [1]
    assert answer["errors"][0]["message"]
    assert house.get(f"{STORE}/metrics")["unique_visitors"] == 2


@pytest.mark.parametrize(
    "item",
    [
        '"a string"',
        "null",
        "17",
        "[]",
        "{}",
        '{"event_id": NaN}',
        '{"event_id": "\\ud800"}',
        '{"confidence": 1e999}',
        '{"visitor_id": "\\udc00\\ud800"}',
        "[" * 500 + "]" * 500,
        '{"event_id": Infinity, "metadata": {"x": -Infinity}}',
    ],
)
def test_an_item_that_is_no_event_never_sinks_the_good_ones(house, event, item):
    body = batch_of(json.dumps(event()), item, json.dumps(event()))
    answer = house.http.post("/events/ingest", content=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["inserted"] == 2
    assert [fault["index"] for fault in answer.json()["errors"]] == [1]


def test_nan_and_half_a_surrogate_inside_a_good_event_cost_that_event_only(house, event):
    hurt = json.dumps(event(metadata={"x": 0})).replace('"x": 0', '"x": NaN')
    torn = json.dumps(event(visitor="QQ")).replace("QQ", "\\ud83d")
    body = batch_of(hurt, json.dumps(event()), torn)
    answer = house.http.post("/events/ingest", content=body)
    assert answer.status_code == 200
    assert answer.json()["inserted"] == 1
    assert [fault["index"] for fault in answer.json()["errors"]] == [0, 2]


@pytest.mark.parametrize(
    "body", [b"", b"hello", b'{"events": [', b"\xff\xfe\x00", b'{"events": ' + b"[" * 200_000]
)
def test_not_json_is_400(house, body):
    answer = house.http.post("/events/ingest", content=body)
    assert (answer.status_code, error_of(answer)) == (400, "not_json")


@pytest.mark.parametrize("body", ["{}", "[]", "null", '"x"', '{"events": {}}', '{"events": null}'])
def test_json_that_is_no_batch_is_422(house, body):
    answer = house.http.post("/events/ingest", content=body)
    assert (answer.status_code, error_of(answer)) == (422, "not_a_batch")


def test_500_events_are_taken_and_501_are_413(house, event):
    events = [event() for _ in range(501)]
    answer = house.http.post("/events/ingest", json={"events": events})
    assert (answer.status_code, error_of(answer)) == (413, "too_many_events")
    assert house.post(*events[:500])["inserted"] == 500


def test_a_body_without_end_is_413(house):
    answer = house.http.post("/events/ingest", content=b'{"events": ["' + b"x" * 9_000_000)
    assert (answer.status_code, error_of(answer)) == (413, "too_large")


def test_the_same_id_twice_in_one_batch_counts_once(house, contract_event):
    answer = house.post(contract_event, contract_event, contract_event | {"confidence": 0.1})
    assert (answer["inserted"], answer["duplicates"]) == (1, 1)
    assert [(fault["index"], fault["code"]) for fault in answer["errors"]] == [(2, "conflict")]


def test_an_offset_is_honoured(house, event):
    house.post(event() | {"timestamp": "2026-03-03T19:52:10+05:30"})
    window = {"from": "2026-03-03T14:22:00Z", "to": "2026-03-03T14:23:00Z"}
    assert house.get(f"{STORE}/metrics", **window)["entries"] == 1


def test_simultaneous_identical_batches_are_inserted_once(house, event):
    batch = {"events": [event() for _ in range(300)]}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: house.http.post("/events/ingest", json=batch), range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert sorted(answer.json()["inserted"] for answer in answers) == [0, 0, 0, 300]
    assert all(a.json()["inserted"] + a.json()["duplicates"] == 300 for a in answers)


def test_several_writers_lose_nothing(house, event):
    batches = [{"events": [event() for _ in range(50)]} for _ in range(12)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda body: house.http.post("/events/ingest", json=body), batches))
    assert sum(answer.json()["inserted"] for answer in answers) == 600
    figures = house.get(f"{STORE}/metrics")
    assert (figures["entries"], figures["reentries"]) == (1, 599)


def test_an_event_of_the_future_does_not_move_the_day(house, event):
    house.post(event())
    answer = house.post(event() | {"timestamp": "2026-03-05T10:00:00Z"})
    assert [fault["code"] for fault in answer["errors"]] == ["future"]
    figures = house.get(f"{STORE}/metrics")
    assert (figures["window"]["day"], figures["unique_visitors"]) == ("2026-03-03", 1)


def test_database_away_is_503_with_the_body_and_recovers(house, event, monkeypatch, locked_by_another):
    house.post(event())
    monkeypatch.setattr("floorwalker.warehouse.engine._BUSY_TIMEOUT_S", 0.05)
    house.warehouse.database._engine.dispose()  # connections made from now on wait less long
    with locked_by_another(house.database):
        answer = house.http.post("/events/ingest", json={"events": [event()]})
        assert (answer.status_code, error_of(answer)) == (503, "database_away")
        assert "Traceback" not in answer.text
    assert house.post(event())["inserted"] == 1


def logged(house, trace_id):
    """The one line of a request; it is written when the answer is already out."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        lines = [line for line in list(house.log) if line["trace_id"] == trace_id]
        if lines:
            assert len(lines) == 1
            return lines[0]
        time.sleep(0.01)
    raise AssertionError(f"no line of {trace_id}")


def test_each_request_logs_one_line(house, event):
    body = {"events": [event(), event(), event() | {"event_id": "x"}]}
    house.http.post("/events/ingest", json=body, headers={"X-Trace-Id": "t-1"})
    house.http.get(f"{STORE}/metrics", headers={"X-Trace-Id": "t-2"})
    house.http.get("/nowhere", headers={"X-Trace-Id": "t-3"})
    ingest, read, lost = (logged(house, f"t-{number}") for number in (1, 2, 3))
    keys = ["event", "timestamp", "trace_id", "store_id", "endpoint", "method", "status_code", "latency_ms"]
    for line in (ingest, read, lost):
        assert set(keys) <= set(line)
        assert line["event"] == "request_complete"
        assert line["latency_ms"] >= 0
    assert ingest["event_counts"] == {"received": 3, "inserted": 2, "duplicates": 0, "rejected": 1}
    assert (ingest["store_id"], ingest["method"], ingest["status_code"]) == ("STORE_BLR_002", "POST", 200)
    assert (read["store_id"], read["endpoint"]) == ("STORE_BLR_002", "/stores/{store_id}/metrics")
    assert (lost["status_code"], lost["endpoint"]) == (404, "/nowhere")


def test_a_trace_id_that_would_forge_a_log_line_is_replaced(house):
    answer = house.http.get("/health", headers={"X-Trace-Id": 'a" b'})
    assert uuid.UUID(answer.headers["x-trace-id"])
