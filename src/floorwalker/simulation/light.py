"""Light and sensor: slow drift, steps and flicker of brightness, and noise."""

from __future__ import annotations

import cv2
import numpy as np

from floorwalker.simulation.cameras import FloatArray
from floorwalker.simulation.difficulty import Conditions
from floorwalker.simulation.textures import Image

_TILES = 6


def brightness(rng: np.random.Generator, conditions: Conditions, frames: int, fps: float) -> FloatArray:
    """Brightness of each frame, 1 as usual.

    Args:
        rng: source of chance.
        conditions: how strong drift, steps and flicker are.
        frames: number of frames.
        fps: frames a second.
    """
    times = np.arange(frames) / fps
    gain = np.ones(frames)
    for share, period in ((0.65, rng.uniform(240, 420)), (0.35, rng.uniform(70, 130))):
        gain += conditions.drift * share * np.sin(2 * np.pi * times / period + rng.uniform(0, 2 * np.pi))
    for _ in range(int(rng.poisson(conditions.light_steps * frames / fps / 600))):
        since = times - rng.uniform(0, times[-1])
        length = rng.uniform(20, 90)
        gain += rng.choice([-1, 1]) * rng.uniform(0.04, 0.08) * ((since > 0) & (since < length))
    return np.asarray(gain + conditions.flicker * rng.uniform(-1, 1, frames))


class Sensor:
    """Brightness and noise on the luma plane, from a few noise tiles drawn once.

    Args:
        rng: source of chance.
        noise: standard deviation in grey levels.
        size: width and height in pixels.
    """

    def __init__(self, rng: np.random.Generator, noise: float, size: tuple[int, int]) -> None:
        self._middle = round(noise * 4)
        draws = rng.normal(self._middle, noise, (_TILES, size[1], size[0]))
        self._tiles = np.clip(np.rint(draws), 0, 2 * self._middle).astype(np.uint8)
        self._order = rng

    def expose(self, luma: Image, gain: float) -> None:
        """Apply a frame's brightness and noise in place.

        Args:
            luma: (h, w) plane, video range.
            gain: brightness, 1 as usual.
        """
        table = np.clip(np.rint((np.arange(256) - 16) * gain + 16 - self._middle), 0, 255).astype(np.uint8)
        tile = self._tiles[int(self._order.integers(_TILES))]
        if self._order.random() < 0.5:
            tile = tile[:, ::-1]
        cv2.add(cv2.LUT(luma, table), np.ascontiguousarray(tile), luma)
