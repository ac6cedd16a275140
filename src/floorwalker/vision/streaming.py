"""Decoding, inference and what follows them, side by side."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from floorwalker.video.frame import Frame
from floorwalker.vision.detections import Detections
from floorwalker.vision.detector import Detector, OverlappingDetector, Pending

T = TypeVar("T")

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
    if isinstance(detector, OverlappingDetector):
        begun = _begun(detector, frames)
        with contextlib.closing(ahead_of(begun, detector.ahead, _settle)) as under_way:
            for frame, pending in under_way:
                yield frame, pending.result()
    else:
        with contextlib.closing(ahead_of(frames, _FRAMES_AHEAD)) as decoded:
            for frame in decoded:
                yield frame, detector.detect(frame)


def ahead_of(
    items: Iterable[T], ahead: int, on_left: Callable[[T], None] = lambda item: None
) -> Generator[T]:
    """The same items, made in another thread while the caller works on earlier ones.

    Args:
        items: taken in the other thread; closed there at the end, where it is a generator.
        ahead: most items that wait for the caller, ≥ 1. Raising it evens out more and holds more.
        on_left: told of each item that was made and that the caller did not take.

    Yields:
        The items, in their order.

    Raises:
        Exception: whatever making an item raised, at its place.
    """
    line: _Line[T] = _Line(queue.Queue(ahead), threading.Event(), on_left)
    thread = threading.Thread(target=line.fill, args=(items,), name="ahead", daemon=True)
    thread.start()
    try:
        yield from line.taken()
    finally:
        line.stopped.set()
        thread.join()
        line.clear()


@dataclass(frozen=True, slots=True)
class _Made(Generic[T]):
    item: T


@dataclass(frozen=True, slots=True)
class _Line(Generic[T]):
    """What one thread makes and another takes; an error or None ends it."""

    waiting: queue.Queue[_Made[T] | BaseException | None]
    stopped: threading.Event
    on_left: Callable[[T], None]

    def fill(self, items: Iterable[T]) -> None:
        source = iter(items)
        try:
            for item in source:
                if not self._put(_Made(item)):
                    self.on_left(item)
                    return
        except BaseException as error:  # carried over to whoever takes the items
            self._put(error)
        finally:
            _close(source)
            self._put(None)

    def taken(self) -> Iterator[T]:
        while (made := self.waiting.get()) is not None:
            if isinstance(made, BaseException):
                raise made
            yield made.item

    def clear(self) -> None:
        while not self.waiting.empty():
            made = self.waiting.get_nowait()
            if isinstance(made, _Made):
                self.on_left(made.item)

    def _put(self, made: _Made[T] | BaseException | None) -> bool:
        while not self.stopped.is_set():
            try:
                self.waiting.put(made, timeout=_LOOK_S)
            except queue.Full:
                continue
            return True
        return False


def _begun(detector: OverlappingDetector, frames: Iterable[Frame]) -> Generator[tuple[Frame, Pending]]:
    try:
        for frame in frames:
            yield frame, detector.begin(frame)
    finally:
        _close(frames)


def _close(source: object) -> None:
    if isinstance(source, Generator):
        source.close()


def _settle(begun: tuple[Frame, Pending]) -> None:
    """Wait for what nobody asks for any more; what goes wrong there concerns nobody either."""
    with contextlib.suppress(Exception):
        begun[1].result()
