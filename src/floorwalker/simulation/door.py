"""The sliding glass door: when it opens, and its panes with a faint moving reflection."""

from __future__ import annotations

import cv2
import numpy as np

from floorwalker.simulation.cameras import FloatArray, PinholeCamera
from floorwalker.simulation.crowd import STEP_S
from floorwalker.simulation.layout import DOOR_HEIGHT_M, DOOR_X
from floorwalker.simulation.morning import Morning
from floorwalker.simulation.painter import Window
from floorwalker.simulation.scene import Cover
from floorwalker.simulation.textures import Image

_SENSES_M = 1.5
_OPENS_IN_S = 0.7
_Y = -0.04
_GLASS = (225, 222, 212)
_FRAME = (70, 70, 74)


def openness(morning: Morning, fps: float, frames: int) -> FloatArray:
    """How far the door is open in each frame, 0 to 1: it senses people before and behind it."""
    steps = int(np.ceil(morning.duration_s / STEP_S)) + 2
    wanted = np.zeros(steps)
    middle = (DOOR_X[0] + DOOR_X[1]) / 2
    for person in morning.people:
        x, y = person.walk.place_m[:, 0], person.walk.place_m[:, 1]
        near = (np.abs(x - middle) < 1.2) & (y > -_SENSES_M * 0.6) & (y < _SENSES_M)
        wanted[person.walk.step[near]] = 1.0
    state, rate = np.zeros(steps), STEP_S / _OPENS_IN_S
    for step in range(1, steps):
        state[step] = state[step - 1] + np.clip(wanted[step] - state[step - 1], -rate, rate)
    return np.asarray(np.interp(np.arange(frames) / fps, np.arange(steps) * STEP_S, state))


class GlassDoor:
    """Draws the panes into one camera's picture.

    Args:
        camera: whose view.
        cover: what hides the door.
    """

    def __init__(self, camera: PinholeCamera, cover: Cover) -> None:
        self._camera = camera
        corners = np.array([[x, _Y, z] for x in DOOR_X for z in (0.0, DOOR_HEIGHT_M)])
        pixels, forward = camera.project(corners)
        self.window: Window | None = None
        if (forward < 0.5).any():
            return
        low, high = pixels.min(axis=0) - 2, pixels.max(axis=0) + 2
        width, height = camera.size
        x1, y1 = np.clip(np.floor(low), 0, (width, height)).astype(int)
        x2, y2 = np.clip(np.ceil(high), 0, (width, height)).astype(int)
        if x2 - x1 > 4 and y2 - y1 > 4:
            self.window = int(x1), int(y1), int(x2), int(y2)
            level = np.hypot(camera.place_m[0] - 7.0, camera.place_m[1] - _Y) * 100
            self._hidden = cover.hider_cm[y1:y2, x1:x2] < level - 4

    def draw(self, picture: Image, opened: float, time_s: float) -> None:
        """Draw the panes where they are now.

        Args:
            picture: is changed.
            opened: 0 shut to 1 open.
            time_s: moves the reflection.
        """
        if self.window is None or opened > 0.98:
            return
        x1, y1, x2, y2 = self.window
        ground = picture[y1:y2, x1:x2]
        glass = ground.copy()
        half = (DOOR_X[1] - DOOR_X[0]) / 2
        for left, right, drift in (
            (DOOR_X[0], DOOR_X[0] + half * (1 - opened), 0.0),
            (DOOR_X[1] - half * (1 - opened), DOOR_X[1], 1.3),
        ):
            self._pane(glass, left, right, time_s + drift)
        glass[self._hidden] = ground[self._hidden]
        ground[:] = glass

    def _pane(self, picture: Image, left: float, right: float, time_s: float) -> None:
        outline = self._outline(left, right, 0.0, DOOR_HEIGHT_M)
        layer = picture.copy()
        cv2.fillConvexPoly(layer, outline, _GLASS, cv2.LINE_AA)
        wide = right - left
        for share, span, swing in ((0.25, 0.1, 0.09), (0.62, 0.05, 0.06)):
            at = left + wide * (share + swing * np.sin(time_s * 0.4 + share * 9))
            streak = self._outline(at, at + span * wide, 0.1, DOOR_HEIGHT_M - 0.1, slant=0.12)
            cv2.fillConvexPoly(layer, streak, (255, 255, 255), cv2.LINE_AA)
        cv2.addWeighted(layer, 0.2, picture, 0.8, 0, picture)
        cv2.polylines(picture, [outline], True, _FRAME, 2, cv2.LINE_AA)

    def _outline(self, left: float, right: float, low: float, high: float, slant: float = 0.0) -> Image:
        corners = np.array(
            [[left, _Y, low], [right, _Y, low], [right + slant, _Y, high], [left + slant, _Y, high]]
        )
        pixels, _ = self._camera.project(corners)
        assert self.window is not None
        return np.asarray(np.rint(pixels - np.array(self.window[:2])).astype(np.int32))
