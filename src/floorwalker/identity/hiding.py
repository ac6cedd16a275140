"""Who hides whom in a picture: what is left of each person beside those who stand nearer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from floorwalker.vision.detections import Detections

_BESIDE = 0.12  # share of a box's breadth on each side that is arms and air


@dataclass(frozen=True, slots=True)
class View:
    """What a picture shows of one person.

    Attributes:
        rows: of the box inside the picture, and
        columns: likewise.
        free: (rows, columns) pixels before which nobody stands.
    """

    rows: slice
    columns: slice
    free: npt.NDArray[np.bool_]

    @property
    def share(self) -> float:
        """How much of the box is free, 0 to 1."""
        return float(self.free.mean()) if self.free.size else 0.0


def views(detections: Detections, size: tuple[int, int]) -> list[View]:
    """What is left of each person, those with lower feet being nearer and hiding the others.

    Args:
        detections: the people of one picture.
        size: width and height of the picture.

    Returns:
        A view each, in their order.
    """
    width, height = size
    taken = np.zeros((height, width), dtype=np.bool_)
    boxes = detections.xyxy.astype(np.float64)
    low = np.clip(boxes[:, :2], 0, [width, height]).astype(int)
    high = np.clip(np.ceil(boxes[:, 2:]), 0, [width, height]).astype(int)
    margin = _BESIDE * (boxes[:, 2] - boxes[:, 0])
    body = np.clip(np.column_stack([boxes[:, 0] + margin, boxes[:, 2] - margin]), 0, width).astype(int)
    found: dict[int, View] = {}
    for row in np.argsort(-detections.foot_px[:, 1], kind="stable").tolist():
        rows, columns = slice(low[row, 1], high[row, 1]), slice(low[row, 0], high[row, 0])
        found[row] = View(rows, columns, ~taken[rows, columns])
        taken[rows, body[row, 0] : body[row, 1]] = True
    return [found[row] for row in range(len(detections))]
