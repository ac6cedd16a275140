"""`GET /health`: whether the feeds of the stores are alive."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from floorwalker.insights.health import feed_states, stale_warnings, store_health
from floorwalker.server.auth import VIEWER, may_see
from floorwalker.server.parameters import ONLY_KNOWN_PARAMETERS
from floorwalker.server.state import warehouse_of
from floorwalker.warehouse import Warehouse

router = APIRouter(dependencies=[VIEWER, ONLY_KNOWN_PARAMETERS])


@dataclass(frozen=True, slots=True)
class MatcherStatus:
    """What `/health` says of re-entry matching.

    Attributes:
        threshold: cosine from which two entries are one person.
        margin: by how much the best person must lead.
        topk: how many neighbours are looked at.
        device: where the encoder runs.
        model_loaded: whether an encoder is loaded.
    """

    threshold: float = 0.88
    margin: float = 0.02
    topk: int = 20
    device: str = "cpu"
    model_loaded: bool = False


@router.get("/health", summary="Whether the feeds are alive")
def health(request: Request, warehouse: Annotated[Warehouse, Depends(warehouse_of)]) -> dict[str, Any]:
    """Each store's last event and lag; stale are live feeds only, after 10 minutes in opening hours."""
    now = warehouse.now()
    feeds = warehouse.feeds()
    stores: dict[str, Any] = {}
    warnings: list[str] = []
    for store in warehouse.stores():
        if not may_see(request, store.store_id):
            continue
        states = feed_states(store, feeds, now)
        stores[store.store_id] = store_health(store, states)
        warnings += stale_warnings(store, states)
    return {
        "status": "degraded" if warnings else "healthy",
        "stores": stores,
        "warnings": warnings,
        "ok": True,
        **asdict(request.app.state.matcher),
    }
