"""YOLOv8: one column a cell, boxes in input pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from floorwalker.vision.onnx.feed import Feed, Placement
from floorwalker.vision.onnx.heads.grid import Grid
from floorwalker.vision.onnx.heads.head import Found, Signature, corners

FAMILY = "yolov8"
UNDERSTOOD = "YOLOv8 (1×(4+classes)×N, N = cells of strides 8, 16, 32)"
_FEED = Feed(Placement.CENTRED, rgb=True, spread=(255.0, 255.0, 255.0))


@dataclass(frozen=True, slots=True)
class Yolov8Head:
    """The head of YOLOv8 and its kin: red-green-blue 0 to 1, letter-box centred.

    Attributes:
        person_class: which class is a person.
    """

    person_class: int = 0
    family: str = FAMILY
    feed: Feed = _FEED
    repeats: bool = True
    constants: Mapping[str, npt.NDArray[np.int64]] = field(default_factory=dict)

    @classmethod
    def recognise(cls, signature: Signature, person_class: int | None) -> Yolov8Head | None:
        """The head of a network of this signature, or None where it has another."""
        shapes = list(signature.outputs.values())
        if signature.other_inputs or len(shapes) != 1 or len(shapes[0]) != 3 or shapes[0][0] != 1:
            return None
        _, rows, columns = shapes[0]
        wanted = person_class or 0
        fits = columns == len(Grid.of(signature.input_size)) and rows >= 5 + wanted
        return cls(wanted) if fits else None

    def decode(self, outputs: Sequence[npt.NDArray[np.generic]], threshold: float) -> Found:
        """People above a score; see `Head.decode`."""
        table = np.asarray(outputs[0][0], dtype=np.float32)
        scores = table[4 + self.person_class]
        keep = np.flatnonzero(scores >= threshold)
        rows = table[:4, keep].T
        return corners(rows[:, :2], rows[:, 2:4] / np.float32(2)), scores[keep]
