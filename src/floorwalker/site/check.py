"""Every mistake of a site file, each with its place in the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from shapely.geometry import LineString, Polygon
from shapely.geometry import Point as ShapelyPoint
from shapely.validation import explain_validity

from floorwalker.errors import InputError, plain_reason
from floorwalker.site.addresses import masked
from floorwalker.site.model import Camera, EntryLine, Point, Site, Store, Zone, ZoneKind
from floorwalker.site.toml import read_toml

EDGE_MARGIN_PX = 8.0
CALIBRATION_TOLERANCE_PX = 6.0
SMALLEST_AREA_PX = 100.0


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a site file.

    Attributes:
        place: where, for example `store[0].camera[1].zone[0] (SKINCARE)`.
        message: what is wrong and what to do.
        severity: `error` stops processing, `warning` does not.
    """

    place: str
    message: str
    severity: Literal["error", "warning"] = "error"


def check_site_file(path: Path) -> list[Problem]:
    """List every mistake of a site file.

    Args:
        path: the TOML file.

    Returns:
        The mistakes, in the order of the file; empty where there are none.

    Raises:
        InputError: the file cannot be read as TOML at all.
    """
    content = read_toml(path)
    try:
        site = Site.model_validate(content)
    except ValidationError as error:
        return [Problem(_place(item["loc"]), mistake_of(item)) for item in error.errors()]
    return list(site_problems(site, path.parent))


def mistake_of(found: ErrorDetails) -> str:
    """What is wrong with one field, and what stands there where that is a single value."""
    if found["type"] == "missing":
        return "this field is missing"
    got, reason = found["input"], plain_reason(found["msg"])
    if not isinstance(got, str | int | float | bool) or repr(got) in reason:
        return reason
    shown = masked(repr(got))
    return f"{reason} (got {shown if len(shown) <= 80 else shown[:79] + '…'})"


