"""Implied: what follows from verdicts on pairs, so that nobody is asked it again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from floorwalker.identity.matching.bucket_log import EditKind

PairOf = tuple[str, str]


@dataclass(slots=True)
class Implied:
    """Who is one person and who is not, by verdicts and what follows from them.

    Same is transitive; different holds between all of the one and all of the other. Where verdicts
    contradict each other, sameness is believed and the contradiction told of.

    Attributes:
        contradictions: pairs that were said to be different although they follow to be the same.
    """

    contradictions: list[PairOf] = field(default_factory=list)
    _parent: dict[str, str] = field(default_factory=dict)
    _apart: dict[str, set[str]] = field(default_factory=dict)

    def group(self, entry_id: str) -> str:
        """The name of the entry's group: the same for all that are one person."""
        root = entry_id
        while (above := self._parent.get(root, root)) != root:
            root = above
        while (above := self._parent.get(entry_id, root)) != root:
            self._parent[entry_id] = root
            entry_id = above
        return root

    def apart(self, group: str) -> frozenset[str]:
        """The groups that are other people than a group."""
        return frozenset(self._apart.get(group, ()))

    def relation(self, one: str, other: str) -> EditKind | None:
        """`SAME` or `DIFFERENT`, said or implied; None: nothing follows."""
        first, second = self.group(one), self.group(other)
        if first == second:
            return EditKind.SAME
        return EditKind.DIFFERENT if second in self._apart.get(first, ()) else None

    def _join(self, one: str, other: str) -> None:
        first, second = self.group(one), self.group(other)
        if first != second:
            self._parent[second] = first

    def _part(self, one: str, other: str) -> None:
        first, second = self.group(one), self.group(other)
        if first == second:
            self.contradictions.append((one, other))
            return
        self._apart.setdefault(first, set()).add(second)
        self._apart.setdefault(second, set()).add(first)


def implied_by(verdicts: Mapping[PairOf, EditKind]) -> Implied:
    """What follows from verdicts.

    Args:
        verdicts: two entries → the last verdict on them; `UNSURE` says nothing.
    """
    implied = Implied()
    for (one, other), verdict in verdicts.items():
        if verdict is EditKind.SAME:
            implied._join(one, other)
    for (one, other), verdict in verdicts.items():
        if verdict is EditKind.DIFFERENT:
            implied._part(one, other)
    return implied


def ordered(one: str, other: str) -> PairOf:
    """A pair with the smaller name first, as verdicts are kept."""
    return (one, other) if one <= other else (other, one)


def open_pairs(
    pairs: Iterable[PairOf], verdicts: Mapping[PairOf, EditKind], implied: Implied
) -> list[PairOf]:
    """The pairs on which nobody gave a verdict and nothing follows.

    Args:
        pairs: all that there are.
        verdicts: as in `implied_by`.
        implied: what follows from them.
    """
    return [pair for pair in pairs if ordered(*pair) not in verdicts and implied.relation(*pair) is None]
