"""Partitions: how well entries were put together to persons, and how many persons that makes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agreement:
    """Precision and recall of one kind.

    Attributes:
        precision: of what was put together, the share that belongs together; 1 where nothing was.
        recall: of what belongs together, the share that was put together; 1 where nothing does.
    """

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True, slots=True)
class PartitionScore:
    """A manifest against the truth.

    Attributes:
        pairs: over all pairs of entries: few large persons weigh most.
        bcubed: over entries, each with its own person: every entry weighs the same.
        entries: that the truth knows.
        missing: of these, not in the manifest; each counts as a person of its own.
        unknown: entries of the manifest that the truth does not know or leaves out; they count nothing.
        true_people: how many people there were.
        found_people: how many persons the manifest makes of them.
    """

    pairs: Agreement
    bcubed: Agreement
    entries: int
    missing: int
    unknown: int
    true_people: int
    found_people: int

    @property
    def visitors_error(self) -> float:
        """Of the unique visitors, relative: 0.1 is one in ten too many; 0 where there were none."""
        return self.found_people / self.true_people - 1 if self.true_people else 0.0


def score_partition(found: Mapping[str, str], true: Mapping[str, str]) -> PartitionScore:
    """Compare two partitions of the same entries.

    Args:
        found: entry → person as the manifest has it.
        true: entry → person as it was.

    Source:
        B-cubed: Bagga and Baldwin, Algorithms for Scoring Coreference Chains, 1998, as in Amigó et al.,
        A comparison of extrinsic clustering evaluation metrics, 2009.
    """
    placed = {entry: ("found", found[entry]) if entry in found else ("alone", entry) for entry in true}
    found_sizes, true_sizes = Counter(placed.values()), Counter(true.values())
    shared = Counter((placed[entry], person) for entry, person in true.items())
    together = sum(map(_pairs, shared.values()))
    pairs = Agreement(
        _share(together, sum(map(_pairs, found_sizes.values()))),
        _share(together, sum(map(_pairs, true_sizes.values()))),
    )
    squares = [(count * count, group, person) for (group, person), count in shared.items()]
    bcubed = Agreement(
        _share(sum(square / found_sizes[group] for square, group, _ in squares), len(true)),
        _share(sum(square / true_sizes[person] for square, _, person in squares), len(true)),
    )
    return PartitionScore(
        pairs=pairs,
        bcubed=bcubed,
        entries=len(true),
        missing=sum(entry not in found for entry in true),
        unknown=sum(entry not in true for entry in found),
        true_people=len(true_sizes),
        found_people=len(found_sizes),
    )


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 1.0
