"""Looking only where something moves or somebody is, and everywhere every few seconds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from floorwalker.video.frame import Frame
from floorwalker.vision.detections import Detections
from floorwalker.vision.detector import Detector

Grey = npt.NDArray[np.uint8]


class Window(NamedTuple):
    """A part of the frame in pixels: first column and row, and those after the last."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True)
class RegionSettings:
    """When to look, and where.

    Attributes:
        full_look_s: seconds between two looks at everything. Raising it saves more, and finds later who came
            without moving a pixel (behind a shelf, say).
        thumbnail: width of the small picture in which motion is looked for.
        change: grey levels by which a pixel of it must differ. Raising it takes less noise for motion and
            overlooks people dressed like their background.
        least_pixels: how many of its pixels must differ.
        margin: growth of what is looked at on each side, in shares of the frame's height.
    """

    full_look_s: float = 2.0
    thumbnail: int = 320
    change: int = 12
    least_pixels: int = 6
    margin: float = 0.06


class RegionDetector:
    """Finds people by a network that is asked only where something changed; implements `Detector`.

    Where nothing moves, those found there before are still there and are said again. Where something moves,
    the smaller network looks if the place fits into its window, else the whole one looks. What it finds
    depends on the frames before: it looks at one after the other.

    Args:
        whole: the network on whole frames.
        part: the same network with a smaller input, for windows of one size at the same scale.
        window: width and height of such a window in frame pixels.
        settings: when and where to look.
    """

    def __init__(
        self,
        whole: Detector,
        part: Detector,
        window: tuple[int, int],
        settings: RegionSettings | None = None,
    ) -> None:
        self._whole, self._part, self._window = whole, part, window
        self._settings = settings or RegionSettings()
        self._seen: Grey | None = None
        self._people = Detections.empty()
        self._full_s = -np.inf
        self._looks = {"whole": 0, "part": 0, "none": 0}

    @property
    def looks(self) -> dict[str, int]:
        """How many frames were looked at whole, in part, and not at all."""
        return dict(self._looks)

    @property
    def fingerprint(self) -> str:
        """That of the network, the window and the time between full looks."""
        width, height = self._window
        return f"{self._whole.fingerprint} regions {width}x{height} every {self._settings.full_look_s:g}s"

    def prepare(self, samples: Iterable[Frame]) -> None:
        """A network needs no look ahead; the samples are not read."""

    def detect(self, frame: Frame) -> Detections:
        """The people in one frame."""
        grey = self._thumbnail(frame)
        moved = self._moved(grey, frame.size)
        due = frame.time_s - self._full_s >= self._settings.full_look_s or frame.time_s < self._full_s
        if self._seen is None or due:
            window = Window(0, 0, *frame.size)
        elif moved is None:
            self._looks["none"] += 1
            return self._people
        else:
            window = self._window_for(self._with_people(moved), frame.size)
        self._seen = grey
        if window == (0, 0, *frame.size):
            self._looks["whole"] += 1
            self._full_s = frame.time_s
            self._people = self._whole.detect(frame)
        else:
            self._looks["part"] += 1
            self._people = self._looked_again(frame, window)
        return self._people

    def _looked_again(self, frame: Frame, window: Window) -> Detections:
        """Those of a window anew, those outside as they were."""
        left, top, right, bottom = window
        cropped = np.ascontiguousarray(frame.image[top:bottom, left:right])
        found = self._part.detect(Frame(cropped, frame.time_s, frame.index))
        boxes = found.xyxy + np.array([left, top] * 2, np.float32)
        width, height = frame.size
        # Who is cut off by the window's edge is seen whole by the next larger look.
        inner = np.array([left > 0, top > 0, right < width, bottom < height])
        gap = np.abs(boxes - np.array(window, np.float32))
        whole = ~((gap < 2.0) & inner).any(axis=1)
        outside = ~_overlaps(self._people.xyxy, window)
        return Detections.from_boxes(
            np.concatenate([boxes[whole], self._people.xyxy[outside]]),
            np.concatenate([found.confidence[whole], self._people.confidence[outside]]),
        )

    def _thumbnail(self, frame: Frame) -> Grey:
        width, height = frame.size
        size = (self._settings.thumbnail, max(16, round(self._settings.thumbnail * height / width)))
        grey = cv2.cvtColor(frame.resized(size), cv2.COLOR_BGR2GRAY)
        return np.asarray(cv2.blur(grey, (3, 3)), dtype=np.uint8)

    def _moved(self, grey: Grey, frame_size: tuple[int, int]) -> Window | None:
        """Where the picture differs from the one that was looked at last, in frame pixels."""
        if self._seen is None:
            return None
        differs = cv2.absdiff(grey, self._seen) > self._settings.change
        if int(differs.sum()) < self._settings.least_pixels:
            return None
        rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
        across, down = frame_size[0] / grey.shape[1], frame_size[1] / grey.shape[0]
        return Window(
            int(columns[0] * across),
            int(rows[0] * down),
            int(np.ceil((columns[-1] + 1) * across)),
            int(np.ceil((rows[-1] + 1) * down)),
        )

    def _with_people(self, window: Window) -> Window:
        """The window with everybody whom it touches: nobody is looked at in half."""
        grown = window
        while True:
            touched = self._people.xyxy[_overlaps(self._people.xyxy, grown)]
            if not len(touched):
                return grown
            low, high = touched[:, :2].min(axis=0), touched[:, 2:].max(axis=0)
            larger = Window(
                min(grown.left, int(low[0])),
                min(grown.top, int(low[1])),
                max(grown.right, int(np.ceil(high[0]))),
                max(grown.bottom, int(np.ceil(high[1]))),
            )
            if larger == grown:
                return grown
            grown = larger

    def _window_for(self, wanted: Window, frame_size: tuple[int, int]) -> Window:
        """The window of the smaller network around a place, or the whole frame where it does not fit."""
        margin = self._settings.margin * frame_size[1]
        width, height = self._window
        if (
            wanted.right - wanted.left + 2 * margin > width
            or wanted.bottom - wanted.top + 2 * margin > height
        ):
            return Window(0, 0, *frame_size)
        left = round(np.clip((wanted.left + wanted.right - width) / 2, 0, frame_size[0] - width))
        top = round(np.clip((wanted.top + wanted.bottom - height) / 2, 0, frame_size[1] - height))
        return Window(left, top, left + width, top + height)


def _overlaps(boxes: npt.NDArray[np.float32], window: Window) -> npt.NDArray[np.bool_]:
    return np.asarray(
        (boxes[:, 0] < window.right)
        & (boxes[:, 2] > window.left)
        & (boxes[:, 1] < window.bottom)
        & (boxes[:, 3] > window.top)
    )
