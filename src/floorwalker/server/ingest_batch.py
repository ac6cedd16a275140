"""A batch from its bytes to the answer: read, store, and say what became of each event."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from floorwalker.dialects import StoreDirectory, decode_shipped
from floorwalker.errors import InputError
from floorwalker.events import (
    Event,
    EventColumns,
    EventError,
    columns_of,
    decode_bulk,
    decode_bulk_lines,
    decode_event,
)
from floorwalker.server.ingest_items import check_number, split_batch, split_lines
from floorwalker.warehouse import EventFault, Warehouse
from floorwalker.warehouse.directory import WarehouseStores
from floorwalker.warehouse.ingesting import FUTURE_LIMIT_US, Outcome
from floorwalker.warehouse.records import to_us

MAX_EVENTS = 500
_LONGEST_MESSAGE = 300


class Problem(msgspec.Struct, frozen=True):
    """Why one event was not taken, as in the answer."""

    index: int
    event_id: str | None
    code: str
    message: str


class Answer(msgspec.Struct, frozen=True):
    """What became of a batch: received = inserted + duplicates + errors."""

    received: int
    inserted: int
    duplicates: int
    errors: list[Problem]


@dataclass(frozen=True, slots=True)
class _Judged:
    """A batch that was read.

    Attributes:
        received: how many items were sent.
        events: those that keep the rules.
        items: of each event, the item that it came from; an item of another schema may be several events.
        faults: the items that break a rule.
        named: what items of another schema call their store.
    """

    received: int
    events: EventColumns
    items: Sequence[int]
    faults: list[EventFault]
    named: Mapping[int, str] = field(default_factory=dict)


class _Identified(msgspec.Struct):
    event_id: str | None = None


class _Named(msgspec.Struct):
    store_code: str | None = None
    store_id: str | None = None


def take_batch(
    warehouse: Warehouse,
    body: bytes,
    *,
    is_lines: bool,
    allowed: Collection[str] | None = None,
    directory: StoreDirectory | None = None,
    live: bool = True,
    limit: int = MAX_EVENTS,
) -> tuple[Answer, set[str]]:
    """Judge and store a batch.

    Args:
        warehouse: where the good ones go.
        body: `{"events": […]}`, or one event a line.
        is_lines: which of the two.
        allowed: the stores that the sender may write to; None: all. Other events are `forbidden`.
        directory: knows the stores of other schemas; None: the warehouse's.
        live: whether they may come from a live feed; False for files.
        limit: how many are taken at once.

    Returns:
        The answer, and the stores that the events name.

    Raises:
        ApiError: 400 not JSON, 422 not a batch, 413 more than the limit.
    """
    events = decode_bulk_lines(body) if is_lines else decode_bulk(body)
    if events is not None:
        check_number(len(events), limit)
        judged = _Judged(len(events), events, range(len(events)), [])
    else:
        items = split_lines(body, limit) if is_lines else split_batch(body, limit)
        latest_us = to_us(warehouse.now()) + FUTURE_LIMIT_US
        judged = _judge(items, directory or WarehouseStores(warehouse.database), latest_us)
    stores = set(judged.events.store_id)
    if allowed is not None and not stores <= set(allowed):
        judged = _without_strangers(judged, allowed)
    outcome = warehouse.intake.take(judged.events, live=live) if len(judged.events) else Outcome(0)
    return _answer(judged, outcome), stores


def _judge(items: Sequence[bytes], stores: StoreDirectory, latest_us: int) -> _Judged:
    events: list[Event] = []
    origins: list[int] = []
    faults: list[EventFault] = []
    named: dict[int, str] = {}
    for index, item in enumerate(items):
        try:
            read = _read_item(item, stores)
        except EventError as error:
            faults.append(EventFault(index, _event_id(item), error.code, str(error)))
            continue
        ahead = next((event for event in read if to_us(event.timestamp) > latest_us), None)
        if ahead is not None and len(read) > 1:  # all events of an item or none
            message = f"its {ahead.event_type.value} is more than 5 minutes ahead of this server's clock"
            faults.append(EventFault(index, ahead.event_id, "future", message))
            continue
        name = _store_name(item)
        if name is not None:
            named[index] = name
        events += read
        origins += [index] * len(read)
    return _Judged(len(items), columns_of(events), origins, faults, named)


def _read_item(item: bytes, stores: StoreDirectory) -> list[Event]:
    try:
        return [decode_event(item)]
    except EventError as error:
        try:
            shipped = decode_shipped(item, stores)
        except EventError:
            raise
        except InputError as other:
            raise EventError("schema", str(other)) from other
        if shipped is None:
            raise error
        return shipped


def _event_id(item: bytes) -> str | None:
    try:
        found = msgspec.json.decode(item, type=_Identified).event_id
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return None if found is None else found[:_LONGEST_MESSAGE]


def _store_name(item: bytes) -> str | None:
    try:
        found = msgspec.json.decode(item, type=_Named)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return found.store_code or found.store_id


def _without_strangers(judged: _Judged, allowed: Collection[str]) -> _Judged:
    events = judged.events
    faults = []
    for place, store_id in enumerate(events.store_id):
        if store_id not in allowed:
            item = judged.items[place]
            sent = judged.named.get(item, store_id)  # by which id the store goes here is not theirs to know
            message = f"the key is not for store {sent!r}"
            faults.append(EventFault(item, events.event_id[place], "forbidden", message))
    refused = {fault.index for fault in faults}
    kept = [place for place in range(len(events)) if judged.items[place] not in refused]
    items = [judged.items[place] for place in kept]
    return _Judged(judged.received, events.take(kept), items, [*judged.faults, *faults])


def _answer(judged: _Judged, outcome: Outcome) -> Answer:
    """Count items: one is new if any of its events is, and refused if any of its events is."""
    problems: dict[int, Problem] = {}
    for item, fault in [
        *((fault.index, fault) for fault in judged.faults),
        *((judged.items[fault.index], fault) for fault in outcome.faults),
    ]:
        message = fault.message[:_LONGEST_MESSAGE]
        problems.setdefault(item, Problem(item, fault.event_id, fault.code, message))
    known = {fault.index for fault in outcome.faults}.union(outcome.duplicates)
    new = {item for place, item in enumerate(judged.items) if place not in known}.difference(problems)
    return Answer(
        received=judged.received,
        inserted=len(new),
        duplicates=judged.received - len(new) - len(problems),
        errors=[problems[item] for item in sorted(problems)],
    )
