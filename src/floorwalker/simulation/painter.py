"""Painting people into a picture: shaded hulls back to front, soft shadows, hidden parts left out."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from floorwalker.simulation.actors import Appearance, Floats
from floorwalker.simulation.figure import Joint
from floorwalker.simulation.scene import NOTHING_CM, Cover
from floorwalker.simulation.textures import Image
from floorwalker.simulation.wardrobe import Part

_SHIFT = 3
_CIRCLE = np.stack(
    [np.cos(np.linspace(0, 2 * np.pi, 17)[:-1]), np.sin(np.linspace(0, 2 * np.pi, 17)[:-1])], axis=1
).astype(np.float32)
_SHADOW_STEP = 4
Window = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Sight:
    """One person in one frame.

    Attributes:
        appearance: whose presence.
        row: the frame's row in its arrays.
    """

    appearance: Appearance
    row: int

    @property
    def level_cm(self) -> float:
        """Level distance from the camera."""
        return float(self.appearance.level_cm[self.row])


def clipped(box: npt.NDArray[np.float64], size: tuple[int, int], margin: int = 2) -> Window:
    """The whole pixels x1, y1, x2, y2 of a box within a picture."""
    x1, y1 = np.maximum(np.floor(box[:2]).astype(int) - margin, 0)
    x2 = min(int(np.ceil(box[2])) + margin, size[0])
    y2 = min(int(np.ceil(box[3])) + margin, size[1])
    return int(x1), int(y1), max(int(x1), x2), max(int(y1), y2)


def body_sprite(sight: Sight, window: Window) -> Image:
    """The person alone on a transparent ground.

    Args:
        sight: who, when.
        window: the part of the picture to draw.

    Returns:
        (h, w, 4) BGRA, colours already multiplied by alpha.
    """
    x1, y1, x2, y2 = window
    sprite = np.zeros((y2 - y1, x2 - x1, 4), dtype=np.uint8)
    pixels = sight.appearance.pixels[sight.row] - np.array([x1, y1], dtype=np.float32)
    scale = sight.appearance.scale[sight.row]
    for part in _back_to_front(sight):
        _draw_part(sprite, part, pixels, scale)
    return sprite


def _back_to_front(sight: Sight) -> list[Part]:
    """Limbs and bags that are farther than the body before it, the others after it."""
    scale = sight.appearance.scale[sight.row]
    body = float(scale[Joint.CHEST])
    far: list[Part] = []
    legs: list[tuple[float, Part]] = []
    near: list[Part] = []
    torso: list[Part] = []
    heads: list[Part] = []
    for part in sight.appearance.parts:
        nearness = float(scale[part.joints[-1]])
        if part.layer == "leg":
            legs.append((nearness, part))
        elif part.layer == "body":
            torso.append(part)
        elif part.layer == "head":
            heads.append(part)
        else:
            upper = float(scale[part.joints[0]])
            (far if (upper + nearness) / 2 < body * (1.0 if part.layer == "bag" else 1.002) else near).append(
                part
            )
    half = len(legs) // 2
    left, right = legs[:half], legs[half:]
    ordered = left + right if left[-1][0] < right[-1][0] else right + left
    facing_away = float(scale[Joint.NAPE]) > float(scale[Joint.HEAD])
    if not facing_away:
        heads = [part for part in heads if Joint.NAPE in part.joints] + [
            part for part in heads if Joint.NAPE not in part.joints
        ]
    return [*far, *(part for _, part in ordered), *torso, *near, *heads]


def _draw_part(sprite: Image, part: Part, pixels: Floats, scale: Floats) -> None:
    index = list(part.joints)
    radii = scale[index] * np.array(part.radii_m, dtype=np.float32)
    centres = pixels[index]
    outline = _hull(centres, radii)
    b, g, r = part.colour
    cv2.fillConvexPoly(sprite, outline, (b * 0.78, g * 0.78, r * 0.78, 255), cv2.LINE_AA, _SHIFT)
    lit = centres - radii[:, None] * np.array([0.22, 0.2], dtype=np.float32)
    cv2.fillConvexPoly(sprite, _hull(lit, radii * 0.72), (b, g, r, 255), cv2.LINE_AA, _SHIFT)
    if part.pattern:
        _draw_pattern(sprite, part, pixels, scale)
    if float(radii.max()) > 4:
        lit = centres - radii[:, None] * np.array([0.36, 0.34], dtype=np.float32)
        bright = tuple(min(255.0, channel * 1.08 + 10) for channel in (b, g, r))
        cv2.fillConvexPoly(sprite, _hull(lit, radii * 0.36), (*bright, 255), cv2.LINE_AA, _SHIFT)


def _draw_pattern(sprite: Image, part: Part, pixels: Floats, scale: Floats) -> None:
    colour = tuple(255 - (255 - c) * 0.45 if sum(part.colour) < 380 else c * 0.55 for c in part.colour)
    left, right = pixels[Joint.SHOULDER_L], pixels[Joint.SHOULDER_R]
    low_left, low_right = pixels[Joint.WAIST_L], pixels[Joint.WAIST_R]
    if part.pattern == 2:
        quad = np.stack([0.7 * left + 0.3 * right, 0.3 * left + 0.7 * right, low_right, low_left])
        quad = quad.mean(axis=0) + (quad - quad.mean(axis=0)) * 0.5
        outline = cv2.convexHull((quad * (1 << _SHIFT)).astype(np.int32))
        cv2.fillConvexPoly(sprite, outline, (*colour, 255), cv2.LINE_AA, _SHIFT)
        return
    thickness = max(1, round(float(scale[Joint.CHEST]) * 0.03))
    for share in (0.15, 0.4, 0.65, 0.9):
        ends = (left + share * (low_left - left), right + share * (low_right - right))
        start, end = ((int(p[0] * 8), int(p[1] * 8)) for p in ends)
        cv2.line(sprite, start, end, (*colour, 255), thickness, cv2.LINE_AA, _SHIFT)


def _hull(centres: Floats, radii: Floats) -> npt.NDArray[np.int32]:
    points = centres[:, None, :] + radii[:, None, None] * _CIRCLE[None]
    fixed = (points.reshape(-1, 2) * (1 << _SHIFT)).astype(np.int32)
    return fixed if len(centres) == 1 else np.asarray(cv2.convexHull(fixed))


def hide(sprite: Image, sight: Sight, cover: Cover, window: Window) -> None:
    """Make transparent what things nearer to the camera cover."""
    x1, y1, x2, y2 = window
    covered = cover.hider_cm[y1:y2, x1:x2] < min(sight.level_cm, NOTHING_CM - 1)
    if covered.any():
        sprite[covered] = 0


def lay_on(picture: Image, sprite: Image, window: Window) -> None:
    """Composite a sprite onto the picture."""
    x1, y1, x2, y2 = window
    ground = picture[y1:y2, x1:x2]
    clear = cv2.bitwise_not(cv2.merge([sprite[..., 3]] * 3))
    cv2.add(cv2.multiply(ground, clear, scale=1 / 255), np.ascontiguousarray(sprite[..., :3]), ground)


def cast_shadow(picture: Image, sight: Sight, cover: Cover, darkness: float) -> Window | None:
    """Darken the floor under and beside a person.

    Args:
        picture: is changed.
        sight: who, when.
        cover: says where floor is seen.
        darkness: 0 to 1 in the shadow's core.

    Returns:
        The changed window, or None.
    """
    seen, row = sight.appearance, sight.row
    points, scale = seen.shadow_px[row], seen.shadow_scale[row]
    if (scale <= 0).any():
        return None
    low, high = points.min(axis=0), points.max(axis=0)
    margin = float(scale.max()) * 0.2
    size = (picture.shape[1], picture.shape[0])
    window = clipped(np.concatenate([low - margin, high + margin]).astype(np.float64), size, 0)
    x1, y1, x2, y2 = window
    if x2 - x1 < 8 or y2 - y1 < 8:
        return None
    mask = np.zeros(((y2 - y1) // _SHADOW_STEP + 1, (x2 - x1) // _SHADOW_STEP + 1), dtype=np.uint8)
    local = (points - np.array([x1, y1], dtype=np.float32)) / _SHADOW_STEP
    size_px = scale / _SHADOW_STEP
    strength = round(255 * darkness)
    for joints, reach in _SHADOW_PARTS:
        index = list(joints)
        outline = _hull(local[index], size_px[index] * np.float32(reach))
        cv2.fillConvexPoly(mask, outline, strength, cv2.LINE_AA, _SHIFT)
    feet = [Joint.ANKLE_L, Joint.ANKLE_R]
    contact = _hull(local[feet], size_px[feet] * np.float32(0.1))
    cv2.fillConvexPoly(mask, contact, min(255, round(strength * 1.5)), cv2.LINE_AA, _SHIFT)
    soft = max(3, round(float(size_px.mean()) * 0.14) | 1)
    blurred = cv2.GaussianBlur(mask, (soft, soft), 0)
    full = cv2.bitwise_and(cv2.resize(blurred, (x2 - x1, y2 - y1)), cover.floor[y1:y2, x1:x2])
    clear = cv2.bitwise_not(cv2.merge([full] * 3))
    ground = picture[y1:y2, x1:x2]
    cv2.multiply(ground, clear, ground, scale=1 / 255)
    return window


_SHADOW_PARTS: tuple[tuple[tuple[int, ...], float], ...] = (
    ((Joint.HIP_L, Joint.HIP_R, Joint.ANKLE_L), 0.07),
    ((Joint.HIP_L, Joint.HIP_R, Joint.ANKLE_R), 0.07),
    ((Joint.SHOULDER_L, Joint.SHOULDER_R, Joint.HIP_L, Joint.HIP_R), 0.08),
    ((Joint.HEAD,), 0.11),
)
