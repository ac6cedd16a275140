from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from floorwalker.journeys import CameraContext
from floorwalker.runs import Recording, Run
from floorwalker.site import Store
from floorwalker.tracking.track import Track

sys.path.insert(0, str(Path(__file__).parent))  # for `walkers`

# A camera that looks straight down: 100 pixels a metre, floor x right and y up the picture.
METRE_PX = 100.0
HEIGHT_PX = 600.0


def to_px(floor_m: np.ndarray) -> np.ndarray:
    return np.column_stack([floor_m[:, 0] * METRE_PX, HEIGHT_PX - floor_m[:, 1] * METRE_PX])


def _corners(x1: float, y1: float, x2: float, y2: float) -> list[tuple[float, float]]:
    floor = np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])
    return [(float(x), float(y)) for x, y in to_px(floor)]


def build_store(*, inward_y_m: float = 5.0) -> Store:
    calibration_floor = [(0.5, 0.5), (9.0, 0.5), (9.0, 5.5), (0.5, 5.5), (4.0, 3.0), (2.0, 1.5)]
    calibration = {
        "image_points": [tuple(map(float, p)) for p in to_px(np.array(calibration_floor))],
        "floor_points": calibration_floor,
    }
    line = to_px(np.array([[3.0, 2.0], [6.0, 2.0], [4.5, inward_y_m]]))
    door = {
        "id": "CAM_DOOR",
        "resolution": (960, 600),
        "calibration": calibration,
        "entry_line": [{"id": "door", "points": [tuple(line[0]), tuple(line[1])], "inward": tuple(line[2])}],
    }
    till = {
        "id": "CAM_TILL",
        "resolution": (960, 600),
        "calibration": calibration,
        "zone": [
            {
                "id": "TILL",
                "kind": "billing",
                "polygon": _corners(2.0, 2.0, 7.0, 4.0),
                "counter": _corners(2.0, 2.0, 3.0, 4.0),
            },
            {"id": "SHELF", "kind": "product", "polygon": _corners(0.2, 0.2, 9.0, 1.5), "sku_zone": "tea"},
            {"id": "NICHE", "kind": "product", "polygon": _corners(4.0, 0.2, 6.0, 1.5)},
            {"id": "BACK", "kind": "staff-only", "polygon": _corners(0.2, 4.5, 9.0, 5.8)},
        ],
    }
    return Store.model_validate({"id": "S1", "timezone": "Asia/Kolkata", "camera": [door, till]})


@pytest.fixture
def context_of() -> Callable[..., CameraContext]:
    """Build the context of one camera: `context_of("CAM_DOOR", duration_s=60)`."""

    def build(
        camera_id: str, duration_s: float = 120.0, inward_y_m: float = 5.0, content: str = "aa"
    ) -> CameraContext:
        store = build_store(inward_y_m=inward_y_m)
        start = datetime(2026, 3, 3, 4, 30, tzinfo=UTC)
        recording = Recording(store.id, camera_id, start, duration_s, content)
        return CameraContext(
            store, store.camera(camera_id), recording, Run(recording.recording_id, "0", "script", "cc")
        )

    return build


@pytest.fixture
def walk() -> Callable[..., Track]:
    """Script a walker: `walk(1, [(t, x_m, y_m), …])` goes straight from point to point."""

    def build(
        track_id: int,
        points: Sequence[tuple[float, float, float]],
        *,
        fps: float = 10.0,
        jitter_m: float = 0.0,
        seed: int = 0,
        confidence: float = 0.9,
        appearance: np.ndarray | None = None,
        calibrated: bool = True,
    ) -> Track:
        script = np.array(points, dtype=float)
        time_s = np.arange(script[0, 0], script[-1, 0] + 1e-9, 1 / fps)
        floor = np.column_stack([np.interp(time_s, script[:, 0], script[:, k]) for k in (1, 2)])
        floor = floor + np.random.default_rng(seed).uniform(-jitter_m, jitter_m, floor.shape)
        feet = to_px(floor)
        boxes = np.column_stack([feet[:, 0] - 25, feet[:, 1] - 170, feet[:, 0] + 25, feet[:, 1]])
        return Track(
            track_id,
            time_s,
            boxes.astype(np.float32),
            feet.astype(np.float32),
            floor if calibrated else np.full_like(floor, np.nan),
            np.full(len(time_s), confidence, dtype=np.float32),
            np.zeros((0, 0), dtype=np.float32) if appearance is None else appearance,
        )

    return build
