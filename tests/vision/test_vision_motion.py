from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from floorwalker.video import Frame
from floorwalker.vision.motion import MotionDetector
from floorwalker.vision.motion.blobs import BlobRules, UsualSize, find_blobs
from floorwalker.vision.motion.bootstrap import bootstrap_room, outline_evidence
from floorwalker.vision.motion.foreground import ForegroundRules, foreground_mask, gradient
from floorwalker.vision.motion.occlusion import Occlusion
from floorwalker.vision.motion.upright import Upright

RED, BLUE, GREEN, DARK = (40, 40, 200), (200, 60, 30), (30, 140, 40), (25, 22, 20)


def scene(painted: SimpleNamespace, *people: tuple[tuple[float, float], tuple[int, int, int]]) -> np.ndarray:
    image = painted.empty_room()
    for place, colour in sorted(people, key=lambda person: -person[0][1]):
        painted.paint_person(image, painted.camera(), place, colour)
    return image


def prepared(painted: SimpleNamespace, calibrated: bool = True) -> MotionDetector:
    detector = MotionDetector(painted.size, painted.camera() if calibrated else None)
    detector.prepare(painted.frame_of(painted.empty_room(), n / 2) for n in range(8))
    return detector


def floor_of(painted: SimpleNamespace, detections) -> np.ndarray:
    return painted.camera().to_floor(detections.foot_px)


def test_an_empty_room_is_empty(painted: SimpleNamespace) -> None:
    for calibrated in (True, False):
        detector = prepared(painted, calibrated)
        for n in range(5):
            found = detector.detect(painted.frame_of(painted.empty_room(), 10 + n / 10))
            assert len(found) == 0
            assert found.foreground is not None
            assert found.foreground.mean() < 0.001


@pytest.mark.parametrize("place", [(0.0, 3.5), (-1.0, 2.6), (1.2, 5.0)])
def test_a_person_is_found_where_they_stand(painted: SimpleNamespace, place: tuple[float, float]) -> None:
    found = prepared(painted).detect(painted.frame_of(scene(painted, (place, RED)), 10.0))
    assert len(found) == 1
    assert np.linalg.norm(floor_of(painted, found)[0] - place) < 0.35
    assert found.confidence[0] > 0.5


@pytest.mark.parametrize(
    "places",
    [[(0.0, 3.5), (0.65, 3.5)], [(-0.4, 3.0), (0.25, 3.05), (0.9, 3.2)], [(-1.0, 2.4), (1.2, 5.0)]],
)
def test_people_side_by_side_are_each_found(
    painted: SimpleNamespace, places: list[tuple[float, float]]
) -> None:
    people = list(zip(places, (RED, BLUE, GREEN), strict=False))
    found = prepared(painted).detect(painted.frame_of(scene(painted, *people), 10.0))
    assert len(found) == len(places)
    for place in places:
        assert np.linalg.norm(floor_of(painted, found) - place, axis=1).min() < 0.45


def test_someone_who_stands_for_a_minute_does_not_melt_away(painted: SimpleNamespace) -> None:
    detector = prepared(painted)
    for n in range(70):
        sway = 0.02 * np.sin(n / 3)
        found = detector.detect(painted.frame_of(scene(painted, ((sway, 3.5), RED)), 10.0 + n))
    assert len(found) == 1
    assert found.confidence[0] > 0.5


def test_people_who_stand_most_of_the_time_do_not_get_into_the_room(painted: SimpleNamespace) -> None:
    samples, times = [], []
    for n in range(24):
        visit, phase = divmod(n, 6)
        people = [((0.02 * n - 0.2, 3.5), (RED, DARK, BLUE, DARK)[visit])] if phase > 1 else []
        samples.append(cv2.resize(painted.frame_of(scene(painted, *people), float(n)).image, (480, 270)))
        times.append(3.0 * n)
    room, _ = bootstrap_room(samples, times)
    empty = cv2.resize(painted.empty_room(), (480, 270))
    assert (cv2.absdiff(room, empty).max(axis=2) > 16).mean() < 0.001


def test_darker_and_brighter_light_is_nobody(painted: SimpleNamespace) -> None:
    detector = prepared(painted)
    for step, gain in enumerate((0.95, 0.85, 0.7, 0.8, 1.1)):
        lit = np.clip(painted.empty_room() * gain, 0, 255).astype(np.uint8)
        assert len(detector.detect(painted.frame_of(lit, 10.0 + step / 10))) == 0


