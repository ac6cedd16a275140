"""What hurts people who run counters: mirrors, posters, and people who queue so still that they melt away."""

from __future__ import annotations

import numpy as np

from floorwalker.pipeline.fitting import fit_frame
from floorwalker.site import Camera
from floorwalker.vision.motion import MotionDetector

RED, BLUE, GREEN = (40, 40, 190), (170, 60, 30), (50, 140, 40)


def room(painted, *people, mirror=None):
    image = painted.empty_room()
    for place, colour in sorted(people, key=lambda person: -person[0][1]):
        painted.paint_person(image, painted.camera(), place, colour)
    if mirror is not None:  # the wall shows what stands before it
        x1, y1, x2, y2 = mirror
        image[y1:y2, x1:x2] = image[y1:y2, x2 : x2 + (x2 - x1)][:, ::-1]
    return image


def ready(painted, calibrated, *still, through=lambda frame: frame):
    detector = MotionDetector(painted.size, painted.camera() if calibrated else None)
    detector.prepare(through(painted.frame_of(room(painted, *still), n / 2)) for n in range(8))
    return detector


def test_a_mirror_image_behind_a_mask_is_nobody(painted):
    mirror = (300, 60, 480, 420)
    x1, y1, x2, y2 = mirror
    masked = Camera(id="CAM", resolution=painted.size, masks=[[(x1, y1), (x2, y1), (x2, y2), (x1, y2)]])
    found = {}
    for name, through in (("bare", lambda f: f), ("masked", lambda f: fit_frame(f, masked))):
        detector = ready(painted, False, through=through)
        with_image = room(painted, ((0.35, 3.4), RED), mirror=mirror)
        found[name] = detector.detect(through(painted.frame_of(with_image, 10.0)))
    assert len(found["bare"]) == 2
    assert len(found["masked"]) == 1
    assert found["masked"].foot_px[0, 0] > x2


def test_a_poster_that_hangs_there_is_nobody(painted):
    poster = ((-0.8, 4.0), GREEN)
    for calibrated in (True, False):
        detector = ready(painted, calibrated, poster)
        for n in range(6):
            walker = ((0.5 + n / 10, 3.0), RED)
            found = detector.detect(painted.frame_of(room(painted, poster, walker), 10 + n / 10))
            assert len(found) == 1
            assert found.foot_px[0, 0] > painted.size[0] / 2


def test_who_queues_for_ten_minutes_is_still_there(painted):
    detector = ready(painted, True)
    rng = np.random.default_rng(1)
    for n in range(75):
        sway = rng.normal(0, 0.012, 4)
        queue = [((-0.4 + sway[0], 3.0 + sway[1]), RED), ((0.5 + sway[2], 3.4 + sway[3]), BLUE)]
        found = detector.detect(painted.frame_of(room(painted, *queue), 10.0 + 8 * n))
        if n % 10 == 9:
            floor = painted.camera().to_floor(found.foot_px)
            for place, _ in queue:
                assert np.linalg.norm(floor - place, axis=1).min() < 0.45
