"""Camera health: each trouble is told from the others, and from people, light and a quiet room."""

from datetime import timedelta

import cv2
import numpy as np
import pytest

from floorwalker.runs import Gap
from floorwalker.video.frame import Frame
from floorwalker.video.health import HealthRules, Trouble, reference_of, trouble_of, view_of
from floorwalker.video.health_watch import HealthWatch, WatchRules

SIZE = (640, 360)
RULES = HealthRules()


def room(seed=1):
    rng = np.random.default_rng(seed)
    picture = np.full((SIZE[1], SIZE[0], 3), 130, np.uint8)
    for _ in range(140):
        x, y = int(rng.integers(0, SIZE[0] - 40)), int(rng.integers(0, SIZE[1] - 30))
        w, h = int(rng.integers(10, 70)), int(rng.integers(8, 50))
        cv2.rectangle(picture, (x, y), (x + w, y + h), rng.integers(20, 235, 3).tolist(), -1)
    return picture


_NOISE = np.random.default_rng(0).normal(0, 2, (SIZE[1], SIZE[0], 3)).round().astype(np.int16)


def noisy(picture, seed=0):
    noise = np.roll(_NOISE, (7 * seed, 13 * seed), axis=(0, 1))
    return np.clip(picture.astype(np.int16) + noise, 0, 255).astype(np.uint8)


def crowd(picture):
    full = picture.copy()
    for x in range(10, SIZE[0] - 60, 105):
        cv2.rectangle(full, (x, 90), (x + 55, SIZE[1]), (40, 60, 150), -1)
    return full


def moved(picture, x, y=0):
    shift = np.float32([[1, 0, x], [0, 1, y]])
    return cv2.warpAffine(picture, shift, SIZE, borderMode=cv2.BORDER_REFLECT)


ROOM = room()
REFERENCE = reference_of([view_of(noisy(ROOM, seed)) for seed in range(5)])
WELL = {
    "as it was": ROOM,
    "half the light": (ROOM * 0.45).astype(np.uint8),
    "brighter": np.clip(ROOM * 1.3 + 15, 0, 255).astype(np.uint8),
    "a crowd": crowd(ROOM),
    "a nudge of two pixels": moved(ROOM, 2),
}
ILL = {
    Trouble.DARK: [(ROOM * 0.05).astype(np.uint8), np.zeros_like(ROOM)],
    Trouble.COVERED: [
        np.full_like(ROOM, 90),
        np.tile(np.linspace(60, 150, SIZE[0])[None, :, None], (SIZE[1], 1, 3)).astype(np.uint8),
    ],
    Trouble.BLURRED: [cv2.GaussianBlur(ROOM, (0, 0), sigma) for sigma in (3, 6)],
    Trouble.MOVED: [moved(ROOM, 40), moved(ROOM, -120, 30), room(seed=8)],
}


@pytest.mark.parametrize("name", WELL)
def test_light_and_people_are_no_trouble(name):
    assert trouble_of(view_of(noisy(WELL[name])), REFERENCE, RULES) is None


@pytest.mark.parametrize(
    ("trouble", "picture"), [(kind, picture) for kind, pictures in ILL.items() for picture in pictures]
)
def test_each_trouble_is_told_from_the_others(trouble, picture):
    assert trouble_of(view_of(noisy(picture)), REFERENCE, RULES) is trouble


def test_a_camera_that_never_saw_anything_looks_at_nothing():
    wall = view_of(noisy(np.full_like(ROOM, 140)))
    assert trouble_of(wall, None, RULES) is Trouble.BLANK
    assert trouble_of(wall, wall, RULES) is Trouble.BLANK
    assert trouble_of(view_of(noisy(ROOM)), None, RULES) is None


def test_judging_changes_neither_the_picture_nor_the_reference():
    before = REFERENCE.edges.copy()
    trouble_of(view_of(noisy(moved(ROOM, 60))), REFERENCE, RULES)
    assert np.array_equal(REFERENCE.edges, before)


def watch(pictures, rules=None, every_s=2.0):
    health, gaps = HealthWatch(rules), []
    for turn, picture in enumerate(pictures):
        health.take(Frame(noisy(picture, turn), turn * every_s, turn))
        gaps += health.take_gaps()
    return health, gaps + health.finish((len(pictures) - 1) * every_s)


def test_trouble_that_stays_is_a_gap_and_a_moment_is_none():
    dark, hand = np.zeros_like(ROOM), np.full_like(ROOM, 80)
    pictures = [ROOM] * 15 + [dark] * 10 + [ROOM] * 10 + [hand] + [ROOM] * 5
    _, gaps = watch(pictures)
    assert gaps == [Gap(30.0, 50.0, "dark")]


def test_a_moved_camera_stays_moved_and_is_told_until_the_end():
    health, gaps = watch([ROOM] * 12 + [moved(ROOM, 70)] * 40)
    assert gaps == [Gap(24.0, 102.0, "moved")]
    assert health.trouble is None  # finished


def test_the_very_same_picture_for_a_minute_is_frozen_and_a_quiet_room_is_not():
    health = HealthWatch(WatchRules(frozen_s=20))
    for turn in range(20):
        health.take(Frame(noisy(ROOM, turn), turn * 2.0, turn))
    still = noisy(ROOM, 99)
    for turn in range(20, 40):
        health.take(Frame(still, turn * 2.0, turn))
    assert health.trouble is Trouble.FROZEN
    health.take(Frame(noisy(ROOM, 100), 80.0, 40))
    health.take(Frame(noisy(ROOM, 101), 84.0, 41))
    assert health.finish(90.0) == [Gap(40.0, 80.0, "frozen")]


def test_slow_changes_of_a_shop_become_its_usual_view():
    day, evening = ROOM, room(seed=1).copy()
    evening[:120] = room(seed=4)[:120]  # a third of the shelves was rearranged, one after the other
    pictures = [day] * 10
    for step in range(1, 31):
        mixed = day.copy()
        mixed[:120, : SIZE[0] * step // 30] = evening[:120, : SIZE[0] * step // 30]
        pictures += [mixed] * 3
    _, gaps = watch(pictures)
    assert gaps == []


def test_what_was_seen_before_an_outage_says_nothing_of_it():
    health = HealthWatch()
    for turn in range(20):
        health.take(Frame(noisy(np.zeros_like(ROOM), turn), turn * 2.0, turn))
    assert health.trouble is Trouble.DARK
    health.interrupted(600.0)
    health.take(Frame(noisy(ROOM), 600.0, 30))
    assert health.take_gaps() == [Gap(0.0, 38.0, "dark")]
    assert timedelta(seconds=health.since_s) == timedelta(seconds=600)
