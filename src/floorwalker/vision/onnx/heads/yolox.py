"""YOLOX: one row a cell, with objectness and classes apart; the grid is not applied yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from floorwalker.vision.onnx.feed import Feed, Placement
from floorwalker.vision.onnx.heads.grid import Grid
from floorwalker.vision.onnx.heads.head import Found, Signature, corners

FAMILY = "yolox"
UNDERSTOOD = "YOLOX (1×N×(5+classes), no grid applied, N = cells of strides 8, 16, 32)"
# A network that answers larger sides than e^10 cells is broken; the exponential must not overflow over it.
_LARGEST_LOG_SIDE = 10.0
_FEED = Feed(Placement.TOP_LEFT, rgb=False)


@dataclass(frozen=True, slots=True)
class YoloxHead:
    """The head of YOLOX: blue-green-red 0 to 255, letter-box at the top left.

    Attributes:
        grid: the cells.
        person_class: which class is a person.

    Source:
        Ge et al., "YOLOX: exceeding YOLO series in 2021", arXiv 2107.08430.
    """

    grid: Grid
    person_class: int = 0
    family: str = FAMILY
    feed: Feed = _FEED
    repeats: bool = True
    constants: Mapping[str, npt.NDArray[np.int64]] = field(default_factory=dict)

    @classmethod
    def recognise(cls, signature: Signature, person_class: int | None) -> YoloxHead | None:
        """The head of a network of this signature, or None where it has another."""
        shapes = list(signature.outputs.values())
        if signature.other_inputs or len(shapes) != 1 or len(shapes[0]) != 3 or shapes[0][0] != 1:
            return None
        grid = Grid.of(signature.input_size)
        _, rows, columns = shapes[0]
        wanted = person_class or 0
        return cls(grid, wanted) if rows == len(grid) and columns >= 6 + wanted else None

    def decode(self, outputs: Sequence[npt.NDArray[np.generic]], threshold: float) -> Found:
        """People above a score; see `Head.decode`."""
        rows = np.asarray(outputs[0][0], dtype=np.float32)
        scores = rows[:, 4] * rows[:, 5 + self.person_class]
        keep = np.flatnonzero(scores >= threshold)
        rows, strides = rows[keep], self.grid.strides[keep]
        centre = (rows[:, :2] + self.grid.cells[keep]) * strides
        half = np.exp(np.minimum(rows[:, 2:4], _LARGEST_LOG_SIDE)) * strides / np.float32(2)
        return corners(centre, half), scores[keep]
