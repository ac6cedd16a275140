"""Looks: what the people that a tracker holds were last seen to look like."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from floorwalker.tracking.motion import IndexArray

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float32]


class Looks:
    """A running mean of the descriptors of each track, a row a track; nothing is held of who is gone.

    Args:
        memory: share of the old in a track's descriptor when a new one comes, 0 to 1. Raising it is steadier
            and follows turns and changes of light more slowly.
    """

    def __init__(self, memory: float) -> None:
        self._memory = memory
        self._rows: FloatArray | None = None

    def __len__(self) -> int:
        """Tracks of which something may be known."""
        return 0 if self._rows is None else len(self._rows)

    def add(self, count: int) -> None:
        """Append tracks of which nothing is known yet."""
        if self._rows is not None:
            unknown = np.zeros((count, self._rows.shape[1]), dtype=np.float32)
            self._rows = np.concatenate([self._rows, unknown])

    def keep(self, held: BoolArray) -> None:
        """Forget the tracks whose mask is False."""
        if self._rows is not None:
            self._rows = self._rows[held]

    def likeness(self, appearance: FloatArray | None) -> tuple[FloatArray, BoolArray] | None:
        """How alike tracks and detections look.

        Args:
            appearance: (m, d) descriptors of norm 1, rows of 0 where there is none.

        Returns:
            (n, m) cosines, and where both sides are known; None where nothing can be compared.
        """
        if appearance is None or self._rows is None:
            return None
        known = (self._rows != 0.0).any(axis=1, keepdims=True) & (appearance != 0.0).any(axis=1)
        return self._rows @ appearance.T, known

    def remember(self, owner: IndexArray, appearance: FloatArray, count: int) -> None:
        """Take in what some tracks look like now.

        Args:
            owner: (m,) the row of the track of each detection, or -1.
            appearance: (m, d) their descriptors, rows of 0 where there is none.
            count: of tracks held.
        """
        if self._rows is None:
            self._rows = np.zeros((count, appearance.shape[1]), dtype=np.float32)
        described = ((owner >= 0) & appearance.any(axis=1)).nonzero()[0]
        rows, fresh = owner[described], appearance[described]
        old = self._rows[rows]
        memory = self._memory * (old != 0.0).any(axis=1, keepdims=True)
        mixed = memory * old + (1.0 - memory) * fresh
        self._rows[rows] = mixed / np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-9)
