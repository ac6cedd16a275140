"""A painted room with painted people, seen by a known camera: what should be found is known."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from floorwalker.site import Calibration
from floorwalker.video import Frame

sys.path.insert(0, str(Path(__file__).parent))  # for `detector_checks`

SIZE = (960, 540)


def camera(height_m: float = 3.0, pitch_deg: float = 38.0, focal_px: float = 620.0) -> Calibration:
    """A camera at (0, 0, height) that looks along y and down; floor points in front of it."""
    pitch = np.radians(pitch_deg)
    forward = np.array([0.0, np.cos(pitch), -np.sin(pitch)])
    right = np.array([1.0, 0.0, 0.0])
    down = np.cross(forward, right)
    rotation = np.stack([right, down, forward])
    intrinsics = np.array([[focal_px, 0, SIZE[0] / 2], [0, focal_px, SIZE[1] / 2], [0, 0, 1]])
    floor = np.array([(x, y) for x in (-1.5, 0.0, 1.5) for y in (2.0, 4.0, 6.0)])
    world = np.column_stack([floor, np.zeros(len(floor))]) - [0, 0, height_m]
    image = world @ rotation.T @ intrinsics.T
    return Calibration.from_points(
        [tuple(p) for p in image[:, :2] / image[:, 2:]], [tuple(p) for p in floor], SIZE
    )


def empty_room(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(90, 190, (14, 24, 3), dtype=np.uint8)
    return cv2.resize(coarse, SIZE, interpolation=cv2.INTER_LINEAR)


def paint_person(
    image: np.ndarray,
    calibration: Calibration,
    floor_m: tuple[float, float],
    colour: tuple[int, int, int],
    height_m: float = 1.72,
) -> None:
    """A person of ellipses: legs, torso, head."""
    x, y = floor_m
    for low, high, half in ((0.0, 0.5, 0.14), (0.45, 0.84, 0.23), (0.86, 1.0, 0.1)):
        foot = calibration.to_image([(x, y)], low * height_m)[0]
        top = calibration.to_image([(x, y)], high * height_m)[0]
        side = calibration.to_image([(x + half, y)], (low + high) / 2 * height_m)[0]
        centre = (foot + top) / 2
        axes = (max(2, round(abs(side[0] - centre[0]))), max(2, round(np.linalg.norm(foot - top) / 2 * 1.08)))
        shade = tuple(int(c * (0.6 if low == 0.0 else 1.0)) for c in colour)
        cv2.ellipse(image, (round(centre[0]), round(centre[1])), axes, 0, 0, 360, shade, -1, cv2.LINE_AA)


def frame_of(image: np.ndarray, time_s: float, seed: int = 0) -> Frame:
    """A frame with sensor noise."""
    rng = np.random.default_rng(seed + round(time_s * 1000))
    noisy = image.astype(np.int16) + rng.integers(-4, 5, image.shape)
    return Frame(np.clip(noisy, 0, 255).astype(np.uint8), time_s, round(time_s * 10))


@pytest.fixture
def painted() -> SimpleNamespace:
    """The painting functions above."""
    return SimpleNamespace(
        size=SIZE, camera=camera, empty_room=empty_room, paint_person=paint_person, frame_of=frame_of
    )