def test_a_shadow_is_no_foreground_and_a_person_of_its_darkness_is() -> None:
    rng = np.random.default_rng(3)
    room = cv2.GaussianBlur(rng.integers(60, 220, (120, 160, 3), dtype=np.uint8), (0, 0), 4)
    shade = np.ones((120, 160), np.float32)
    cv2.ellipse(shade, (50, 60), (20, 40), 0, 0, 360, 0.65, -1)
    shade = cv2.GaussianBlur(shade, (0, 0), 2)
    frame = (room * shade[..., None]).astype(np.uint8)
    noise = rng.integers(0, 160, (80, 40, 1), dtype=np.uint8)
    frame[20:100, 100:140] = noise // 2 + 20
    mask = foreground_mask(frame, room, np.zeros((120, 160), np.uint8), ForegroundRules())
    assert (mask[20:100, 25:75] > 0).mean() < 0.05
    assert (mask[22:98, 102:138] > 0).mean() > 0.8


def test_what_left_the_room_for_good_stops_being_a_person(painted: SimpleNamespace) -> None:
    """A statue stood there in every sample and is then carried off: its trace must not live on."""
    detector = MotionDetector(painted.size, painted.camera())
    with_statue = scene(painted, ((0.0, 3.5), GREEN))
    detector.prepare(painted.frame_of(with_statue, n / 2) for n in range(8))
    counts = [len(detector.detect(painted.frame_of(painted.empty_room(), 10.0 + n / 2))) for n in range(40)]
    assert counts[0] == 1
    assert counts[-10:] == [0] * 10


def test_outlines_tell_who_holds_the_object() -> None:
    room = np.full((80, 80, 3), 120, np.uint8)
    frame = room.copy()
    cv2.rectangle(frame, (30, 20), (50, 60), (20, 20, 20), -1)
    component = np.zeros((80, 80), np.uint8)
    component[20:61, 30:51] = 1
    assert outline_evidence(component, gradient(frame), gradient(room)) > 0.5
    assert outline_evidence(component, gradient(room), gradient(frame)) < -0.5


def test_the_usual_size_is_learnt_and_splits_groups() -> None:
    usual = UsualSize(270)
    rules = BlobRules()

    def person(mask: np.ndarray, x: int, top: int = 100) -> None:
        cv2.ellipse(mask, (x, top + 8), (7, 9), 0, 0, 360, 255, -1)
        cv2.rectangle(mask, (x - 16, top + 18), (x + 16, 200), 255, -1)

    for n in range(12):
        single = np.zeros((270, 480), np.uint8)
        person(single, 60 + 30 * n)
        assert len(find_blobs(single, usual, rules)[0]) == 1
    group = np.zeros((270, 480), np.uint8)
    for x, top in ((200, 100), (234, 104), (268, 98)):
        person(group, x, top)
    boxes, confidence = find_blobs(group, usual, rules)
    assert len(boxes) == 3
    assert (confidence > 0.3).all()
    np.testing.assert_allclose(np.sort(boxes[:, [0, 2]].mean(axis=1)), [200, 234, 268], atol=6)


def test_the_same_frames_give_the_same_detections(painted: SimpleNamespace) -> None:
    frames = [painted.frame_of(scene(painted, ((n / 10 - 0.5, 3.5), RED)), 10 + n / 10) for n in range(6)]
    first, second = prepared(painted), prepared(painted)
    for frame in frames:
        a, b = first.detect(frame), second.detect(frame)
        np.testing.assert_array_equal(a.xyxy, b.xyxy)
        np.testing.assert_array_equal(a.confidence, b.confidence)
    assert first.fingerprint == second.fingerprint
    assert first.fingerprint != prepared(painted, calibrated=False).fingerprint


def test_a_detector_that_saw_no_samples_takes_the_first_frame_for_the_room(painted: SimpleNamespace) -> None:
    detector = MotionDetector(painted.size, painted.camera())
    assert len(detector.detect(Frame(painted.empty_room(), 0.0, 0))) == 0
    assert len(detector.detect(Frame(scene(painted, ((0.0, 3.5), RED)), 0.5, 5))) == 1


def test_who_leans_outwards_at_the_side_stands_upright_in_the_stretched_picture(
    painted: SimpleNamespace,
) -> None:
    camera = painted.camera(pitch_deg=45.0)
    upright = Upright(camera, (480, 270), np.array([0.5, 0.5]))
    places = [(-2.4, 3.0), (0.0, 3.0), (2.2, 4.5)]
    feet, heads = camera.to_image(places) / 2, camera.to_image(places, 1.7) / 2
    assert np.abs(feet[[0, 2], 0] - heads[[0, 2], 0]).min() > 8
    np.testing.assert_allclose(upright.forth(feet)[:, 0], upright.forth(heads)[:, 0], atol=0.01)
    np.testing.assert_allclose(upright.back(upright.forth(feet)), feet, atol=1e-6)
    mask = np.zeros((270, 480), np.uint8)
    cv2.line(mask, np.round(feet[0]).astype(int).tolist(), np.round(heads[0]).astype(int).tolist(), 255, 3)
    columns = np.flatnonzero(upright.stretch(mask).any(axis=0))
    assert columns[-1] - columns[0] < 8


