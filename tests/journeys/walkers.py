"""People who walk scripted paths over a floor, as a camera would have tracked them.

A shop is drawn in metres and seen through a `View`; the same shop and the same people can so be looked at by
different cameras, calibrated or not, at any frame rate, and the events compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np

from floorwalker.journeys import CameraContext
from floorwalker.runs import Recording, Run
from floorwalker.site import Store
from floorwalker.tracking.track import Track

Script = Sequence[tuple[float, float, float]]
Floor = Sequence[tuple[float, float]]
START = datetime(2026, 3, 3, 4, 30, tzinfo=UTC)
FLOOR_M = (9.0, 6.0)
DOOR = [(3.0, 2.0), (6.0, 2.0)]
INSIDE, OUTSIDE = (4.5, 5.0), (4.5, 0.3)


@dataclass(frozen=True)
class View:
    """A camera's projection (3, 4) from metres (x, y, height, 1) to pixels."""

    name: str
    resolution: tuple[int, int]
    projection: np.ndarray
    calibrated: bool = True

    def pixels(self, floor_m: np.ndarray, height_m: float = 0.0) -> np.ndarray:
        raised = np.column_stack([floor_m, np.full(len(floor_m), height_m), np.ones(len(floor_m))])
        image = raised @ self.projection.T
        return image[:, :2] / image[:, 2:]

    def drawn(self, floor_m: Floor) -> list[tuple[float, float]]:
        return [(float(x), float(y)) for x, y in self.pixels(np.array(floor_m, dtype=float))]

    def moved(self, scale: float, right_px: float = 0.0, down_px: float = 0.0) -> View:
        """The same camera with its picture enlarged and shifted."""
        onto = np.array([[scale, 0, right_px], [0, scale, down_px], [0, 0, 1.0]])
        width, height = self.resolution
        size = (round(width * scale + right_px) + 1, round(height * scale + down_px) + 1)
        return replace(self, resolution=size, projection=onto @ self.projection)

    def uncalibrated(self) -> View:
        return replace(self, name=f"{self.name}, uncalibrated", calibrated=False)


def _from_the_ceiling() -> View:
    """100 pixels a metre, y up the picture, heights likewise."""
    return View("ceiling", (900, 600), np.array([[100.0, 0, 0, 0], [0, -100.0, -100.0, 600], [0, 0, 0, 1]]))


def _slanted() -> View:
    """A camera 3 m up on the wall opposite the door."""
    pitch, place = np.radians(22.0), np.array([4.5, 11.0, 3.0])
    forward = np.array([0.0, -np.cos(pitch), -np.sin(pitch)])
    rotation = np.stack([[-1.0, 0, 0], np.cross(forward, [-1.0, 0, 0]), forward])
    intrinsics = np.array([[900.0, 0, 640], [0, 900.0, 360], [0, 0, 1]])
    return View("slanted", (1280, 720), intrinsics @ rotation @ np.column_stack([np.eye(3), -place]))


CEILING, SLANTED = _from_the_ceiling(), _slanted()
VIEWS = [CEILING, CEILING.uncalibrated(), SLANTED, SLANTED.uncalibrated()]


def camera(
    view: View,
    camera_id: str = "CAM",
    *,
    lines: Mapping[str, tuple[Floor, tuple[float, float]]] | None = None,
    zones: Mapping[str, Mapping[str, object]] | None = None,
) -> dict[str, object]:
    """A camera of a site file, from lines (points, a point inside) and zones drawn in metres."""
    corners = [(1.0, 1.0), (8.0, 1.0), (8.0, 5.0), (1.0, 5.0), (4.0, 3.0), (2.0, 4.0)]
    made: dict[str, object] = {"id": camera_id, "resolution": view.resolution}
    if view.calibrated:
        made["calibration"] = {"image_points": view.drawn(corners), "floor_points": corners}
    made["entry_line"] = [
        {"id": name, "points": view.drawn(points), "inward": view.drawn([inward])[0]}
        for name, (points, inward) in ({"door": (DOOR, INSIDE)} if lines is None else lines).items()
    ]
    made["zone"] = [
        {"id": name, "kind": "product"}
        | {key: view.drawn(value) if isinstance(value, list) else value for key, value in zone.items()}
        for name, zone in (zones or {}).items()
    ]
    return made


