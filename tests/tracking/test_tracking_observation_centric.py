from __future__ import annotations

import numpy as np
import pytest

from floorwalker.tracking.observation_centric import ObservationCentric, ObservationCentricSettings
from floorwalker.vision.detections import Detections

HEIGHT = 180.0


def people(*feet, height=HEIGHT, confidence=0.9):
    boxes = [(x - height / 6, y - height, x + height / 6, y) for x, y in feet]
    return Detections.from_boxes(np.array(boxes).reshape(-1, 4), np.full(len(boxes), confidence))


def follow(tracker, place, moments, fps=10.0, looks=None):
    """Ids over time; `place` gives everybody's feet at a moment, `looks` their descriptors."""
    return [
        tracker.update(
            people(*place(k / fps)), k / fps, *([] if looks is None else [looks(k / fps)])
        ).tolist()
        for k in moments
    ]


def test_who_walks_on_behind_something_is_found_by_direction_and_speed():
    tracker = ObservationCentric()
    before = follow(tracker, lambda t: [(100 + 120 * t, 400)], range(20))
    nobody = follow(tracker, lambda t: [], range(20, 29))
    after = follow(tracker, lambda t: [(100 + 120 * t, 400)], range(29, 35))
    assert {i for moment in before + after for i in moment} == {1}
    assert nobody == [[]] * 9


def test_two_who_meet_and_pass_keep_their_ids_where_boxes_merge():
    def place(t):
        feet = [(200 + 90 * t, 400), (560 - 90 * t, 404)]
        return feet if not 1.85 < t < 2.15 else feet[1:]

    ids = follow(ObservationCentric(), place, range(40))
    assert ids[-1] == ids[0]


def test_half_a_person_is_another_box():
    tracker = ObservationCentric()
    for k in range(10):
        tracker.update(people((300, 400)), k / 10)
    part = Detections.from_boxes([[270, 220, 330, 270]], [0.9])
    assert tracker.update(part, 1.0).tolist() != [1]
    assert tracker.update(people((300, 400)), 1.1).tolist() == [1]


def test_weak_detections_carry_on_and_start_nothing():
    tracker = ObservationCentric()
    for k in range(6):
        tracker.update(people((300, 400)), k / 10)
    for k in range(6, 30):
        assert tracker.update(people((300, 400), confidence=0.3), k / 10).tolist() == [1]
    assert ObservationCentric().update(people((300, 400), confidence=0.3), 0.0).tolist() == [-1]


def test_renewal_takes_the_velocity_between_two_observations():
    settings = ObservationCentricSettings(renewal=1.0)
    tracker = ObservationCentric(settings)
    follow(tracker, lambda t: [(300, 400)], range(10))
    tracker.update(people((330, 400)), 1.5)
    tracker.update(people((333, 400)), 1.55)
    # 30 pixels in 0.6 s: with the renewed velocity the next place is nearer to where it is predicted.
    assert tracker.update(people((360, 400)), 2.0).tolist() == [1]


def test_the_first_frame_is_believed_where_that_is_asked():
    for believes in (False, True):
        tracker = ObservationCentric(ObservationCentricSettings(believes_first_frame=believes))
        ids = tracker.update(people((300, 400)), 0.0)
        assert tracker.believed(ids).tolist() == [believes]
        late = tracker.update(people((300, 400), (700, 400)), 0.1)
        assert tracker.believed(late).tolist()[1] is False
        assert tracker.believed(np.array([-1, 77])).tolist() == [False, False]


def looks_of(*kinds):
    table = np.eye(4, dtype=np.float32)
    return np.array([table[kind] if kind is not None else np.zeros(4) for kind in kinds], dtype=np.float32)


def test_looks_tell_apart_who_stands_where_another_stood():
    # Two people, hidden together for a moment, come out with their places exchanged.
    def run(looks):
        tracker = ObservationCentric()
        feet = [(300.0, 400.0), (335.0, 400.0)]
        for k in range(10):
            tracker.update(people(*feet), k / 10, looks_of(0, 1) if looks else None)
        tracker.update(people(), 1.0)
        return tracker.update(people(*feet), 1.1, looks_of(1, 0) if looks else None).tolist()

    assert run(looks=False) == [1, 2]
    assert run(looks=True) == [2, 1]


def test_who_has_no_descriptor_is_followed_all_the_same():
    tracker = ObservationCentric()
    for k in range(20):
        looks = None if k % 3 == 0 else looks_of(None if k % 2 else 0, 1)
        assert tracker.update(people((300, 400), (700, 400)), k / 10, looks).tolist() == [1, 2]
    tracker.update(people((300, 400), (700, 400), (1100, 400)), 2.0)
    assert tracker.update(people((300, 400), (1100, 400)), 2.1, looks_of(0, 2)).tolist() == [1, 3]


def test_memory_is_bounded_by_the_people_in_view():
    tracker = ObservationCentric()
    rng = np.random.default_rng(3)
    for k in range(1500):
        looks = rng.normal(size=(3, 8)).astype(np.float32)
        tracker.update(people(*rng.uniform(100, 900, (3, 2))), k / 10, looks)
        assert len(tracker) < 60
    tracker.update(people(), 250.0)
    assert len(tracker) == 0


@pytest.mark.parametrize("scale", [0.25, 4.0])
def test_the_size_of_the_picture_does_not_matter(scale):
    def run(factor):
        rng, tracker, ids = np.random.default_rng(8), ObservationCentric(), []
        start, speed = rng.uniform([100, 300], [900, 700], (5, 2)), rng.uniform(-60, 60, (5, 2))
        for k in range(50):
            feet = (start + speed * k / 10 + rng.normal(0, 3, (5, 2))) * factor
            ids.append(tracker.update(people(*feet, height=HEIGHT * factor), k / 10).tolist())
        return ids

    assert run(scale) == run(1.0)
