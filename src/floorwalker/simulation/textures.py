"""Textures of the simulated shop: floor tiles, goods on shelves, walls, the street."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]
PIXELS_PER_M = 110
SHELF_PIXELS_PER_M = 170


def floor_tiles(width_m: float, depth_m: float, rng: np.random.Generator) -> Image:
    """Light stone tiles of 60 cm with dark joints and a faint marbling."""
    image = _plain(width_m, depth_m, (172, 182, 188))
    step = round(0.6 * PIXELS_PER_M)
    for y in range(0, image.shape[0], step):
        for x in range(0, image.shape[1], step):
            shift = int(rng.integers(-9, 10))
            tile = image[y : y + step, x : x + step]
            tile[:] = np.clip(tile.astype(np.int16) + shift, 0, 255).astype(np.uint8)
            cv2.rectangle(image, (x, y), (x + step, y + step), (138, 146, 152), 2)
    return _mottled(rng, image, 5.0, 9)


def street(width_m: float, depth_m: float, rng: np.random.Generator) -> Image:
    """Bright paving outside."""
    image = _plain(width_m, depth_m, (205, 208, 206))
    for y in range(0, image.shape[0], 44):
        cv2.line(image, (0, y), (image.shape[1], y), (178, 182, 182), 2)
    for x in range(0, image.shape[1], 88):
        cv2.line(image, (x, 0), (x, image.shape[0]), (182, 186, 186), 2)
    return _mottled(rng, image, 6.0, 5)


def facade(width_m: float, height_m: float, rng: np.random.Generator) -> Image:
    """The house across the street in daylight."""
    image = _plain(width_m, height_m, (222, 224, 220))
    for x in range(30, image.shape[1], 260):
        cv2.rectangle(image, (x, 110), (x + 150, 330), (150, 140, 125), -1)
        cv2.rectangle(image, (x + 8, 118), (x + 142, 322), (190, 182, 165), 3)
    return _mottled(rng, image, 3.0, 7)


def wall(width_m: float, height_m: float, colour: Colour, posters: bool, rng: np.random.Generator) -> Image:
    """A painted wall with a skirting board, and posters where wanted."""
    image = _plain(width_m, height_m, colour)
    height, width = image.shape[:2]
    if posters:
        x = int(rng.integers(40, 120))
        while x + 150 < width:
            poster = tuple(int(c) for c in rng.integers(60, 235, 3))
            top = height - round(2.15 * PIXELS_PER_M)
            cv2.rectangle(image, (x, top), (x + 110, top + 140), poster, -1)
            cv2.rectangle(image, (x, top), (x + 110, top + 140), (60, 60, 60), 3)
            cv2.circle(image, (x + 55, top + 60), 34, tuple(255 - c for c in poster), -1)
            cv2.rectangle(image, (x + 15, top + 110), (x + 95, top + 122), (245, 245, 245), -1)
            x += int(rng.integers(170, 300))
    cv2.rectangle(image, (0, height - 10), (width, height), (96, 100, 104), -1)
    return _mottled(rng, image, 2.5, 11)


def goods(width_m: float, height_m: float, rng: np.random.Generator) -> Image:
    """A shelf's front: boards with rows of coloured products, several of a kind side by side."""
    scale = SHELF_PIXELS_PER_M
    width, height = max(8, round(width_m * scale)), max(8, round(height_m * scale))
    image = np.full((height, width, 3), (58, 60, 64), dtype=np.uint8)
    levels = max(2, round(height_m / 0.36))
    for level in range(levels):
        top, bottom = round(height * level / levels), round(height * (level + 1) / levels)
        _row_of_goods(rng, image, top + 6, bottom - 8)
        cv2.rectangle(image, (0, bottom - 8), (width, bottom - 1), (205, 208, 210), -1)
        for x in range(10, width, 34):
            cv2.rectangle(image, (x, bottom - 7), (x + 14, bottom - 3), (70, 200, 240), -1)
    return _mottled(rng, image, 3.0, 3)


def _row_of_goods(rng: np.random.Generator, image: Image, top: int, bottom: int) -> None:
    x, width = 2, image.shape[1]
    while x < width - 6:
        colour = tuple(int(c) for c in rng.integers(30, 245, 3))
        label = tuple(int(c) for c in rng.integers(120, 255, 3))
        item, tall = int(rng.integers(9, 24)), int((bottom - top) * rng.uniform(0.6, 0.98))
        for _ in range(int(rng.integers(2, 6))):
            if x + item > width:
                return
            cv2.rectangle(image, (x, bottom - tall), (x + item - 2, bottom), colour, -1)
            middle = bottom - tall // 2
            cv2.rectangle(image, (x + 2, middle - tall // 6), (x + item - 4, middle + tall // 6), label, -1)
            cv2.line(image, (x, bottom - tall), (x, bottom), tuple(c // 2 for c in colour), 1)
            x += item
        x += int(rng.integers(0, 6))


def goods_from_above(width_m: float, depth_m: float, rng: np.random.Generator) -> Image:
    """A table's or gondola's top with things laid out on it."""
    image = _plain(width_m, depth_m, (190, 196, 200))
    for _ in range(int(width_m * depth_m * 26)):
        x, y = int(rng.integers(0, image.shape[1])), int(rng.integers(0, image.shape[0]))
        colour = tuple(int(c) for c in rng.integers(30, 245, 3))
        cv2.rectangle(image, (x, y), (x + int(rng.integers(8, 22)), y + int(rng.integers(8, 18))), colour, -1)
    cv2.rectangle(image, (0, 0), (image.shape[1] - 1, image.shape[0] - 1), (110, 115, 120), 4)
    return image


def panel(width_m: float, height_m: float, colour: Colour, rng: np.random.Generator) -> Image:
    """A smooth panel with upright joints, as on counters and plinths."""
    image = _plain(width_m, height_m, colour)
    for x in range(0, image.shape[1], 66):
        cv2.line(image, (x, 0), (x, image.shape[0]), tuple(int(c * 0.8) for c in colour), 2)
    return _mottled(rng, image, 2.0, 9)


def _plain(width_m: float, height_m: float, colour: Colour) -> Image:
    size = (max(4, round(height_m * PIXELS_PER_M)), max(4, round(width_m * PIXELS_PER_M)), 3)
    return np.full(size, colour, dtype=np.uint8)


def _mottled(rng: np.random.Generator, image: Image, amount: float, grain: int) -> Image:
    """Fine noise and cloudy spots of about `grain` pixels."""
    height, width = image.shape[:2]
    coarse = rng.normal(0, amount, (height // grain + 2, width // grain + 2)).astype(np.float32)
    noise = rng.normal(0, amount, (height, width)).astype(np.float32)
    noise += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    mottled: Image = np.clip(image + noise[..., None], 0, 255).astype(np.uint8)
    return mottled