def context(
    view: View,
    *,
    duration_s: float = 200.0,
    start: datetime = START,
    content: str = "aa",
    camera_id: str = "CAM",
    **site: object,
) -> CameraContext:
    """The context of one camera's recording; `site` goes to `camera`."""
    built = camera(view, camera_id, **site)  # type: ignore[arg-type]
    store = Store.model_validate({"id": "S1", "timezone": "Asia/Kolkata", "camera": [built]})
    recording = Recording(store.id, camera_id, start, duration_s, content)
    return CameraContext(
        store, store.camera(camera_id), recording, Run(recording.recording_id, "0", "script", "cc")
    )


def moments(
    script: Script, fps: float, *, uneven: float = 0.0, dropped: float = 0.0, seed: int = 0
) -> np.ndarray:
    """Presentation times of a script's frames.

    Args:
        script: its first and last time bound them.
        fps: frames a second.
        uneven: each time is off by up to this share of the interval, below 0.5.
        dropped: share of the frames that are missing.
        seed: of chance.
    """
    rng = np.random.default_rng(seed)
    times = np.arange(script[0][0], script[-1][0] + 1e-9, 1 / fps)
    times = times + rng.uniform(-uneven, uneven, len(times)) / fps
    return times[rng.random(len(times)) >= dropped] if dropped else times


def walker(
    track_id: int,
    script: Script,
    view: View = CEILING,
    *,
    fps: float = 10.0,
    jitter_m: float = 0.0,
    uneven: float = 0.0,
    dropped: float = 0.0,
    seed: int = 0,
    height_m: float = 1.7,
    confidence: float = 0.9,
    appearance: np.ndarray | None = None,
) -> Track:
    """The track of one who goes straight from point to point of (time_s, x_m, y_m).

    Args:
        track_id: whose.
        script: where to be when.
        view: the camera.
        fps: frames a second.
        jitter_m: the feet are off by up to this along x and y; heads less, by a third.
        uneven: see `moments`.
        dropped: see `moments`.
        seed: of chance.
        height_m: body height.
        confidence: of every detection.
        appearance: descriptors.
    """
    steps = np.array(script, dtype=float)
    time_s = moments(script, fps, uneven=uneven, dropped=dropped, seed=seed)
    path = np.column_stack([np.interp(time_s, steps[:, 0], steps[:, k]) for k in (1, 2)])
    rng = np.random.default_rng(seed + 1)
    floor = path + rng.uniform(-jitter_m, jitter_m, path.shape)
    feet = view.pixels(floor)
    head = view.pixels(path + (floor - path) / 3, height_m)
    half = np.abs(view.pixels(path + np.array([0.25, 0.0]))[:, 0] - view.pixels(path)[:, 0])
    boxes = np.column_stack([feet[:, 0] - half, head[:, 1], feet[:, 0] + half, feet[:, 1]])
    seen = (feet >= 0).all(axis=1) & (feet <= view.resolution).all(axis=1)
    if not seen.all():
        raise ValueError(f"the script leaves the picture of {view.name} at {time_s[~seen][0]:.1f} s")
    return Track(
        track_id,
        time_s,
        boxes.astype(np.float32),
        feet.astype(np.float32),
        floor if view.calibrated else np.full_like(floor, np.nan),
        np.full(len(time_s), confidence, dtype=np.float32),
        np.zeros((0, 0), dtype=np.float32) if appearance is None else appearance,
    )


def route(start_s: float, speed_m_per_s: float, *places: tuple[float, float]) -> list[tuple[float, ...]]:
    """The script of a walk along places at one speed."""
    script: list[tuple[float, ...]] = [(start_s, *places[0])]
    for before, after in pairwise(places):
        step = float(np.hypot(after[0] - before[0], after[1] - before[1]))
        script.append((script[-1][0] + max(step / speed_m_per_s, 1e-3), *after))
    return script
