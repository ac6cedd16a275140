"""Reading many events at once, in the decoder's own speed, where all of them keep the rules.

The rules are those of `decoding`; here they are the decoder's types, and checks of whole columns. As soon
as anything looks unusual the batch is left to the careful reader, which judges each event alone and says
what is wrong. So this may refuse what the careful one takes, never the other way round.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from floorwalker.events.columns import EPOCH, MICROSECOND, EventColumns
from floorwalker.events.event import DOOR_EVENTS, MAX_DWELL_MS, EventError
from floorwalker.events.metadata import MetadataFacts, check_metadata, facts_of
from floorwalker.events.names import MAX_NAME_LENGTH, why_no_store_id
from floorwalker.events.times import FIRST_YEAR, LAST_YEAR, whole_milliseconds_us

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NAME_LENGTH)]
_Kind = Literal[
    "ENTRY", "EXIT", "REENTRY", "ZONE_ENTER", "ZONE_EXIT", "ZONE_DWELL",
    "BILLING_QUEUE_JOIN", "BILLING_QUEUE_ABANDON",
]  # fmt: skip
_DOOR = frozenset(kind.value for kind in DOOR_EVENTS)
_UNWRITABLE = re.compile("[\0-\x1f\ud800-\udfff]")
_EARLIEST_US = (datetime(FIRST_YEAR, 1, 1, tzinfo=EPOCH.tzinfo) - EPOCH) // MICROSECOND
_LATEST_US = (datetime(LAST_YEAR + 1, 1, 1, tzinfo=EPOCH.tzinfo) - EPOCH) // MICROSECOND - 1


class _BulkEvent(msgspec.Struct, kw_only=True, gc=False):
    event_id: Annotated[str, msgspec.Meta(min_length=36, max_length=36)]
    store_id: _Name
    camera_id: _Name
    visitor_id: _Name
    event_type: _Kind
    timestamp: str
    zone_id: _Name | None = None
    dwell_ms: Annotated[int, msgspec.Meta(ge=0, le=MAX_DWELL_MS)] = 0
    is_staff: bool = False
    confidence: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 1.0
    metadata: msgspec.Raw = msgspec.field(default_factory=lambda: msgspec.Raw(b"null"))


class _BulkBatch(msgspec.Struct):
    events: list[_BulkEvent]


class _NotPlain(Exception):
    """The careful reader has to look at it."""


_BATCH = msgspec.json.Decoder(_BulkBatch)
_LINES = msgspec.json.Decoder(_BulkEvent)
_METADATA = msgspec.json.Decoder(dict[str, Any] | None)
_CAREFUL = (msgspec.DecodeError, UnicodeError, RecursionError, ValueError, TypeError, EventError, _NotPlain)


def decode_bulk(body: bytes) -> EventColumns | None:
    """Read a batch in which every event keeps the rules.

    Args:
        body: `{"events": […]}`.

    Returns:
        All of its events, or None: the careful reader has to take it apart.
    """
    try:
        return _columns(_BATCH.decode(body).events, b"\\" in body)
    except _CAREFUL:
        return None


def decode_bulk_lines(body: bytes) -> EventColumns | None:
    """Read JSON lines in which every event keeps the rules.

    Args:
        body: one event a line; empty lines do not count.

    Returns:
        All of its events, or None: the careful reader has to take them one by one.
    """
    try:
        return _columns(_LINES.decode_lines(body), b"\\" in body)
    except _CAREFUL:
        return None


def _columns(events: Sequence[_BulkEvent], has_escapes: bool) -> EventColumns:
    zone_id = [event.zone_id for event in events]
    kinds: list[str] = [event.event_type for event in events]
    queue_depth, group_id, metadata = _metadata_columns([event.metadata for event in events])
    columns = EventColumns(
        store_id=[event.store_id for event in events],
        time_us=_times_us([event.timestamp for event in events]),
        event_id=_canonical([event.event_id for event in events]),
        camera_id=[event.camera_id for event in events],
        visitor_id=[event.visitor_id for event in events],
        event_type=kinds,
        zone_id=zone_id,
        dwell_ms=[event.dwell_ms for event in events],
        is_staff=[event.is_staff for event in events],
        confidence=[event.confidence for event in events],
        queue_depth=queue_depth,
        group_id=group_id,
        metadata=metadata,
    )
    if [kind in _DOOR for kind in kinds] != [zone is None for zone in zone_id]:
        raise _NotPlain
    if any(map(why_no_store_id, set(columns.store_id))):
        raise _NotPlain
    if has_escapes:  # without them JSON can hold neither control characters nor halves of pairs
        names = {*columns.camera_id, *columns.visitor_id, *filter(None, zone_id)}
        if _UNWRITABLE.search("".join(names)):
            raise _NotPlain
    return columns


def _times_us(texts: list[str]) -> list[int]:
    parse, epoch, unit = datetime.fromisoformat, EPOCH, MICROSECOND
    times_us = [(parse(text) - epoch) // unit for text in texts]  # TypeError: a time without its zone
    if times_us and (min(times_us) < _EARLIEST_US or max(times_us) > _LATEST_US):
        raise _NotPlain
    return [whole_milliseconds_us(time_us) if time_us % 1000 else time_us for time_us in times_us]


def _canonical(event_ids: list[str]) -> list[str]:
    joined = "".join(event_ids).encode()
    dashes = b"-" * len(event_ids)
    if (
        len(joined) != 36 * len(event_ids)
        or any(joined[place::36] != dashes for place in (8, 13, 18, 23))
        or joined.count(b"-") != 4 * len(event_ids)
        or joined.translate(None, b"0123456789abcdef-")
    ):
        raise _NotPlain
    return event_ids


def _metadata_columns(raws: list[msgspec.Raw]) -> tuple[list[int | None], list[str | None], list[str]]:
    known: dict[bytes, MetadataFacts] = {}  # most events of a batch say the same
    facts = []
    for text in map(bytes, raws):
        found = known.get(text)
        if found is None:
            found = known[text] = facts_of(check_metadata(_METADATA.decode(text)))
        facts.append(found)
    if not facts:
        return [], [], []
    queue_depth, group_id, metadata = zip(*facts, strict=True)
    return list(queue_depth), list(group_id), list(metadata)
