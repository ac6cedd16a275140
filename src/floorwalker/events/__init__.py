"""Events: what cameras observed, how it is written, and the rules that it keeps."""

from floorwalker.events.bulk import decode_bulk, decode_bulk_lines
from floorwalker.events.columns import EventColumns, columns_of
from floorwalker.events.decoding import decode_event
from floorwalker.events.event import (
    DOOR_EVENTS,
    MAX_DWELL_MS,
    Event,
    EventError,
    EventType,
    encode_event,
    encode_events,
    event_to_dict,
    pipeline_event_id,
)
from floorwalker.events.names import MAX_NAME_LENGTH, why_no_name, why_no_store_id
from floorwalker.events.times import FIRST_YEAR, LAST_YEAR, format_utc, parse_utc

__all__ = [
    "DOOR_EVENTS",
    "FIRST_YEAR",
    "LAST_YEAR",
    "MAX_DWELL_MS",
    "MAX_NAME_LENGTH",
    "Event",
    "EventColumns",
    "EventError",
    "EventType",
    "columns_of",
    "decode_bulk",
    "decode_bulk_lines",
    "decode_event",
    "encode_event",
    "encode_events",
    "event_to_dict",
    "format_utc",
    "parse_utc",
    "pipeline_event_id",
    "why_no_name",
    "why_no_store_id",
]
