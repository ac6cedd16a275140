"""What a head is: the meaning of a network's outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from floorwalker.vision.onnx.feed import Feed

FloatArray = npt.NDArray[np.float32]
Found = tuple[FloatArray, FloatArray]


@dataclass(frozen=True, slots=True)
class Signature:
    """What a network says of itself.

    Attributes:
        input_size: width and height of its picture in pixels.
        outputs: shape of each output by name, in the network's order; -1 for a side that it leaves open.
        other_inputs: shape of each input beside the picture, by name.
    """

    input_size: tuple[int, int]
    outputs: Mapping[str, tuple[int, ...]]
    other_inputs: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


class Head(Protocol):
    """The head of one network at one input size."""

    @property
    def family(self) -> str:
        """Its family's name."""
        ...

    @property
    def feed(self) -> Feed:
        """How the network wants its picture."""
        ...

    @property
    def person_class(self) -> int:
        """Which class is a person."""
        ...

    @property
    def repeats(self) -> bool:
        """Whether one person may come in several boxes, which have to be suppressed."""
        ...

    @property
    def constants(self) -> Mapping[str, npt.NDArray[np.int64]]:
        """What the inputs beside the picture get, by name; always the same."""
        ...

    def decode(self, outputs: Sequence[npt.NDArray[np.generic]], threshold: float) -> Found:
        """People above a score.

        Args:
            outputs: the network's outputs, in its order.
            threshold: lowest score to keep, 0 to 1.

        Returns:
            (n, 4) boxes x1, y1, x2, y2 in input pixels, and (n,) scores.
        """
        ...


def corners(centre: FloatArray, half: FloatArray) -> FloatArray:
    """Boxes x1, y1, x2, y2 of (n, 2) centres and (n, 2) half sides."""
    return np.concatenate([centre - half, centre + half], axis=1)


def sigmoid(logits: FloatArray) -> FloatArray:
    """Scores 0 to 1 of logits."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -60.0, 60.0))), dtype=np.float32)
