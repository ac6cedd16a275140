"""What a network's output means: boxes and scores of people in the network's input pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
STRIDES = (8, 16, 32)
PERSON_CLASS = 0
UNDERSTOOD = (
    "a YOLOX head (1×N×(5+classes), no grid applied) and a YOLOv8 head (1×(4+classes)×N), "
    "N = cells of strides 8, 16, 32"
)


class HeadKind(StrEnum):
    """Families of heads."""

    YOLOX = "yolox"
    YOLOV8 = "yolov8"


@dataclass(frozen=True, slots=True)
class Head:
    """A head for one input size.

    Attributes:
        kind: the family; it also fixes how the picture is fed (see `letterbox`).
        cells: (n, 2) float32 column and row of each cell, YOLOX order.
        strides: (n, 1) float32 pixels a cell.
    """

    kind: HeadKind
    cells: FloatArray
    strides: FloatArray

    def decode(self, output: FloatArray, threshold: float) -> tuple[FloatArray, FloatArray]:
        """People above a score.

        Args:
            output: the network's output.
            threshold: lowest score to keep, 0 to 1.

        Returns:
            (n, 4) boxes x1, y1, x2, y2 in input pixels, and (n,) scores.
        """
        if self.kind is HeadKind.YOLOX:
            rows = output[0]
            scores = rows[:, 4] * rows[:, 5 + PERSON_CLASS]
            keep = np.flatnonzero(scores >= threshold)
            rows, strides = rows[keep], self.strides[keep]
            centre = (rows[:, :2] + self.cells[keep]) * strides
            half = np.exp(np.minimum(rows[:, 2:4], 10.0)) * strides / 2
        else:
            scores = output[0, 4 + PERSON_CLASS]
            keep = np.flatnonzero(scores >= threshold)
            rows = output[0][:, keep].T
            centre, half = rows[:, :2], rows[:, 2:4] / 2
        return np.concatenate([centre - half, centre + half], axis=1), scores[keep]


def recognise_head(shapes: Sequence[tuple[int, ...]], input_size: tuple[int, int]) -> Head | None:
    """The head that a network of these output shapes has, or None where none is known.

    Args:
        shapes: shapes of all outputs.
        input_size: width and height of the network's input in pixels.
    """
    if len(shapes) != 1 or len(shapes[0]) != 3 or shapes[0][0] != 1:
        return None
    _, rows, columns = shapes[0]
    cells, strides = _grid(input_size)
    if rows == len(cells) and columns >= 6:
        return Head(HeadKind.YOLOX, cells, strides)
    if columns == len(cells) and rows >= 5:
        return Head(HeadKind.YOLOV8, cells, strides)
    return None


def _grid(input_size: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    cells, strides = [], []
    for stride in STRIDES:
        width, height = input_size[0] // stride, input_size[1] // stride
        x, y = np.meshgrid(np.arange(width), np.arange(height))
        cells.append(np.stack([x.ravel(), y.ravel()], axis=1))
        strides.append(np.full((width * height, 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(strides).astype(np.float32)
