"""The empty shop as a camera sees it: ray-cast once, with the distance of all that can hide people."""

from __future__ import annotations

from dataclasses import dataclass

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
        texture: (h, w, 3) BGR.
        light: brightness, 0 to 1.
        hides: whether people can be behind it.
    """

    origin_m: tuple[float, float, float]
    across_m: tuple[float, float, float]
    down_m: tuple[float, float, float]
    texture: Image
    light: float
    hides: bool = True


@dataclass(frozen=True, slots=True)
class Backdrop:
    """The empty shop in one camera's picture.

    Attributes:
        picture: (h, w, 3) BGR.
        hider_cm: (h, w) level distance of what can hide people, in centimetres; NOTHING_CM elsewhere.
        floor: (h, w) 255 where the floor is seen, on which shadows fall.
    """

    picture: Image
    hider_cm: npt.NDArray[np.uint16]
    floor: Image


def empty_shop(camera: PinholeCamera, seed: int) -> Backdrop:
    """Ray-cast the empty shop.

    Args:
        camera: whose view.
        seed: the goods on the shelves are drawn from it, alike for all cameras.
    """
    faces = _faces(np.random.default_rng([seed, 11]))
    rays = camera.rays(_OVERSAMPLING).astype(np.float32)
    height, width = rays.shape[:2]
    nearest = np.full((height, width), np.inf, dtype=np.float32)
    picture = np.full((height, width, 3), 235, dtype=np.uint8)
    owner = np.full((height, width), -1, dtype=np.int16)
    for index, face in enumerate(faces):
        _cast(camera, rays, face, index, nearest, picture, owner)
    level = np.hypot(rays[..., 0], rays[..., 1]) * nearest * 100
    hides = np.array([face.hides for face in faces] + [False])
    hider = np.where(hides[owner], np.minimum(level, NOTHING_CM - 1), NOTHING_CM).astype(np.uint16)
    on_floor = np.where(owner == 0, 255, 0).astype(np.uint8)
    step = _OVERSAMPLING
    small = cv2.resize(picture, camera.size, interpolation=cv2.INTER_AREA)
    return Backdrop(
        np.ascontiguousarray(small),
        np.ascontiguousarray(hider[::step, ::step]),
        np.ascontiguousarray(on_floor[::step, ::step]),
    )


def _cast(
    camera: PinholeCamera,
    rays: npt.NDArray[np.float32],
    face: Face,
    index: int,
    nearest: npt.NDArray[np.float32],
    picture: Image,
    owner: npt.NDArray[np.int16],
) -> None:
    """Paint one face where it is nearer than what was painted before."""
    origin, across, down = (np.array(v) for v in (face.origin_m, face.across_m, face.down_m))
    window = _window(camera, np.stack([origin, origin + across, origin + down, origin + across + down]))
    part = rays[window]
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
    hit = (reach > 0.05) & (a >= 0) & (a < 1) & (b >= 0) & (b < 1) & (reach < nearest[window])
    if not hit.any():
        return
    rows, columns = face.texture.shape[:2]
    texels = face.texture[(b[hit] * rows).astype(np.int32), (a[hit] * columns).astype(np.int32)]
    picture[window][hit] = (texels * face.light).astype(np.uint8)
    nearest[window][hit] = reach[hit]
    owner[window][hit] = index


def _window(camera: PinholeCamera, corners: FloatArray) -> tuple[slice, slice]:
    pixels, forward = camera.project(corners)
    if (forward < 0.3).any():
        return slice(None), slice(None)
    low = np.floor(pixels.min(axis=0) * _OVERSAMPLING).astype(int)
    high = np.ceil(pixels.max(axis=0) * _OVERSAMPLING).astype(int) + 1
    limit = np.array(camera.size) * _OVERSAMPLING
    low, high = np.clip(low, 0, limit), np.clip(high, 0, limit)
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def _faces(rng: np.random.Generator) -> list[Face]:
    """All faces; the floor comes first."""
    w, d, h = WIDTH_M, DEPTH_M, _ROOM_HEIGHT_M
    tiles = textures.floor_tiles(rng, w, d)
    faces = [
        Face((0, d, 0), (w, 0, 0), (0, -d, 0), _lit_from_above(tiles), 1.0, hides=False),
        Face((-8, 0, 0), (30, 0, 0), (0, -5, 0), textures.street(rng, 30, 5), 1.0, hides=False),
        Face((-8, -5, 6), (30, 0, 0), (0, 0, -6), textures.facade(rng, 30, 6), 1.0, hides=False),
        Face((0, 0, h), (0, d, 0), (0, 0, -h), textures.wall(rng, d, h, _PAINT, True), 0.86),
        Face((w, d, h), (0, -d, 0), (0, 0, -h), textures.wall(rng, d, h, _PAINT, True), 0.86),
        Face((0, d, h), (w, 0, 0), (0, 0, -h), textures.wall(rng, w, h, _PAINT, True), 0.92),
    ]
    left, right = DOOR_X
    for x1, x2, bottom in ((0.0, left, 0.0), (right, w, 0.0), (left, right, DOOR_HEIGHT_M)):
        paint = textures.wall(rng, x2 - x1, h - bottom, _PAINT, bottom == 0.0)
        faces.append(Face((x1, 0, h), (x2 - x1, 0, 0), (0, 0, bottom - h), paint, 0.8))
    for x in (left - 0.06, right):
        faces.extend(_box_faces(rng, Box("door post", (x, -0.06, x + 0.06, 0.05), DOOR_HEIGHT_M, "rail")))
    for box in BOXES:
        if box.look != "rail":
            faces.extend(_box_faces(rng, box))
    faces.extend(_rail(rng))
    faces.extend(_till_things(rng))
    return faces


def _rail(rng: np.random.Generator) -> list[Face]:
    """Posts and a belt along the queue lane."""
    faces = []
    for x in RAIL_POSTS_X:
        post: Rect = (x - 0.03, RAIL_Y - 0.03, x + 0.03, RAIL_Y + 0.03)
        faces.extend(_box_faces(rng, Box("post", post, RAIL_HEIGHT_M, "rail")))
    belt = np.full((8, 64, 3), (40, 40, 150), dtype=np.uint8)
    length = RAIL_POSTS_X[-1] - RAIL_POSTS_X[0]
    faces.append(Face((RAIL_POSTS_X[0], RAIL_Y, 0.9), (length, 0, 0), (0, 0, -0.06), belt, 1.0))
    return faces


def _till_things(rng: np.random.Generator) -> list[Face]:
    """The till on the counter: small boxes that stand on its top."""
    faces = []
    for rect, colour in (
        ((12.55, 7.75, 12.95, 8.05), (50, 50, 54)),
        ((10.5, 7.75, 10.75, 8.0), (70, 90, 170)),
    ):
        x1, y1, x2, y2 = rect
        texture = textures.panel(rng, x2 - x1, 0.3, colour)
        faces.append(Face((x1, y1, 1.3), (x2 - x1, 0, 0), (0, 0, -0.3), texture, 0.85))
        faces.append(Face((x1, y1, 1.3), (x2 - x1, 0, 0), (0, y2 - y1, 0), texture, 1.0))
        faces.append(Face((x1, y1, 1.3), (0, y2 - y1, 0), (0, 0, -0.3), texture, 0.7))
    return faces


def _box_faces(rng: np.random.Generator, box: Box) -> list[Face]:
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
            textures.goods(rng, length, h) if stocked else textures.panel(rng, length, h, _PANELS[box.look])
        )
        faces.append(Face(origin, across, (0, 0, -h), side, light))
    if box.look in ("shelf", "table", "plinth", "bench"):
        top = textures.goods_from_above(rng, w, d)
    else:
        top = textures.panel(rng, w, d, _PANELS[box.look])
    faces.append(Face((x1, y2, h), (w, 0, 0), (0, -d, 0), top, 1.0))
    return faces


def _lit_from_above(tiles: Image) -> Image:
    """Pools of ceiling light, daylight at the door, and soft shadows at the feet of things."""
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
