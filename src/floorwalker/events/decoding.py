"""Reading one event carefully: each rule of the schema, and what to say where it is broken."""

from __future__ import annotations

import math
import uuid
from typing import Any

import msgspec

from floorwalker.errors import InputError
from floorwalker.events.event import (
    DOOR_EVENTS,
    MAX_DWELL_MS,
    Event,
    EventError,
    EventType,
)
from floorwalker.events.metadata import check_metadata
from floorwalker.events.names import why_no_name, why_no_store_id
from floorwalker.events.times import parse_utc


class _WireEvent(msgspec.Struct, kw_only=True):
    """An event as it comes in, before its rules are checked."""

    event_id: str
    store_id: str
    camera_id: str
    visitor_id: str
    event_type: EventType
    timestamp: str
    zone_id: str | None = None
    dwell_ms: int = 0
    is_staff: bool = False
    confidence: float = 1.0
    metadata: dict[str, Any] | None = None


_DECODER = msgspec.json.Decoder(_WireEvent)


def decode_event(line: bytes | msgspec.Raw) -> Event:
    """Read and check one event.

    Args:
        line: one JSON object.

    Returns:
        The event, its time in UTC, its id in canonical lower case.

    Raises:
        EventError: the JSON or a rule of the schema is broken; `code` says which.
    """
    try:
        return _checked(_DECODER.decode(line))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise EventError("schema", f"not an event: {error}") from error


def _checked(wire: _WireEvent) -> Event:
    try:
        event_id = str(uuid.UUID(wire.event_id))
    except ValueError as error:
        raise EventError("event_id", f"event_id must be a UUID, got {wire.event_id[:60]!r}") from error
    try:
        timestamp = parse_utc(wire.timestamp)
    except InputError as error:
        raise EventError("timestamp", str(error)) from error
    _refuse("store_id", why_no_store_id(wire.store_id))
    _refuse("camera_id", why_no_name(wire.camera_id))
    _refuse("visitor_id", why_no_name(wire.visitor_id))
    _check_zone(wire)
    if not 0 <= wire.dwell_ms <= MAX_DWELL_MS:
        raise EventError("range", f"dwell_ms must be 0 to {MAX_DWELL_MS}, got {wire.dwell_ms}")
    if not (math.isfinite(wire.confidence) and 0.0 <= wire.confidence <= 1.0):
        raise EventError("range", f"confidence must be 0 to 1, got {wire.confidence}")
    return Event(
        event_id=event_id,
        store_id=wire.store_id,
        camera_id=wire.camera_id,
        visitor_id=wire.visitor_id,
        event_type=wire.event_type,
        timestamp=timestamp,
        zone_id=wire.zone_id,
        dwell_ms=wire.dwell_ms,
        is_staff=wire.is_staff,
        confidence=wire.confidence,
        metadata=check_metadata(wire.metadata),
    )


def _check_zone(wire: _WireEvent) -> None:
    if wire.event_type in DOOR_EVENTS:
        if wire.zone_id is not None:
            raise EventError(
                "zone_id", f"zone_id must be null on {wire.event_type}, got {wire.zone_id[:60]!r}"
            )
    elif wire.zone_id is None:
        raise EventError("zone_id", f"{wire.event_type} needs a zone_id")
    else:
        _refuse("zone_id", why_no_name(wire.zone_id))


def _refuse(field: str, reason: str | None) -> None:
    if reason is not None:
        raise EventError("text", f"{field} {reason}")
