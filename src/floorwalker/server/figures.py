"""The figures of a store: metrics, funnel, heatmap, traffic, dwell, purchases."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from floorwalker.errors import InputError
from floorwalker.events import format_utc
from floorwalker.insights.answers import (
    answer_dwell,
    answer_funnel,
    answer_heatmap,
    answer_metrics,
    answer_purchases,
    answer_traffic,
)
from floorwalker.insights.history import picture_as_known
from floorwalker.insights.picture import Picture, take_picture
from floorwalker.insights.waits import read_told_waits
from floorwalker.insights.windows import choose_window, parse_time
from floorwalker.server.auth import VIEWER
from floorwalker.server.parameters import ONLY_KNOWN_PARAMETERS
from floorwalker.server.state import warehouse_of
from floorwalker.warehouse import Warehouse

router = APIRouter(dependencies=[VIEWER, ONLY_KNOWN_PARAMETERS])
BUCKET_MINUTES = (1, 5, 15, 30, 60)
Stores = Annotated[Warehouse, Depends(warehouse_of)]


def picture_of(
    store_id: str,
    warehouse: Stores,
    day: Annotated[str | None, Query(description="The store's local day, 2026-03-03.")] = None,
    from_: Annotated[
        str | None, Query(alias="from", description="ISO-8601 with a zone; instead of day.")
    ] = None,
    to: Annotated[str | None, Query(description="ISO-8601 with a zone; instead of day.")] = None,
    known_at: Annotated[
        str | None, Query(description="ISO-8601 with a zone: the figures as they were known then.")
    ] = None,
) -> Picture:
    """The store over the window asked for; default: today there, or the last day with events."""
    store = warehouse.store(store_id)
    window = choose_window(warehouse, store, day, from_, to)
    if known_at is not None:
        return picture_as_known(warehouse, store, window, parse_time("known_at", known_at))
    return take_picture(warehouse, store, window)


Asked = Annotated[Picture, Depends(picture_of)]


@router.get("/stores/{store_id}/metrics", summary="The figures of a window")
def get_metrics(picture: Asked, warehouse: Stores) -> dict[str, Any]:
    """Visitors, conversion, dwell, queue, abandonment, staff, with `as_of`, the window, confidence intervals,
    coverage and warnings; a figure is null where no camera watched."""
    window = picture.window
    told = read_told_waits(
        warehouse.database, picture.store.store_id, window.whole_from_utc, window.whole_to_utc
    )
    return answer_metrics(picture, told)


@router.get("/stores/{store_id}/funnel", summary="Entry, zone, till, purchase")
def get_funnel(picture: Asked) -> dict[str, Any]:
    """Visits that reached each step, and the share lost at each."""
    return answer_funnel(picture)


@router.get("/stores/{store_id}/heatmap", summary="How much each zone is visited")
def get_heatmap(picture: Asked, response: Response) -> dict[str, dict[str, Any]]:
    """By zone; `as_of` and the window are in the headers X-As-Of, X-Window-From and X-Window-To."""
    _describe(picture, response)
    return answer_heatmap(picture)


@router.get("/stores/{store_id}/traffic", summary="Through the door by quarter hour")
def get_traffic(
    picture: Asked,
    bucket_minutes: Annotated[
        int | None,
        Query(
            description="Length of a stretch in minutes: 1, 5, 15, 30 or 60; default: by the length of the "
            "data."
        ),
    ] = None,
) -> dict[str, Any]:
    """Entries, exits, re-entries and people inside by stretches of time; a stretch that no door camera
    watched holds null."""
    if bucket_minutes is None:
        return answer_traffic(picture)
    if bucket_minutes not in BUCKET_MINUTES:
        raise InputError(f"bucket_minutes: expected 1, 5, 15, 30 or 60, got {bucket_minutes}")
    return answer_traffic(picture, timedelta(minutes=bucket_minutes))


@router.get("/stores/{store_id}/dwell", summary="How long people stay")
def get_dwell(picture: Asked) -> dict[str, Any]:
    """The distribution of stays: quantiles and histogram, all zones, by zone, and time in the shop."""
    return answer_dwell(picture)


@router.get("/stores/{store_id}/purchases", summary="Which sale fell to whom")
def get_purchases(picture: Asked) -> dict[str, Any]:
    """Each sale with the visitor it was assigned to, how far apart they lie and how sure the pair is."""
    return answer_purchases(picture)


def _describe(picture: Picture, response: Response) -> None:
    response.headers["X-As-Of"] = format_utc(picture.as_of)
    response.headers["X-Window-From"] = format_utc(picture.window.from_utc)
    response.headers["X-Window-To"] = format_utc(picture.window.to_utc)
