"""Wide views in parts: each part gets the network's whole input."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from floorwalker.video.frame import Frame
from floorwalker.vision.detections import Detections
from floorwalker.vision.detector import Pending
from floorwalker.vision.onnx.detector import OVERLAP_THRESHOLD, OnnxDetector, suppress

OVERLAP = 0.15


@dataclass(frozen=True, slots=True)
class Tile:
    """One upright part of the frame.

    Attributes:
        left: first column.
        right: column after the last.
        core: columns between which the middles of its people lie; others belong to a neighbour.
    """

    left: int
    right: int
    core: tuple[float, float]


def cut(width: int, count: int, overlap: float = OVERLAP) -> list[Tile]:
    """Parts of one width that cover a frame.

    Args:
        width: of the frame in pixels.
        count: how many, ≥ 1.
        overlap: share of a part that its neighbour sees too; people wider than that may be cut. Raising it
            finds larger people whole and makes parts wider.
    """
    each = min(width, round(width / (count - (count - 1) * overlap)))
    lefts = np.round(np.linspace(0, width - each, count)).astype(int).tolist()
    bounds = [
        -np.inf,
        *((lefts[number + 1] + left + each) / 2 for number, left in enumerate(lefts[:-1])),
        np.inf,
    ]
    return [
        Tile(left, left + each, (float(bounds[number]), float(bounds[number + 1])))
        for number, left in enumerate(lefts)
    ]


class TiledDetector:
    """A network on upright parts of a wide view; implements `vision.detector.OverlappingDetector`.

    Args:
        detector: the network, for frames of one part's size.
        tiles: the parts.
    """

    def __init__(self, detector: OnnxDetector, tiles: Sequence[Tile]) -> None:
        self._detector = detector
        self._tiles = tuple(tiles)

    @property
    def fingerprint(self) -> str:
        """That of the network, and the parts."""
        parts = ",".join(f"{tile.left}-{tile.right}" for tile in self._tiles)
        return f"{self._detector.fingerprint} tiles {parts}"

    @property
    def ahead(self) -> int:
        """Frames worth having under way."""
        return max(1, self._detector.ahead // len(self._tiles))

    def prepare(self, samples: Iterable[Frame]) -> None:
        """A network needs no look ahead; the samples are not read."""

    def detect(self, frame: Frame) -> Detections:
        """The people in one frame, best score first."""
        return self.begin(frame).result()

    def begin(self, frame: Frame) -> Pending:
        """Begin with all parts of a frame; does not wait."""
        parts = [
            self._detector.begin(
                Frame(np.ascontiguousarray(frame.image[:, tile.left : tile.right]), frame.time_s, frame.index)
            )
            for tile in self._tiles
        ]
        return _TiledPending(self._tiles, tuple(parts))


@dataclass(frozen=True, slots=True)
class _TiledPending:
    tiles: tuple[Tile, ...]
    parts: tuple[Pending, ...]

    def result(self) -> Detections:
        boxes, scores = [], []
        for tile, pending in zip(self.tiles, self.parts, strict=True):
            found = pending.result()
            moved = found.xyxy + np.array([tile.left, 0] * 2, np.float32)
            middle = (moved[:, 0] + moved[:, 2]) / 2
            own = (middle >= tile.core[0]) & (middle < tile.core[1])
            boxes.append(moved[own])
            scores.append(found.confidence[own])
        together, confidence = np.concatenate(boxes), np.concatenate(scores)
        if not len(together):
            return Detections.empty()
        # Somebody on the border may have been found by both, a little apart.
        order = suppress(together, confidence, OVERLAP_THRESHOLD)
        return Detections.from_boxes(together[order], confidence[order])
