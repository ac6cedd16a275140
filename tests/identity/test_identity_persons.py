from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest

from floorwalker.identity.appearance import DIMENSIONS, describe, quality
from floorwalker.identity.association import assignment_probabilities
from floorwalker.identity.handover import HandoverSettings, doors_agree, link_sightings
from floorwalker.identity.height import Height, height_of
from floorwalker.identity.likeness import LikenessScale, likeness
from floorwalker.identity.reentry import DoorTrack, ReentrySettings, match_reentries
from floorwalker.identity.sightings import STEP_S, Sighting, on_common_clock
from floorwalker.identity.uniform import UniformSettings, most_of_uniform
from floorwalker.site import Calibration
from floorwalker.tracking.track import Track
from floorwalker.vision.detections import Detections

RED, GREEN, BLUE, GREY = (40, 40, 200), (50, 170, 60), (200, 80, 40), (120, 120, 120)


def dressed(above, below, *, light=1.0, seed=0):
    """A picture with one person before a grey wall: BGR clothes, textured, under more or less light."""
    rng = np.random.default_rng(seed)
    image = np.full((260, 160, 3), 150.0)
    image[40:70, 65:95] = (60, 80, 110)
    image[70:130, 55:105] = above
    image[130:215, 60:100] = below
    image = image * light + rng.normal(0, 6, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8), Detections.from_boxes([[50, 38, 110, 218]], [0.9])


def clothes(*args, **options):
    return describe(*dressed(*args, **options))


def test_descriptors_have_norm_one_and_know_clothes_again_in_other_light():
    first, again = clothes(RED, BLUE), clothes(RED, BLUE, light=0.75, seed=4)
    other, swapped = clothes(GREEN, BLUE), clothes(BLUE, RED)
    assert first.shape == (1, DIMENSIONS)
    assert first.dtype == np.float32
    assert np.linalg.norm(first[0]) == pytest.approx(1.0, abs=1e-5)
    same = float(first[0] @ again[0])
    assert same > 0.85
    assert same > float(first[0] @ other[0]) + 0.1
    assert same > float(first[0] @ swapped[0]) + 0.2


def test_the_foreground_keeps_the_wall_out():
    image, _ = dressed(RED, BLUE)
    found = Detections.from_boxes([[10, 38, 150, 218]], [0.9])
    repainted = image.copy()
    body = np.zeros(image.shape[:2], dtype=bool)
    body[40:70, 65:95] = body[70:130, 55:105] = body[130:215, 60:100] = True
    repainted[~body] = (30, 200, 200)
    masked = [
        describe(picture, Detections(found.xyxy, found.confidence, found.foot_px, body))[0]
        for picture in (image, repainted)
    ]
    assert float(masked[0] @ masked[1]) > 0.97
    bare = [describe(picture, found)[0] for picture in (image, repainted)]
    assert float(bare[0] @ bare[1]) < 0.95


def test_unwanted_people_and_boxes_outside_are_left_empty():
    image, _ = dressed(RED, BLUE)
    found = Detections.from_boxes([[50, 38, 110, 218], [500, 500, 560, 700], [55, 38, 105, 218]], np.ones(3))
    rows = describe(image, found, np.array([False, True, True]))
    assert not rows[0].any()
    assert not rows[1].any()
    assert rows[2].any()


def test_quality_falls_with_cover_size_and_the_pictures_edge():
    def of(*boxes):
        return quality(Detections.from_boxes(np.array(boxes, dtype=float), np.ones(len(boxes))), (960, 540))

    free = of((100, 100, 170, 300))[0]
    assert free == pytest.approx(1.0)
    behind, before = of((100, 100, 170, 300), (120, 120, 190, 330))
    assert behind < 0.3 * free
    assert before > behind
    assert of((100, 100, 110, 125))[0] < 0.2
    assert of((0, 100, 70, 300))[0] < 0.5
    assert len(quality(Detections.empty(), (960, 540))) == 0


