"""What the cameras see: joints, hiding, shadows, light."""

import numpy as np
import pytest

from floorwalker.simulation.cameras import shop_cameras
from floorwalker.simulation.difficulty import conditions_of
from floorwalker.simulation.figure import Joint, joints
from floorwalker.simulation.light import Sensor, brightness
from floorwalker.simulation.scene import NOTHING_CM, cover_of, empty_shop


def walking(seconds=4.0, speed=1.1, height=1.7):
    times = np.arange(0, seconds, 0.1)
    place = np.column_stack([times * speed, np.zeros_like(times)])
    still = np.zeros(len(times), dtype=np.int64)
    return joints(times, place, np.zeros(len(times)), np.full(len(times), speed), still, height, 1.0, "none")


def test_a_body_is_as_tall_as_its_person_and_stands_on_the_floor():
    for height in (1.2, 1.7, 1.95):
        body = walking(speed=0.0, height=height)
        assert body[:, Joint.HEAD, 2].mean() + 0.056 * height + 0.008 == pytest.approx(height, rel=0.04)
        assert body[..., 2].min() >= 0.0
        assert body[:, Joint.ANKLE_L, 2].max() < 0.12


def test_legs_swing_in_turn_and_feet_hardly_slide():
    body = walking()
    left = body[:, Joint.ANKLE_L, 0] - body[:, Joint.PELVIS, 0]
    right = body[:, Joint.ANKLE_R, 0] - body[:, Joint.PELVIS, 0]
    assert np.corrcoef(left, right)[0, 1] < -0.6
    assert np.ptp(left) > 0.4
    lower = np.minimum(np.abs(np.diff(body[:, Joint.ANKLE_L, 0])), np.abs(np.diff(body[:, Joint.ANKLE_R, 0])))
    assert np.median(lower) < 0.06  # one foot all but rests while the body moves 0.11 m a step


@pytest.fixture(scope="module")
def floor_view():
    camera = shop_cameras((480, 270))[1]
    return camera, cover_of(camera)


def test_a_gondola_hides_what_is_behind_it_and_the_floor_hides_nothing(floor_view):
    camera, cover = floor_view
    (front, aisle), _ = camera.project([[3.0, 5.6, 0.6], [5.2, 4.5, 0.0]])
    level = cover.hider_cm[int(front[1]), int(front[0])]
    assert level == pytest.approx(100 * np.hypot(3.0 - 5.5, 5.6 - 9.7), rel=0.03)
    assert cover.hider_cm[int(aisle[1]), int(aisle[0])] == NOTHING_CM
    assert cover.floor[int(aisle[1]), int(aisle[0])] == 255


def test_the_same_seed_fills_the_shelves_alike():
    camera = shop_cameras((320, 180))[1]
    first = empty_shop(camera, 1)
    assert np.array_equal(empty_shop(camera, 1), first)
    assert not np.array_equal(empty_shop(camera, 2), first)


def test_noise_and_light_are_as_strong_as_the_difficulty_says():
    measured = []
    for name in ("easy", "normal", "hard"):
        conditions = conditions_of(name)
        sensor = Sensor(np.random.default_rng(1), conditions.noise, (200, 100))
        luma = np.full((100, 200), 120, dtype=np.uint8)
        sensor.expose(luma, 1.0)
        assert luma.mean() == pytest.approx(120, abs=0.5)
        measured.append(luma.std())
        gain = brightness(np.random.default_rng(1), conditions, 6000, 10.0)
        assert np.ptp(gain) <= 2 * conditions.drift + 2 * conditions.flicker + 0.4
    assert measured == sorted(measured)
    assert measured[0] > 0.8


def test_cameras_of_another_shape_still_see_the_same_floor():
    for usual, tall in zip(shop_cameras((960, 540)), shop_cameras((960, 720)), strict=True):
        a, _ = usual.project([[9.0, 4.7, 0.0]])
        b, _ = tall.project([[9.0, 4.7, 0.0]])
        assert np.allclose(a[0] - [480, 270], b[0] - [480, 360])
