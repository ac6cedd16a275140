"""Teaching: which pair to ask about first, by how much the answer would tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2

from floorwalker.identity.review.implied import Implied, PairOf


@dataclass(frozen=True, slots=True)
class Worth:
    """What a verdict on a pair is worth.

    Attributes:
        uncertainty: entropy of P(same), in bits: 1 at one half, 0 where it is sure.
        settles: how many other open pairs it is expected to answer as well.
    """

    uncertainty: float
    settles: float

    @property
    def total(self) -> float:
        """The bits of the pair itself, times all that it answers."""
        return self.uncertainty * (1.0 + self.settles)


def worth_of(
    pairs: Sequence[PairOf], p_same: Mapping[PairOf, float], implied: Implied
) -> dict[PairOf, Worth]:
    """What a verdict on each open pair is worth.

    "Same" answers every open pair between the two groups, and between either group and whoever is known to be
    somebody else than the other; "different" answers those between the two groups alone.

    Args:
        pairs: the open ones.
        p_same: pair → P(same), 0 to 1; one half where nothing is known.
        implied: what follows from the verdicts so far.
    """
    groups = {pair: (implied.group(pair[0]), implied.group(pair[1])) for pair in pairs}
    between = Counter(frozenset(both) for both in groups.values())
    found = {}
    for pair, (first, second) in groups.items():
        by_different = between[frozenset((first, second))] - 1
        only_first = implied.apart(first) - implied.apart(second)
        only_second = implied.apart(second) - implied.apart(first)
        by_same = by_different
        by_same += sum(between[frozenset((second, third))] for third in only_first)
        by_same += sum(between[frozenset((first, third))] for third in only_second)
        p = p_same.get(pair, 0.5)
        found[pair] = Worth(_entropy(p), p * by_same + (1.0 - p) * by_different)
    return found


def _entropy(p: float) -> float:
    if p <= 0.0 or p >= 1.0:
        return 0.0
    return -p * log2(p) - (1.0 - p) * log2(1.0 - p)
