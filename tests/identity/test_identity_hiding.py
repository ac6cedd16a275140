from __future__ import annotations

import numpy as np
import pytest

from floorwalker.identity.appearance import describe, distinctness, quality
from floorwalker.identity.hiding import views
from floorwalker.vision.detections import Detections

SIZE = (400, 300)
RED, BLUE, GREEN = (30, 30, 200), (200, 40, 30), (40, 180, 40)


def scene(*people):
    """A picture of people as (x, feet, colour), the nearer ones painted over the others."""
    image, mask = np.full((SIZE[1], SIZE[0], 3), 120, np.uint8), np.zeros((SIZE[1], SIZE[0]), bool)
    for x, feet, colour in sorted(people, key=lambda person: person[1]):
        image[feet - 150 : feet, x - 25 : x + 25] = colour
        mask[feet - 150 : feet, x - 25 : x + 25] = True
    boxes = np.array([(x - 30, feet - 150, x + 30, feet) for x, feet, _ in people], dtype=float)
    return image, Detections.from_boxes(boxes.reshape(-1, 4), np.full(len(people), 0.9), mask)


def test_the_nearer_one_is_whole_and_hides_what_is_behind():
    _, found = scene((100, 200, RED), (130, 230, BLUE), (320, 210, GREEN))
    behind, near, alone = views(found, SIZE)
    assert near.share == alone.share == 1.0
    assert 0.3 < behind.share < 0.8
    assert not behind.free[100, 50]
    assert behind.free[100, 5]


def test_clothes_of_who_stands_before_somebody_are_not_theirs():
    (alone,) = describe(*scene((100, 200, RED)))
    behind, near = describe(*scene((100, 200, RED), (125, 230, BLUE)))
    assert behind @ alone > 0.98
    assert near @ alone < 0.7


def test_half_hidden_is_distinct_enough_for_now_but_not_to_be_known_later():
    _, found = scene((100, 200, RED), (125, 230, BLUE))
    assert distinctness(found, SIZE)[0] > 0.3 > quality(found, SIZE)[0]
    _, found = scene((100, 200, RED), (104, 215, BLUE))
    assert distinctness(found, SIZE)[0] < 0.3


def test_people_outside_the_picture_and_nobody_are_borne():
    outside = Detections.from_boxes([[-80, -200, -20, -50], [390, 250, 450, 400]], [0.9, 0.9])
    first, second = views(outside, SIZE)
    assert first.free.size == 0
    assert first.share == 0.0
    assert second.share == 1.0
    assert views(Detections.empty(), SIZE) == []
    assert distinctness(Detections.empty(), SIZE) == pytest.approx([])
