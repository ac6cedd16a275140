"""The second schema seen in the field: a door, zone and queue family, times on the store's own clock.

Whatever says something of a person's body (age, gender, a hidden face) is skipped by the reader and never
becomes a value of this program.
"""

from __future__ import annotations

import math
import uuid
from typing import Any

import msgspec

from floorwalker.dialects.local_time import Moment, read_moment
from floorwalker.dialects.stores import StoreDirectory, StoreIdentity
from floorwalker.events import MAX_DWELL_MS, Event, EventError, EventType, why_no_name, why_no_store_id

_NAMESPACE = uuid.UUID("0b0c2f3e-2f5b-5b7e-8d0c-6f1a8e4d9b52")
_DOOR = {"entry": EventType.ENTRY, "exit": EventType.EXIT}
_ZONE = {"zone_entered": EventType.ZONE_ENTER, "zone_exited": EventType.ZONE_EXIT}
_QUEUE = ("queue_completed", "queue_abandoned")
_FAMILIES = frozenset((*_DOOR, *_ZONE, *_QUEUE))
_MAX_NAME = 200
_MAX_KEY = 160  # a visitor's name holds more than the key
_MAX_COUNT = 10_000


class _Kind(msgspec.Struct):
    event_type: str


class _Row(msgspec.Struct, kw_only=True):
    """The fields of all families that are read at all."""

    event_type: str
    store_code: str | None = None
    store_id: str | None = None
    camera_id: str | None = None
    id_token: str | int | None = None
    track_id: str | int | None = None
    event_timestamp: str | None = None
    event_time: str | None = None
    is_staff: bool | None = None
    confidence: float | None = None
    group_id: str | int | None = None
    group_size: int | None = None
    zone_id: str | None = None
    zone_name: str | None = None
    zone_type: str | None = None
    is_revenue_zone: str | bool | None = None
    zone_hotspot_x: float | None = None
    zone_hotspot_y: float | None = None
    queue_event_id: str | None = None
    queue_join_ts: str | None = None
    queue_served_ts: str | None = None
    queue_exit_ts: str | None = None
    queue_position_at_join: int | None = None
    wait_seconds: float | None = None
    abandoned: bool | None = None


_KIND = msgspec.json.Decoder(_Kind)
_ROW = msgspec.json.Decoder(_Row)


def decode_shipped(item: bytes | msgspec.Raw, stores: StoreDirectory) -> list[Event] | None:
    """Turn one object of the shipped families into events of the contract.

    A row of the door or zone family is one event; a queue row is the joining, the giving up where it says
    so, and the leaving. The same row gives the same events, with the same ids, each time. Keys of the door
    family (`id_token`) and of the zones and queue (`track_id`) never name the same visitor.

    Args:
        item: one JSON object.
        stores: knows a store by any of its names, and its time zone.

    Returns:
        One to three events, or None where the object is of none of these families.

    Raises:
        EventError: of these families, but wrong; `code` is `schema`, `timestamp`, `timezone`, `zone_id`,
            `text` or `range`.
    """
    try:
        if _KIND.decode(item).event_type not in _FAMILIES:
            return None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    try:
        row = _ROW.decode(item)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise EventError("schema", f"not an event: {error}") from error
    store = stores.find(_store_name(row.store_code or row.store_id))
    if row.event_type in _DOOR:
        return [_door(row, store)]
    if row.event_type in _ZONE:
        return [_zone(row, store)]
    return _queue(row, store)


def _door(row: _Row, store: StoreIdentity) -> Event:
    moment = read_moment("event_timestamp", _given("event_timestamp", row.event_timestamp), store.zone)
    token = _text("id_token", row.id_token, _MAX_KEY)
    kind = _DOOR[row.event_type]
    key = (row.camera_id, token, kind.value, moment.written)
    return _event(row, store, kind, moment, visitor=_visitor("door", moment, token), key=key)


def _zone(row: _Row, store: StoreIdentity) -> Event:
    moment = read_moment("event_time", _given("event_time", row.event_time), store.zone)
    track = _text("track_id", row.track_id, _MAX_KEY)
    kind = _ZONE[row.event_type]
    key = (row.camera_id, track, kind.value, row.zone_id, moment.written)
    return _event(row, store, kind, moment, visitor=_visitor("floor", moment, track), key=key)


def _queue(row: _Row, store: StoreIdentity) -> list[Event]:
    gave_up = row.event_type == "queue_abandoned"
    if row.abandoned is not None and row.abandoned is not gave_up:
        raise EventError("schema", f"a {row.event_type} row says abandoned: {str(row.abandoned).lower()}")
    joined = read_moment("queue_join_ts", _given("queue_join_ts", row.queue_join_ts), store.zone)
    served = (
        read_moment("queue_served_ts", row.queue_served_ts, store.zone, joined)
        if row.queue_served_ts
        else None
    )
    left = read_moment("queue_exit_ts", _given("queue_exit_ts", row.queue_exit_ts), store.zone, joined)
    dwell_ms = left.utc_ms - joined.utc_ms
    if not 0 <= dwell_ms <= MAX_DWELL_MS:
        raise EventError(
            "range", f"queue_exit_ts must lie 0 to {MAX_DWELL_MS // 3_600_000} hours after queue_join_ts"
        )
    if served is not None and not joined.utc <= served.utc <= left.utc:
        raise EventError("range", "queue_served_ts must lie between queue_join_ts and queue_exit_ts")
    track = _text("track_id", row.track_id, _MAX_KEY)
    visitor = _visitor("floor", joined, track)
    key: tuple[str | None, ...] = (row.camera_id, track, row.zone_id, joined.written)
    if row.queue_event_id is not None:
        key = ("queue", _text("queue_event_id", row.queue_event_id))
    more: dict[str, Any] = _waiting(row, joined, served, left)
    ahead = {"queue_depth": _people_ahead(row.queue_position_at_join)}
    steps: list[tuple[EventType, Moment, int, dict[str, Any]]] = [
        (EventType.BILLING_QUEUE_JOIN, joined, 0, ahead)
    ]
    if gave_up:
        steps.append((EventType.BILLING_QUEUE_ABANDON, left, dwell_ms, {}))
    steps.append((EventType.ZONE_EXIT, left, dwell_ms, {}))
    return [
        _event(
            row, store, kind, at, visitor=visitor, key=(*key, kind.value), dwell_ms=dwell, more=more | extra
        )
        for kind, at, dwell, extra in steps
    ]


