"""The latest events of a store: what the cameras saw a moment ago."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from floorwalker.events import format_utc
from floorwalker.insights.windows import day_start, parse_time
from floorwalker.server.auth import VIEWER
from floorwalker.server.parameters import ONLY_KNOWN_PARAMETERS
from floorwalker.server.state import warehouse_of
from floorwalker.warehouse import ResolvedEvent, Warehouse
from floorwalker.warehouse.records import from_us, to_us

router = APIRouter(dependencies=[VIEWER, ONLY_KNOWN_PARAMETERS])

_MOST = 200


@router.get("/stores/{store_id}/events", summary="The latest events")
def get_latest_events(
    store_id: str,
    warehouse: Annotated[Warehouse, Depends(warehouse_of)],
    limit: Annotated[int, Query(ge=1, le=_MOST, description="At most so many.")] = 20,
    before: Annotated[
        str | None, Query(description="ISO-8601 with a zone: only earlier ones; default: all.")
    ] = None,
) -> dict[str, Any]:
    """The store's events of the day up to the latest one, newest first, as they count today: of runs that
    hold, with visitors that were merged under one name."""
    warehouse.store(store_id)
    end = warehouse.now() + timedelta(days=1) if before is None else parse_time("before", before)
    return {
        "store_id": store_id,
        "events": [_shown(event) for event in latest_events(warehouse, store_id, end, limit)],
    }


def latest_events(
    warehouse: Warehouse, store_id: str, before_utc: datetime, limit: int
) -> list[ResolvedEvent]:
    """The latest events of a store, newest first, of the day that ends with the last of them.

    Args:
        warehouse: where they are kept.
        store_id: a store that is known.
        before_utc: only earlier ones.
        limit: at most so many.
    """
    last = warehouse.last_event(store_id, before_utc)
    if last is None:
        return []
    end = last + timedelta(microseconds=1)
    zone = warehouse.store(store_id).zone_info
    day = last.astimezone(zone).date()
    found: list[ResolvedEvent] = []
    # Whole local days: who is staff is told by all events of the day, also by later and earlier ones.
    for first in (day, day - timedelta(days=1)):
        view = warehouse.read(store_id, day_start(first, zone), day_start(day + timedelta(days=1), zone))
        wanted = (to_us(end - timedelta(days=1)), to_us(end))
        found = [event for event in view.events if wanted[0] <= event.time_us < wanted[1]]
        if len(found) >= limit:
            break
    return list(reversed(found[-limit:]))


def _shown(event: ResolvedEvent) -> dict[str, Any]:
    return {
        "timestamp": format_utc(from_us(event.time_us)),
        "event_id": event.event_id,
        "event_type": event.event_type,
        "visitor_id": event.visitor_id,
        "camera_id": event.camera_id,
        "zone_id": event.zone_id,
        "dwell_ms": event.dwell_ms,
        "is_staff": event.is_staff,
        "queue_depth": event.queue_depth,
    }
