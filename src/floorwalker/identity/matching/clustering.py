"""Clustering: a day's entries into persons, the likeliest joins first, links always kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from floorwalker.identity.matching.entry import Vectors

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
# Log-odds are summed as whole numbers, so that a sum is the same in whatever order it is made.
_UNIT = 1 << 20
_ROWS = 512
_SLACK = 1e-4


@dataclass(frozen=True, slots=True)
class Joining:
    """When groups of entries are one person.

    Attributes:
        least_log_odds: mean log-odds of all pairs of two groups, above which they are joined, where same and
            different are equally likely beforehand. Raised, it joins fewer strangers and counts more people
            twice.
        most_log_odds: beyond this, up or down, a single pair says no more.
    """

    least_log_odds: float = 1.0
    most_log_odds: float = 5.0


def cluster(
    vectors: Vectors,
    probability: Callable[[Floats], Floats],
    together: Sequence[int],
    apart: Sequence[tuple[int, int]],
    joining: Joining | None = None,
) -> Whole:
    """Agglomerative clustering with average linkage on log-odds.

    The two groups that are likeliest one are joined, again and again, until none is likely enough; groups
    with a pair that cannot be one person never are. Only what hangs together by likely pairs is looked at
    together, so an entry that is like nobody changes nothing for others.

    Args:
        vectors: (n, D) of length 1, or 0 where an entry has none: it joins nobody by its looks.
        probability: from cosines to P(same), never falling.
        together: for each entry the number of the one that stands for those it must be joined with.
        apart: pairs of such numbers that never come together.
        joining: when groups are joined; None: as `Joining` says by itself.

    Returns:
        (n,) for each entry the smallest number in its group; ties are broken by the smaller number.

    Source:
        average linkage (UPGMA), Sokal and Michener 1958; constraints as in Davidson and Ravi 2005.
    """
    joining = joining or Joining()
    roots = np.asarray(together, dtype=np.int64)
    groups = np.arange(len(roots))
    if len(roots) == 0:
        return groups
    parted: dict[int, set[int]] = {}
    for one, other in apart:
        parted.setdefault(int(one), set()).add(int(other))
        parted.setdefault(int(other), set()).add(int(one))
    for members in _hanging_together(vectors, probability, roots, joining):
        groups[members] = _join(members, vectors, probability, roots, parted, joining)
    return groups


def _hanging_together(
    vectors: Vectors, probability: Callable[[Floats], Floats], roots: Whole, joining: Joining
) -> list[Whole]:
    """Sets of entries that likely pairs or links connect; no two groups of different sets could be joined."""
    least, seen = _least_cosine(probability, joining) - _SLACK, (vectors != 0).any(axis=1)
    numbers = np.arange(len(roots))
    label = _components(numbers, roots)
    for start in range(0, len(vectors), _ROWS):
        rows = slice(start, start + _ROWS)
        likely = np.greater_equal(vectors[rows] @ vectors.T, least)
        found = np.argwhere(likely & seen[rows][:, None] & seen)
        edges = np.concatenate([numbers, found[:, 0] + start]), np.concatenate([label, found[:, 1]])
        label = _components(*edges)
    order = np.argsort(label, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(label[order])) + 1)


def _components(one: Whole, other: Whole) -> Whole:
    """For each number the smallest one that pairs connect it with."""
    count = int(max(one.max(), other.max())) + 1
    graph = coo_matrix((np.ones(len(one), dtype=np.int8), (one, other)), shape=(count, count))
    _, label = connected_components(graph, directed=False)
    _, first = np.unique(label, return_index=True)
    smallest: Whole = first[label]
    return smallest


def _least_cosine(probability: Callable[[Floats], Floats], joining: Joining) -> float:
    """The least cosine, to a ten-thousandth, of a pair that is likely enough by itself."""
    cosines = np.linspace(-1.0, 1.0, 20_001)
    enough = np.flatnonzero(_log_odds(probability(cosines), joining) >= joining.least_log_odds)
    return float(cosines[enough[0]]) if len(enough) else 2.0


def _log_odds(probability: Floats, joining: Joining) -> Floats:
    bounded = np.clip(probability, 1e-9, 1 - 1e-9)
    most = joining.most_log_odds
    odds: Floats = np.clip(np.log(bounded) - np.log1p(-bounded), -most, most)
    return odds


def _join(
    members: Whole,
    vectors: Vectors,
    probability: Callable[[Floats], Floats],
    roots: Whole,
    parted: dict[int, set[int]],
    joining: Joining,
) -> Whole:
    """The groups of one set of entries: for each the smallest number in its group."""
    stands, node = np.unique(roots[members], return_inverse=True)
    sums, sizes = _sums(vectors[members].astype(np.float64), probability, node, joining), np.bincount(node)
    place = {int(root): number for number, root in enumerate(stands)}
    banned = np.eye(len(stands), dtype=np.bool_)
    for root, number in place.items():
        for other in parted.get(root, ()):
            if other in place:
                banned[number, place[other]] = True
    owner = _agglomerate(sums, sizes, banned, joining.least_log_odds * _UNIT)
    group = owner[node]
    smallest = np.full(len(stands), np.iinfo(np.int64).max)
    np.minimum.at(smallest, group, members)
    return smallest[group]


def _sums(vectors: Floats, probability: Callable[[Floats], Floats], node: Whole, joining: Joining) -> Whole:
    """(k, k) the summed log-odds between nodes, in whole units."""
    count = int(node.max()) + 1
    sums = np.zeros((count, count), dtype=np.int64)
    order = np.argsort(node, kind="stable")
    starts = np.flatnonzero(np.diff(node[order], prepend=-1))
    for start in range(0, len(vectors), _ROWS):
        cosines = np.clip(vectors[start : start + _ROWS] @ vectors[order].T, -1.0, 1.0)
        whole = np.rint(_log_odds(probability(cosines), joining) * _UNIT).astype(np.int64)
        np.add.at(sums, node[start : start + _ROWS], np.add.reduceat(whole, starts, axis=1))
    return sums


def _agglomerate(sums: Whole, sizes: Whole, banned: npt.NDArray[np.bool_], least: float) -> Whole:
    """Join nodes, the highest mean first; for each the node that it ended in."""
    sizes = sizes.astype(np.float64)
    mean = np.where(banned, -np.inf, sums / np.outer(sizes, sizes))
    owner = np.arange(len(sizes))
    at = mean.argmax(axis=1)
    best = mean[owner, at]
    while True:
        one = int(best.argmax())
        if best[one] < least:
            return owner
        kept, gone = sorted((one, int(at[one])))
        owner[owner == gone] = kept
        sums[kept] += sums[gone]
        sums[:, kept] = sums[kept]
        sizes[kept] += sizes[gone]
        banned[kept] |= banned[gone]
        row = np.where(banned[kept], -np.inf, sums[kept] / (sizes * sizes[kept]))
        row[kept] = row[gone] = -np.inf
        banned[:, kept], banned[:, gone] = banned[kept], True
        mean[kept] = mean[:, kept] = row
        mean[gone] = mean[:, gone] = -np.inf
        _look_again(mean, best, at, kept, gone)


def _look_again(mean: Floats, best: Floats, at: Whole, kept: int, gone: int) -> None:
    """Bring each row's best up to date after one node went into another."""
    column = mean[:, kept]
    nearer = (column > best) | ((column == best) & (kept < at) & np.isfinite(column))
    stale = (at == kept) | (at == gone)
    stale[[kept, gone]] = True
    nearer &= ~stale
    best[nearer], at[nearer] = column[nearer], kept
    for row in np.flatnonzero(stale):
        at[row] = mean[row].argmax()
        best[row] = mean[row, at[row]]
