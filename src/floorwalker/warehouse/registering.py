"""From a site file to the warehouse's tables."""

from __future__ import annotations

import mimetypes
from pathlib import Path

import msgspec
from sqlalchemy import Connection, delete, insert, update

from floorwalker.errors import InputError
from floorwalker.site import Camera, Store, Zone
from floorwalker.warehouse.records import FloorImage
from floorwalker.warehouse.schema import cameras, floor_images, stores, zones
from floorwalker.warehouse.versions import ensure_stores, touch

_MAX_IMAGE_BYTES = 10_000_000
_IMAGE_TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif")


def read_floor_image(store: Store, folder: Path | None) -> FloorImage | None:
    """The picture of a store's plan, where the site file names one.

    Args:
        store: the store.
        folder: the site file's folder; None: pictures are not looked for.

    Raises:
        InputError: the picture is not there, not a picture by its name, or larger than 10 MB.
    """
    if folder is None or store.floor_plan is None or store.floor_plan.image is None:
        return None
    path = folder / store.floor_plan.image
    media_type = mimetypes.guess_type(path.name)[0]
    if media_type not in _IMAGE_TYPES:
        raise InputError(f"floor plan {path}: expected a PNG, JPEG, WebP or GIF by its name")
    try:
        if path.stat().st_size > _MAX_IMAGE_BYTES:
            raise InputError(f"floor plan {path}: larger than {_MAX_IMAGE_BYTES // 1_000_000} MB")
        return FloorImage(media_type, path.read_bytes())
    except OSError as error:
        raise InputError(f"cannot read the floor plan {path}: {error.strerror or error}") from error


def write_store(connection: Connection, store: Store, image: FloorImage | None, now_us: int) -> None:
    """Write one store as the site file describes it now; what it no longer names goes."""
    values = {
        "name": store.name or store.id,
        "timezone": store.timezone,
        "registered": True,
        "config": store.model_dump_json(by_alias=True),
    }
    ensure_stores(connection, [store.id])
    connection.execute(update(stores).where(stores.c.store_id == store.id).values(**values))
    touch(connection, store.id, (), now_us)
    for table in (zones, cameras, floor_images):
        connection.execute(delete(table).where(table.c.store_id == store.id))
    if image:
        connection.execute(
            insert(floor_images).values(store_id=store.id, media_type=image.media_type, content=image.content)
        )
    if store.cameras:
        connection.execute(insert(cameras), [_camera_row(store, camera) for camera in store.cameras])
    rows = [_zone_row(store, camera, zone) for camera in store.cameras for zone in camera.zones]
    if rows:
        connection.execute(insert(zones), rows)


def _camera_row(store: Store, camera: Camera) -> dict[str, object]:
    return {
        "store_id": store.id,
        "camera_id": camera.id,
        "name": camera.name or camera.id,
        "width_px": camera.resolution[0],
        "height_px": camera.resolution[1],
        "entry_lines": len(camera.entry_lines),
    }


def _zone_row(store: Store, camera: Camera, zone: Zone) -> dict[str, object]:
    calibration = camera.calibrated()
    polygon = None if calibration is None else calibration.to_floor(zone.polygon).round(3).tolist()
    return {
        "store_id": store.id,
        "zone_id": zone.id,
        "camera_id": camera.id,
        "kind": zone.kind.value,
        "sku_zone": zone.sku_zone,
        "floor_polygon_m": None if polygon is None else msgspec.json.encode(polygon).decode(),
    }
