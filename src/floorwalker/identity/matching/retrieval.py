"""Retrieval: how well vectors tell persons apart, in the field's own figures."""

from __future__ import annotations

from collections.abc import Sequence
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
    score: Numbers, right: Flags, known: Flags, false_alarm_rates: Sequence[float]
) -> list[float]:
    """DIR at FAR: share of the known that are found with the right name, at false alarm rates of the unknown.

    Args:
        score: best cosine of each probe against its gallery.
        right: whether the best is the right person.
        known: whether the probe's person is in the gallery; the others are the unknown.
        false_alarm_rates: shares of the unknown that may pass the threshold.

    Returns:
        One rate each; the threshold of each is the lowest that keeps within it.

    Source: Grother and Ngan, Face Recognition Vendor Test, NIST IR 8009, 2014 (open-set identification).
    """
    strangers = np.sort(score[~known])[::-1]
    rates = []
    for rate in false_alarm_rates:
        passing = int(np.floor(rate * len(strangers)))
        limit = strangers[passing] if passing < len(strangers) else -np.inf
        rates.append(float((right & (score > limit))[known].mean()) if known.any() else 0.0)
    return rates