def test_likeness_is_a_probability_that_heights_correct():
    scale = LikenessScale()
    assert scale.probability(scale.middle) == pytest.approx(0.5)
    assert scale.probability(1.0) > 0.9 > 0.1 > scale.probability(0.5)
    tall, small, unsure = Height(1.8, 0.03), Height(1.5, 0.03), Height(1.5, 0.3)
    alike, other, open_ = ((tall, tall), (tall, small), (tall, unsure))
    assert scale.probability(scale.middle, alike) > 0.75
    assert scale.probability(scale.middle, other) < 0.2
    assert scale.probability(scale.middle, open_) == pytest.approx(0.5, abs=0.2)
    # However far apart: one of the two may be measured wrongly.
    assert scale.probability(scale.middle, (tall, Height(1.0, 0.03))) > 0.1
    assert likeness(clothes(RED, BLUE), np.zeros((0, 0), dtype=np.float32), scale) is None


def test_height_is_that_of_the_projected_person():
    floor = [(1.0, 3.0), (5.0, 3.0), (5.0, 8.0), (1.0, 8.0), (3.0, 5.0)]
    ahead, height, tilt, focal = 0.0, 3.0, np.radians(30), 700.0

    def project(x, y, z):
        forward, up = np.array([0, np.cos(tilt), -np.sin(tilt)]), np.array([0, np.sin(tilt), np.cos(tilt)])
        relative = np.array([x - 3.0, y - ahead, z - height])
        depth = relative @ forward
        return 480 + focal * relative[0] / depth, 270 - focal * (relative @ up) / depth

    calibration = Calibration.from_points([project(x, y, 0) for x, y in floor], floor, (960, 540))
    places = np.column_stack([np.full(10, 3.2), np.linspace(5, 7, 10)])
    feet = np.array([project(x, y, 0) for x, y in places])
    heads = np.array([project(x, y, 1.62) for x, y in places])
    boxes = np.column_stack([feet[:, 0] - 20, heads[:, 1], feet[:, 0] + 20, feet[:, 1]])
    track = Track(
        1,
        np.arange(10) / 10,
        boxes.astype(np.float32),
        feet.astype(np.float32),
        places,
        np.ones(10, dtype=np.float32),
        np.zeros((0, 0), dtype=np.float32),
    )
    height = height_of(track, calibration)
    assert height.value_m == pytest.approx(1.62, abs=0.02)
    assert height.sd_m < 0.03
    # A shadow that now and then lengthens the box upwards changes little.
    taller = boxes.copy()
    taller[::2, 1] -= 25
    shaded = height_of(dataclasses.replace(track, xyxy=taller.astype(np.float32)), calibration)
    assert shaded.value_m == pytest.approx(1.62, abs=0.04)
    assert shaded.sd_m > height.sd_m
    assert height_of(track, None) is None


def door(track_id, *crossings):
    return DoorTrack(track_id, tuple(crossings))


def by_table(table):
    return lambda a, b: table.get((min(a, b), max(a, b)))


RULE = ReentrySettings()


def test_who_left_and_looks_alike_comes_back():
    tracks = [door(1, (10, False)), door(2, (15, False)), door(3, (60, True))]
    (match,) = match_reentries(tracks, by_table({(1, 3): 0.999, (2, 3): 0.3}), RULE)
    assert (match.track_id, match.earlier_id) == (3, 1)
    assert match.margin == pytest.approx(match.probability, abs=0.01)


def test_between_two_who_look_alike_somebody_came_back_all_the_same():
    tracks = [door(1, (10, False)), door(2, (15, False)), door(3, (60, True))]
    (match,) = match_reentries(tracks, by_table({(1, 3): 0.999, (2, 3): 0.9985}), RULE)
    assert match.earlier_id == 1
    assert match.margin < 0.3


