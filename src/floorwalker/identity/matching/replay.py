"""Replay: what the matcher would have decided about labelled entries, and what of it was right."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from floorwalker.identity.matching.answer import NOBODY
from floorwalker.identity.matching.encoder import Thresholds
from floorwalker.identity.matching.entry import Vectors

Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """One decision an entry, each against the entries before it with their true persons.

    Attributes:
        score: best person's cosine, `NOBODY` where nobody came before.
        score2: that of the next other person (entry, by the rule of entries), likewise.
        right: whether the best person is the true one.
        earlier: how many earlier entries the true person had; 0: a newcomer.
        against: how many earlier entries there were.
        others: how many other persons they were of.
        person: number of the true person.
    """

    score: Numbers
    score2: Numbers
    right: Flags
    earlier: Counts
    against: Counts
    others: Counts
    person: Counts

    def __len__(self) -> int:
        return len(self.score)

    def matched(self, thresholds: Thresholds) -> Flags:
        """Which would have been matched."""
        lead = np.where(self.score2 > NOBODY, self.score - self.score2, np.inf)
        return (self.score >= thresholds.threshold) & (lead >= thresholds.margin)

    def near_ties(self, thresholds: Thresholds) -> Flags:
        """Which would have been put to a human for want of a lead."""
        return (self.score >= thresholds.threshold) & ~self.matched(thresholds)

    @staticmethod
    def join(parts: Sequence[Decisions]) -> Decisions:
        """Several replays as one; persons keep their numbers."""
        columns = (np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Decisions))
        return Decisions(*columns)


def replay(similarity: Vectors, people: Sequence[Hashable], *, by_entry: bool = False) -> Decisions:
    """Decide about entries one after the other, all of one store-day.

    Args:
        similarity: (n, n) float32, cosine of entries, in the order in which they came.
        people: the true person of each.
        by_entry: take the second best entry in place of the best entry of another person.
    """
    n = len(similarity)
    _, person = np.unique([str(one) for one in people], return_inverse=True)
    score, score2 = np.full(n, NOBODY), np.full(n, NOBODY)
    right = np.zeros(n, np.bool_)
    earlier, others = np.zeros((2, n), np.int64)
    best = np.full((n, int(person.max(initial=0)) + 1), -np.inf)
    for column, owner in enumerate(person):
        # Whoever comes later may be compared with this one.
        later = slice(column + 1, n)
        best[later, owner] = np.maximum(best[later, owner], similarity[later, column])
    for row in range(1, n):
        earlier[row] = int((person[:row] == person[row]).sum())
        others[row] = int(np.isfinite(best[row]).sum()) - bool(earlier[row])
        winner = int(best[row].argmax())
        score[row] = best[row, winner]
        right[row] = winner == person[row]
        rivals = np.sort(similarity[row, :row])[:-1] if by_entry else np.delete(best[row], winner)
        score2[row] = max(rivals.max(initial=-np.inf), NOBODY)
    return Decisions(score, score2, right, earlier, np.arange(n), others, person.astype(np.int64))


def replay_orders(
    similarity: Vectors,
    people: Sequence[Hashable],
    days: Sequence[Hashable],
    orders: int,
    rng: np.random.Generator,
    *,
    by_entry: bool = False,
) -> Decisions:
    """Decide day by day, in several orders of arrival: labelled entries are few, their orders many.

    Args:
        similarity: (n, n) float32, cosine of entries.
        people: the true person of each; the same one may come on several days.
        days: the store-day of each; entries of two are never compared.
        orders: how many; 1: as they stand.
        rng: shuffles all but the first order.
        by_entry: as in `replay`.
    """
    names = [str(one) for one in people]
    _, numbers = np.unique(names, return_inverse=True)
    _, day = np.unique([str(one) for one in days], return_inverse=True)
    parts: list[Decisions] = []
    for one in range(int(day.max(initial=0)) + 1):
        rows = np.flatnonzero(day == one)
        for turn in range(orders):
            order = rng.permutation(rows) if turn else rows
            found = replay(similarity[np.ix_(order, order)], [names[row] for row in order], by_entry=by_entry)
            parts.append(replace(found, person=numbers[order].astype(np.int64)))
    return Decisions.join(parts)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What thresholds come to.

    Attributes:
        found: share of the returns that were matched with the right person.
        false: share of all decisions that joined an entry to somebody it is not.
        strangers: share of the newcomers who were joined to somebody.
        asked: share of all decisions that a human has to make.
    """

    found: float
    false: float
    strangers: float
    asked: float


def outcome(decisions: Decisions, thresholds: Thresholds, weights: Numbers | None = None) -> Outcome:
    """What thresholds come to on some decisions.

    Args:
        decisions: all of them count, each store-day's first excepted, which cannot be wrong.
        thresholds: τ and m.
        weights: one a decision; None: all alike.
    """
    weight = np.ones(len(decisions)) if weights is None else weights
    weight = np.where(decisions.against > 0, weight, 0.0)
    matched = decisions.matched(thresholds)
    returning = decisions.earlier > 0
    return Outcome(
        found=_share(matched & decisions.right, returning, weight),
        false=_share(matched & ~decisions.right, np.ones_like(matched), weight),
        strangers=_share(matched, ~returning, weight),
        asked=_share(decisions.near_ties(thresholds), np.ones_like(matched), weight),
    )


def choose_thresholds(
    decisions: Decisions,
    false_match_rate: float,
    margins: Sequence[float],
    weights: Numbers | None = None,
) -> Thresholds:
    """The τ and m that find most returns while false matches stay within a rate.

    Args:
        decisions: of labelled entries.
        false_match_rate: greatest share of all decisions that may join an entry to somebody it is not.
        margins: values of m to try, rising; of two that find alike many the smaller one is taken.
        weights: one a decision; None: all alike.
    """
    weight = np.ones(len(decisions)) if weights is None else weights
    weight = np.where(decisions.against > 0, weight, 0.0)
    allowed = false_match_rate * float(weight.sum())
    best, most = Thresholds(1.0, margins[0]), -1.0
    for margin in margins:
        lead = np.where(decisions.score2 > NOBODY, decisions.score - decisions.score2, np.inf)
        kept = np.flatnonzero((lead >= margin) & (decisions.against > 0))
        kept = kept[np.argsort(-decisions.score[kept], kind="stable")]
        score, right = decisions.score[kept], decisions.right[kept]
        within = np.cumsum(np.where(right, 0.0, weight[kept])) <= allowed
        count = int(within.argmin()) if not within.all() else len(kept)
        while 0 < count < len(kept) and score[count - 1] == score[count]:
            count -= 1  # equal scores pass together or not at all
        found = float(np.where(right, weight[kept], 0.0)[:count].sum())
        if count and found > most:
            # Halfway to the first that must not pass.
            below = float(score[count]) if count < len(score) else float(score[-1]) - 0.02
            threshold = min((float(score[count - 1]) + below) / 2, 1.0)
            best, most = Thresholds(float(np.clip(threshold, -1.0, 1.0)), margin), found
    return best


def _share(what: Flags, of: Flags, weight: Numbers) -> float:
    whole = float(weight[of].sum())
    return float(weight[what & of].sum()) / whole if whole else 0.0
