"""The reader of whole batches takes nothing that the careful reader would refuse, and reads it alike."""

import json
import uuid
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from floorwalker.events import (
    EventError,
    EventType,
    columns_of,
    decode_bulk,
    decode_bulk_lines,
    decode_event,
)
from floorwalker.events.bulk import _Kind

EXAMPLE = {
    "event_id": "550e8400-e29b-41d4-a716-446655440000",
    "store_id": "STORE_BLR_002",
    "camera_id": "CAM_ENTRY_01",
    "visitor_id": "VIS_c8a2f1",
    "event_type": "ENTRY",
    "timestamp": "2026-03-03T14:22:10Z",
    "zone_id": None,
    "dwell_ms": 0,
    "is_staff": False,
    "confidence": 0.95,
    "metadata": {"queue_depth": None, "sku_zone": None, "session_seq": 1},
}

ids = st.one_of(
    st.uuids().map(str),
    st.uuids().map(lambda value: str(value).upper()),
    st.uuids().map(lambda value: value.hex),
    st.text(max_size=40),
    st.just("550e8400-e29b-41d4-a716-44665544000g"),
    st.just("550e8400e29b-41d4-a716-4466-55440000"),
    st.just("５50e8400-e29b-41d4-a716-446655440000"),
)
store_names = st.one_of(
    st.text(min_size=1, max_size=8),
    st.text("./\\a ", min_size=1, max_size=4),
    st.sampled_from([".", "..", "...", "a/b", "a\\b", "a?b", "a#b", "%2e%2e", "Лавка", "a\u0000b"]),
    st.text("ab", max_size=210),
    st.none(),
)
names = st.one_of(st.text(min_size=1, max_size=8), st.text("ab", max_size=210), st.just("a\tb"), st.none())
times = st.one_of(
    st.datetimes().map(lambda value: value.isoformat() + "Z"),
    st.datetimes().map(lambda value: value.isoformat()),
    st.builds(
        "{}{}".format,
        st.datetimes().map(lambda value: value.isoformat(timespec="milliseconds")),
        st.sampled_from(["+05:30", "-12:00", "+14:00", "+23:59:59.999999", "z", " Z", "+0530"]),
    ),
    st.sampled_from(
        ["1971-01-01T00:00:00Z", "1970-12-31T23:59:59.9999Z", "9997-12-31T23:59:59.9999999Z",
         "1970-01-01T00:00:00Z", "9998-01-01T00:00:00Z", "1971-01-01T00:00:00+14:00",
         "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "2026-03-03T14:22:10.0005Z",
         "2026-03-03T14:22:10.9996Z", "20260303T142210Z", "2026-W10-2T14:22Z", "2026-03-03", "now", ""]
    ),
)  # fmt: skip
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
metadata = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {},
        optional={
            "queue_depth": st.one_of(st.none(), st.integers(-2, 10_002), st.booleans()),
            "sku_zone": st.one_of(st.none(), st.text(max_size=5), st.integers()),
            "session_seq": st.one_of(st.none(), st.integers(0, 5), st.just(2.0)),
            "group_id": anything,
            "x": anything,
        },
    ),
    anything,
)
changes = st.fixed_dictionaries(
    {},
    optional={
        "event_id": ids,
        "store_id": store_names,
        "camera_id": names,
        "visitor_id": names,
        "event_type": st.one_of(st.sampled_from([*EventType, "entry", "", None])),
        "timestamp": times,
        "zone_id": names,
        "dwell_ms": st.one_of(st.integers(-1, 10**9), st.floats(), st.just(10**30), st.booleans()),
        "is_staff": st.one_of(st.booleans(), st.none(), st.just(0)),
        "confidence": st.one_of(st.floats(), st.floats(-0.1, 1.1), st.integers(-1, 2), st.just("1")),
        "metadata": metadata,
        "more": anything,
    },
)


