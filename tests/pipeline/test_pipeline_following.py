from __future__ import annotations

import numpy as np

from floorwalker.pipeline.following import Following
from floorwalker.site import Camera
from floorwalker.tracking.bytetrack import ByteTrack
from floorwalker.video.frame import Frame
from floorwalker.vision.detections import Detections

RED, BLUE = (40, 40, 220), (220, 60, 40)


class Watched(ByteTrack):
    """A tracker that notes which detections came with a descriptor."""

    def __init__(self):
        super().__init__()
        self.described = []

    def update(self, detections, time_s, appearance=None):
        none = np.zeros(len(detections), dtype=bool)
        self.described.append((none if appearance is None else appearance.any(axis=1)).tolist())
        return super().update(detections, time_s, appearance)


def scene(*people, knows_pixels=True):
    """A frame with people of a colour at columns, and their detections."""
    image = np.full((300, 600, 3), 128, np.uint8)
    mask = np.zeros((300, 600), bool)
    for x, colour in people:
        image[60:240, x - 20 : x + 20] = colour
        mask[60:240, x - 20 : x + 20] = True
    boxes = [(x - 30, 60, x + 30, 240) for x, _ in people]
    return image, Detections.from_boxes(boxes, np.full(len(boxes), 0.9), mask if knows_pixels else None)


def followed(frames, tracker):
    following = Following(Camera(id="CAM_1", resolution=(600, 300)), tracker)
    for k, (image, detections) in enumerate(frames):
        following.take(Frame(image, k / 10, k), detections)
    return following.finish()


def test_looks_are_compared_only_where_people_stand_close():
    tracker = Watched()
    followed([scene((100, RED), (500, BLUE)), scene((280, RED), (330, BLUE))], tracker)
    assert tracker.described == [[False, False], [True, True]]


def test_looks_are_not_compared_where_nobody_knows_whose_pixels_they_are():
    tracker = Watched()
    followed([scene((280, RED), (330, BLUE), knows_pixels=False)] * 2, tracker)
    assert tracker.described == [[False, False]] * 2


def test_everybody_is_described_for_the_finished_tracks_whether_close_or_not():
    tracks = followed([scene((100, RED), (300, BLUE), (350, RED))] * 20, ByteTrack())
    assert [len(track.appearance) >= 2 for track in tracks] == [True, True, True]
