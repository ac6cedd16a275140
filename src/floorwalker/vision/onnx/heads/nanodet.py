"""NanoDet: class scores and a distribution over the distance to each side, stride by stride."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from floorwalker.vision.onnx.feed import Feed, Placement
from floorwalker.vision.onnx.heads.grid import STRIDES, Grid
from floorwalker.vision.onnx.heads.head import FloatArray, Found, Signature

FAMILY = "nanodet"
UNDERSTOOD = "NanoDet (for each of the strides 8, 16, 32: 1×cells×classes and 1×cells×(4·bins))"
_MEAN, _SPREAD = (103.53, 116.28, 123.675), (57.375, 57.12, 58.395)
_FEED = Feed(Placement.CENTRED, rgb=False, mean=_MEAN, spread=_SPREAD, padding=0)


@dataclass(frozen=True, slots=True)
class NanoDetHead:
    """The head of NanoDet: blue-green-red by mean and spread, letter-box centred on black.

    Attributes:
        grid: the cells.
        bins: how many distances each side's distribution is over.
        scores_at: where the class scores of each stride are among the outputs.
        distances_at: where the distributions are.
        person_class: which class is a person.

    Source:
        Li et al., "Generalized focal loss", NeurIPS 2020: a side's distance is the mean of its distribution.
    """

    grid: Grid
    bins: int
    scores_at: tuple[int, ...]
    distances_at: tuple[int, ...]
    person_class: int = 0
    family: str = FAMILY
    feed: Feed = _FEED
    repeats: bool = True
    constants: Mapping[str, npt.NDArray[np.int64]] = field(default_factory=dict)

    @classmethod
    def recognise(cls, signature: Signature, person_class: int | None) -> NanoDetHead | None:
        """The head of a network of this signature, or None where it has another."""
        shapes = list(signature.outputs.values())
        if signature.other_inputs or len(shapes) != 2 * len(STRIDES):
            return None
        if any(len(shape) != 3 or shape[0] != 1 for shape in shapes):
            return None
        grid = Grid.of(signature.input_size)
        wanted = person_class or 0
        scores_at, distances_at, bins = [], [], set()
        for stride in STRIDES:
            cells = int((grid.strides == stride).sum())
            pair = [at for at, shape in enumerate(shapes) if shape[1] == cells]
            if len(pair) != 2:
                return None
            # Class scores come before distributions; both may have the same number of columns.
            scores_at.append(pair[0])
            distances_at.append(pair[1])
            columns = shapes[pair[1]][2]
            if columns % 4 or columns < 8 or shapes[pair[0]][2] <= wanted:
                return None
            bins.add(columns // 4)
        return (
            cls(grid, bins.pop(), tuple(scores_at), tuple(distances_at), wanted) if len(bins) == 1 else None
        )

    def decode(self, outputs: Sequence[npt.NDArray[np.generic]], threshold: float) -> Found:
        """People above a score; see `Head.decode`."""
        scores = np.concatenate([outputs[at][0, :, self.person_class] for at in self.scores_at])
        keep = np.flatnonzero(scores >= threshold)
        # Only the rows that are kept are looked at: most cells hold nobody.
        bounds = np.cumsum([0, *(outputs[at].shape[1] for at in self.distances_at)])
        rows = np.concatenate(
            [
                outputs[at][0, keep[(keep >= low) & (keep < high)] - low]
                for at, low, high in zip(self.distances_at, bounds[:-1], bounds[1:], strict=True)
            ]
        )
        strides = self.grid.strides[keep]
        centre = (self.grid.cells[keep] + 0.5) * strides
        distances = self._mean_distances(np.asarray(rows, dtype=np.float32)) * strides
        boxes = np.concatenate([centre - distances[:, :2], centre + distances[:, 2:]], axis=1)
        return boxes, np.asarray(scores[keep], dtype=np.float32)

    def _mean_distances(self, rows: FloatArray) -> FloatArray:
        """(n, 4) distances to left, top, right and bottom in cells."""
        logits = rows.reshape(-1, 4, self.bins)
        weights = np.exp(logits - logits.max(axis=2, keepdims=True))
        weights /= weights.sum(axis=2, keepdims=True)
        return np.asarray(weights @ np.arange(self.bins, dtype=np.float32), dtype=np.float32)
