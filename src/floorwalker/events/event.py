"""The event: what a camera observed of one visitor at one moment, as the outside world sees it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from floorwalker.errors import InputError
from floorwalker.events.times import format_utc

_EVENT_NAMESPACE = uuid.UUID("6f0f7a52-6a3c-5d0e-9a53-3a1d2c0b7e41")
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
