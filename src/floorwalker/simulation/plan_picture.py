"""The floor plan as a picture that fills the plan exactly."""

from __future__ import annotations

import cv2
import numpy as np

from floorwalker.errors import WorkError
from floorwalker.simulation.cameras import PinholeCamera
from floorwalker.simulation.layout import BOXES, DEPTH_M, DOOR_X, ENTRY_LINE, WIDTH_M, ZONES, Point, Rect
from floorwalker.simulation.textures import Image

_SCALE = 80
_ZONE_FILL = {"product": (238, 226, 205), "billing": (205, 226, 246), "staff-only": (226, 218, 230)}


def floor_plan_png(cameras: tuple[PinholeCamera, ...]) -> bytes:
    """The plan as a PNG: things, zones, door, entry line and cameras.

    Args:
        cameras: drawn where they hang.
    """
    image = np.full((round(DEPTH_M * _SCALE), round(WIDTH_M * _SCALE), 3), 252, dtype=np.uint8)
    for zone in ZONES:
        _rectangle(image, zone.rect, _ZONE_FILL[zone.kind], -1)
    for box in BOXES:
        _rectangle(image, box.rect, (196, 196, 196), -1)
        _rectangle(image, box.rect, (130, 130, 130), 2)
    cv2.rectangle(image, (0, 0), (image.shape[1] - 1, image.shape[0] - 1), (60, 60, 60), 10)
    cv2.line(image, _at((DOOR_X[0], 0.02)), _at((DOOR_X[1], 0.02)), (252, 252, 252), 14)
    cv2.line(image, _at(ENTRY_LINE[0]), _at(ENTRY_LINE[1]), (70, 160, 70), 3, cv2.LINE_AA)
    for zone in ZONES:
        x1, y1, x2, y2 = zone.rect
        _label(image, zone.zone_id.replace("_", " "), ((x1 + x2) / 2, (y1 + y2) / 2))
    _label(image, "STOCK ROOM", (12.3, 1.2))
    for camera in cameras:
        place = _at((float(camera.place_m[0]), float(camera.place_m[1])))
        cv2.circle(image, place, 9, (60, 60, 60), -1, cv2.LINE_AA)
        ahead = camera.place_m[:2] + 0.45 * camera.rotation[2, :2] / np.linalg.norm(camera.rotation[2, :2])
        cv2.line(image, place, _at((float(ahead[0]), float(ahead[1]))), (60, 60, 60), 3, cv2.LINE_AA)
    done, encoded = cv2.imencode(".png", image)
    if not done:
        raise WorkError("the floor plan could not be encoded as PNG")
    return encoded.tobytes()


def _at(place: Point) -> tuple[int, int]:
    return round(place[0] * _SCALE), round((DEPTH_M - place[1]) * _SCALE)


def _rectangle(image: Image, rect: Rect, colour: tuple[int, int, int], thickness: int) -> None:
    cv2.rectangle(image, _at((rect[0], rect[1])), _at((rect[2], rect[3])), colour, thickness)


def _label(image: Image, text: str, middle: Point) -> None:
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.55, 1)
    x, y = _at(middle)
    where = (x - width // 2, y + height // 2)
    cv2.putText(image, text, where, cv2.FONT_HERSHEY_SIMPLEX, 0.55, (70, 70, 70), 1, cv2.LINE_AA)
