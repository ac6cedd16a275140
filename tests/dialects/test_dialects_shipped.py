"""The second schema of the field as events of the contract."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from floorwalker.dialects import StoreIdentity, decode_shipped
from floorwalker.events import Event, EventError, decode_event, encode_event
from floorwalker.site.names import canonical_store_id

KOLKATA = ZoneInfo("Asia/Kolkata")


@dataclass(frozen=True)
class Everywhere:
    """All stores in one time zone."""

    zone: ZoneInfo | None = KOLKATA

    def find(self, name: str) -> StoreIdentity:
        return StoreIdentity(canonical_store_id(name), self.zone)


DOOR = {
    "event_type": "entry",
    "id_token": "ID_1",
    "store_code": "store_1076",
    "camera_id": "cam1",
    "event_timestamp": "2026-03-08T18:10:05.120000",
    "is_staff": False,
    "gender_pred": "F",
    "age_pred": 28,
    "age_bucket": "25-34",
    "is_face_hidden": False,
    "group_id": None,
    "group_size": None,
}
ZONE = {
    "event_type": "zone_entered",
    "track_id": 101,
    "store_id": "ST1076",
    "camera_id": "CAM2",
    "zone_id": "Z01",
    "zone_name": "Left Shelf",
    "zone_type": "SHELF",
    "is_revenue_zone": "Yes",
    "event_time": "2026-03-08T18:10:45.280000",
    "zone_hotspot_x": 412.6,
    "zone_hotspot_y": 238.4,
    "gender": "F",
    "age": 28,
    "age_bucket": "25-34",
}
QUEUE = {
    "queue_event_id": "cfd8e3c5-7aa0-4ea3-9b59-692d50da8308",
    "event_type": "queue_completed",
    "track_id": 102,
    "store_id": "ST1076",
    "camera_id": "CAM6",
    "zone_id": "Z_BILLING",
    "queue_join_ts": "2026-03-08T18:13:05.080000",
    "queue_served_ts": "2026-03-08T18:13:13.240000",
    "queue_exit_ts": "2026-03-08T18:15:31.840000",
    "wait_seconds": 8,
    "queue_position_at_join": 2,
    "abandoned": False,
    "gender": "M",
    "age": 31,
}
GAVE_UP = QUEUE | {
    "event_type": "queue_abandoned",
    "queue_served_ts": None,
    "queue_position_at_join": 4,
    "abandoned": True,
    "wait_seconds": 65,
}


def decoded(row, zone=KOLKATA, **more) -> list[Event]:
    found = decode_shipped(json.dumps(row | more).encode(), Everywhere(zone))
    assert found is not None
    return found


def refused(row, zone=KOLKATA, **more) -> EventError:
    with pytest.raises(EventError) as caught:
        decoded(row, zone, **more)
    return caught.value


def test_the_rows_that_were_shipped(shared):
    path = shared / "store-intelligence-challenge" / "shipped_sample_event_rows.jsonl"
    events = [e for line in path.read_bytes().splitlines() for e in decode_shipped(line, Everywhere())]
    assert [(e.event_type.value, e.timestamp.isoformat(), e.dwell_ms) for e in events] == [
        ("ENTRY", "2026-03-08T12:40:05.120000+00:00", 0),
        ("ZONE_ENTER", "2026-03-08T12:40:45.280000+00:00", 0),
        ("ZONE_EXIT", "2026-03-08T12:41:18.720000+00:00", 0),
        ("BILLING_QUEUE_JOIN", "2026-03-08T12:43:05.080000+00:00", 0),
        ("ZONE_EXIT", "2026-03-08T12:45:31.840000+00:00", 146_760),
        ("BILLING_QUEUE_JOIN", "2026-03-08T12:42:58.240000+00:00", 0),
        ("BILLING_QUEUE_ABANDON", "2026-03-08T12:44:02.880000+00:00", 64_640),
        ("ZONE_EXIT", "2026-03-08T12:44:02.880000+00:00", 64_640),
    ]
    assert {e.store_id for e in events} == {"ST1076"}
    # The track seen at the shelf is the one that gave up queueing; nobody of them is the one at the door.
    assert events[1].visitor_id == events[5].visitor_id != events[3].visitor_id
    assert len({e.visitor_id for e in events}) == 3
    assert len({e.event_id for e in events}) == len(events)


@pytest.mark.parametrize("row", [DOOR, ZONE, QUEUE, GAVE_UP])
def test_what_comes_out_is_the_contract_and_the_same_each_time(row):
    events = decoded(row)
    for event in events:
        assert decode_event(encode_event(event)) == event
    assert decoded(dict(reversed(row.items()))) == events


@pytest.mark.parametrize("row", [DOOR, ZONE, QUEUE, GAVE_UP])
def test_nothing_of_a_body_is_kept(row):
    marks = {"gender": "QQ", "gender_pred": "QQ", "age": 9191, "age_pred": 9191, "age_bucket": "QQ-91"}
    events = decoded(row, **marks, is_face_hidden=True)
    assert events == decoded(row)
    text = repr(events) + "".join(encode_event(e).decode() for e in events)
    for trace in ("QQ", "9191", "gender", "age_", "face"):
        assert trace not in text


def test_a_store_and_a_group_are_kept():
    (event,) = decoded(DOOR, store_code=None, store_id="st-1076", group_id=7, group_size=3)
    assert (event.store_id, event.metadata["group_id"], event.metadata["group_size"]) == ("ST1076", "7", 3)
    (event,) = decoded(ZONE)
    assert event.metadata["is_revenue_zone"] is True
    assert (event.metadata["zone_name"], event.metadata["zone_type"]) == ("Left Shelf", "SHELF")
    assert decoded(ZONE, is_revenue_zone="perhaps")[0].metadata.get("is_revenue_zone") is None


def test_people_ahead_wait_and_service():
    join, leave = decoded(QUEUE)
    assert join.metadata["queue_depth"] == 1
    assert (leave.metadata["wait_s"], leave.metadata["service_s"]) == (8.16, 138.6)
    join, give_up, leave = decoded(GAVE_UP)
    assert (join.metadata["queue_depth"], join.metadata["wait_s"]) == (3, 65.0)
    assert give_up.timestamp == leave.timestamp
    assert [decoded(QUEUE, queue_position_at_join=n)[0].metadata["queue_depth"] for n in (1, 0, None)] == [
        0,
        0,
        None,
    ]


def test_door_and_zone_keys_never_meet_and_a_number_is_its_text():
    (door,), (zone,) = decoded(DOOR, id_token="101"), decoded(ZONE, track_id=101)
    assert door.visitor_id != zone.visitor_id
    assert decoded(DOOR, id_token=101) == decoded(DOOR, id_token="101")


def test_a_key_used_again_on_another_local_day_is_another_visitor():
    late, early = "2026-03-08T23:59:59", "2026-03-09T00:00:01"
    assert decoded(ZONE, event_time=late)[0].visitor_id != decoded(ZONE, event_time=early)[0].visitor_id
    # The same moments told with a zone: the day is the store's, not that of Greenwich.
    assert decoded(ZONE, event_time="2026-03-08T18:29:59Z")[0].visitor_id == (
        decoded(ZONE, event_time=late)[0].visitor_id
    )
    assert decoded(ZONE, event_time="2026-03-08T18:30:01Z")[0].visitor_id == (
        decoded(ZONE, event_time=early)[0].visitor_id
    )


@pytest.mark.parametrize(
    ("row", "change"),
    [
        (DOOR, {"id_token": "ID_2"}),
        (DOOR, {"camera_id": "cam2"}),
        (DOOR, {"event_type": "exit"}),
        (DOOR, {"store_code": "store_1077"}),
        (DOOR, {"event_timestamp": "2026-03-08T18:10:05.121"}),
        (ZONE, {"zone_id": "Z02"}),
        (ZONE, {"track_id": 102}),
        (QUEUE, {"queue_event_id": "another"}),
        (QUEUE | {"queue_event_id": None}, {"track_id": 103}),
    ],
)
def test_what_differs_in_its_key_is_another_event(row, change):
    before = {event.event_id for event in decoded(row)}
    assert not before & {event.event_id for event in decoded(row, **change)}


def test_what_differs_otherwise_is_the_same_event_told_differently():
    assert [e.event_id for e in decoded(QUEUE, queue_exit_ts="2026-03-08T18:16:00")] == [
        e.event_id for e in decoded(QUEUE)
    ]


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("zone", "text", "utc", "doubt"),
    [
        (BERLIN, "2026-03-29T01:59:59", "2026-03-29T00:59:59", None),
        (BERLIN, "2026-03-29T02:30:00", "2026-03-29T01:30:00", "skipped"),
        (BERLIN, "2026-03-29T03:00:00", "2026-03-29T01:00:00", None),
        (BERLIN, "2026-10-25T02:30:00", "2026-10-25T00:30:00", "ambiguous"),
        (BERLIN, "2026-10-25T02:30:00+01:00", "2026-10-25T01:30:00", None),
        (ZoneInfo("America/Lima"), "2026-10-25T20:00:00", "2026-10-26T01:00:00", None),
        (KOLKATA, "2026-03-08 18:10:05.9999", "2026-03-08T12:40:05.999", None),
        (None, "2026-03-08T18:10:05+05:30", "2026-03-08T12:40:05", None),
    ],
)
def test_a_naive_time_is_the_stores_own(zone, text, utc, doubt):
    (event,) = decoded(DOOR, zone, event_timestamp=text)
    assert event.timestamp == datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert event.metadata.get("local_time") == doubt


def test_a_queue_through_the_hour_that_comes_twice_does_not_run_backwards():
    join, leave = decoded(
        QUEUE,
        BERLIN,
        queue_join_ts="2026-10-25T02:58:00",
        queue_served_ts="2026-10-25T02:59:30",
        queue_exit_ts="2026-10-25T02:01:00",
    )
    assert leave.dwell_ms == 3 * 60_000
    assert join.timestamp == datetime(2026, 10, 25, 0, 58, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "change", "code"),
    [
        (DOOR, {"id_token": None}, "schema"),
        (DOOR, {"id_token": ""}, "text"),
        (DOOR, {"id_token": "x" * 161}, "text"),
        (DOOR, {"id_token": "a\u0000b"}, "text"),
        (DOOR, {"id_token": 10**30}, "text"),
        (DOOR, {"store_code": None}, "schema"),
        (DOOR, {"store_code": "a/b"}, "text"),
        (QUEUE, {"store_id": ".."}, "text"),
        (DOOR, {"camera_id": None}, "schema"),
        (DOOR, {"event_timestamp": None}, "schema"),
        (DOOR, {"event_timestamp": "noon"}, "timestamp"),
        (DOOR, {"event_timestamp": "2026-03-08"}, "timestamp"),
        (DOOR, {"event_timestamp": "0001-01-01T00:00:00+14:00"}, "timestamp"),
        (DOOR, {"event_timestamp": "9999-12-31T23:59:59"}, "timestamp"),
        (DOOR, {"event_timestamp": 5}, "schema"),
        (DOOR, {"confidence": 1.5}, "range"),
        (DOOR, {"group_size": -1}, "range"),
        (ZONE, {"zone_id": None}, "zone_id"),
        (ZONE, {"zone_id": ""}, "text"),
        (ZONE, {"track_id": [1]}, "schema"),
        (ZONE, {"event_time": None}, "schema"),
        (QUEUE, {"abandoned": True}, "schema"),
        (QUEUE, {"queue_exit_ts": None}, "schema"),
        (QUEUE, {"queue_exit_ts": "2026-03-08T18:00:00"}, "range"),
        (QUEUE, {"queue_exit_ts": "2027-03-08T18:00:00"}, "range"),
        (QUEUE, {"queue_served_ts": "2026-03-08T18:20:00"}, "range"),
        (QUEUE, {"queue_position_at_join": -1}, "range"),
        (QUEUE, {"queue_position_at_join": 10**5000 // 10**4290}, "range"),
        (GAVE_UP, {"wait_seconds": -1}, "range"),
    ],
)
def test_what_is_wrong_is_said_by_its_code(row, change, code):
    assert refused(row, **change).code == code


def test_a_naive_time_of_a_store_that_nobody_knows_is_refused():
    error = refused(ZONE, None)
    assert error.code == "timezone"
    assert "site file" in str(error)


@pytest.mark.parametrize(
    "item", [b"", b"[]", b"null", b"3", b'{"event_type": "ENTRY"}', b'{"event_type": 3}', b"{}", b"\xff"]
)
def test_what_is_of_no_family_is_left_to_others(item):
    assert decode_shipped(item, Everywhere()) is None


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["2026-03-08T18:10:05", "0001-01-01T00:00+14:00", "NaN", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
rows = st.sampled_from([DOOR, ZONE, QUEUE, GAVE_UP])


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(rows, st.data())
def test_no_json_leads_anywhere_but_to_events_or_a_reason(row, data):
    changed = data.draw(st.dictionaries(st.sampled_from(sorted(row)), values, max_size=4))
    item = json.dumps(row | changed).encode()
    events, code = None, "schema"
    try:
        events = decode_shipped(item, Everywhere(data.draw(st.sampled_from([KOLKATA, None]))))
    except EventError as error:
        code = error.code
        str(error).encode()
    assert code in ("schema", "timestamp", "timezone", "zone_id", "text", "range")
    for event in events or ():
        assert decode_event(encode_event(event)).event_id == event.event_id


@given(st.binary(max_size=200))
def test_no_bytes_lead_to_another_error(item):
    with contextlib.suppress(EventError):
        decode_shipped(b'{"event_type": "entry", ' + item, Everywhere())
