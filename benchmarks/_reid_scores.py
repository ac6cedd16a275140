"""Scores of compared entries, by person, so that people can be drawn again for intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from _reid_methods import RATE, Compared
from floorwalker.identity.matching.calibrate import MARGINS
from floorwalker.identity.matching.encoder import Thresholds
from floorwalker.identity.matching.replay import Decisions, choose_thresholds, outcome, replay_orders
from floorwalker.identity.matching.retrieval import Retrieval, identification_rate, retrieval

Numbers = npt.NDArray[np.float64]
ORDERS = 10
RESAMPLES = 200
FALSE_ALARMS = (0.01, 0.1)


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """One way of comparing on the report people of one fold.

    Attributes:
        decisions: by the rule of persons, in several orders of arrival.
        ranked: each entry against all others.
        across: each entry against those of the other camera.
        owner: number of each entry's person.
        chosen: thresholds by the tuning people.
    """

    decisions: Decisions
    ranked: Retrieval
    across: Retrieval
    owner: npt.NDArray[np.int64]
    chosen: Thresholds

    @classmethod
    def of(cls, compared: Compared) -> Scored:
        """Score it."""
        people = compared.people
        camera = np.array([entry.event.camera for entry in compared.labelled.entries])
        names = np.array(people)
        same = names[:, None] == names[None, :]
        others = ~np.eye(len(people), dtype=bool)
        return cls(
            decide(compared, by_entry=False),
            retrieval(compared.similarity, same, others),
            retrieval(compared.similarity, same, camera[:, None] != camera[None, :]),
            np.unique(names, return_inverse=True)[1].astype(np.int64),
            compared.chosen,
        )

    def figures(self, weights: Numbers) -> dict[str, float]:
        """All figures with each person counted so many times."""
        decisions, weight = self.decisions, weights[self.decisions.person]
        got = outcome(decisions, self.chosen, weight)
        own = outcome(decisions, choose_thresholds(decisions, RATE, MARGINS, weight), weight)
        counted = np.where(decisions.against > 0, weight, 0.0)
        told = {
            "mAP": _mean(self.ranked.average_precision, weights[self.owner[self.ranked.query]]),
            "mAP across": _mean(self.across.average_precision, weights[self.owner[self.across.query]]),
        }
        for rank in (1, 5):
            hits = (self.across.first_rank <= rank).astype(float)
            told[f"CMC-{rank} across"] = _mean(hits, weights[self.owner[self.across.query]])
        for rate in FALSE_ALARMS:
            told[f"DIR@FAR {rate:.0%}"] = identification_rate(
                decisions.score, decisions.right, decisions.earlier > 0, rate, counted
            )
        return told | {
            "found": got.found,
            "false": got.false,
            "strangers": got.strangers,
            "asked": got.asked,
            "found at 1 % of its own": own.found,
        }


def decide(compared: Compared, *, by_entry: bool) -> Decisions:
    """What would have been decided about the report people, in several orders of arrival."""
    people = compared.people
    rng = np.random.default_rng(1)
    return replay_orders(compared.similarity, people, [0] * len(people), ORDERS, rng, by_entry=by_entry)


def by_earlier(decisions: Decisions, thresholds: Thresholds) -> dict[int, float]:
    """Share of the returns that were found, by how many earlier entries there were of the person."""
    hit = decisions.matched(thresholds) & decisions.right
    most = int(decisions.earlier.max(initial=0))
    return {count: float(hit[decisions.earlier == count].mean()) for count in range(1, most + 1)}


def drawn(scored: Scored, seed: int) -> dict[str, Numbers]:
    """Each figure: first with everybody once, then with people drawn anew, the same ones of one seed."""
    rng = np.random.default_rng([3, seed])
    count = int(scored.owner.max()) + 1
    rows = [scored.figures(np.ones(count))]
    for _ in range(RESAMPLES):
        times = np.bincount(rng.integers(0, count, count), minlength=count)
        rows.append(scored.figures(times.astype(np.float64)))
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def interval(values: Numbers) -> dict[str, float]:
    """A figure with its 95 % interval."""
    low, high = np.quantile(values[1:], (0.025, 0.975))
    return {"value": round(float(values[0]), 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def _mean(values: Numbers, weight: Numbers) -> float:
    return float((values * weight).sum() / weight.sum()) if weight.sum() else 0.0
