"""How a family of networks wants its picture."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Triple = tuple[float, float, float]


class Placement(StrEnum):
    """Where a frame goes in the network's input."""

    TOP_LEFT = "top left"
    CENTRED = "centred"
    STRETCHED = "stretched"


@dataclass(frozen=True, slots=True)
class Feed:
    """What has to be done to a blue-green-red picture of 0 to 255: (value - mean) / spread.

    Attributes:
        placement: where the frame goes.
        rgb: whether red comes first.
        mean: subtracted, in the order of the network's channels, 0 to 255.
        spread: divided by, likewise.
        padding: grey level beside the frame.
    """

    placement: Placement
    rgb: bool
    mean: Triple = (0.0, 0.0, 0.0)
    spread: Triple = (1.0, 1.0, 1.0)
    padding: int = 114
