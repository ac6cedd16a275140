from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from floorwalker.tracking.bytetrack import ByteTrack, ByteTrackSettings
from floorwalker.tracking.motion import BoxMotion, MotionSettings, to_centre
from floorwalker.tracking.overlap import assign, grow, iou, within_reach
from floorwalker.vision.detections import Detections

WIDTH, HEIGHT = 60.0, 180.0


def people(*feet, confidence=0.9):
    boxes = [(x - WIDTH / 2, y - HEIGHT, x + WIDTH / 2, y) for x, y in feet]
    scores = np.broadcast_to(np.asarray(confidence, dtype=float), (len(boxes),))
    return Detections.from_boxes(np.array(boxes, dtype=float).reshape(-1, 4), scores)


def follow(tracker, paths, fps=10.0, seconds=5.0, hidden=lambda person, t: False):
    """Ids by person at each moment of straight walks given as (start, velocity)."""
    seen = []
    for k in range(round(seconds * fps)):
        t = k / fps
        shown = [p for p in range(len(paths)) if not hidden(p, t)]
        feet = [np.array(paths[p][0]) + np.array(paths[p][1]) * t for p in shown]
        ids = tracker.update(people(*feet), t)
        seen.append(dict(zip(shown, ids.tolist(), strict=True)))
    return seen


@pytest.mark.parametrize("fps", [5.0, 10.0, 25.0])
def test_people_who_cross_keep_their_ids(fps):
    seen = follow(ByteTrack(), [((100, 400), (130, 0)), ((700, 430), (-130, 0))], fps)
    assert all(moment == seen[0] for moment in seen)
    assert len(set(seen[0].values())) == 2


@pytest.mark.parametrize("fps", [5.0, 10.0])
def test_a_fast_walker_is_one_track_at_few_frames_a_second(fps):
    seen = follow(ByteTrack(), [((100, 400), (190, 10))], fps, 4.0)
    assert {moment[0] for moment in seen} == {1}


def test_a_gap_of_a_second_is_bridged_and_a_long_one_is_not():
    def gap(a, b):
        return lambda person, t: a <= t < b

    short = follow(ByteTrack(), [((100, 400), (60, 0))], hidden=gap(2.0, 3.0))
    assert {i for moment in short for i in moment.values()} == {1}
    long = follow(ByteTrack(), [((100, 400), (0, 0))], seconds=9, hidden=gap(2.0, 7.0))
    assert {i for moment in long for i in moment.values()} == {1, 2}


def test_a_hidden_person_is_found_again_while_another_stands_by():
    seen = follow(
        ByteTrack(),
        [((100, 400), (100, 0)), ((330, 440), (0, 0))],
        hidden=lambda person, t: person == 0 and 1.8 <= t < 2.8,
    )
    assert {moment[0] for moment in seen if 0 in moment} == {1}
    assert {moment[1] for moment in seen} == {2}


def looks_of(*kinds):
    return np.stack([np.zeros(4) if kind is None else np.eye(4)[kind] for kind in kinds]).astype(np.float32)


def after_standing_close(last, looks_before, looks_after):
    """Ids of two people who stood close together for a second, then were seen at the last places."""
    tracker = ByteTrack()
    for k in range(10):
        ids = tracker.update(people((300, 400), (330, 400)), k / 10, looks_before)
    assert ids.tolist() == [1, 2]
    return tracker.update(people(*last), 1.0, looks_after).tolist()


def test_looks_tell_neighbours_apart_whom_places_would_mix_up():
    between = [(316, 400), (312, 400)]
    assert after_standing_close(between, None, None) == [2, 1]
    assert after_standing_close(between, looks_of(0, 1), looks_of(0, 1)) == [1, 2]
    assert after_standing_close(between, looks_of(0, 1), looks_of(None, None)) == [2, 1]


def test_other_looks_break_no_track_whose_place_fits():
    tracker = ByteTrack()
    for k in range(10):
        tracker.update(people((300, 400)), k / 10, looks_of(0))
    assert tracker.update(people((300, 400)), 1.0, looks_of(1)).tolist() == [1]


def test_what_is_known_of_looks_leaves_with_the_track():
    tracker, rng = ByteTrack(), np.random.default_rng(4)
    for k in range(60):
        looks = rng.normal(size=(3, 8)).astype(np.float32)
        tracker.update(people(*rng.uniform(100, 900, (3, 2))), k * 5.0, looks)
        assert len(tracker) <= 3
        assert len(tracker._looks) == len(tracker)


def test_a_weak_detection_keeps_a_track_alive_but_starts_none():
    tracker = ByteTrack(ByteTrackSettings(lost_s=0.3))
    for k in range(6):
        assert tracker.update(people((200, 400)), k / 10).tolist() == [1]
    for k in range(6, 15):
        assert tracker.update(people((200, 400), confidence=0.2), k / 10).tolist() == [1]
    assert ByteTrack().update(people((200, 400), confidence=0.2), 0.0).tolist() == [-1]
    lost = ByteTrack(ByteTrackSettings(lost_s=0.3))
    for k in range(6):
        lost.update(people((200, 400)), k / 10)
    for k in range(6, 15):
        lost.update(people((200, 400), confidence=0.05), k / 10)
    assert lost.update(people((200, 400)), 1.5).tolist() == [2]


def test_a_single_flash_is_never_confirmed():
    tracker = ByteTrack()
    tracker.update(people((200, 400)), 0.0)
    assert not tracker.confirmed(1)
    for k in range(1, 10):
        tracker.update(people((600, 400)), k / 10)
    assert not tracker.confirmed(1)
    assert tracker.confirmed(2)


def test_ids_belong_to_the_instance():
    first, second = ByteTrack(), ByteTrack()
    assert first.update(people((100, 400), (400, 400)), 0.0).tolist() == [1, 2]
    assert second.update(people((100, 400)), 0.0).tolist() == [1]


