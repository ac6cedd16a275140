"""`GET /health`: whether the feeds of the stores are alive."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from floorwalker.identity.matching.encoder import MeanEncoder
from floorwalker.identity.matching.matcher import Matcher
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
        model_loaded: whether a trained encoder is loaded; else the mean of the vectors serves.
    """

    threshold: float
    margin: float
    topk: int
    device: str
    model_loaded: bool

    @classmethod
    def of(cls, matcher: Matcher) -> MatcherStatus:
        """What there is to say of a matcher; its networks run on the processor."""
        rules, is_trained = matcher.rules, not isinstance(matcher.encoder, MeanEncoder)
        return cls(rules.threshold, rules.margin, rules.topk, "cpu", is_trained)


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
        **asdict(MatcherStatus.of(request.app.state.matcher)),
    }
