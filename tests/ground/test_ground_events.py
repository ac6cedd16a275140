"""The event's schema: the contract's example, and what breaks it."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floorwalker.errors import InputError
from floorwalker.events import (
    EventError,
    EventType,
    decode_event,
    encode_event,
    event_to_dict,
    format_utc,
    parse_utc,
    pipeline_event_id,
)

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


def decode(**changes):
    return decode_event(json.dumps(EXAMPLE | changes).encode())


def test_the_contracts_example_goes_through_unchanged():
    event = decode()
    assert event.timestamp == datetime(2026, 3, 3, 14, 22, 10, tzinfo=UTC)
    assert event_to_dict(event) == EXAMPLE
    assert json.loads(encode_event(event)) == EXAMPLE
    assert list(json.loads(encode_event(event))) == list(EXAMPLE)


def test_an_offset_becomes_utc():
    assert decode(timestamp="2026-03-03T19:52:10+05:30").timestamp == decode().timestamp


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"event_id": "no-uuid"}, "event_id"),
        ({"timestamp": "2026-03-03T14:22:10"}, "timestamp"),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, "timestamp"),
        ({"timestamp": "9999-12-31T23:59:59-14:00"}, "timestamp"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"zone_id": "SKINCARE"}, "zone_id"),
        ({"event_type": "ZONE_ENTER"}, "zone_id"),
        ({"event_type": "TELEPORT"}, "schema"),
        ({"dwell_ms": 10**30}, "range"),
        ({"dwell_ms": -1}, "range"),
        ({"dwell_ms": 1.5}, "schema"),
        ({"confidence": 1.01}, "range"),
        ({"confidence": True}, "schema"),
        ({"metadata": []}, "schema"),
        ({"metadata": {"queue_depth": "two"}}, "schema"),
        ({"metadata": {"queue_depth": -1}}, "range"),
        ({"store_id": ""}, "text"),
        ({"store_id": "a\x00b"}, "text"),
        ({"visitor_id": None}, "schema"),
    ],
)
def test_a_broken_rule_is_named(changes, code):
    with pytest.raises(EventError) as caught:
        decode(**changes)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "line", [b"", b"null", b'"text"', b"[]", b"{", b'{"confidence": NaN}', b"\xff\xfe", b"17"]
)
def test_what_is_no_event_is_refused(line):
    with pytest.raises(EventError):
        decode_event(line)


def test_a_lone_surrogate_is_refused():
    line = json.dumps(EXAMPLE).replace("STORE_BLR_002", "\\ud800").encode()
    with pytest.raises(EventError):
        decode_event(line)


def test_other_metadata_keys_are_kept_and_missing_ones_filled_in():
    event = decode(metadata={"group_id": "G1"})
    assert event.metadata == {"queue_depth": None, "sku_zone": None, "session_seq": None, "group_id": "G1"}


def test_pipeline_ids_depend_on_every_part():
    parts = ["S", "C", "rec", "cfg", 1, EventType.ENTRY, 0]
    first = pipeline_event_id(*parts)
    assert first == pipeline_event_id(*parts)
    others = ["T", "D", "rec2", "cfg2", 2, EventType.EXIT, 1]
    changed = {
        pipeline_event_id(*[*parts[:index], other, *parts[index + 1 :]]) for index, other in enumerate(others)
    }
    assert len(changed) == 7
    assert first not in changed


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(9000, 1, 1)),
    st.integers(-14 * 60, 14 * 60),
)
def test_times_survive_writing_and_reading_to_the_millisecond(naive, minutes):
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    again = parse_utc(format_utc(moment))
    assert abs(again - moment) <= timedelta(milliseconds=1)
    assert format_utc(again) == format_utc(moment)


def test_a_time_without_zone_is_never_written():
    with pytest.raises(ValueError, match="zone"):
        format_utc(datetime(2026, 3, 3))
    with pytest.raises(InputError, match="zone"):
        parse_utc("2026-03-03T10:00:00")
