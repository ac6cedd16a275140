"""Retrieval: how well vectors tell persons apart, in the field's own figures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from floorwalker.identity.matching.entry import Vectors

Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Retrieval:
    """Scores of queries against a gallery; only queries whose person is in the gallery count.

    Attributes:
        average_precision: of each such query, (q,).
        first_rank: place of the first right answer of each, from 1, (q,).
        query: which queries they are, (q,).
    """

    average_precision: Numbers
    first_rank: npt.NDArray[np.int64]
    query: npt.NDArray[np.int64]

    @property
    def mean_ap(self) -> float:
        """mAP: 0 to 1; 0 where nobody is in the gallery."""
        return float(self.average_precision.mean()) if len(self.average_precision) else 0.0

    def cmc(self, rank: int) -> float:
        """CMC: share of the queries with a right answer among the first so many."""
        return float((self.first_rank <= rank).mean()) if len(self.first_rank) else 0.0


def retrieval(similarity: Vectors, same: Flags, allowed: Flags) -> Retrieval:
    """Rank each query's gallery by cosine.

    Args:
        similarity: (q, g) cosine of queries and gallery.
        same: (q, g) whether both are of one person.
        allowed: (q, g) whether the gallery has it for this query: not itself, not the same camera.

    Source: Zheng et al., Scalable Person Re-identification: A Benchmark, ICCV 2015 (mAP beside CMC).
    """
    precisions, ranks, queries = [], [], []
    for row in range(len(similarity)):
        there = np.flatnonzero(allowed[row])
        right = same[row, there][np.argsort(-similarity[row, there], kind="stable")]
        if not right.any():
            continue
        places = np.flatnonzero(right) + 1
        precisions.append(float((np.arange(1, len(places) + 1) / places).mean()))
        ranks.append(int(places[0]))
        queries.append(row)
    return Retrieval(np.array(precisions, np.float64), np.array(ranks, np.int64), np.array(queries, np.int64))


def identification_rate(
    score: Numbers,
    right: Flags,
    known: Flags,
    false_alarm_rate: float,
    weights: Numbers | None = None,
) -> float:
    """DIR at FAR: share of the known found with the right name, at a false alarm rate of the unknown.

    Args:
        score: best cosine of each probe against its gallery.
        right: whether the best is the right person.
        known: whether the probe's person is in the gallery; the others are the unknown.
        false_alarm_rate: greatest share of the unknown that may pass the threshold.
        weights: one a probe; None: all alike.

    Source: Grother and Ngan, Face Recognition Vendor Test, NIST IR 8009, 2014 (open-set identification).
    """
    weight = np.ones(len(score)) if weights is None else weights
    strangers = np.flatnonzero(~known)
    strangers = strangers[np.argsort(-score[strangers], kind="stable")]
    passing = np.cumsum(weight[strangers]) > false_alarm_rate * weight[strangers].sum()
    limit = score[strangers[int(passing.argmax())]] if passing.any() else -np.inf
    whole = float(weight[known].sum())
    return float(weight[known & right & (score > limit)].sum()) / whole if whole else 0.0