def written(change, ascii_only):
    return json.dumps(EXAMPLE | change, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")


@given(st.lists(st.tuples(changes, st.booleans()), max_size=4))
def test_both_readers_agree(batch):
    items = [written(change, ascii_only) for change, ascii_only in batch]
    try:
        careful = columns_of([decode_event(item) for item in items])
    except EventError:
        careful = None
    for bulk in (
        decode_bulk(b'{"events": [' + b", ".join(items) + b"]}"),
        decode_bulk_lines(b"\n".join(items)),
    ):
        assert bulk is None or bulk == careful


@pytest.mark.parametrize("store_id", [".", "..", "a/b", "/", "a\\b", "\x01", "a" * 201])
def test_a_store_that_no_address_leads_to_is_refused_by_both(store_id):
    item = written({"store_id": store_id}, True)
    with pytest.raises(EventError, match="store_id") as caught:
        decode_event(item)
    assert caught.value.code == "text"
    assert decode_bulk(b'{"events": [' + item + b"]}") is None
    assert decode_bulk_lines(item) is None


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00+05:30", "1970-12-31T23:59:59Z", "9998-01-01T00:00:00Z"]
)
def test_the_years_that_are_taken_are_named_as_they_are(text):
    with pytest.raises(EventError, match="years 1971 to 9997") as caught:
        decode_event(written({"timestamp": text}, True))
    assert caught.value.code == "timestamp"
    assert decode_bulk_lines(written({"timestamp": text}, True)) is None


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"store_id": "A b?#%2e."},
        {"event_type": "ZONE_DWELL", "zone_id": "Парфюмерия", "dwell_ms": 30_000},
        {"timestamp": "2026-03-03T19:52:10.5+05:30"},
        {"metadata": {"group_id": 7, "x": {"y": [1, 2.5, "\u00e9"]}}},
        {"metadata": None},
        {"confidence": 1},
        {"is_staff": True},
    ],
)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_what_keeps_the_rules_is_read_at_once(change, ascii_only):
    change = {"event_id": str(uuid.uuid4())} | change
    items = [written({}, True), written(change, ascii_only)]
    columns = decode_bulk(b'{"events": [' + b",".join(items) + b"]}")
    assert columns == columns_of([decode_event(item) for item in items])
    assert decode_bulk_lines(b"\r\n".join([*items, b"", b" "])) == columns


def test_what_may_be_left_out_is_filled_in_alike():
    short = {
        key: EXAMPLE[key] for key in EXAMPLE if key not in ("zone_id", "dwell_ms", "is_staff", "metadata")
    }
    columns = decode_bulk(json.dumps({"events": [short]}).encode())
    assert columns == columns_of([decode_event(json.dumps(short).encode())])
    assert columns.metadata == ['{"queue_depth":null,"session_seq":null,"sku_zone":null}']


def test_equal_metadata_are_equal_texts_whatever_their_order():
    turned = EXAMPLE | {"metadata": dict(reversed(EXAMPLE["metadata"].items()))}
    columns = decode_bulk(json.dumps({"events": [EXAMPLE, turned]}).encode())
    assert columns.metadata[0] == columns.metadata[1]


def test_metadata_that_is_nested_without_end_is_refused():
    deep = json.dumps(EXAMPLE).replace('"session_seq": 1', '"x": ' + "[" * 40 + "]" * 40).encode()
    with pytest.raises(EventError, match="nested") as caught:
        decode_event(deep)
    assert caught.value.code == "schema"
    assert decode_bulk(b'{"events": [' + deep + b"]}") is None
    with pytest.raises(EventError):
        decode_event(json.dumps(EXAMPLE).replace("null", "[" * 5000 + "]" * 5000).encode())


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"events": 1}', b"\xff", b"[" * 100_000])
def test_what_is_no_batch_is_left_to_the_careful_reader(body):
    assert decode_bulk(body) is None


def test_an_empty_batch_is_no_events():
    assert len(decode_bulk(b'{"events": []}')) == 0
    assert len(decode_bulk_lines(b"\n \n")) == 0
    assert len(columns_of([])) == 0


def test_the_kinds_are_those_of_the_schema():
    assert list(get_args(_Kind)) == [kind.value for kind in EventType]


def test_some_of_the_columns():
    columns = columns_of([decode_event(written({"visitor_id": f"V{i}"}, True)) for i in range(4)])
    assert columns.take([2, 0]).visitor_id == ["V2", "V0"]
    assert columns.take([1]).visitor_id == ["V1"]
    assert len(columns.take([])) == 0
    assert msgspec.json.decode(columns.take([1]).metadata[0]) == EXAMPLE["metadata"]
