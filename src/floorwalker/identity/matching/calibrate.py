"""Calibrating: from entries or pairs with verdicts to P(same) and to thresholds of a stated rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression, minimize

from floorwalker.errors import InputError
from floorwalker.identity.matching.calibration import Calibration, Logistic, Steps
from floorwalker.identity.matching.encoder import Thresholds
from floorwalker.identity.matching.entry import Vectors
from floorwalker.identity.matching.replay import (
    Decisions,
    Flags,
    Numbers,
    choose_thresholds,
    outcome,
    replay_orders,
)

# No larger ones: a person who was missed once is two persons from then on, and every later entry of theirs is
# a near tie between the two. Replays with true persons do not see that, and would choose too large a margin.
MARGINS = (0.0, 0.01, 0.02, 0.03)
_STEPS_FROM = 500  # pairs of the rarer kind from which the shape of the curve is left to the data
_RIDGE = 1e-3
_ORDERS, _MOST_DECISIONS = 20, 20_000
_RESAMPLES = 300
_LEAST_PAIRS = 5


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPairs:
    """Pairs of entries of which it is known whether they are one person.

    Attributes:
        cosine: of the encoder's vectors, (n,).
        same: whether it is the same person, (n,).
        agreement: of their attributes, 0 to 1, nan where not known, (n,).
    """

    cosine: Numbers
    same: Flags
    agreement: Numbers


def pairs_of(
    similarity: Vectors, people: Sequence[str], days: Sequence[str], agreement: Numbers | None = None
) -> LabelledPairs:
    """All pairs of entries of the same store-day.

    Args:
        similarity: (n, n) cosine of entries.
        people: whose each is.
        days: of which store-day each is.
        agreement: (n, n) of their attributes; None: not known.
    """
    first, second = np.triu_indices(len(people), 1)
    who, when = np.asarray(people), np.asarray(days)
    together = when[first] == when[second]
    first, second = first[together], second[together]
    known = np.full(len(first), np.nan) if agreement is None else agreement[first, second]
    return LabelledPairs(similarity[first, second].astype(np.float64), who[first] == who[second], known)


def fit_curve(pairs: LabelledPairs) -> Logistic | Steps:
    """P(same) by cosine, as if same and different were equally frequent.

    With many pairs and no attributes the curve is only asked to rise; else it is logistic.

    Raises:
        InputError: too few pairs of either kind.
    """
    same = int(pairs.same.sum())
    rarer = min(same, len(pairs.same) - same)
    if rarer < _LEAST_PAIRS:
        raise InputError(
            f"expected at least {_LEAST_PAIRS} pairs of the same person and of two, got {same} and "
            f"{len(pairs.same) - same}"
        )
    weight = np.where(pairs.same, 0.5 / same, 0.5 / (len(pairs.same) - same))
    if rarer >= _STEPS_FROM and np.isnan(pairs.agreement).all():
        return _steps(pairs, weight, rarer)
    return _logistic(pairs, weight)


def calibrate_entries(
    similarity: Vectors,
    people: Sequence[str],
    days: Sequence[str],
    encoder: str,
    false_match_rate: float,
    agreement: Numbers | None = None,
    others: int | None = None,
    seed: int = 0,
) -> Calibration:
    """Calibrate on entries whose persons are known, deciding about them as the matcher would.

    Args:
        similarity: (n, n) cosine of the encoder's vectors.
        people: whose each is.
        days: of which store-day each is.
        encoder: the encoder's fingerprint.
        false_match_rate: greatest share of decisions that may join an entry to somebody it is not. Raised, it
            finds more returns.
        agreement: (n, n) of their attributes; None: not known.
        others: how many other persons a decision of a real day is made against, each a chance to be wrong;
            None: as many as here. Raised, τ rises.
        seed: of the orders of arrival and of the resampling of people.

    Raises:
        InputError: too few people or pairs.
    """
    pairs = pairs_of(similarity, people, days, agreement)
    curve = fit_curve(pairs)
    rng = np.random.default_rng(seed)
    orders = max(1, min(_ORDERS, _MOST_DECISIONS // len(people)))
    decisions = replay_orders(similarity, people, days, orders, rng)
    here = float(decisions.others[decisions.against > 0].mean())
    rate = scaled_rate(false_match_rate, here, here if others is None else others)
    chosen = choose_thresholds(decisions, rate, MARGINS)
    thresholds, rates = _resample(decisions, chosen, rate, rng)
    measured = outcome(decisions, chosen)
    return Calibration(
        encoder=encoder,
        curve=curve,
        threshold=round(chosen.threshold, 4),
        margin=chosen.margin,
        threshold_range=_interval(thresholds),
        false_match_rate=false_match_rate,
        measured_rate=measured.false,
        measured_range=_interval(rates),
        found=measured.found,
        measured_others=round(here, 1),
        others=others,
        pairs_same=int(pairs.same.sum()),
        pairs_different=int((~pairs.same).sum()),
        people=len(set(people)),
    )


def calibrate_pairs(
    pairs: LabelledPairs, encoder: str, false_match_rate: float, margin: float, others: int, seed: int = 0
) -> Calibration:
    """Calibrate on pairs with verdicts alone.

    Args:
        pairs: with verdicts. Where people were asked about hard pairs only, τ comes out on the safe side.
        encoder: the encoder's fingerprint.
        false_match_rate: greatest share of decisions that may join an entry to somebody it is not.
        margin: m, which pairs say nothing of.
        others: how many other persons a decision is made against: each is a chance to be wrong.
        seed: of the resampling of pairs.

    Raises:
        InputError: too few pairs.
    """
    curve = fit_curve(pairs)
    strange = np.sort(pairs.cosine[~pairs.same])
    a_pair = scaled_rate(false_match_rate, 1, others)
    rng = np.random.default_rng(seed)
    threshold = _tail(strange, a_pair)
    drawn = [_tail(np.sort(rng.choice(strange, len(strange))), a_pair) for _ in range(_RESAMPLES)]
    return Calibration(
        encoder=encoder,
        curve=curve,
        threshold=round(threshold, 4),
        margin=margin,
        threshold_range=_interval(np.array(drawn)),
        false_match_rate=false_match_rate,
        found=float((pairs.cosine[pairs.same] >= threshold).mean()),
        others=others,
        pairs_same=int(pairs.same.sum()),
        pairs_different=len(strange),
    )


def scaled_rate(rate: float, here: float, there: float) -> float:
    """The rate against so many persons here that comes to a rate against so many there.

    As if each of them were the same chance to be wrong, whoever the others are.
    """
    return 1.0 - float((1.0 - rate) ** (here / there)) if there > 0 else rate


def _tail(rising: Numbers, share: float) -> float:
    """The least threshold that at most a share of the values reaches."""
    passing = int(np.floor(share * len(rising)))
    return float(min(np.nextafter(rising[len(rising) - 1 - passing], 2.0) + 1e-4, 1.0))


def _resample(
    decisions: Decisions, chosen: Thresholds, rate: float, rng: np.random.Generator
) -> tuple[Numbers, Numbers]:
    """τ, and the rate that the chosen thresholds give, with other people of the same kind."""
    count = int(decisions.person.max()) + 1
    thresholds, rates = [], []
    for _ in range(_RESAMPLES):
        weights = np.bincount(rng.integers(0, count, count), minlength=count)[decisions.person].astype(float)
        thresholds.append(choose_thresholds(decisions, rate, (chosen.margin,), weights).threshold)
        rates.append(outcome(decisions, chosen, weights).false)
    return np.array(thresholds), np.array(rates)


def _interval(values: npt.NDArray[np.floating]) -> tuple[float, float]:
    low, high = np.quantile(values, (0.025, 0.975))
    return round(float(low), 4), round(float(high), 4)


def _steps(pairs: LabelledPairs, weight: Numbers, rarer: int) -> Steps:
    order = np.argsort(pairs.cosine, kind="stable")
    cosine = pairs.cosine[order]
    fitted = isotonic_regression(pairs.same[order].astype(float), weights=weight[order]).x
    # No finite sample shows that something is certain.
    fitted = np.clip(fitted, 0.5 / rarer, 1 - 0.5 / rarer)
    last = np.flatnonzero(np.append(np.diff(cosine) > 0, True))
    cosine, fitted = cosine[last], fitted[last]
    corner = np.ones(len(fitted), np.bool_)
    corner[1:-1] = (np.diff(fitted)[:-1] > 0) | (np.diff(fitted)[1:] > 0)
    return Steps(cosines=tuple(cosine[corner].tolist()), probabilities=tuple(fitted[corner].tolist()))


def _logistic(pairs: LabelledPairs, weight: Numbers) -> Logistic:
    known = ~np.isnan(pairs.agreement)
    neutral = 0.5
    if known.any():
        halves = [pairs.agreement[known & kind] for kind in (pairs.same, ~pairs.same)]
        neutral = float(np.mean([half.mean() for half in halves if len(half)]))
    extra = np.where(known, pairs.agreement - neutral, 0.0)
    sign = np.where(pairs.same, 1.0, -1.0)

    def loss(x: Numbers) -> float:
        evidence = sign * (x[0] + x[1] * pairs.cosine + x[2] * extra)
        ridge = _RIDGE * (x[1] ** 2 + x[2] ** 2) / 100
        return float((weight * np.logaddexp(0.0, -evidence)).sum() + ridge)

    bounds = [(-100.0, 100.0), (1e-3, 100.0), (0.0, 100.0 if known.any() else 0.0)]
    found = minimize(loss, np.array([0.0, 1.0, 0.0]), method="L-BFGS-B", bounds=bounds).x
    return Logistic(bias=float(found[0]), slope=float(found[1]), weight=float(found[2]), neutral=neutral)