@pytest.mark.parametrize(
    "table",
    [
        {(1, 3): 0.9, (2, 3): 0.1},  # not alike enough
        {},  # nothing known
    ],
)
def test_doubt_gives_a_new_visitor(table):
    tracks = [door(1, (10, False)), door(2, (15, False)), door(3, (60, True))]
    assert match_reentries(tracks, by_table(table), RULE) == []


def test_nobody_comes_back_before_leaving_or_twice_while_inside():
    before = [door(1, (70, False)), door(3, (60, True))]
    assert match_reentries(before, by_table({(1, 3): 0.99}), RULE) == []
    twice = [door(1, (10, False)), door(3, (60, True)), door(4, (80, True))]
    found = match_reentries(twice, by_table({(1, 3): 0.999, (1, 4): 0.99, (3, 4): 0.9999}), RULE)
    assert [match.track_id for match in found] == [3]


def test_two_who_come_back_are_told_apart_together():
    # The second fits either leaver, the first only one: judged alone the second would take that one.
    tracks = [door(1, (10, False)), door(2, (12, False)), door(3, (90, True)), door(4, (95, True))]
    table = {(1, 3): 0.999, (2, 3): 0.05, (1, 4): 0.999, (2, 4): 0.995}
    found = match_reentries(tracks, by_table(table), RULE)
    assert [(match.track_id, match.earlier_id) for match in found] == [(3, 1), (4, 2)]


def test_who_left_with_others_is_less_likely_to_come_back_alone():
    alone, back = door(1, (10, False)), door(3, (90, True))
    company = DoorTrack(1, ((10, False),), party=1)
    table = by_table({(1, 3): 0.99})
    (first,), (second,) = (
        match_reentries([who, back], table, dataclasses.replace(RULE, least_returning=0.0))
        for who in (alone, company)
    )
    assert first.probability > second.probability


def test_assignment_probabilities_are_those_of_all_assignments():
    rng = np.random.default_rng(3)
    odds = rng.gamma(0.5, 2.0, (3, 4))
    exact = np.zeros(odds.shape)
    total = 0.0
    for columns in itertools.product(range(-1, 4), repeat=3):
        pairs = [(row, column) for row, column in enumerate(columns) if column >= 0]
        if len({column for _, column in pairs}) < len(pairs):
            continue
        weight = float(np.prod([odds[pair] for pair in pairs]))
        total += weight
        for pair in pairs:
            exact[pair] += weight
    assert assignment_probabilities(odds) == pytest.approx(exact / total, abs=0.06)
    sure = assignment_probabilities(np.array([[1e9, 1e9], [0.0, 1e9]]))
    assert sure == pytest.approx(np.eye(2), abs=0.01)
    assert assignment_probabilities(np.zeros((0, 3))).shape == (0, 3)


def test_a_second_return_matches_the_person_by_any_earlier_track():
    tracks = [door(1, (10, False)), door(2, (80, True), (100, False)), door(3, (170, True))]
    found = match_reentries(tracks, by_table({(1, 2): 0.999, (1, 3): 0.2, (2, 3): 0.999}), RULE)
    assert [(match.track_id, match.earlier_id) for match in found] == [(2, 1), (3, 1)]


def test_a_busy_door_asks_for_more_likeness_than_a_quiet_one():
    leaver, back = door(1, (10, False)), door(3, (60, True))
    crowd = [door(10 + k, (61 + k, True)) for k in range(40)]
    table = by_table({(1, 3): 0.995})
    assert len(match_reentries([leaver, back], table, RULE)) == 1
    assert match_reentries([leaver, back, *crowd], table, RULE) == []


def seen(camera, start_s, end_s, start, end, *, colour=None, came_in=False, went_out=False):
    time_s = np.arange(start_s, end_s + 1e-9, 0.1)
    share = ((time_s - start_s) / max(end_s - start_s, 1e-9))[:, None]
    cells, floor = on_common_clock(time_s, np.array(start) * (1 - share) + np.array(end) * share)
    appearance = (
        np.zeros((0, 0), dtype=np.float32) if colour is None else np.eye(4, dtype=np.float32)[[colour]]
    )
    return Sighting(camera, cells, floor, appearance, None, came_in, went_out)


