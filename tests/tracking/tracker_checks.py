"""What every tracker has to hold: checks that run over each one of `tracking.build.TRACKERS`."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from floorwalker.tracking.tracker import Tracker
from floorwalker.vision.detections import Detections

Make = Callable[[], Tracker]
WIDTH, HEIGHT = 60.0, 180.0


def yield_checks() -> Iterator[Callable[[Make], None]]:
    """Each check takes what makes a fresh tracker."""
    yield from (
        answers_each_detection_with_an_id,
        numbers_from_one_within_the_instance,
        is_deterministic_and_blind_to_the_order_of_detections,
        bears_frames_without_anybody,
        wants_times_that_grow,
        keeps_ids_of_people_who_cross,
        keeps_the_id_of_one_who_stands_for_minutes,
        keeps_the_id_at_any_frame_rate,
        never_gives_an_id_twice,
        does_not_believe_a_flash,
        confirms_who_is_seen_for_a_second,
        ends_a_track_over_a_long_gap,
        does_not_care_where_in_the_picture,
        does_not_change_what_it_is_given,
        holds_no_more_than_who_is_in_view,
    )


def people(*feet: tuple[float, float], confidence: float = 0.9) -> Detections:
    boxes = [(x - WIDTH / 2, y - HEIGHT, x + WIDTH / 2, y) for x, y in feet]
    return Detections.from_boxes(np.array(boxes).reshape(-1, 4), np.full(len(boxes), confidence))


def crowd(seed: int, seconds: float = 6.0, fps: float = 10.0) -> list[tuple[float, Detections]]:
    """Seven people who wander, are missed now and then, and jitter."""
    rng = np.random.default_rng(seed)
    start, speed = rng.uniform([100, 300], [1800, 900], (7, 2)), rng.uniform(-60, 60, (7, 2))
    frames = []
    for k in range(round(seconds * fps)):
        feet = start + speed * k / fps + rng.normal(0, 2, (7, 2))
        seen = feet[rng.random(7) < 0.9]
        scores = rng.uniform(0.2, 0.95, len(seen))
        boxes = np.column_stack([seen[:, 0] - 30, seen[:, 1] - HEIGHT, seen[:, 0] + 30, seen[:, 1]])
        frames.append((k / fps, Detections.from_boxes(boxes, scores)))
    return frames


def run(tracker: Tracker, frames: list[tuple[float, Detections]]) -> list[np.ndarray]:
    return [tracker.update(detections, time_s) for time_s, detections in frames]


def walk(tracker: Tracker, *paths, fps: float = 10.0, seconds: float = 5.0, since_s: float = 0.0):
    """Ids at each moment of people on straight paths of (start, pixels a second)."""
    ids = []
    for k in range(round(seconds * fps)):
        t = k / fps
        feet = [(x + vx * t, y + vy * t) for (x, y), (vx, vy) in paths]
        ids.append(tracker.update(people(*feet), since_s + t).tolist())
    return ids


def answers_each_detection_with_an_id(make: Make) -> None:
    for (_, detections), ids in zip(crowd(1), run(make(), crowd(1)), strict=True):
        assert ids.shape == (len(detections),)
        assert ids.dtype == np.int64
        held = ids[ids >= 0]
        assert len(set(held.tolist())) == len(held)
        assert ((ids >= 1) | (ids == -1)).all()


def numbers_from_one_within_the_instance(make: Make) -> None:
    first, second = make(), make()
    assert sorted(first.update(people((100, 400), (600, 400)), 0.0).tolist()) == [1, 2]
    assert second.update(people((100, 400)), 0.0).tolist() == [1]
    assert first.update(people((100, 400), (600, 400)), 0.1).tolist() == [1, 2]


def is_deterministic_and_blind_to_the_order_of_detections(make: Make) -> None:
    frames = crowd(2)
    once = run(make(), frames)
    for again in (run(make(), frames), run(make(), frames)):
        assert all((a == b).all() for a, b in zip(once, again, strict=True))
    rng, tracker, name = np.random.default_rng(0), make(), {}
    for (time_s, detections), ids in zip(frames, once, strict=True):
        order = rng.permutation(len(detections))
        shuffled = tracker.update(detections.select(order), time_s)
        # New ids are handed out in the order of the detections; who is who must not depend on it.
        for other, own in zip(shuffled.tolist(), ids[order].tolist(), strict=True):
            assert (other == -1) == (own == -1)
            if own >= 0:
                assert name.setdefault(own, other) == other


def bears_frames_without_anybody(make: Make) -> None:
    tracker = make()
    for k in range(30):
        assert tracker.update(Detections.empty(), k / 10).tolist() == []
    assert tracker.update(people((300, 400)), 3.0).tolist() == [1]
    assert tracker.update(Detections.empty(), 3.1).tolist() == []
    assert tracker.update(people((300, 400)), 3.2).tolist() == [1]


def wants_times_that_grow(make: Make) -> None:
    tracker = make()
    tracker.update(people((300, 400)), 1.0)
    for earlier in (1.0, 0.5, float("nan")):
        with pytest.raises(ValueError, match="expected a time after"):
            tracker.update(people((300, 400)), earlier)
    assert tracker.update(people((300, 400)), 1.1).tolist() == [1]


def keeps_ids_of_people_who_cross(make: Make) -> None:
    ids = walk(make(), ((100, 400), (130, 0)), ((700, 430), (-130, 0)))
    assert all(moment == ids[0] for moment in ids)
    assert len(set(ids[0])) == 2


def keeps_the_id_of_one_who_stands_for_minutes(make: Make) -> None:
    tracker, rng = make(), np.random.default_rng(4)
    seen = set()
    for k in range(900):
        if rng.random() < 0.8:
            sway = rng.normal(0, 1.5, 2)
            seen |= set(tracker.update(people((300 + sway[0], 400 + sway[1])), k / 5).tolist())
        else:
            tracker.update(Detections.empty(), k / 5)
    assert seen == {1}


def keeps_the_id_at_any_frame_rate(make: Make) -> None:
    for fps in (4.0, 5.0, 10.0, 15.0, 25.0, 30.0):
        ids = walk(make(), ((100, 500), (130, 8)), fps=fps)
        assert {i for moment in ids for i in moment} == {1}, fps


def never_gives_an_id_twice(make: Make) -> None:
    tracker, last, ended = make(), {}, set()
    rng = np.random.default_rng(5)
    for k in range(400):
        feet = rng.uniform([100, 200], [1800, 1000], (3, 2))
        for track in tracker.update(people(*map(tuple, feet)), k / 4).tolist():
            assert track not in ended
            last[track] = k / 4
        ended |= {track for track, at in last.items() if k / 4 - at > 10.0}
    assert len(last) > 100


def does_not_believe_a_flash(make: Make) -> None:
    tracker = make()
    (flash,) = tracker.update(people((200, 400)), 0.0).tolist()
    for k in range(1, 20):
        tracker.update(people((900, 400)), k / 10)
        assert not tracker.confirmed(flash)


def confirms_who_is_seen_for_a_second(make: Make) -> None:
    tracker = make()
    assert walk(tracker, ((100, 400), (60, 0)), seconds=1.2)[-1] == [1]
    assert tracker.confirmed(1)
    assert not tracker.confirmed(99)


def ends_a_track_over_a_long_gap(make: Make) -> None:
    tracker = make()
    walk(tracker, ((300, 400), (0, 0)), seconds=2.0)
    later = walk(tracker, ((300, 400), (0, 0)), seconds=1.0, since_s=62.0)
    assert 1 not in {i for moment in later for i in moment}


def does_not_care_where_in_the_picture(make: Make) -> None:
    frames = crowd(3)
    moved = [
        (time_s + 100.0, Detections.from_boxes(found.xyxy + np.float32(512), found.confidence))
        for time_s, found in frames
    ]
    here, there = run(make(), frames), run(make(), moved)
    assert all((a == b).all() for a, b in zip(here, there, strict=True))


def does_not_change_what_it_is_given(make: Make) -> None:
    tracker = make()
    for time_s, detections in crowd(4, seconds=1.0):
        before = detections.xyxy.copy(), detections.confidence.copy(), detections.foot_px.copy()
        ids = tracker.update(detections, time_s)
        ids[:] = -7
        after = detections.xyxy, detections.confidence, detections.foot_px
        assert all((a == b).all() for a, b in zip(before, after, strict=True))
    assert (tracker.update(crowd(4)[10][1], 1.05) != -7).all()


def holds_no_more_than_who_is_in_view(make: Make) -> None:
    tracker, rng = make(), np.random.default_rng(6)

    def pass_by(frames: int, since_s: float) -> int:
        for k in range(frames):
            feet = rng.uniform([100, 200], [1800, 1000], (3, 2))
            tracker.update(people(*map(tuple, feet)), since_s + k / 5)
        return len(pickle.dumps(tracker))

    early, late = pass_by(100, 0.0), pass_by(900, 100.0)
    assert late < 1.5 * early
    tracker.update(Detections.empty(), 1000.0)
    assert len(pickle.dumps(tracker)) < early
