"""The cells that anchor-free heads speak of: every place of every stride."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

STRIDES = (8, 16, 32)


@dataclass(frozen=True, slots=True)
class Grid:
    """All cells of one input size: by stride, then by row, then by column.

    Attributes:
        cells: (n, 2) float32 column and row.
        strides: (n, 1) float32 pixels a cell.
    """

    cells: npt.NDArray[np.float32]
    strides: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.cells)

    @classmethod
    def of(cls, input_size: tuple[int, int]) -> Grid:
        """The grid of an input; sides that are no multiple of a stride are rounded up, as convolutions do."""
        cells, strides = [], []
        for stride in STRIDES:
            width, height = (-(-side // stride) for side in input_size)
            x, y = np.meshgrid(np.arange(width), np.arange(height))
            cells.append(np.stack([x.ravel(), y.ravel()], axis=1))
            strides.append(np.full((width * height, 1), stride))
        return cls(np.concatenate(cells).astype(np.float32), np.concatenate(strides).astype(np.float32))