def persons(*sightings, known=()):
    links = link_sightings(sightings, HandoverSettings(), known)
    group = list(range(len(sightings)))
    for link in links:
        old, new = group[link.second], group[link.first]
        group = [new if label == old else label for label in group]
    return group


def test_two_cameras_that_see_one_place_see_one_person():
    a, b = seen("A", 0, 10, (0, 0), (8, 0)), seen("B", 7, 15, (5.6, 0.2), (12, 0.2))
    assert persons(a, b) == [0, 0]


def test_one_person_ends_where_another_camera_begins():
    a, b = seen("A", 0, 10, (0, 0), (8, 0)), seen("B", 11.5, 20, (9.2, 0.2), (14, 0))
    assert persons(a, b) == [0, 0]


def test_two_people_side_by_side_are_linked_each_to_themselves():
    a1, a2 = seen("A", 0, 10, (0, 0), (8, 0)), seen("A", 0, 10, (0, 0.9), (8, 0.9))
    b1, b2 = seen("B", 7, 15, (5.6, 0.15), (12, 0.15)), seen("B", 7, 15, (5.6, 1.0), (12, 1.0))
    assert persons(a1, a2, b2, b1) == [0, 1, 1, 0]


def test_nobody_is_in_two_places_at_once():
    one = seen("A", 0, 10, (0, 0), (8, 0), colour=1)
    there = seen("B", 2, 9, (1, 6), (2, 6), colour=1)
    after = seen("B", 10.5, 15, (8.5, 0), (12, 0), colour=1)
    assert persons(one, there, after) == [0, 1, 0]


def test_who_went_out_is_not_continued_inside():
    gone = seen("A", 0, 10, (4, 4), (4, 0), colour=1, went_out=True)
    inside = seen("B", 12, 20, (4, 1), (4, 5), colour=1)
    assert persons(gone, inside) == [0, 1]


def test_a_journey_that_broke_off_goes_on_by_appearance():
    lost = [seen("A", 0, 10, (0, 0), (4, 3), colour=1), seen("A", 1, 11, (0, 1), (4, 4), colour=2)]
    found = [seen("A", 30, 40, (5, 5), (8, 5), colour=2), seen("A", 31, 45, (4, 5), (8, 4), colour=1)]
    assert persons(*lost, *found) == [0, 1, 1, 0]


def test_a_re_entry_leaves_both_visits_one_person():
    out = seen("A", 0, 10, (4, 4), (4, 0), went_out=True)
    back = seen("A", 60, 66, (4, 0), (4, 4), came_in=True)
    on = seen("B", 64, 80, (4, 2.6), (8, 4))
    assert persons(out, back, on, known=[(0, 1)]) == [0, 0, 0]
    assert doors_agree([out, back, on], 3.0)
    assert not doors_agree([out, back, seen("B", 30, 40, (4, 2.6), (8, 4))], 3.0)


def test_the_common_clock_leaves_long_gaps_open():
    time_s = np.array([0.0, 0.1, 0.2, 5.0, 5.1])
    cells, floor = on_common_clock(time_s, np.column_stack([time_s, time_s]))
    assert (cells * STEP_S).tolist() == pytest.approx([0.0, 0.2, 5.0, 5.2])
    assert floor[:, 0] == pytest.approx([0.0, 0.2, 5.0, 5.1])


def test_the_uniform_says_as_much_as_it_is_rare_among_customers():
    rules = UniformSettings()
    customers = [-1.0] * 30
    few, many = (most_of_uniform(customers + [2.0] * dressed, rules) for dressed in (2, 15))
    assert rules.most >= few > many > 0
    assert most_of_uniform([], rules) == pytest.approx(-math.log(rules.usual_share))
    assert most_of_uniform([-1.0] * 10_000, rules) == rules.most
