"""Teaching: which pair to ask about first, by how much the answer would tell."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2

from floorwalker.identity.review.implied import Implied, PairOf


@dataclass(frozen=True, slots=True)
class Worth:
    """What a verdict on a pair is worth.

    Attributes:
        uncertainty: entropy of P(same), in bits: 1 at one half, 0 where it is sure.
        settles: how many other open pairs need not be asked any more, as far as can be expected.
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
    somebody else than the other; of open pairs of both with a third, one answers the other. "Different"
    answers those between the two groups alone.

    Args:
        pairs: the open ones.
        p_same: pair → P(same), 0 to 1; one half where nothing is known.
        implied: what follows from the verdicts so far.
    """
    groups = {pair: (implied.group(pair[0]), implied.group(pair[1])) for pair in pairs}
    asked: dict[str, Counter[str]] = defaultdict(Counter)
    for first, second in groups.values():
        asked[first][second] += 1
        asked[second][first] += 1
    found = {}
    for pair, (first, second) in groups.items():
        by_different = asked[first][second] - 1
        by_same = by_different + _answered_by_joining(first, second, asked, implied)
        p = p_same.get(pair, 0.5)
        found[pair] = Worth(_entropy(p), p * by_same + (1.0 - p) * by_different)
    return found


def _answered_by_joining(first: str, second: str, asked: Mapping[str, Counter[str]], implied: Implied) -> int:
    """Open pairs of either group with a third that need no asking once the two are one."""
    apart_first, apart_second = implied.apart(first), implied.apart(second)
    of_first, of_second = asked[first], asked[second]
    count = 0
    for third, pairs in of_first.items():
        if third == second:
            continue
        if third in apart_second:
            count += pairs
        elif third in of_second and third not in apart_first:
            count += min(pairs, of_second[third])
    return count + sum(pairs for third, pairs in of_second.items() if third in apart_first and third != first)


def _entropy(p: float) -> float:
    if p <= 0.0 or p >= 1.0:
        return 0.0
    return -p * log2(p) - (1.0 - p) * log2(1.0 - p)
