"""The forms in which a batch may come: compressed, as lines, in another schema; and hostile ones."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from floorwalker.server.errors import ApiError
from floorwalker.server.ingest_body import MAX_BODY_BYTES, gunzip
from floorwalker.server.ingest_items import split_batch, split_lines

STORE = "/stores/STORE_BLR_002"
LINES = "application/x-ndjson"


def error_of(answer):
    return answer.status_code, answer.json()["error"]["code"]


def post(house, content, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return house.http.post("/events/ingest", content=content, headers=headers)


def packed(content):
    return gzip.compress(content, mtime=0)


def as_lines(*events, end=b"\n"):
    return end.join(json.dumps(event).encode() for event in events) + end


def test_a_compressed_batch_is_the_same_batch(house, event):
    batch = json.dumps({"events": [event(), event()]}).encode()
    answer = post(house, packed(batch), Content_Encoding="gzip", Content_Type="application/json")
    assert answer.json() == {"received": 2, "inserted": 2, "duplicates": 0, "errors": []}
    assert post(house, batch).json()["duplicates"] == 2
    assert (
        post(house, packed(batch[:9]) + packed(batch[9:]), Content_Encoding="x-gzip").json()["duplicates"]
        == 2
    )
    assert post(house, packed(batch) + b"\0" * 100, Content_Encoding="gzip").json()["duplicates"] == 2


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", b"\x1f\x8b\x08", packed(b'{"events": []}')[:-4], packed(b"{}") + b"tail",
     packed(b"") * 1500, zlib.compress(b'{"events": []}')],
)  # fmt: skip
def test_what_is_not_gzip_is_400(house, content):
    assert error_of(post(house, content, Content_Encoding="gzip")) == (400, "not_gzip")


def test_a_bomb_is_413_and_never_unfolds(house):
    bomb = packed(b" " * 200_000_000)
    assert len(bomb) < 400_000
    assert error_of(post(house, bomb, Content_Encoding="gzip")) == (413, "too_large")
    layers = packed(b" " * 7_000_000) * 200
    assert error_of(post(house, layers, Content_Encoding="gzip")) == (413, "too_large")
    tracemalloc.start()
    with pytest.raises(Exception, match="at most"):
        gunzip(bomb)
    assert tracemalloc.get_traced_memory()[1] < 4 * MAX_BODY_BYTES
    tracemalloc.stop()


def test_json_lines(house, event):
    events = [event() for _ in range(3)]
    answer = post(house, as_lines(*events), Content_Type=LINES)
    assert answer.json() == {"received": 3, "inserted": 3, "duplicates": 0, "errors": []}
    for kind in ("application/jsonl", "application/x-jsonlines; charset=utf-8", "Application/NDJSON"):
        again = as_lines(*events, end=b"\r\n\r\n")
        assert post(house, again, Content_Type=kind).json()["duplicates"] == 3
    answer = post(house, packed(as_lines(*events)), Content_Type=LINES, Content_Encoding="gzip")
    assert answer.json()["duplicates"] == 3
    assert post(house, b"", Content_Type=LINES).json()["received"] == 0


def test_a_bad_line_is_that_lines_error(house, event):
    good = [event(), event()]
    lines = [json.dumps(good[0]).encode(), b"{", b"\xff\xfe", b"", b'{"events": []}', b"[" * 5000,
             json.dumps(good[1]).encode()]  # fmt: skip
    answer = post(house, b"\n".join(lines), Content_Type=LINES).json()
    assert (answer["received"], answer["inserted"]) == (6, 2)
    assert [(fault["index"], fault["code"]) for fault in answer["errors"]] == [
        (place, "schema") for place in range(1, 5)
    ]


def test_too_many_lines_are_413(house, event):
    assert error_of(post(house, as_lines(*[event()] * 501), Content_Type=LINES)) == (413, "too_many_events")
    assert error_of(post(house, b"x\n" * 501, Content_Type=LINES)) == (413, "too_many_events")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content_Type": "text/csv"},
        {"Content_Type": "application/x-www-form-urlencoded"},
        {"Content_Type": "multipart/form-data; boundary=x"},
        {"Content_Type": "application/json; charset=utf-16"},
        {"Content_Encoding": "br"},
        {"Content_Encoding": "gzip, gzip"},
        {"Content_Encoding": "deflate"},
    ],
)
def test_another_form_is_415(house, event, headers):
    answer = post(house, json.dumps({"events": [event()]}).encode(), **headers)
    assert error_of(answer) == (415, "unsupported_media_type")
    assert answer.headers["accept-encoding"] == "gzip, identity"


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=UTF-8", "application/vnd.shop+json", ""]
)
def test_json_under_its_names_is_taken(house, event, kind):
    assert post(house, json.dumps({"events": [event()]}).encode(), Content_Type=kind).json()["inserted"] == 1


def test_many_small_things_are_413_before_they_are_made(house):
    body = b'{"events": [' + b"1," * 3_900_000 + b"1]}"
    assert error_of(post(house, body)) == (413, "too_many_events")
    tracemalloc.start()
    for split in (split_batch, split_lines):
        with pytest.raises(ApiError):
            split(body if split is split_batch else b"1\n" * 3_900_000, 500)
    assert tracemalloc.get_traced_memory()[1] < 6 * MAX_BODY_BYTES
    tracemalloc.stop()


def test_a_mark_before_the_body_does_not_count(house, event):
    body = b"\xef\xbb\xbf" + json.dumps({"events": [event()]}).encode()
    assert post(house, body).json()["inserted"] == 1
    assert post(house, b"\xef\xbb\xbf" + as_lines(event()), Content_Type=LINES).json()["inserted"] == 1


HOSTILE = {
    "a thousand brackets": "[" * 1000 + "]" * 1000,
    "a hundred thousand braces": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "brackets in a string after brackets": "[" * 2000 + '"]]}\\"]"' + "]" * 2000,
    "a number of 5000 digits": "1" * 5000,
    "a fraction of 5000 digits": "0." + "1" * 5000,
    "a tab within a string": '{"event_id": "a\tb"}',
    "NaN beside brackets": "[NaN, " + "[" * 3000 + "]" * 3000 + "]",
    "an unknown escape": '{"a": "\\ud800\\ud800"}',
}


@pytest.mark.parametrize("item", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_item_sinks_only_itself(house, event, item):
    body = f'{{"x": [1, {{}}], "events": [{json.dumps(event())}, {item}, {json.dumps(event())}], "y": NaN}}'
    answer = post(house, body.encode("utf-8", "surrogatepass"))
    assert answer.status_code == 200, answer.text
    assert answer.json()["inserted"] == 2
    assert [(fault["index"], fault["code"]) for fault in answer.json()["errors"]] == [(1, "schema")]


def test_bytes_that_are_no_text_sink_only_their_event(house, event):
    hurt = json.dumps(event(visitor="QQ")).encode().replace(b"QQ", b"\xff\xfe")
    body = b'{"events": [' + json.dumps(event()).encode() + b"," + hurt + b"]}"
    answer = post(house, body).json()
    assert (answer["inserted"], [fault["index"] for fault in answer["errors"]]) == (1, [1])


@pytest.mark.parametrize(
    "body",
    [b'{"events": [}', b'{"events": [1,]}', b'{"events": [1] "a": 2}', b'{"events": []} x', b'{1: 2}',
     b'{"events": [' + b"[" * 5000 + b"]}", b'{"events": [hello]}', b'{"events"}', b'{"events":', b"{",
     '{"events": []}'.encode("utf-16")],
)  # fmt: skip
def test_what_is_no_json_is_400(house, body):
    assert error_of(post(house, body)) == (400, "not_json")


def test_the_answers_of_the_errors_stay_short(house, event):
    answer = post(house, json.dumps({"events": [event(event_type="E" * 100_000)]}).encode())
    assert len(answer.content) < 2000
    long_id = post(house, json.dumps({"events": [{"event_id": "x" * 100_000}]}).encode())
    assert len(long_id.content) < 2000


DOOR = {
    "event_type": "entry", "id_token": "ID_1", "store_code": "store_1076", "camera_id": "cam1",
    "event_timestamp": "2026-03-03T10:00:00+00:00", "is_staff": False, "gender_pred": "F", "age_pred": 28,
    "group_id": None, "group_size": None,
}  # fmt: skip
QUEUE = {
    "queue_event_id": "a1e5c1d3-9e14-4df1-bd2c-4ab5cbf55f91", "event_type": "queue_abandoned",
    "track_id": 101, "store_id": "ST1076", "camera_id": "CAM6", "zone_id": "BILLING", "zone_name": "Till",
    "zone_type": "BILLING", "queue_join_ts": "2026-03-03T10:12:58+00:00", "queue_served_ts": None,
    "queue_exit_ts": "2026-03-03T10:14:02+00:00", "wait_seconds": 64, "queue_position_at_join": 4,
    "abandoned": True,
}  # fmt: skip


def test_both_schemas_in_one_batch(house, event):
    batch = {"events": [event(), DOOR, QUEUE, {"event_type": "entry"}]}
    answer = house.http.post("/events/ingest", json=batch).json()
    assert (answer["received"], answer["inserted"], answer["duplicates"]) == (4, 3, 0)
    assert [fault["index"] for fault in answer["errors"]] == [3]
    again = house.http.post("/events/ingest", json=batch).json()
    assert (again["inserted"], again["duplicates"], len(again["errors"])) == (0, 3, 1)
    stores = {store["store_id"] for store in house.get("/stores")}
    assert len(stores) == 2
    lines = post(house, as_lines(DOOR, event(), QUEUE), Content_Type=LINES).json()
    assert (lines["inserted"], lines["duplicates"]) == (1, 2)


def test_an_item_that_is_several_events_is_taken_whole_or_not_at_all(house):
    now = house.clock()
    ahead = QUEUE | {
        "queue_join_ts": now.isoformat(),
        "queue_exit_ts": (now + timedelta(minutes=6)).isoformat(),
    }
    answer = house.http.post("/events/ingest", json={"events": [ahead]}).json()
    assert (answer["inserted"], [fault["code"] for fault in answer["errors"]]) == (0, ["future"])
    assert house.get("/stores") == []
    house.clock.now += timedelta(minutes=2)
    again = house.http.post("/events/ingest", json={"events": [ahead]}).json()
    assert (again["inserted"], again["errors"]) == (1, [])


def test_an_item_that_is_several_events_is_counted_once(house):
    answer = house.http.post("/events/ingest", json={"events": [QUEUE, QUEUE]}).json()
    assert (answer["received"], answer["inserted"], answer["duplicates"]) == (2, 1, 1)
    other = QUEUE | {"queue_exit_ts": "2026-03-03T10:14:09+00:00"}
    answer = house.http.post("/events/ingest", json={"events": [other]}).json()
    assert answer["received"] == answer["inserted"] + answer["duplicates"] + len(answer["errors"]) == 1


def test_ten_years_ahead_nothing_is_broken_later(house, event):
    house.post(event())
    answer = house.post(
        event(timestamp="9999-12-31T23:59:59Z"), event(timestamp="2099-01-01T00:00:00Z"), event()
    )
    assert [fault["code"] for fault in answer["errors"]] == ["timestamp", "future"]
    for path in ("metrics", "funnel", "heatmap", "anomalies"):
        house.get(f"{STORE}/{path}")
    assert house.get(f"{STORE}/metrics")["window"]["day"] == "2026-03-03"


@given(st.binary(max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
def test_no_bytes_at_all_are_a_failure_of_the_server(house, body):
    for headers in ({}, {"Content_Type": LINES}, {"Content_Encoding": "gzip"}):
        assert post(house, body, **headers).status_code in (200, 400, 422)


@given(st.recursive(st.none() | st.integers() | st.text(max_size=4), st.lists, max_leaves=8))
def test_taking_apart_gives_what_was_put_together(items):
    batch = items if isinstance(items, list) else [items]
    text = json.dumps({"events": [1], "a": {"events": 2}, "b": NOT_A_NUMBER, "events ": 3})[:-1]
    body = (text + ', "events": ' + json.dumps(batch) + " }").encode()
    assert [json.loads(item) for item in split_batch(body, 500)] == batch


NOT_A_NUMBER = float("nan")  # makes the strict reader give up
