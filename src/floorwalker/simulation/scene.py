"""The empty shop as a camera sees it, ray-cast once: its picture, and what in it can hide people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt

from floorwalker.simulation import textures
from floorwalker.simulation.cameras import FloatArray, PinholeCamera
from floorwalker.simulation.layout import (
    BOXES,
    DEPTH_M,
    DOOR_HEIGHT_M,
    DOOR_X,
    RAIL_HEIGHT_M,
    RAIL_POSTS_X,
    RAIL_Y,
    WIDTH_M,
    Box,
    Rect,
)
from floorwalker.simulation.textures import Image

NOTHING_CM = 65535
_ROOM_HEIGHT_M = 3.2
_OVERSAMPLING = 2
_PAINT: textures.Colour = (206, 214, 218)
_PANELS: dict[str, textures.Colour] = {
    "counter": (92, 120, 150),
    "plinth": (160, 160, 165),
    "table": (110, 140, 170),
    "bench": (120, 125, 135),
    "wall": (190, 200, 206),
    "rail": (60, 60, 64),
    "shelf": (140, 145, 150),
}


@dataclass(frozen=True, slots=True)
class Face:
    """A textured rectangle in the shop.

    Attributes:
        origin_m: (3,) its texture's upper left corner.
        across_m: (3,) from there along the texture's rows.
        down_m: (3,) from there along the texture's columns.
        texture: draws it, (h, w, 3) BGR.
        light: brightness, 0 to 1.
        hides: whether people can be behind it.
    """

    origin_m: tuple[float, float, float]
    across_m: tuple[float, float, float]
    down_m: tuple[float, float, float]
    texture: Callable[[np.random.Generator], Image]
    light: float
    hides: bool = True


@dataclass(frozen=True, slots=True)
class Cover:
    """What the empty shop hides and shows of the floor, in one camera's picture.

    Attributes:
        hider_cm: (h, w) level distance of what can hide people, in centimetres; NOTHING_CM elsewhere.
        floor: (h, w) 255 where the floor is seen, on which shadows fall.
    """

    hider_cm: npt.NDArray[np.uint16]
    floor: Image


@dataclass(slots=True)
class _Canvas:
    """What has been cast so far."""

    rays: npt.NDArray[np.float32]
    scale: int
    nearest: npt.NDArray[np.float32]
    owner: npt.NDArray[np.int16]
    picture: Image | None

    @classmethod
    def blank(cls, camera: PinholeCamera, scale: int, *, painted: bool) -> _Canvas:
        rays = camera.rays(scale).astype(np.float32)
        shape = rays.shape[:2]
        picture = np.full((*shape, 3), 235, dtype=np.uint8) if painted else None
        nearest = np.full(shape, np.inf, dtype=np.float32)
        return cls(rays, scale, nearest, np.full(shape, -1, dtype=np.int16), picture)


def cover_of(camera: PinholeCamera) -> Cover:
    """Ray-cast what hides people, without any paint: the truth's visible shares rest on it.

    Args:
        camera: whose view.
    """
    faces = _faces()
    canvas = _Canvas.blank(camera, 1, painted=False)
    for index, face in enumerate(faces):
        _cast(camera, face, index, canvas, None)
    level = np.hypot(canvas.rays[..., 0], canvas.rays[..., 1]) * canvas.nearest * 100
    hides = np.array([face.hides for face in faces] + [False])
    hider = np.where(hides[canvas.owner], np.minimum(level, NOTHING_CM - 1), NOTHING_CM).astype(np.uint16)
    return Cover(hider, np.where(canvas.owner == 0, 255, 0).astype(np.uint8))


def empty_shop(camera: PinholeCamera, seed: int) -> Image:
    """Paint the empty shop.

    Args:
        camera: whose view.
        seed: the goods on the shelves are drawn from it, alike for all cameras.

    Returns:
        (h, w, 3) BGR.
    """
    canvas = _Canvas.blank(camera, _OVERSAMPLING, painted=True)
    for index, face in enumerate(_faces()):
        _cast(camera, face, index, canvas, np.random.default_rng([seed, 11, index]))
    assert canvas.picture is not None
    picture: Image = np.asarray(
        cv2.resize(canvas.picture, camera.size, interpolation=cv2.INTER_AREA), np.uint8
    )
    return picture


def _cast(
    camera: PinholeCamera, face: Face, index: int, canvas: _Canvas, rng: np.random.Generator | None
) -> None:
    """Cast one face where it is nearer than what was cast before."""
    origin, across, down = (np.array(v) for v in (face.origin_m, face.across_m, face.down_m))
    corners = np.stack([origin, origin + across, origin + down, origin + across + down])
    window = _window(camera, corners, canvas.scale)
    part = canvas.rays[window]
    if part.size == 0:
        return
    normal = np.cross(across, down)
    slope = part @ normal.astype(np.float32)
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.float32((origin - camera.place_m) @ normal) / slope
    offset = (camera.place_m - origin).astype(np.float32)
    a_axis = (across / (across @ across)).astype(np.float32)
    b_axis = (down / (down @ down)).astype(np.float32)
    a = offset @ a_axis + reach * (part @ a_axis)
    b = offset @ b_axis + reach * (part @ b_axis)
    hit = (reach > 0.05) & (a >= 0) & (a < 1) & (b >= 0) & (b < 1) & (reach < canvas.nearest[window])
    if not hit.any():
        return
    if canvas.picture is not None and rng is not None:
        texture = face.texture(rng)
        rows, columns = texture.shape[:2]
        texels = texture[(b[hit] * rows).astype(np.int32), (a[hit] * columns).astype(np.int32)]
        canvas.picture[window][hit] = (texels * face.light).astype(np.uint8)
    canvas.nearest[window][hit] = reach[hit]
    canvas.owner[window][hit] = index


def _window(camera: PinholeCamera, corners: FloatArray, scale: int) -> tuple[slice, slice]:
    pixels, forward = camera.project(corners)
    if (forward < 0.3).any():
        return slice(None), slice(None)
    low = np.floor(pixels.min(axis=0) * scale).astype(int)
    high = np.ceil(pixels.max(axis=0) * scale).astype(int) + 1
    limit = np.array(camera.size) * scale
    low, high = np.clip(low, 0, limit), np.clip(high, 0, limit)
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def _faces() -> list[Face]:
    """All faces; the floor comes first."""
    w, d, h = WIDTH_M, DEPTH_M, _ROOM_HEIGHT_M
    faces = [
        Face((0, d, 0), (w, 0, 0), (0, -d, 0), partial(_lit_floor, w, d), 1.0, hides=False),
        Face((-8, 0, 0), (30, 0, 0), (0, -5, 0), partial(textures.street, 30, 5), 1.0, hides=False),
        Face((-8, -5, 6), (30, 0, 0), (0, 0, -6), partial(textures.facade, 30, 6), 1.0, hides=False),
        Face((0, 0, h), (0, d, 0), (0, 0, -h), partial(textures.wall, d, h, _PAINT, True), 0.86),
        Face((w, d, h), (0, -d, 0), (0, 0, -h), partial(textures.wall, d, h, _PAINT, True), 0.86),
        Face((0, d, h), (w, 0, 0), (0, 0, -h), partial(textures.wall, w, h, _PAINT, True), 0.92),
    ]
    left, right = DOOR_X
    for x1, x2, bottom in ((0.0, left, 0.0), (right, w, 0.0), (left, right, DOOR_HEIGHT_M)):
        paint = partial(textures.wall, x2 - x1, h - bottom, _PAINT, bottom == 0.0)
        faces.append(Face((x1, 0, h), (x2 - x1, 0, 0), (0, 0, bottom - h), paint, 0.8))
    for x in (left - 0.06, right):
        faces.extend(_box_faces(Box("door post", (x, -0.06, x + 0.06, 0.05), DOOR_HEIGHT_M, "rail")))
    for box in BOXES:
        if box.look != "rail":
            faces.extend(_box_faces(box))
    faces.extend(_rail())
    faces.extend(_till_things())
    return faces


def _rail() -> list[Face]:
    """Posts and a belt along the queue lane."""
    faces = []
    for x in RAIL_POSTS_X:
        post: Rect = (x - 0.03, RAIL_Y - 0.03, x + 0.03, RAIL_Y + 0.03)
        faces.extend(_box_faces(Box("post", post, RAIL_HEIGHT_M, "rail")))
    belt = partial(textures.panel, 0.3, 0.06, (40, 40, 150))
    length = RAIL_POSTS_X[-1] - RAIL_POSTS_X[0]
    faces.append(Face((RAIL_POSTS_X[0], RAIL_Y, 0.9), (length, 0, 0), (0, 0, -0.06), belt, 1.0))
    return faces


def _till_things() -> list[Face]:
    """The till on the counter: small boxes that stand on its top."""
    faces = []
    for rect, colour in (
        ((12.55, 7.75, 12.95, 8.05), (50, 50, 54)),
        ((10.5, 7.75, 10.75, 8.0), (70, 90, 170)),
    ):
        x1, y1, x2, y2 = rect
        texture = partial(textures.panel, x2 - x1, 0.3, colour)
        faces.append(Face((x1, y1, 1.3), (x2 - x1, 0, 0), (0, 0, -0.3), texture, 0.85))
        faces.append(Face((x1, y1, 1.3), (x2 - x1, 0, 0), (0, y2 - y1, 0), texture, 1.0))
        faces.append(Face((x1, y1, 1.3), (0, y2 - y1, 0), (0, 0, -0.3), texture, 0.7))
    return faces


def _box_faces(box: Box) -> list[Face]:
    x1, y1, x2, y2 = box.rect
    w, d, h = x2 - x1, y2 - y1, box.height_m
    sides = (
        ((x1, y1, h), (w, 0, 0), w, 0.84),
        ((x1, y2, h), (w, 0, 0), w, 0.92),
        ((x1, y1, h), (0, d, 0), d, 0.72),
        ((x2, y1, h), (0, d, 0), d, 0.76),
    )
    faces = []
    for origin, across, length, light in sides:
        stocked = box.look == "shelf" and length > 1.0
        side = (
            partial(textures.goods, length, h)
            if stocked
            else partial(textures.panel, length, h, _PANELS[box.look])
        )
        faces.append(Face(origin, across, (0, 0, -h), side, light))
    if box.look in ("shelf", "table", "plinth", "bench"):
        top = partial(textures.goods_from_above, w, d)
    else:
        top = partial(textures.panel, w, d, _PANELS[box.look])
    faces.append(Face((x1, y2, h), (w, 0, 0), (0, -d, 0), top, 1.0))
    return faces


def _lit_floor(width_m: float, depth_m: float, rng: np.random.Generator) -> Image:
    """Tiles with pools of ceiling light, daylight at the door, and soft shadows at the feet of things."""
    tiles = textures.floor_tiles(width_m, depth_m, rng)
    height, width = tiles.shape[:2]
    x = np.linspace(0, WIDTH_M, width, dtype=np.float32)[None, :]
    y = np.linspace(DEPTH_M, 0, height, dtype=np.float32)[:, None]
    light = 0.9 + 0.07 * np.cos(2 * np.pi * x / 2.8) * np.cos(2 * np.pi * y / 2.5)
    light = light + 0.2 * np.exp(-(((x - 7.0) / 1.5) ** 2) - (y / 1.1) ** 2)
    dark = np.zeros((height, width), dtype=np.float32)
    for box in BOXES:
        x1, y1, x2, y2 = box.rect
        dark[(y[:, 0] > y1 - 0.1) & (y[:, 0] < y2 + 0.1), :] += (
            (x[0] > x1 - 0.1) & (x[0] < x2 + 0.1)
        ).astype(np.float32)
    soft = cv2.GaussianBlur(np.minimum(dark, 1.0), (0, 0), 0.22 * textures.PIXELS_PER_M)
    light = light * (1 - 0.45 * soft)
    lit: Image = np.clip(tiles * light[..., None], 0, 255).astype(np.uint8)
    return lit
