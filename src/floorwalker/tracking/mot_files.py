"""The MOTChallenge text format: boxes with frame and id, one a line, that every tracking tool reads."""

from __future__ import annotations

import math
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from floorwalker.errors import InputError
from floorwalker.files import whole_file

_LEAST_COLUMNS = 6
_MOST_FRAMES = 10**9


@dataclass(frozen=True, slots=True)
class MotTable:
    """The boxes of one sequence, in order of frames and, within one, in the order of the file.

    Attributes:
        frame: (n,) frame numbers, as in the file; usually from 1.
        track_id: (n,) whose box; -1 in a file of detections.
        xyxy: (n, 4) pixels.
        confidence: (n,) the seventh column: a score in detections and tracks, in a truth file 0 for what
            does not count; 1 where the file has no such column.
        category: (n,) the eighth column where it is a class of people and things (MOT16 and later), else -1.
        skipped: lines whose box could not be used: not finite, or without width or height.
        first_skipped: the number of the first such line, or 0.
    """

    frame: npt.NDArray[np.int64]
    track_id: npt.NDArray[np.int64]
    xyxy: npt.NDArray[np.float64]
    confidence: npt.NDArray[np.float64]
    category: npt.NDArray[np.int64]
    skipped: int = 0
    first_skipped: int = 0

    def __len__(self) -> int:
        return len(self.frame)

    def select(self, keep: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> MotTable:
        """The boxes of a mask or of indices."""
        return MotTable(
            self.frame[keep],
            self.track_id[keep],
            self.xyxy[keep],
            self.confidence[keep],
            self.category[keep],
            self.skipped,
            self.first_skipped,
        )

    @classmethod
    def of(
        cls,
        frame: npt.ArrayLike,
        track_id: npt.ArrayLike,
        xyxy: npt.ArrayLike,
        confidence: npt.ArrayLike,
    ) -> MotTable:
        """A table of tracks or detections, sorted by frame."""
        frames = np.asarray(frame, dtype=np.int64).reshape(-1)
        order = np.argsort(frames, kind="stable")
        return cls(
            frames[order],
            np.asarray(track_id, dtype=np.int64).reshape(-1)[order],
            np.asarray(xyxy, dtype=np.float64).reshape(-1, 4)[order],
            np.asarray(confidence, dtype=np.float64).reshape(-1)[order],
            np.full(len(frames), -1, dtype=np.int64),
        )


def read_mot(path: Path) -> MotTable:
    """Read a file of detections, tracks or truth.

    Args:
        path: lines `frame,id,left,top,width,height[,confidence[,class …]]`, commas or blanks between; empty
            lines and lines that begin with # are passed over.

    Returns:
        The boxes; those that cannot be used are counted, not kept.

    Raises:
        InputError: no such file, or a line that is none of the format; the message names the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise InputError(f"no such file: {path}") from error
    except IsADirectoryError as error:
        raise InputError(f"expected a file of boxes in MOTChallenge text, got a folder: {path}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no text: expected lines 'frame,id,left,top,width,height,…'") from error
    rows: list[tuple[float, ...]] = []
    skipped, first_skipped = 0, 0
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        row = _row(line, path, number)
        if math.isfinite(sum(row)) and row[4] > 0 and row[5] > 0:
            rows.append(row)
        else:
            skipped += 1
            first_skipped = first_skipped or number
    return _table(rows, skipped, first_skipped)


def _row(line: str, path: Path, number: int) -> tuple[float, ...]:
    """Frame, id, left, top, width, height, confidence, class; the class -1 where there is none."""
    cells = line.split(",") if "," in line else line.split()
    while cells and not cells[-1].strip():
        cells.pop()
    if len(cells) < _LEAST_COLUMNS:
        raise InputError(
            f"{path}, line {number}: expected 'frame,id,left,top,width,height,…', got {line.strip()[:60]!r}"
        )
    try:
        values = [float(cell) for cell in cells]
    except ValueError as error:
        raise InputError(f"{path}, line {number}: {str(error)[:80]}") from error
    frame, track = values[0], values[1]
    if not 0 <= frame <= _MOST_FRAMES or frame != int(frame):
        raise InputError(
            f"{path}, line {number}: expected a frame number (whole, from 1), got {cells[0].strip()!r}"
        )
    if not abs(track) < 2**53 or track != int(track):
        raise InputError(f"{path}, line {number}: expected an id (a whole number), got {cells[1].strip()!r}")
    confidence = values[6] if len(values) > 6 else 1.0
    # MOT15 keeps a world coordinate in the eighth column, and only later formats end with the ninth.
    category = values[7] if len(values) == 9 and values[7] == round(values[7]) else -1.0
    return (*values[:6], confidence, category)


def _table(rows: list[tuple[float, ...]], skipped: int, first_skipped: int) -> MotTable:
    values = np.array(rows, dtype=np.float64).reshape(-1, 8)
    values = values[np.argsort(values[:, 0], kind="stable")]
    corner = values[:, 2:4]
    return MotTable(
        values[:, 0].astype(np.int64),
        values[:, 1].astype(np.int64),
        np.hstack([corner, corner + values[:, 4:6]]),
        values[:, 6].copy(),
        values[:, 7].astype(np.int64),
        skipped,
        first_skipped,
    )


def write_mot(path: Path, table: MotTable) -> None:
    """Write tracks or detections; the name appears only when the file is whole.

    Args:
        path: where; an older file is replaced.
        table: what to write; lines are ordered by frame and id.

    Raises:
        InputError: the folder is not there or may not be written.
        WorkError: writing failed.
    """
    order = np.lexsort((table.track_id, table.frame))
    size = table.xyxy[:, 2:] - table.xyxy[:, :2]
    columns = [table.frame, table.track_id, *table.xyxy[:, :2].T, *size.T, table.confidence]
    lines = [
        f"{frame:d},{track:d},{left:.3f},{top:.3f},{width:.3f},{height:.3f},{confidence:.6g},-1,-1,-1\n"
        for frame, track, left, top, width, height, confidence in zip(
            *(column[order].tolist() for column in columns), strict=True
        )
    ]
    with whole_file(path) as temporary:
        temporary.write_text("".join(lines), encoding="utf-8")


def sequence_fps(path: Path) -> float | None:
    """Frames a second as the `seqinfo.ini` of a sequence's folder tells, or None.

    Args:
        path: a file in the sequence's folder or in `det` or `gt` within it.
    """
    for folder in (path.parent, path.parent.parent):
        info = folder / "seqinfo.ini"
        if not info.is_file():
            continue
        parser = ConfigParser()
        try:
            parser.read(info, encoding="utf-8")
            fps = parser.getfloat("Sequence", "frameRate")
        except (ConfigError, ValueError, UnicodeDecodeError):
            continue
        if math.isfinite(fps) and fps > 0:
            return fps
    return None
