"""`POST /events/ingest`: up to 500 events, each judged alone."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool

from floorwalker.events import Event, EventError, decode_event
from floorwalker.server.auth import OPERATOR, allowed_stores
from floorwalker.server.errors import ApiError
from floorwalker.server.state import warehouse_of
from floorwalker.warehouse import EventFault, Warehouse

router = APIRouter(dependencies=[OPERATOR])

MAX_EVENTS = 500
MAX_BODY_BYTES = 8_000_000


class _Batch(msgspec.Struct):
    events: list[msgspec.Raw]


class _Identified(msgspec.Struct):
    event_id: str | None = None


@router.post("/events/ingest", summary="Take up to 500 events")
async def ingest(request: Request, warehouse: Annotated[Warehouse, Depends(warehouse_of)]) -> dict[str, Any]:
    """Take events, each once for ever; a malformed one never sinks the others.

    The answer is given after the commit: `received` = `inserted` + `duplicates` + the number of `errors`.
    """
    body = await _read(request)
    answer, stores = await run_in_threadpool(take_batch, warehouse, body, allowed_stores(request))
    request.state.store_id = next(iter(stores)) if len(stores) == 1 else None
    request.state.event_counts = {
        "received": answer["received"],
        "inserted": answer["inserted"],
        "duplicates": answer["duplicates"],
        "rejected": len(answer["errors"]),
    }
    return answer


async def _read(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise ApiError(413, "too_large", f"expected at most {MAX_BODY_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)


def take_batch(
    warehouse: Warehouse, body: bytes, allowed: Collection[str] | None = None
) -> tuple[dict[str, Any], set[str]]:
    """Judge and store a batch.

    Args:
        warehouse: where the good ones go.
        body: `{"events": […]}`.
        allowed: the stores that the sender may write to; None: all. Other events are `forbidden`.

    Returns:
        The answer, and the stores that the events name.

    Raises:
        ApiError: 400 not JSON, 422 not a batch, 413 more than 500 events.
    """
    items = split_batch(body)
    if len(items) > MAX_EVENTS:
        raise ApiError(
            413,
            "too_many_events",
            f"expected at most {MAX_EVENTS} events, got {len(items)}; send them in parts",
        )
    events: list[Event] = []
    places: list[int] = []
    faults: list[EventFault] = []
    for index, item in enumerate(items):
        try:
            if isinstance(item, EventError):
                raise item
            event = decode_event(item)
            if allowed is not None and event.store_id not in allowed:
                raise EventError("forbidden", f"the key is not for store {event.store_id!r}")
            events.append(event)
            places.append(index)
        except EventError as error:
            raw = b"" if isinstance(item, EventError) else item
            faults.append(EventFault(index, _event_id(raw), error.code, str(error)))
    report = warehouse.add_events(events)
    faults += [
        EventFault(places[fault.index], fault.event_id, fault.code, fault.message) for fault in report.errors
    ]
    answer = {
        "received": len(items),
        "inserted": report.inserted,
        "duplicates": report.duplicates,
        "errors": [
            {"index": f.index, "event_id": f.event_id, "code": f.code, "message": f.message}
            for f in sorted(faults, key=lambda fault: fault.index)
        ],
    }
    return answer, {event.store_id for event in events}


def split_batch(body: bytes) -> list[msgspec.Raw | bytes | EventError]:
    """The events of a batch, not yet decoded.

    A strict reader goes first. Where it stumbles over one event (NaN, half a surrogate pair) a lenient one
    takes the batch apart, so that the stumbling block becomes an error of its own event.
    """
    try:
        return list(msgspec.json.decode(body, type=_Batch).events)
    except msgspec.ValidationError as error:
        raise _not_a_batch() from error
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        pass
    try:
        content = json.loads(body)
    except (ValueError, UnicodeError, RecursionError) as error:
        raise ApiError(400, "not_json", "expected a JSON body") from error
    events = content.get("events") if isinstance(content, dict) else None
    if not isinstance(events, list):
        raise _not_a_batch()
    return [_encoded(item) for item in events]


def _encoded(item: Any) -> bytes | EventError:
    try:
        return json.dumps(item, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        return EventError("schema", f"not an event: {error}")


def _event_id(raw: msgspec.Raw | bytes) -> str | None:
    try:
        return msgspec.json.decode(raw, type=_Identified).event_id
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _not_a_batch() -> ApiError:
    return ApiError(422, "not_a_batch", 'expected {"events": [...]} with a list of events')