def test_people_at_the_sides_of_a_steep_camera_are_found(painted: SimpleNamespace) -> None:
    camera = painted.camera(pitch_deg=45.0)
    detector = MotionDetector(painted.size, camera)
    detector.prepare(painted.frame_of(painted.empty_room(), n / 2) for n in range(8))
    for place in ((-2.0, 3.0), (2.0, 3.0)):
        image = painted.empty_room()
        foot, head = camera.to_image([place])[0], camera.to_image([place], 1.72)[0]
        middle, length = (foot + head) / 2, float(np.linalg.norm(foot - head))
        lean = float(np.degrees(np.arctan2(*(foot - head))))
        cv2.ellipse(image, (middle.tolist(), (0.3 * length, length), -lean), RED, -1)
        found = detector.detect(painted.frame_of(image, 10.0))
        assert len(found) == 1
        assert np.linalg.norm(camera.to_floor(found.foot_px)[0] - place) < 0.5


def test_a_counter_that_hides_legs_is_learnt_and_its_people_are_placed_behind_it(
    painted: SimpleNamespace,
) -> None:
    """Behind a counter, the row where a body ends is no foot; once that is known, nobody stands on it."""
    camera = painted.camera()
    counter = [*camera.to_image([(-1.5, 4.2), (1.5, 4.2)]), *camera.to_image([(1.5, 4.2), (-1.5, 4.2)], 1.05)]
    outline = np.round(np.array(counter)).astype(np.int32)

    def seen(*people: tuple[tuple[float, float], tuple[int, int, int]]) -> np.ndarray:
        image = painted.empty_room()
        for place, colour in sorted(people, key=lambda person: -person[0][1]):
            if place[1] < 4.2:
                cv2.fillPoly(image, [outline], (90, 120, 150))
            painted.paint_person(image, camera, place, colour)
        if all(place[1] > 4.2 for place, _ in people):
            cv2.fillPoly(image, [outline], (90, 120, 150))
        return image

    detector = MotionDetector(painted.size, camera)
    detector.prepare(painted.frame_of(seen(), n / 2) for n in range(8))
    for n in range(60):
        place = (0.6 * np.sin(n / 9), 4.8)
        found = detector.detect(painted.frame_of(seen((place, RED)), 10.0 + n / 2))
    assert len(found) == 1
    assert found.feet_seen is not None
    assert not found.feet_seen[0]
    assert np.linalg.norm(floor_of(painted, found)[0] - place) < 0.35
    before = detector.detect(painted.frame_of(seen(((0.1, 3.4), BLUE)), 50.0))
    assert len(before) == 1
    assert before.feet_seen is not None
    assert before.feet_seen[0]
    assert np.linalg.norm(floor_of(painted, before)[0] - (0.1, 3.4)) < 0.35


def test_what_hides_people_is_bounded_in_memory_and_forgotten_when_moved() -> None:
    occlusion = Occlusion((160, 120), 1.0, 9.0)
    legs, band = np.array([[40, 60, 60, 100]], np.int32), int(occlusion.band(np.array([5.0]))[0])
    none, whole = np.zeros((120, 160), np.uint8), np.ones((120, 160), np.uint8)

    def hidden(at_m: float) -> float:
        return float(occlusion.hidden_px(legs[None], occlusion.band(np.array([at_m])))[0, 0])

    for _ in range(2000):
        occlusion.note(band, legs, none, whole)
    assert hidden(5.0) > 0.8 * 20 * 40
    assert hidden(8.0) > 0.8 * 20 * 40
    assert hidden(2.0) == 0
    for _ in range(2000):
        occlusion.note(band, legs, whole, none)
    assert hidden(5.0) == 0


def test_an_arm_beside_its_body_is_no_small_person() -> None:
    usual = UsualSize(270)
    mask = np.zeros((270, 480), np.uint8)
    cv2.rectangle(mask, (200, 20), (270, 250), 255, -1)
    cv2.rectangle(mask, (182, 90), (192, 130), 255, -1)
    boxes, _ = find_blobs(mask, usual, BlobRules())
    np.testing.assert_allclose(boxes, [[182, 20, 271, 251]], atol=1)


def test_a_small_soft_shadow_before_the_feet_is_no_foreground() -> None:
    """Far away the whole shadow is a few pixels wide: its bend must not pass for texture."""
    rng = np.random.default_rng(5)
    room = cv2.GaussianBlur(rng.integers(150, 190, (120, 160, 3), dtype=np.uint8), (0, 0), 3)
    y, x = np.mgrid[:120, :160]
    shade = 1 - 0.45 * np.exp(-0.5 * (((x - 80) / 6) ** 2 + ((y - 60) / 4) ** 2))
    frame = np.clip(room * shade[..., None] + rng.normal(0, 1, room.shape), 0, 255).astype(np.uint8)
    mask = foreground_mask(frame, room, np.zeros((120, 160), np.uint8), ForegroundRules())
    assert (shade < 0.9).sum() > 100
    assert np.count_nonzero(mask) < 0.1 * (shade < 0.9).sum()