def _event(
    row: _Row,
    store: StoreIdentity,
    kind: EventType,
    moment: Moment,
    *,
    visitor: str,
    key: tuple[str | None, ...],
    dwell_ms: int = 0,
    more: dict[str, Any] | None = None,
) -> Event:
    confidence = 1.0 if row.confidence is None else row.confidence
    if not 0.0 <= confidence <= 1.0:
        raise EventError("range", f"confidence must be 0 to 1, got {confidence}")
    seed = msgspec.json.encode((store.store_id, row.event_type, *key)).decode()
    return Event(
        event_id=str(uuid.uuid5(_NAMESPACE, seed)),
        store_id=store.store_id,
        camera_id=_text("camera_id", row.camera_id),
        visitor_id=visitor,
        event_type=kind,
        timestamp=moment.utc,
        zone_id=None if row.event_type in _DOOR else _zone_id(row.zone_id),
        dwell_ms=dwell_ms,
        is_staff=bool(row.is_staff),
        confidence=confidence,
        metadata=_metadata(row, moment) | (more or {}),
    )


def _metadata(row: _Row, moment: Moment) -> dict[str, Any]:
    """The contract's three keys and what else is told of group and zone; nothing of the person."""
    if row.group_size is not None and not 0 <= row.group_size <= _MAX_COUNT:
        raise EventError("range", f"group_size must be 0 to {_MAX_COUNT}")
    told = {
        "group_id": None if row.group_id is None else _text("group_id", row.group_id),
        "group_size": row.group_size,
        "zone_name": None if row.zone_name is None else row.zone_name[:_MAX_NAME],
        "zone_type": None if row.zone_type is None else row.zone_type[:_MAX_NAME],
        "is_revenue_zone": _yes_or_no(row.is_revenue_zone),
        "zone_hotspot_x": _finite("zone_hotspot_x", row.zone_hotspot_x),
        "zone_hotspot_y": _finite("zone_hotspot_y", row.zone_hotspot_y),
        "local_time": moment.doubt,
    }
    base: dict[str, Any] = {"queue_depth": None, "sku_zone": None, "session_seq": None}
    return base | {"source": row.event_type} | {k: v for k, v in told.items() if v is not None}


def _waiting(row: _Row, joined: Moment, served: Moment | None, left: Moment) -> dict[str, Any]:
    """How long they waited and were served, in seconds, as the times say; else as the row says."""
    if served is not None:
        return {
            "wait_s": (served.utc_ms - joined.utc_ms) / 1000,
            "service_s": (left.utc_ms - served.utc_ms) / 1000,
        }
    wait_s = _finite("wait_seconds", row.wait_seconds)
    if wait_s is not None and not 0 <= wait_s * 1000 <= MAX_DWELL_MS:
        raise EventError("range", f"wait_seconds must be 0 to {MAX_DWELL_MS // 1000}, got {wait_s}")
    return {} if wait_s is None else {"wait_s": wait_s}


def _people_ahead(position: int | None) -> int | None:
    """Who is second in the queue has one person ahead."""
    if position is None:
        return None
    if not 0 <= position <= _MAX_COUNT:
        raise EventError("range", f"queue_position_at_join must be 0 to {_MAX_COUNT}")
    return max(0, position - 1)


def _visitor(space: str, moment: Moment, key: str) -> str:
    """One name a key and day: trackers count from the beginning again, and a visitor is of one day."""
    return f"VIS_{space}_{moment.local_day:%Y%m%d}_{key}"


def _zone_id(name: str | None) -> str:
    if name is None:
        raise EventError("zone_id", "this family needs a zone_id")
    return _text("zone_id", name)


def _given(field: str, text: str | None) -> str:
    if text is None:
        raise EventError("schema", f"{field} is missing")
    return text


def _text(field: str, value: str | int | None, longest: int = _MAX_NAME) -> str:
    if value is None:
        raise EventError("schema", f"{field} is missing")
    text = str(value) if isinstance(value, str) or abs(value) < 10**18 else ""
    if not 0 < len(text) <= longest:
        raise EventError("text", f"{field} must be 1 to {longest} characters")
    reason = why_no_name(text)
    if reason is not None:
        raise EventError("text", f"{field} {reason}")
    return text


def _store_name(name: str | None) -> str:
    text = _text("store_id", name)
    reason = why_no_store_id(text)
    if reason is not None:
        raise EventError("text", f"store_id {reason}")
    return text


def _finite(field: str, value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        raise EventError("range", f"{field} must be a finite number")
    return value


def _yes_or_no(value: str | bool | None) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    return {"yes": True, "true": True, "no": False, "false": False}.get(value.strip().lower())
