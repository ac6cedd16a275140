"""The people as one camera sees them: projected joints and boxes for every frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from floorwalker.simulation.cameras import FloatArray, PinholeCamera
from floorwalker.simulation.crowd import STEP_S
from floorwalker.simulation.figure import joints
from floorwalker.simulation.morning import Morning, Person
from floorwalker.simulation.wardrobe import Part, parts_of

Floats = npt.NDArray[np.float32]
_LEAST_SHARE_IN_PICTURE = 0.2
_LEAST_BOX_PX = 4.0
SHADOW_STRETCH = (0.12, 0.42)


@dataclass(frozen=True, slots=True)
class Appearance:
    """One unbroken presence of a person before a camera.

    Attributes:
        person: who.
        parts: the shapes of the body.
        first_frame: frame of the arrays' first row.
        pixels: (n, joints, 2) projected joints.
        scale: (n, joints) pixels a metre there; 0 behind the lens.
        boxes: (n, 4) extent of the whole body, not clipped.
        foot_px: (n, 2) the floor position's image.
        level_cm: (n,) level distance from the camera.
        outside: (n,) whether the person stands before the front wall.
        in_picture: (n,) whether enough of the body is in the picture.
        shadow_px: (n, k, 2) outline points of the cast shadow.
        shadow_scale: (n, k) pixels a metre there.
    """

    person: Person
    parts: tuple[Part, ...]
    first_frame: int
    pixels: Floats
    scale: Floats
    boxes: FloatArray
    foot_px: FloatArray
    level_cm: FloatArray
    outside: npt.NDArray[np.bool_]
    in_picture: npt.NDArray[np.bool_]
    shadow_px: Floats
    shadow_scale: Floats


def appearances(morning: Morning, camera: PinholeCamera, fps: float, frames: int) -> list[Appearance]:
    """Everybody's presences before a camera.

    Args:
        morning: who was where.
        camera: whose view.
        fps: frames a second.
        frames: number of frames.
    """
    found = []
    for person in morning.people:
        for stretch in person.walk.stretches():
            appearance = _appearance(person, stretch, camera, fps, frames)
            if appearance is not None and appearance.in_picture.any():
                found.append(appearance)
    return found


def _appearance(
    person: Person, stretch: slice, camera: PinholeCamera, fps: float, frames: int
) -> Appearance | None:
    walk = person.walk
    known = walk.step[stretch] * STEP_S
    first = int(np.ceil(known[0] * fps - 1e-6))
    last = min(frames - 1, int(np.floor(known[-1] * fps + 1e-6)))
    if last < first:
        return None
    times = np.arange(first, last + 1) / fps
    place = np.column_stack([np.interp(times, known, walk.place_m[stretch, axis]) for axis in (0, 1)])
    heading = np.interp(times, known, walk.heading[stretch])
    speed = np.interp(times, known, walk.speed[stretch])
    nearest = np.clip(np.rint((times - known[0]) / STEP_S).astype(int), 0, len(known) - 1)
    look = person.look
    body = joints(
        times, place, heading, speed, walk.posture[stretch][nearest], look.height_m, look.build, look.bag
    )
    pixels, forward = camera.project(body)
    scale = np.where(forward > 0.3, camera.focal_px / np.maximum(forward, 0.3), 0.0)
    parts = parts_of(look)
    boxes = _boxes(pixels, scale, parts)
    feet, _ = camera.project(np.column_stack([place, np.zeros(len(place))]))
    shadow, shadow_scale = _shadow(body, camera)
    level = np.linalg.norm(place - camera.place_m[:2], axis=1) * 100
    return Appearance(
        person,
        parts,
        first,
        np.nan_to_num(pixels, nan=-9999.0).astype(np.float32),
        scale.astype(np.float32),
        boxes,
        feet,
        level,
        place[:, 1] < 0.0,
        _in_picture(boxes, camera.size),
        shadow,
        shadow_scale,
    )


def _boxes(pixels: FloatArray, scale: FloatArray, parts: tuple[Part, ...]) -> FloatArray:
    """Extent of all spheres; NaN where a part of the body is behind the lens."""
    centres = np.concatenate([np.array(part.joints) for part in parts])
    radii = np.concatenate([np.array(part.radii_m) for part in parts])
    points, reach = pixels[:, centres], (scale[:, centres] * radii)[..., None]
    low, high = (points - reach).min(axis=1), (points + reach).max(axis=1)
    boxes = np.concatenate([low, high], axis=1)
    boxes[(scale[:, centres] <= 0).any(axis=1)] = np.nan
    return np.asarray(boxes)


def _in_picture(boxes: FloatArray, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        width = np.minimum(boxes[:, 2], size[0]) - np.maximum(boxes[:, 0], 0)
        height = np.minimum(boxes[:, 3], size[1]) - np.maximum(boxes[:, 1], 0)
        whole = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        clipped = np.maximum(width, 0) * np.maximum(height, 0)
        enough = (width >= _LEAST_BOX_PX) & (height >= _LEAST_BOX_PX)
        return np.asarray(enough & (clipped >= _LEAST_SHARE_IN_PICTURE * whole))


def _shadow(body: FloatArray, camera: PinholeCamera) -> tuple[Floats, Floats]:
    """The body's spheres dropped along the light onto the floor."""
    ground = body.copy()
    ground[..., :2] += body[..., 2:3] * np.array(SHADOW_STRETCH)
    ground[..., 2] = 0.0
    pixels, forward = camera.project(ground)
    scale = np.where(forward > 0.3, camera.focal_px / np.maximum(forward, 0.3), 0.0)
    return np.nan_to_num(pixels, nan=-9999.0).astype(np.float32), scale.astype(np.float32)
