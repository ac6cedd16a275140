"""Frames looked at side by side: the order, the end, what goes wrong, and that nothing is left running."""

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from floorwalker.video import Frame
from floorwalker.vision.detections import Detections
from floorwalker.vision.streaming import detect_stream


class OneByOne:
    """Says how bright a frame is, frame by frame."""

    fingerprint = "one by one"

    def __init__(self) -> None:
        self.seen: list[int] = []

    def prepare(self, samples: object) -> None:
        pass

    def detect(self, frame: Frame) -> Detections:
        self.seen.append(frame.index)
        value = float(frame.image[0, 0, 0])
        return Detections.from_boxes([[0, 0, value, value]], [1.0])


class SideBySide(OneByOne):
    """The same, several at a time; later frames are ready earlier."""

    ahead = 3

    def __init__(self) -> None:
        super().__init__()
        self.under_way = 0
        self.most = 0

    def begin(self, frame: Frame) -> "Work":
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        return Work(self, frame)


class Work:
    def __init__(self, detector: SideBySide, frame: Frame) -> None:
        self.detector, self.frame = detector, frame
        self.thread = threading.Thread(target=time.sleep, args=(0.002 if frame.index % 2 else 0.006,))
        self.thread.start()

    def result(self) -> Detections:
        self.thread.join()
        self.detector.under_way -= 1
        return self.detector.detect(self.frame)


class Source:
    """Frames of growing brightness that tells when it was left."""

    def __init__(self, count: int, fails_at: int | None = None) -> None:
        self.count, self.fails_at, self.given, self.left = count, fails_at, 0, False

    def frames(self) -> Iterator[Frame]:
        try:
            for number in range(self.count):
                if number == self.fails_at:
                    raise OSError("the camera went away")
                self.given += 1
                yield Frame(np.full((4, 4, 3), number + 5, np.uint8), number / 10, number)
        finally:
            self.left = True


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "ahead"]


@pytest.mark.parametrize("detector", [OneByOne(), SideBySide()], ids=["one by one", "side by side"])
def test_what_comes_out_is_what_detect_says_of_each_frame_in_turn(detector: OneByOne) -> None:
    came = list(detect_stream(detector, Source(30).frames()))
    assert [frame.index for frame, _ in came] == list(range(30))
    assert [found.xyxy[0, 2] for _, found in came] == [number + 5 for number in range(30)]
    assert detector.seen == list(range(30))
    assert not threads()


def test_a_slow_taker_holds_the_source_up() -> None:
    detector, source = SideBySide(), Source(50)
    stream = detect_stream(detector, source.frames())
    for _ in range(5):
        next(stream)
        time.sleep(0.02)
    assert source.given <= 5 + detector.ahead + 2
    assert detector.most <= detector.ahead + 2
    stream.close()


@pytest.mark.parametrize("detector", [OneByOne(), SideBySide()], ids=["one by one", "side by side"])
def test_whoever_stops_early_leaves_nothing_running(detector: OneByOne) -> None:
    source = Source(1000)
    frames = source.frames()
    stream = detect_stream(detector, frames)
    for _ in range(3):
        next(stream)
    stream.close()
    assert source.left
    assert source.given < 20
    assert not threads()
    assert getattr(detector, "under_way", 0) == 0


@pytest.mark.parametrize("detector", [OneByOne(), SideBySide()], ids=["one by one", "side by side"])
def test_an_error_of_the_source_comes_after_the_frames_before_it(detector: OneByOne) -> None:
    source = Source(10, fails_at=4)
    stream = detect_stream(detector, source.frames())
    assert [next(stream)[0].index for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(OSError, match="went away"):
        next(stream)
    assert source.left
    assert not threads()


def test_an_error_of_the_detector_ends_the_stream_and_the_source() -> None:
    class Failing(OneByOne):
        def detect(self, frame: Frame) -> Detections:
            if frame.index == 2:
                raise ValueError("no such thing")
            return super().detect(frame)

    source = Source(1000)
    with pytest.raises(ValueError, match="no such thing"):
        list(detect_stream(Failing(), source.frames()))
    assert source.left
    assert not threads()