def _place(parts: Sequence[str | int]) -> str:
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _duplicates(names: Sequence[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def site_problems(site: Site, folder: Path) -> Iterator[Problem]:
    """The mistakes of a site whose fields are all of the right kind."""
    for name in _duplicates([store.id for store in site.stores]):
        yield Problem("store", f"two stores have the id {name!r}")
    yield from _name_problems(site)
    for index, store in enumerate(site.stores):
        yield from _store_problems(store, f"store[{index}]", folder)


def _name_problems(site: Site) -> Iterator[Problem]:
    """Names that would mean two stores: `store_1076` and `ST1076` are one name."""
    owner: dict[str, str] = {}
    for index, store in enumerate(site.stores):
        for name in sorted(store.all_names):
            earlier = owner.setdefault(name, store.id)
            if earlier != store.id:
                yield Problem(f"store[{index}].aliases", f"{name!r} is a name of store {earlier!r} already")


def _store_problems(store: Store, place: str, folder: Path) -> Iterator[Problem]:
    for name in _duplicates([camera.id for camera in store.cameras]):
        yield Problem(f"{place}.camera", f"two cameras have the id {name!r}")
    for name in _duplicates([zone.id for camera in store.cameras for zone in camera.zones]):
        yield Problem(
            f"{place}.camera.zone", f"two zones have the id {name!r}; one camera must answer for a zone"
        )
    if store.floor_plan and store.floor_plan.image and not (folder / store.floor_plan.image).is_file():
        yield Problem(f"{place}.floor_plan.image", f"no such file: {folder / store.floor_plan.image}")
    if not store.cameras:
        yield Problem(f"{place}.camera", "the store has no camera", "warning")
    elif not any(camera.entry_lines for camera in store.cameras):
        yield Problem(
            f"{place}.camera",
            "no camera has an entry line: visitors will be counted by sightings",
            "warning",
        )
    for index, camera in enumerate(store.cameras):
        yield from _camera_problems(camera, f"{place}.camera[{index}] ({camera.id})", store)


def _camera_problems(camera: Camera, place: str, store: Store) -> Iterator[Problem]:
    width, height = camera.resolution
    if not (16 <= width <= 16384 and 16 <= height <= 16384):
        yield Problem(f"{place}.resolution", f"expected 16 to 16384 pixels a side, got {width}×{height}")
        return
    for name in _duplicates([line.id for line in camera.entry_lines]):
        yield Problem(f"{place}.entry_line", f"two entry lines have the id {name!r}")
    for index, line in enumerate(camera.entry_lines):
        yield from _line_problems(line, f"{place}.entry_line[{index}] ({line.id})", camera.resolution)
    for index, zone in enumerate(camera.zones):
        yield from _zone_problems(zone, f"{place}.zone[{index}] ({zone.id})", camera.resolution)
    for index, mask in enumerate(camera.masks):
        yield from _polygon_problems(mask, f"{place}.masks[{index}]", camera.resolution)
    yield from _calibration_problems(camera, place, store)


def _line_problems(line: EntryLine, place: str, resolution: tuple[int, int]) -> Iterator[Problem]:
    width, height = resolution
    for index, (x, y) in enumerate(line.points):
        if not (0 <= x <= width and 0 <= y <= height):
            yield Problem(
                f"{place}.points[{index}]", f"({x:g}, {y:g}) lies outside the {width}×{height} picture"
            )
        elif min(x, y, width - x, height - y) < EDGE_MARGIN_PX:
            yield Problem(
                f"{place}.points[{index}]",
                f"({x:g}, {y:g}) touches the picture's edge: feet vanish there before they have crossed; "
                f"keep the line at least {EDGE_MARGIN_PX:g} pixels inside",
            )
    shape = LineString(line.points)
    if shape.length < 2 * EDGE_MARGIN_PX:
        yield Problem(f"{place}.points", f"the line is only {shape.length:.1f} pixels long")
        return
    if not shape.is_simple:
        yield Problem(f"{place}.points", "the line crosses itself")
    if shape.distance(ShapelyPoint(line.inward)) < 1.0:
        yield Problem(f"{place}.inward", "the inward point lies on the line; put it well inside the shop")


def _polygon_problems(points: Sequence[Point], place: str, resolution: tuple[int, int]) -> Iterator[Problem]:
    width, height = resolution
    if len(points) < 3:
        yield Problem(place, f"expected three points or more, got {len(points)}")
        return
    outside = [f"({x:g}, {y:g})" for x, y in points if not (0 <= x <= width and 0 <= y <= height)]
    if outside:
        yield Problem(place, f"lies outside the {width}×{height} picture at {', '.join(outside)}")
    shape = Polygon(points)
    if not shape.is_valid:
        yield Problem(place, f"the polygon is not simple: {explain_validity(shape)}")
    elif shape.area < SMALLEST_AREA_PX:
        yield Problem(place, f"the polygon covers only {shape.area:.0f} square pixels")


def _zone_problems(zone: Zone, place: str, resolution: tuple[int, int]) -> Iterator[Problem]:
    polygon = list(_polygon_problems(zone.polygon, f"{place}.polygon", resolution))
    yield from polygon
    if zone.counter is None:
        if zone.kind is ZoneKind.BILLING:
            yield Problem(
                place, "a billing zone without a counter: who gave up is known from till data only", "warning"
            )
        return
    counter = list(_polygon_problems(zone.counter, f"{place}.counter", resolution))
    yield from counter
    if not polygon and not counter and not Polygon(zone.polygon).intersects(Polygon(zone.counter)):
        yield Problem(f"{place}.counter", "the counter lies wholly outside its billing zone")


def _calibration_problems(camera: Camera, place: str, store: Store) -> Iterator[Problem]:
    if camera.calibration is None:
        if store.floor_plan is not None:
            yield Problem(
                place, "no calibration: this camera's people have no place on the floor plan", "warning"
            )
        return
    try:
        calibration = camera.calibrated()
    except InputError as error:
        yield Problem(f"{place}.calibration", str(error))
        return
    if calibration is None:
        return
    points = camera.calibration
    error_px = calibration.error_px(points.image_points, points.floor_points)
    if error_px > CALIBRATION_TOLERANCE_PX:
        yield Problem(
            f"{place}.calibration",
            f"the point pairs contradict each other by up to {error_px:.1f} pixels; measure them again",
        )
    if calibration.projection is None:
        yield Problem(
            f"{place}.calibration",
            "the point pairs do not show the camera's tilt: people's sizes are not known from them",
            "warning",
        )
