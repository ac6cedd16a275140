"""Feet behind things: the head and the person's own height say where somebody stands."""

from __future__ import annotations

import numpy as np
import pytest

from floorwalker.site import Calibration
from floorwalker.tracking.collect import TrackCollector
from floorwalker.tracking.footing import steady_feet
from floorwalker.vision.detections import Detections


@pytest.fixture
def camera() -> Calibration:
    """3 m up, looking 30° down along y."""
    pitch = np.radians(30.0)
    forward = np.array([0.0, np.cos(pitch), -np.sin(pitch)])
    rotation = np.stack([[1.0, 0.0, 0.0], np.cross(forward, [1.0, 0.0, 0.0]), forward])
    floor = np.array([(x, y) for x in (-1.5, 0.0, 1.5) for y in (2.0, 4.0, 6.0)])
    world = (np.column_stack([floor, np.zeros(len(floor))]) - [0, 0, 3.0]) @ rotation.T
    image = world[:, :2] / world[:, 2:] * 620 + [480, 270]
    return Calibration.from_points([tuple(p) for p in image], [tuple(p) for p in floor], (960, 540))


def walk(camera: Calibration, height_m: float, hidden: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Boxes and feet of a walk away from the camera; where hidden, a shelf 0.8 m high ends what is seen."""
    places = np.column_stack([np.full(60, 0.4), np.linspace(2.5, 5.5, 60)])
    feet, heads = camera.to_image(places), camera.to_image(places, height_m)
    feet[hidden] = camera.to_image(places[hidden], 0.8)
    boxes = np.column_stack([feet[:, 0] - 30, heads[:, 1], feet[:, 0] + 30, feet[:, 1]])
    return places, boxes.astype(np.float32), feet.astype(np.float32)


@pytest.mark.parametrize("height_m", [1.5, 1.68, 1.9])
def test_who_goes_behind_a_shelf_keeps_their_height(camera: Calibration, height_m: float) -> None:
    places, boxes, feet = walk(camera, height_m, slice(35, None))
    seen = np.arange(60) < 35
    steady = steady_feet(np.arange(60) / 5, boxes, feet, seen, camera)
    error = np.linalg.norm(camera.to_floor(steady) - places, axis=1)
    assert np.linalg.norm(camera.to_floor(feet[35:]) - places[35:], axis=1).min() > 1.0
    assert error.max() < 0.2


def test_feet_never_seen_are_placed_by_the_usual_height(camera: Calibration) -> None:
    places, boxes, feet = walk(camera, 1.68, slice(None))
    steady = steady_feet(np.arange(60) / 5, boxes, feet, np.zeros(60, np.bool_), camera)
    np.testing.assert_allclose(camera.to_floor(steady), places, atol=0.05)


def test_a_head_outside_the_picture_says_nothing(camera: Calibration) -> None:
    _, boxes, feet = walk(camera, 1.7, slice(0, 0))
    boxes[:, 1] = 0.0
    np.testing.assert_array_equal(
        steady_feet(np.arange(60) / 5, boxes, feet, np.ones(60, np.bool_), camera), feet
    )


@pytest.mark.parametrize("known", [True, False])
def test_tracks_stand_where_the_heads_say_only_for_detectors_that_know_feet(
    camera: Calibration, known: bool
) -> None:
    places, boxes, feet = walk(camera, 1.75, slice(35, None))
    collector = TrackCollector(camera)
    for k in range(60):
        seen = np.array([k < 35]) if known else None
        found = Detections(boxes[[k]], np.array([0.9], np.float32), feet[[k]], None, seen)
        collector.add(np.array([1]), found, k / 5, lambda _: True)
    (track,) = collector.finish()
    assert track.foot_px.shape == (60, 2)
    if known:
        assert np.linalg.norm(track.floor_m - places, axis=1).max() < 0.2
    else:
        np.testing.assert_array_equal(track.foot_px, feet)
