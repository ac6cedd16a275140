"""Reading the truth: event files, and a simulated camera's boxes as a detector that makes no mistakes."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from floorwalker.errors import InputError
from floorwalker.events import Event, EventError, decode_event
from floorwalker.runs import hash_file
from floorwalker.video.frame import Frame
from floorwalker.vision.detections import Detections

LEAST_VISIBLE = 0.3
_COLUMNS = ("time_s", "person_id", "x1", "y1", "x2", "y2", "foot_x", "foot_y", "visible")
_CONFIDENCE = 0.9


def read_events(path: Path) -> list[Event]:
    """Read a file of events, one JSON object a line.

    Args:
        path: the file.

    Returns:
        The events in the order of the file.

    Raises:
        InputError: no such file, or a line is no event; the message names the line.
    """
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError as error:
        raise InputError(f"no such file: {path}") from error
    except IsADirectoryError as error:
        raise InputError(f"expected a file of events, got a folder: {path}") from error
    events = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            events.append(decode_event(line))
        except EventError as error:
            raise InputError(f"{path}, line {number}: {error}") from error
    return events


@dataclass(frozen=True, slots=True)
class BoxTable:
    """The true boxes of one camera, sorted by time.

    Attributes:
        time_s: (n,) presentation times.
        person_id: (n,) whose box, as text.
        xyxy: (n, 4) pixels.
        foot_px: (n, 2) where they stand.
        visible: (n,) share of the body that nothing hides.
    """

    time_s: npt.NDArray[np.float64]
    person_id: npt.NDArray[np.str_]
    xyxy: npt.NDArray[np.float32]
    foot_px: npt.NDArray[np.float32]
    visible: npt.NDArray[np.float32]

    @property
    def frame_times_s(self) -> npt.NDArray[np.float64]:
        """The distinct times."""
        return np.unique(self.time_s)


def read_boxes(path: Path) -> BoxTable:
    """Read a simulated camera's `<camera>.boxes.csv`.

    Args:
        path: the file.

    Raises:
        InputError: no such file, a missing column or a value that is no number; the message says where.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise InputError(f"{path}: expected the columns {', '.join(_COLUMNS)}; missing: {missing}")
            people: list[str] = []
            numbers: list[list[float]] = []
            for number, row in enumerate(reader, start=2):
                try:
                    numbers.append([float(row[name]) for name in _COLUMNS if name != "person_id"])
                except (TypeError, ValueError) as error:
                    raise InputError(f"{path}, line {number}: {error}") from error
                people.append(row["person_id"])
    except FileNotFoundError as error:
        raise InputError(f"no such file: {path}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is no table of boxes: {error}") from error
    values = np.array(numbers, dtype=np.float64).reshape(-1, 8)
    order = np.argsort(values[:, 0], kind="stable")
    values = values[order]
    return BoxTable(
        values[:, 0],
        np.array(people, dtype=np.str_)[order],
        values[:, 1:5].astype(np.float32),
        values[:, 5:7].astype(np.float32),
        values[:, 7].astype(np.float32),
    )


class TrueBoxes:
    """A detector that knows the truth; implements `vision.detector.Detector`.

    What comes after detection can so be scored without a detector's mistakes.
    """

    def __init__(self, path: Path, least_visible: float = LEAST_VISIBLE) -> None:
        """Read the boxes.

        Args:
            path: the camera's `<camera>.boxes.csv`.
            least_visible: people of whom less is to be seen are left out.

        Raises:
            InputError: the file cannot be read.
        """
        table = read_boxes(path)
        seen = table.visible >= least_visible
        self._times = table.frame_times_s
        self._time_s = table.time_s[seen]
        self._xyxy = table.xyxy[seen]
        self._foot_px = table.foot_px[seen]
        self._fingerprint = f"truth:{hash_file(path)[:16]}:{least_visible:g}"

    @property
    def fingerprint(self) -> str:
        """`truth`, the file's hash and the least visibility."""
        return self._fingerprint

    @property
    def times_s(self) -> npt.NDArray[np.float64]:
        """The times of the frames in which anybody was in view."""
        return self._times

    def prepare(self, samples: Iterable[Frame]) -> None:
        """Nothing to prepare."""

    def detect(self, frame: Frame) -> Detections:
        """The people of the frame nearest in time."""
        return self.at(frame.time_s)

    def at(self, time_s: float, tolerance_s: float = 0.06) -> Detections:
        """The people at a moment.

        Args:
            time_s: presentation time.
            tolerance_s: a frame farther away says nothing: nobody was in view then.
        """
        if len(self._times) == 0:
            return Detections.empty()
        after = int(np.clip(np.searchsorted(self._times, time_s), 0, len(self._times) - 1))
        around = self._times[max(after - 1, 0) : after + 1]
        nearest = float(around[np.argmin(np.abs(around - time_s))])
        if abs(nearest - time_s) > tolerance_s:
            return Detections.empty()
        first, last = np.searchsorted(self._time_s, [nearest - 1e-9, nearest + 1e-9])
        boxes = self._xyxy[first:last]
        return Detections(
            boxes, np.full(len(boxes), _CONFIDENCE, dtype=np.float32), self._foot_px[first:last], None
        )
