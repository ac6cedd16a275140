"""The stores: which there are, and how their floors are laid out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response

from floorwalker.insights.windows import days_with_events
from floorwalker.server.auth import VIEWER, may_see
from floorwalker.server.errors import ApiError
from floorwalker.server.parameters import ONLY_KNOWN_PARAMETERS
from floorwalker.server.state import warehouse_of
from floorwalker.warehouse import StoreInfo, Warehouse

router = APIRouter(dependencies=[VIEWER, ONLY_KNOWN_PARAMETERS])
Stores = Annotated[Warehouse, Depends(warehouse_of)]


@router.get("/stores", summary="All stores")
def list_stores(request: Request, warehouse: Stores) -> list[dict[str, Any]]:
    """Each store with its name, time zone and the local days that hold events, newest first."""
    stores = [store for store in warehouse.stores() if may_see(request, store.store_id)]
    days = days_with_events(warehouse, stores)
    return [_brief(store, days[store.store_id]) for store in stores]


@router.get("/stores/{store_id}", summary="One store")
def one_store(store_id: str, warehouse: Stores) -> dict[str, Any]:
    """A store's name, time zone, opening hours and the local days that hold events, newest first."""
    store = warehouse.store(store_id)
    return _brief(store, days_with_events(warehouse, [store])[store.store_id])


@router.get("/stores/{store_id}/layout", summary="Floor plan, zones and cameras")
def layout(store_id: str, warehouse: Stores) -> dict[str, Any]:
    """The floor plan's size in metres and picture, zones with their outline on the floor, and cameras."""
    store = warehouse.store(store_id)
    plan = store.site.floor_plan if store.site else None
    has_image = warehouse.floor_image(store_id) is not None
    address = f"/stores/{quote(store_id, safe='')}/floor-plan"
    return {
        "store_id": store.store_id,
        "name": store.name,
        "timezone": store.timezone,
        "floor_plan": None
        if plan is None
        else {
            "width_m": plan.width_m,
            "depth_m": plan.depth_m,
            "image_url": address if has_image else None,
        },
        "zones": [
            {
                "zone_id": zone.zone_id,
                "kind": zone.kind.value,
                "sku_zone": zone.sku_zone,
                "camera_id": zone.camera_id,
                "polygon_m": zone.floor_polygon_m,
            }
            for zone in warehouse.zones(store_id)
        ],
        "cameras": [
            {
                "camera_id": camera.camera_id,
                "name": camera.name,
                "resolution": [camera.width_px, camera.height_px],
                "entry_lines": camera.entry_lines,
            }
            for camera in warehouse.cameras(store_id)
        ],
    }


@router.get("/stores/{store_id}/floor-plan", summary="The floor plan's picture", response_class=Response)
def floor_plan(store_id: str, warehouse: Stores) -> Response:
    """The picture that fills the floor plan."""
    warehouse.store(store_id)
    image = warehouse.floor_image(store_id)
    if image is None:
        raise ApiError(404, "no_floor_plan", f"store {store_id!r} has no picture of its floor plan")
    return Response(image.content, media_type=image.media_type, headers={"Cache-Control": "no-cache"})


def _brief(store: StoreInfo, days: Sequence[date]) -> dict[str, Any]:
    hours = store.site.opening_hours if store.site else {}
    return {
        "store_id": store.store_id,
        "name": store.name,
        "timezone": store.timezone,
        "registered": store.registered,
        "currency": store.site.currency if store.site else None,
        "opening_hours": {
            day: {"opens": span.opens.isoformat("minutes"), "closes": span.closes.isoformat("minutes")}
            for day, span in hours.items()
        },
        "days": [day.isoformat() for day in days],
    }
