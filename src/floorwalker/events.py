"""The event: what a camera observed of one visitor at one moment, as the outside world sees it."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec

from floorwalker.errors import InputError

_EVENT_NAMESPACE = uuid.UUID("6f0f7a52-6a3c-5d0e-9a53-3a1d2c0b7e41")
MAX_NAME_LENGTH = 200
MAX_DWELL_MS = 7 * 24 * 3_600_000


class EventType(StrEnum):
    """The eight kinds of event."""

    ENTRY = "ENTRY"
    EXIT = "EXIT"
    REENTRY = "REENTRY"
    ZONE_ENTER = "ZONE_ENTER"
    ZONE_EXIT = "ZONE_EXIT"
    ZONE_DWELL = "ZONE_DWELL"
    BILLING_QUEUE_JOIN = "BILLING_QUEUE_JOIN"
    BILLING_QUEUE_ABANDON = "BILLING_QUEUE_ABANDON"


DOOR_EVENTS = frozenset({EventType.ENTRY, EventType.EXIT, EventType.REENTRY})


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One observation of one visitor.

    Attributes:
        event_id: UUID, unique within its store for ever.
        store_id: the store.
        camera_id: the camera that saw it.
        visitor_id: one name a person and visit day.
        event_type: one of the eight.
        timestamp: UTC time of the frame (clip start + presentation time), never of the processing.
        zone_id: the zone; None on ENTRY, EXIT and REENTRY.
        dwell_ms: milliseconds in the zone so far; 0 where the event is instantaneous.
        is_staff: what was known of the person when the event was written.
        confidence: 0 to 1; a low one is kept and passed on.
        metadata: queue_depth (int or None), sku_zone (str or None), session_seq (1, 2, … within the
            visit); other keys allowed.
    """

    event_id: str
    store_id: str
    camera_id: str
    visitor_id: str
    event_type: EventType
    timestamp: datetime
    zone_id: str | None = None
    dwell_ms: int = 0
    is_staff: bool = False
    confidence: float = 1.0
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)


class EventError(InputError):
    """One event breaks a rule of the schema.

    Attributes:
        code: short machine-readable reason: `schema`, `event_id`, `timestamp`, `zone_id`, `range`, `text`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def pipeline_event_id(
    store_id: str,
    camera_id: str,
    recording_hash: str,
    config_hash: str,
    track_id: int,
    event_type: EventType,
    ordinal: int,
) -> str:
    """The event id that the pipeline gives: the same recording and configuration give the same id.

    Args:
        store_id: the store.
        camera_id: the camera.
        recording_hash: content hash of the recording.
        config_hash: hash of code version, detector and settings.
        track_id: ordinal of the track within the run.
        event_type: kind of event.
        ordinal: 0, 1, … among the events of this kind of this track.

    Returns:
        A UUID (version 5) as text.
    """
    key = [store_id, camera_id, recording_hash, config_hash, track_id, event_type.value, ordinal]
    return str(uuid.uuid5(_EVENT_NAMESPACE, msgspec.json.encode(key).decode()))


def format_utc(moment: datetime) -> str:
    """Write a moment as ISO-8601 UTC with a Z, with milliseconds only where there are some.

    Args:
        moment: an aware time.

    Returns:
        For example `2026-03-03T14:22:10Z` or `2026-03-03T14:22:10.400Z`.

    Raises:
        ValueError: the time has no zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"expected a time with a zone, got {moment.isoformat()}")
    utc = moment.astimezone(UTC)
    milliseconds = round(utc.microsecond / 1000)
    if milliseconds == 0:
        return utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    if milliseconds == 1000:  # rounds up into the next second
        milliseconds = 999
    return utc.strftime("%Y-%m-%dT%H:%M:%S") + f".{milliseconds:03d}Z"


def parse_utc(text: str) -> datetime:
    """Read an ISO-8601 time that names its zone.

    Args:
        text: for example `2026-03-03T14:22:10Z` or `2026-03-03T19:52:10+05:30`.

    Returns:
        The same moment in UTC.

    Raises:
        InputError: not a time, no zone, or outside the years 1 to 9999.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"expected an ISO-8601 time such as 2026-03-03T14:22:10Z, got {text!r}") from error
    if moment.tzinfo is None:
        raise InputError(f"expected a time with a zone (…Z or …+05:30), got {text!r}")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise InputError(f"the time {text!r} is outside the years 1 to 9999") from error


def event_to_dict(event: Event) -> dict[str, Any]:
    """The event as plain JSON values, keys in the order of the contract."""
    return {
        "event_id": event.event_id,
        "store_id": event.store_id,
        "camera_id": event.camera_id,
        "visitor_id": event.visitor_id,
        "event_type": event.event_type.value,
        "timestamp": format_utc(event.timestamp),
        "zone_id": event.zone_id,
        "dwell_ms": event.dwell_ms,
        "is_staff": event.is_staff,
        "confidence": event.confidence,
        "metadata": event.metadata,
    }


def encode_event(event: Event) -> bytes:
    """One event as one line of JSON, without the line's end."""
    return msgspec.json.encode(event_to_dict(event))


def encode_events(events: Iterable[Event]) -> bytes:
    """Events as JSON lines."""
    return b"".join(encode_event(event) + b"\n" for event in events)


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
    except (msgspec.DecodeError, UnicodeError) as error:
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
    if not 1970 <= timestamp.year <= 9998:
        raise EventError("timestamp", f"timestamp must lie in the years 1970 to 9998, got {wire.timestamp!r}")
    for name in ("store_id", "camera_id", "visitor_id"):
        _check_name(name, getattr(wire, name))
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
        metadata=_checked_metadata(wire.metadata),
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
        _check_name("zone_id", wire.zone_id)


def _check_name(field: str, value: str) -> None:
    if not value or len(value) > MAX_NAME_LENGTH:
        raise EventError("text", f"{field} must be 1 to {MAX_NAME_LENGTH} characters, got {len(value)}")
    if any(ord(char) < 32 or 0xD800 <= ord(char) <= 0xDFFF for char in value):
        raise EventError("text", f"{field} holds a control character or half a surrogate pair")


def _checked_metadata(metadata: dict[str, Any] | None) -> dict[str, Any]:
    """Fill in the three keys of the contract and check their types."""
    merged: dict[str, Any] = {"queue_depth": None, "sku_zone": None, "session_seq": None} | (metadata or {})
    for key, kind in (("queue_depth", int), ("session_seq", int), ("sku_zone", str)):
        value = merged[key]
        if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
            raise EventError("schema", f"metadata.{key} must be {kind.__name__} or null, got {value!r:.60}")
    depth = merged["queue_depth"]
    if depth is not None and not 0 <= depth <= 10_000:
        raise EventError("range", f"metadata.queue_depth must be 0 to 10000, got {depth}")
    return merged
