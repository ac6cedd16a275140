"""Precision, recall and F1 of whatever was matched with the truth one to one."""

from __future__ import annotations


class Matched:
    """The ratios of a score that counts `matched`, `measured` and `true`."""

    __slots__ = ()
    matched: int
    measured: int
    true: int

    @property
    def precision(self) -> float:
        """Share of what was measured that is true; 1 where nothing was measured."""
        return self.matched / self.measured if self.measured else 1.0

    @property
    def recall(self) -> float:
        """Share of what is true that was measured; 1 where there is nothing."""
        return self.matched / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 where there is nothing to measure and nothing was."""
        total = self.measured + self.true
        return 2 * self.matched / total if total else 1.0
