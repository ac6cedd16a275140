"""What every detector has to hold: checks that run over each kind there is."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from floorwalker.video import Frame
from floorwalker.vision.detections import Detections
from floorwalker.vision.detector import Detector, OverlappingDetector

Size = tuple[int, int]


@dataclass(frozen=True)
class Case:
    """A kind of detector to be checked.

    Attributes:
        name: of the kind.
        make: a fresh detector for frames of a size.
        other: one of the kind that finds other things: another network, room, calibration or file.
        frames: a camera's frames, in order of time, with people in the later ones.
        samples: what `prepare` is shown.
        looks: whether it looks at the pictures; the truth does not.
    """

    name: str
    make: Callable[[Size], Detector]
    other: Callable[[Size], Detector]
    frames: Sequence[Frame]
    samples: Sequence[Frame] = ()
    looks: bool = True

    @property
    def size(self) -> Size:
        return self.frames[0].size

    def ready(self) -> Detector:
        """A detector that has seen the samples."""
        detector = self.make(self.size)
        detector.prepare(iter(self.samples))
        return detector


def yield_checks() -> Iterator[Callable[[Case], None]]:
    """Each check takes the case of one kind of detector."""
    yield from (
        answers_with_boxes_inside_the_picture,
        finds_somebody,
        is_deterministic,
        finds_nobody_in_black_or_grey,
        bears_odd_sizes,
        needs_no_samples,
        says_what_decides_its_findings,
        leaves_the_frame_as_it_was,
        answers_frame_by_frame_as_it_does_overlapped,
        holds_no_more_the_longer_it_looks,
    )


def same(one: Detections, other: Detections) -> None:
    for name in ("xyxy", "confidence", "foot_px"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def flat(size: Size, grey: int, time_s: float) -> Frame:
    return Frame(np.full((size[1], size[0], 3), grey, np.uint8), time_s, round(time_s * 10))


def answers_with_boxes_inside_the_picture(case: Case) -> None:
    detector = case.ready()
    width, height = case.size
    for frame in case.frames:
        found = detector.detect(frame)
        assert found.xyxy.dtype == found.confidence.dtype == found.foot_px.dtype == np.float32
        assert ((found.confidence >= 0) & (found.confidence <= 1)).all()
        assert (found.xyxy[:, :2] < found.xyxy[:, 2:]).all()
        assert (found.xyxy >= -1).all()
        assert (found.xyxy <= np.array([width, height] * 2) + 1).all()
        # People stand below their box or within it, never beside it.
        assert (found.foot_px[:, 0] >= found.xyxy[:, 0] - 1).all()
        assert (found.foot_px[:, 0] <= found.xyxy[:, 2] + 1).all()
        assert (found.foot_px[:, 1] > found.xyxy[:, 1]).all()
        if found.foreground is not None:
            assert found.foreground.shape == (height, width)
            assert found.foreground.dtype == np.bool_


def finds_somebody(case: Case) -> None:
    detector = case.ready()
    assert max(len(detector.detect(frame)) for frame in case.frames) >= 1


def is_deterministic(case: Case) -> None:
    first, second = case.ready(), case.ready()
    for frame in case.frames:
        same(first.detect(frame), second.detect(frame))


def finds_nobody_in_black_or_grey(case: Case) -> None:
    if not case.looks:
        return
    for grey in (0, 128):
        detector = case.make(case.size)
        detector.prepare(flat(case.size, grey, n / 2) for n in range(4))
        for n in range(3):
            assert len(detector.detect(flat(case.size, grey, 10 + n / 10))) == 0


def bears_odd_sizes(case: Case) -> None:
    rng = np.random.default_rng(2)
    for size in ((333, 217), (64, 481)):
        detector = case.make(size)
        noise = [
            Frame(rng.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8), n / 10, n) for n in range(2)
        ]
        detector.prepare(iter(noise))
        for frame in noise:
            found = detector.detect(frame)
            if case.looks:
                assert (found.xyxy <= np.array([*size, *size]) + 1).all()


def needs_no_samples(case: Case) -> None:
    detector = case.make(case.size)
    detector.prepare(iter(()))
    for frame in case.frames[:3]:
        detector.detect(frame)


def says_what_decides_its_findings(case: Case) -> None:
    detector = case.make(case.size)
    name = detector.fingerprint
    assert name.isprintable()
    assert 3 <= len(name) <= 300
    detector.prepare(iter(case.samples))
    detector.detect(case.frames[0])
    assert detector.fingerprint == name == case.make(case.size).fingerprint
    assert case.other(case.size).fingerprint != name


def leaves_the_frame_as_it_was(case: Case) -> None:
    detector, frame = case.ready(), case.frames[-1]
    before = frame.image.copy()
    found = detector.detect(frame)
    found.xyxy[:] = 0
    np.testing.assert_array_equal(frame.image, before)


def answers_frame_by_frame_as_it_does_overlapped(case: Case) -> None:
    alone, ahead = case.ready(), case.ready()
    if not isinstance(ahead, OverlappingDetector):
        return
    assert ahead.ahead >= 1
    pending = [ahead.begin(frame) for frame in case.frames]
    for frame, later in zip(case.frames, pending, strict=True):
        same(alone.detect(frame), later.result())


def holds_no_more_the_longer_it_looks(case: Case) -> None:
    """A detector that keeps anything of a frame keeps no more of a hundred of them."""
    detector = case.ready()
    if isinstance(detector, OverlappingDetector):  # what it finds in one frame depends on that one alone
        return

    def watched(rounds: int, since_s: float) -> int:
        for n in range(rounds):
            still = case.frames[n % len(case.frames)]
            detector.detect(Frame(still.image, since_s + n / 10, n))
        return len(pickle.dumps(detector))

    early = watched(10, 100.0)
    assert watched(60, 200.0) < 1.3 * early


def refuses_what_is_no_number() -> None:
    for value in (np.nan, np.inf, -np.inf):
        for xyxy, confidence in (([[10, 10, value, 90]], [0.9]), ([[10, 10, 40, 90]], [value])):
            with pytest.raises(ValueError, match="finite"):
                Detections.from_boxes(xyxy, confidence)
