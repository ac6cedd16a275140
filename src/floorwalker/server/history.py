"""The history of a day's figures over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from floorwalker.insights.history import MAX_POINTS, Memory, history
from floorwalker.insights.windows import choose_window
from floorwalker.server.auth import VIEWER
from floorwalker.server.parameters import ONLY_KNOWN_PARAMETERS
from floorwalker.server.state import warehouse_of
from floorwalker.warehouse import Warehouse

router = APIRouter(dependencies=[VIEWER, ONLY_KNOWN_PARAMETERS], tags=["corrections"])
Stores = Annotated[Warehouse, Depends(warehouse_of)]


@router.get("/stores/{store_id}/history", summary="How a day's figures came to be what they are")
def get_history(
    store_id: str,
    request: Request,
    warehouse: Stores,
    day: Annotated[
        str | None,
        Query(description="The store's local day; default: today there, or the last day with events."),
    ] = None,
    metric: Annotated[
        str | None, Query(description="Only this figure of /metrics, and only where it changed.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_POINTS, description="The latest so many points.")] = 60,
) -> dict[str, Any]:
    """Each moment of the clock on the wall at which the day's figures changed: from what, to what, and by
    which late events, run, rule, correction, undo, till rows or offset of the till."""
    store = warehouse.store(store_id)
    memory: Memory = request.app.state.history
    return history(warehouse, store, choose_window(warehouse, store, day), metric, limit, memory)
