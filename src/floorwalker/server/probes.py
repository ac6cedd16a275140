"""`/livez` and `/readyz`: for whoever starts, watches and replaces the server."""

from __future__ import annotations

import asyncio
from asyncio import to_thread
from typing import Any

from fastapi import APIRouter, Request

from floorwalker.server.auth import OPEN
from floorwalker.server.errors import ApiError
from floorwalker.server.state import warehouse_of
from floorwalker.warehouse import DatabaseAway, Warehouse
from floorwalker.warehouse.migrating import Standing, found_version

router = APIRouter(dependencies=[OPEN])

_PATIENCE_S = 3.0


@router.get("/livez", summary="Whether the process answers")
async def alive() -> dict[str, Any]:
    """Answers as long as the process works, whatever the database does."""
    return {"status": "ok"}


@router.get("/readyz", summary="Whether requests can be served")
async def ready(request: Request) -> dict[str, Any]:
    """Answers 200 where the database answers, its tables are this program's, and no end is near."""
    if request.app.state.stopping():
        raise _not_ready("the server is about to end")
    try:
        standing = await asyncio.wait_for(asyncio.shield(_look(request)), _PATIENCE_S)
    except TimeoutError:
        raise _not_ready(f"the database did not answer within {_PATIENCE_S:g} s") from None
    except DatabaseAway as error:  # where the database lies is nobody's business who shows no key
        raise _not_ready("the database does not answer") from error
    if standing is not Standing.CURRENT:
        raise _not_ready(f"the database's tables are {standing.value}")
    return {"status": "ok", "database": "ok", "tables": standing.value}


def _look(request: Request) -> asyncio.Task[Standing]:
    """One look at the database, shared by all who ask: where it hangs, no thread is added by asking."""
    state = request.app.state
    if not hasattr(state, "readiness") or state.readiness.done():
        state.readiness = asyncio.create_task(to_thread(database_standing, warehouse_of(request)))
    task: asyncio.Task[Standing] = state.readiness
    return task


def database_standing(warehouse: Warehouse) -> Standing:
    """How the database's tables stand to this program.

    Raises:
        DatabaseAway: it does not answer.
    """
    with warehouse.database.read() as connection:
        return found_version(connection)[0]


def _not_ready(message: str) -> ApiError:
    return ApiError(503, "not_ready", message, headers={"Retry-After": "2"})
