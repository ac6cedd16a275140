"""Decoding, inference and what follows them, side by side."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass

from floorwalker.video.frame import Frame
from floorwalker.vision.detections import Detections
from floorwalker.vision.detector import Detector, OverlappingDetector, Pending

_FRAMES_AHEAD = 2
_LOOK_S = 0.1


def detect_stream(detector: Detector, frames: Iterable[Frame]) -> Generator[tuple[Frame, Detections]]:
    """The frames with their people, in order of time.

    A thread of its own takes the frames (which decodes them) and hands them to the detector while the caller
    works on earlier ones. What comes out is what `detector.detect` says of each frame in turn. At most a few
    frames are held at one time, however slow the caller is. Close the generator to stop early: the thread
    has ended when `close` comes back, and so has the source of frames.

    Args:
        detector: one that looks at several frames at one time (`OverlappingDetector`) has as many under way
            as it says; another one is asked frame by frame, in the caller's thread.
        frames: in order of time; taken in the other thread.

    Yields:
        Each frame and its people.

    Raises:
        Exception: whatever the source or the detector raised, at the place of the frame that it befell.
    """
    overlapping = detector if isinstance(detector, OverlappingDetector) else None

    def begin(frame: Frame) -> Pending:
        return _Later(detector, frame) if overlapping is None else overlapping.begin(frame)

    under_way = _UnderWay(frames, begin, _FRAMES_AHEAD if overlapping is None else overlapping.ahead)
    try:
        for frame, pending in under_way:
            yield frame, pending.result()
    finally:
        under_way.stop()


@dataclass(frozen=True, slots=True)
class _Later:
    """A frame for a detector that looks at one after the other."""

    detector: Detector
    frame: Frame

    def result(self) -> Detections:
        return self.detector.detect(self.frame)


class _UnderWay:
    """Frames that another thread has begun with, in their order, no more than a few at one time."""

    def __init__(self, frames: Iterable[Frame], begin: Callable[[Frame], Pending], ahead: int) -> None:
        self._frames = frames
        self._begin = begin
        self._ready: queue.Queue[tuple[Frame, Pending] | BaseException | None] = queue.Queue(max(1, ahead))
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="frames", daemon=True)

    def __iter__(self) -> Iterator[tuple[Frame, Pending]]:
        self._thread.start()
        while (item := self._ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    def stop(self) -> None:
        """End the thread, and wait for whatever it has begun: nothing may be left running."""
        self._stopped.set()
        if self._thread.ident is None:
            return
        self._thread.join()
        while not self._ready.empty():
            item = self._ready.get_nowait()
            if isinstance(item, tuple):
                _settle(item[1])

    def _work(self) -> None:
        source = iter(self._frames)
        try:
            for frame in source:
                if self._stopped.is_set():
                    return
                pending = self._begin(frame)
                if not self._put((frame, pending)):
                    _settle(pending)
                    return
        except BaseException as error:  # carried over to whoever takes the frames
            self._put(error)
        finally:
            if isinstance(source, Generator):
                source.close()
            self._put(None)

    def _put(self, item: tuple[Frame, Pending] | BaseException | None) -> bool:
        while not self._stopped.is_set():
            try:
                self._ready.put(item, timeout=_LOOK_S)
            except queue.Full:
                continue
            return True
        return False


def _settle(pending: Pending) -> None:
    """Wait for what nobody asks for any more; what goes wrong there concerns nobody either."""
    if not isinstance(pending, _Later):
        with contextlib.suppress(Exception):
            pending.result()
