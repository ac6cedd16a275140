"""Measured identities against true ones, by the events that both sides tell of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from floorwalker.events import Event
from floorwalker.resolutions import Attribute, Resolution


@dataclass(frozen=True, slots=True)
class IdentityScore:
    """How well matched events are grouped into people.

    Attributes:
        precision: mean share of an event's measured group that truly is the same person (B-cubed).
        recall: mean share of an event's true group that was found in its measured group.
        events: how many pairs of events this rests on.
    """

    precision: float
    recall: float
    events: int

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def resolved_visitors(resolutions: Sequence[Resolution]) -> dict[str, str]:
    """The visitor that each observed visitor_id stands for, SAME_AS followed to its end.

    Args:
        resolutions: of one store-day, later ones winning.
    """
    same = {item.subject: item.value for item in resolutions if item.attribute is Attribute.SAME_AS}

    def end(visitor: str) -> str:
        seen = {visitor}
        while visitor in same and same[visitor] not in seen:
            visitor = same[visitor]
            seen.add(visitor)
        return visitor

    return {visitor: end(visitor) for visitor in same}


def score_identities(
    measured: Sequence[Event],
    true: Sequence[Event],
    pairs: Sequence[tuple[int, int]],
    resolved: Mapping[str, str],
) -> IdentityScore:
    """Score the grouping of events into people by B-cubed.

    Args:
        measured: what was found.
        true: what happened.
        pairs: indices of matched events, as `match_events` gives them.
        resolved: from `resolved_visitors`.

    Source:
        Bagga and Baldwin, "Entity-based cross-document coreferencing using the vector space model", 1998.
    """
    labels = [
        (resolved.get(measured[i].visitor_id, measured[i].visitor_id), true[j].visitor_id) for i, j in pairs
    ]
    if not labels:
        return IdentityScore(1.0, 1.0, 0)
    both, found, real = Counter(labels), Counter(a for a, _ in labels), Counter(b for _, b in labels)
    precision = sum(both[a, b] / found[a] for a, b in labels) / len(labels)
    recall = sum(both[a, b] / real[b] for a, b in labels) / len(labels)
    return IdentityScore(precision, recall, len(labels))