def test_memory_is_bounded_by_the_people_in_view():
    tracker = ByteTrack()
    rng = np.random.default_rng(3)
    for k in range(2000):
        tracker.update(people(*rng.uniform(100, 900, (3, 2))), k / 10)
        assert len(tracker) < 100
    tracker.update(people(), 250.0)
    assert len(tracker) == 0


def test_time_counts_not_frames():
    tracker = ByteTrack()
    for k in range(10):
        tracker.update(people((100 + 10 * k, 400)), k / 10)
    # Five seconds without a frame: another visit, although no frame was missed.
    assert tracker.update(people((190, 400)), 6.0).tolist() == [2]
    with pytest.raises(ValueError, match="after 6"):
        tracker.update(people((190, 400)), 6.0)


def columns(*boxes):
    """Boxes as the filter wants them: a column of centre, width and height each."""
    return to_centre(np.array(boxes, dtype=float).T)


def test_the_filter_learns_speed_and_predicts_with_it():
    motion = BoxMotion(MotionSettings())
    box = np.array([100.0, 200.0, 160.0, 380.0])
    motion.add(columns(box))
    for k in range(1, 11):
        motion.predict(0.1, np.array([False]))
        motion.correct(np.array([0]), columns(box + np.array([12.0, 0, 12.0, 0]) * k))
    assert motion.velocity[:2, 0] == pytest.approx([120, 0], abs=8)
    motion.predict(0.1, np.array([False]))
    assert motion.corners[:, 0] == pytest.approx(box + np.array([132, 0, 132, 0]), abs=4)


def test_one_step_of_a_second_predicts_as_ten_of_a_tenth():
    def uncertain(steps):
        motion = BoxMotion(MotionSettings())
        motion.add(columns([100.0, 200.0, 160.0, 380.0]))
        for _ in range(steps):
            motion.predict(1.0 / steps, np.array([False]))
        motion.correct(np.array([0]), columns([150.0, 200.0, 210.0, 380.0]))
        return motion

    assert uncertain(1).corners == pytest.approx(uncertain(10).corners, abs=1e-6)
    assert uncertain(1).velocity == pytest.approx(uncertain(10).velocity, abs=1e-6)


def test_boxes_filtered_together_or_alone_are_the_same():
    boxes = np.array([[100.0, 200.0, 160.0, 380.0], [300.0, 100.0, 340.0, 220.0]])
    together, alone = BoxMotion(MotionSettings()), BoxMotion(MotionSettings())
    together.add(columns(*boxes))
    alone.add(columns(boxes[1]))
    for k in range(1, 6):
        seen = boxes + 7.0 * k
        for motion, which in ((together, [0, 1]), (alone, [1])):
            motion.predict(0.2, np.array([which[0] == 0 and k == 3, k == 4])[-len(which) :])
            # The second box is missed once; order of what was seen does not matter.
            rows = [row for row in range(len(which)) if not (which[row] == 1 and k == 3)][::-1]
            if rows:
                motion.correct(np.array(rows), columns(*(seen[which[row]] for row in rows)))
    assert together.corners[:, 1] == pytest.approx(alone.corners[:, 0], abs=1e-9)


def test_overlap_by_hand():
    a = np.array([[0.0, 0.0, 10.0, 10.0]])
    b = np.array([[5.0, 0.0, 15.0, 10.0], [20.0, 20.0, 30.0, 30.0], [0.0, 0.0, 10.0, 10.0]])
    assert iou(a, b)[0] == pytest.approx([1 / 3, 0.0, 1.0])
    assert grow(a.T, 0.1).T.tolist() == [[-1.0, -1.0, 11.0, 11.0]]


def test_reach_takes_the_nearest_of_head_middle_and_feet():
    person = np.array([[0.0, 0.0, 50.0, 100.0]]).T
    legs_hidden = np.array([[2.0, 1.0, 48.0, 55.0], [40.0, 0.0, 90.0, 100.0], [0.0, 40.0, 50.0, 160.0]]).T
    assert within_reach(person, legs_hidden, np.array([0.15])).tolist() == [[True, False, False]]
    assert within_reach(person, legs_hidden, np.array([0.7])).tolist() == [[True, True, True]]


def test_assignment_makes_the_most_of_all_pairs_and_none_below_the_least():
    similarity = np.array([[0.9, 0.8], [0.8, 0.1]])
    rows, columns = assign(similarity, 0.3)
    assert list(zip(rows.tolist(), columns.tolist(), strict=True)) == [(0, 1), (1, 0)]
    rows, columns = assign(np.array([[0.2, 0.25]]), 0.3)
    assert len(rows) == 0


def test_the_quick_way_and_the_solver_assign_alike():
    rng = np.random.default_rng(2)
    for _ in range(200):
        similarity = rng.random((rng.integers(1, 7), rng.integers(1, 7))) * (rng.random() < 0.9)
        similarity[similarity < rng.random()] = 0.0
        rows, found = assign(similarity, 0.25)
        best_rows, best = linear_sum_assignment(np.maximum(similarity - 0.25, 0.0), maximize=True)
        assert (similarity[rows, found] - 0.25).sum() == pytest.approx(
            np.maximum(similarity[best_rows, best] - 0.25, 0.0).sum(), abs=1e-4
        )
        assert len(set(rows)) == len(rows)
        assert len(set(found)) == len(found)
        assert (similarity[rows, found] >= 0.25 - 1e-6).all()


def test_what_has_nothing_in_common_is_never_a_pair():
    rows, columns = assign(np.array([[0.0, 0.0], [0.0, 0.4]]), 1e-9)
    assert (rows.tolist(), columns.tolist()) == ([1], [1])
