"""Conversion far below that of the days before, and not by chance."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import hypergeom

from floorwalker.insights.anomaly import Anomaly, is_running
from floorwalker.insights.metrics import Counts
from floorwalker.insights.picture import Picture

BASELINE_DAYS = 7
_DROP_WARN, _DROP_CRITICAL = 0.8, 0.5
_SIGNIFICANCE = 0.05
_SIGNIFICANCE_RUNNING = 0.01  # a day that goes on is judged again and again
_GONE_US = 15 * 60 * 1_000_000
_STEP_US = 15 * 60 * 1_000_000


@dataclass(frozen=True, slots=True)
class DayConversion:
    """One earlier day: how many visitors came and how many of them converted."""

    visitors: int
    converted: int


@dataclass(frozen=True, slots=True)
class _Course:
    """How visitors and conversions added up through the window, at some moments."""

    moments_us: Sequence[int]
    visitors: np.ndarray
    converted: np.ndarray


def conversion_drops(picture: Picture, earlier: Sequence[DayConversion]) -> list[Anomaly]:
    """At most one: the window converts less than 0.8 of the days before, and chance does not explain it.

    While the day goes on, who may still buy is not counted yet, and nothing is said before its first sale.

    Source: Fisher's exact test, one-sided, on visitors who did and did not convert.
    """
    past, past_converted = sum(d.visitors for d in earlier), sum(d.converted for d in earlier)
    running = is_running(picture)
    if not past_converted or (running and not picture.window_sales):
        return []
    course = _course(picture, running)
    chance = hypergeom.cdf(
        course.converted, past + course.visitors, past_converted + course.converted, course.visitors
    )
    expected = past_converted / past
    limit = _SIGNIFICANCE_RUNNING if running else _SIGNIFICANCE
    low = (course.converted < _DROP_WARN * expected * course.visitors) & (chance < limit)
    if not low[-1]:
        return []
    since = len(low) - 1
    while since and low[since - 1]:
        since -= 1
    visitors, converted = int(course.visitors[-1]), int(course.converted[-1])
    value = converted / visitors
    action = "Look at the queue, the stock and the staff on the floor."
    if not picture.window_sales:
        action = "Check first that the till's rows were loaded: there is no sale in this window."
    return [
        Anomaly(
            store_id=picture.store.store_id,
            kind="CONVERSION_DROP",
            severity="CRITICAL" if value < _DROP_CRITICAL * expected else "WARN",
            begun_us=picture.from_us,
            detected_us=course.moments_us[since],
            value=round(value, 4),
            expected=round(expected, 4),
            message=f"{value:.1%} of visitors converted against {expected:.1%} on {len(earlier)} of the "
            f"{BASELINE_DAYS} days before (chance of so few: {float(chance[-1]):.1%})",
            action=action,
            evidence={
                "visitors": visitors,
                "converted": converted,
                "days_before": len(earlier),
                "visitors_before": past,
                "converted_before": past_converted,
                "p_value": float(f"{float(chance[-1]):.3g}"),
            },
            as_of_us=picture.as_of_us,
        )
    ]


def _course(picture: Picture, running: bool) -> _Course:
    counts = Counts(picture)
    first_sale_us: dict[str, int] = {}
    for (_, name), sales_us in picture.outcome.near_sale.items():
        mine = [at_us for at_us in sales_us if picture.holds(at_us) and name in counts.near_sale]
        if mine:
            first_sale_us[name] = min(*mine, first_sale_us.get(name, mine[0]))
    came: dict[str, int] = {}
    for visit in picture.counted:
        # While the day goes on somebody is counted once they are gone, or have converted.
        at_us = visit.first_us
        if running:
            at_us = min(
                visit.last_us + _GONE_US, first_sale_us.get(visit.visitor_id, visit.last_us + _GONE_US)
            )
        came[visit.visitor_id] = min(at_us, came.get(visit.visitor_id, at_us))
    came_us, bought_us = sorted(came.values()), sorted(first_sale_us.values())
    moments = [*range(picture.from_us + _STEP_US, picture.as_of_us, _STEP_US), picture.as_of_us]
    # The rate counts everybody near a sale, whoever was counted as a visitor, and is held at 1.
    visitors = np.array([bisect_right(came_us, moment) for moment in moments])
    converted = np.array([bisect_right(bought_us, moment) for moment in moments])
    if not running:
        visitors[-1], converted[-1] = len(counts.unique), len(counts.near_sale)
    return _Course(moments, visitors, np.minimum(converted, visitors))
