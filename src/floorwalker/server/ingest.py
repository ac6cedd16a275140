"""`POST /events/ingest`: up to 500 events, each judged alone."""

from __future__ import annotations

from collections import Counter

import msgspec
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response

from floorwalker.server.auth import OPERATOR, allowed_stores
from floorwalker.server.ingest_batch import Answer, take_batch
from floorwalker.server.ingest_body import form_of, gunzip, read_body
from floorwalker.server.state import warehouse_of

router = APIRouter(dependencies=[OPERATOR])

_AT_ONCE = 8  # batches at work; those that wait for the database leave the other routes their threads


@router.post("/events/ingest", summary="Take up to 500 events", response_class=Response)
async def ingest(request: Request) -> Response:
    """Take events, each once for ever; a malformed one never sinks the others.

    The answer is given after the commit: `received` = `inserted` + `duplicates` + the number of `errors`.
    """
    form = form_of(request)
    body = await read_body(request)
    allowed, warehouse = allowed_stores(request), warehouse_of(request)

    def work() -> tuple[Answer, set[str]]:
        plain = gunzip(body) if form.is_gzip else body
        return take_batch(warehouse, plain, is_lines=form.is_lines, allowed=allowed)

    answer, stores = await to_thread.run_sync(work, limiter=_limiter(request))
    request.state.store_id = next(iter(stores)) if len(stores) == 1 else None
    request.state.event_counts = {
        "received": answer.received,
        "inserted": answer.inserted,
        "duplicates": answer.duplicates,
        "rejected": len(answer.errors),
    }
    request.state.rejected = Counter(problem.code for problem in answer.errors)
    return Response(msgspec.json.encode(answer), media_type="application/json")


def _limiter(request: Request) -> CapacityLimiter:
    state = request.app.state
    if not hasattr(state, "ingest_limiter"):
        state.ingest_limiter = CapacityLimiter(_AT_ONCE)
    limiter: CapacityLimiter = state.ingest_limiter
    return limiter
