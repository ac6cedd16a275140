"""The site file of the simulated shop, with calibration and zones projected exactly."""

from __future__ import annotations

import numpy as np

from floorwalker.simulation.cameras import PinholeCamera
from floorwalker.simulation.layout import (
    COUNTER_RECT,
    DEPTH_M,
    ENTRY_CAMERA,
    ENTRY_LINE,
    INWARD_POINT,
    STORE_ID,
    TIMEZONE,
    WIDTH_M,
    ZONES,
    FloorZone,
    Point,
    Rect,
)

FLOOR_PLAN_FILE = "floorplan.png"
_GRID_M = 0.25
_MARGIN = 0.04


def site_toml(cameras: tuple[PinholeCamera, ...]) -> str:
    """The site file's text.

    Args:
        cameras: the shop's cameras.
    """
    lines = [
        "[[store]]",
        f'id = "{STORE_ID}"',
        'name = "The simulated shop"',
        f'timezone = "{TIMEZONE}"',
        'currency = "INR"',
        "",
        "[store.opening_hours]",
        *(
            f'{day} = {{ opens = "10:00", closes = "20:00" }}'
            for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
        ),
        "",
        "[store.floor_plan]",
        f"width_m = {WIDTH_M}",
        f"depth_m = {DEPTH_M}",
        f'image = "{FLOOR_PLAN_FILE}"',
    ]
    for camera in cameras:
        lines += ["", *_camera_lines(camera)]
    return "\n".join(lines) + "\n"


def _camera_lines(camera: PinholeCamera) -> list[str]:
    lines = [
        "[[store.camera]]",
        f'id = "{camera.camera_id}"',
        f'name = "{camera.name}"',
        f"resolution = [{camera.size[0]}, {camera.size[1]}]",
        "",
        "[store.camera.calibration]",
    ]
    floor = calibration_places(camera)
    lines.append(f"image_points = {_pixels(camera, floor, digits=3)}")
    lines.append(f"floor_points = {_listed(floor, digits=3)}")
    if camera.camera_id == ENTRY_CAMERA:
        inward = _pixels(camera, (INWARD_POINT,))
        lines += ["", "[[store.camera.entry_line]]", 'id = "DOOR"']
        lines += [f"points = {_pixels(camera, ENTRY_LINE)}", f"inward = {inward[1:-1]}"]
    for zone in ZONES:
        if zone.camera_id == camera.camera_id:
            lines += ["", *_zone_lines(camera, zone)]
    return lines


def _zone_lines(camera: PinholeCamera, zone: FloorZone) -> list[str]:
    lines = ["[[store.camera.zone]]", f'id = "{zone.zone_id}"', f'kind = "{zone.kind}"']
    if zone.sku_zone is not None:
        lines.append(f'sku_zone = "{zone.sku_zone}"')
    lines.append(f"polygon = {_pixels(camera, zone.corners)}")
    if zone.kind == "billing":
        lines.append(f"counter = {_pixels(camera, _corners(COUNTER_RECT))}")
    return lines


def _corners(rect: Rect) -> tuple[Point, ...]:
    x1, y1, x2, y2 = rect
    return (x1, y1), (x2, y1), (x2, y2), (x1, y2)


def calibration_places(camera: PinholeCamera) -> tuple[Point, ...]:
    """Eight floor places spread over the camera's picture, the first four in general position."""
    width, height = camera.size
    x, y = np.meshgrid(np.arange(0, WIDTH_M + 0.01, _GRID_M), np.arange(0, DEPTH_M + 0.01, _GRID_M))
    floor = np.column_stack([x.ravel(), y.ravel()])
    pixels, forward = camera.project(np.column_stack([floor, np.zeros(len(floor))]))
    mx, my = width * _MARGIN, height * _MARGIN
    with np.errstate(invalid="ignore"):
        seen = (
            (forward > 0)
            & (pixels[:, 0] > mx) & (pixels[:, 0] < width - mx)
            & (pixels[:, 1] > my) & (pixels[:, 1] < height - my)
        )  # fmt: skip
    floor, pixels = floor[seen], pixels[seen]
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    chosen: list[int] = []
    for share in ((0, 0), (1, 0), (1, 1), (0, 1), (0.5, 0.15), (0.5, 0.85), (0.2, 0.5), (0.8, 0.5)):
        distance = np.linalg.norm((pixels - (low + np.array(share) * (high - low))) / (high - low), axis=1)
        distance[chosen] = np.inf
        chosen.append(int(np.argmin(distance)))
    return tuple((float(fx), float(fy)) for fx, fy in floor[chosen])


def _pixels(camera: PinholeCamera, floor: tuple[Point, ...], digits: int = 2) -> str:
    places = np.column_stack([np.array(floor), np.zeros(len(floor))])
    pixels, _ = camera.project(places)
    return _listed(tuple((float(u), float(v)) for u, v in pixels), digits)


def _listed(points: tuple[Point, ...], digits: int) -> str:
    return "[" + ", ".join(f"[{x:.{digits}f}, {y:.{digits}f}]" for x, y in points) + "]"
