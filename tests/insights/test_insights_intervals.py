"""Intervals beside the rates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from floorwalker.insights.funnel import funnel
from floorwalker.insights.intervals import interval_of, wilson
from floorwalker.insights.metrics import metrics


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (1, 1, 0.2065, 1.0)],
)
def test_the_bounds_of_a_table(part, whole, low, high):
    assert interval_of(part, whole) == {"low": low, "high": high, "n": whole}


def test_nobody_to_judge_by():
    assert interval_of(0, 0) == {"low": None, "high": None, "n": 0}


def test_who_bought_is_not_measured_without_a_sale(picture, seen, sold):
    events = [seen("ENTRY", 0, "a"), seen("ENTRY", 1, "b")]
    unsold = metrics(picture(events))
    assert (unsold["conversion_rate"], unsold["conversion_matched"]) == (0.0, 0.0)
    for rate in ("conversion_rate", "conversion_matched"):
        assert unsold["intervals"][rate] == {"low": None, "high": None, "n": 2}
    assert funnel(picture(events))["intervals"]["purchased"] == {"low": None, "high": None, "n": 2}
    assert funnel(picture(events))["intervals"]["zone_visit"]["high"] > 0.6
    measured = metrics(picture(events, [sold(5)]))
    assert measured["intervals"]["conversion_rate"]["high"] > 0.6
    returned = metrics(picture(events, [sold(5, kind="return")]))
    assert returned["intervals"]["conversion_rate"]["high"] is None


def test_more_than_everybody_is_everybody():
    assert interval_of(12, 10) == interval_of(10, 10)


@given(st.integers(0, 400), st.integers(1, 400))
def test_the_bounds_are_those_of_scipy_and_hold_the_share(part, whole):
    part = min(part, whole)
    low, high = wilson(part, whole)
    peer = binomtest(part, whole).proportion_ci(0.95, "wilson")
    assert (low, high) == pytest.approx((peer.low, peer.high), abs=1e-9)
    assert 0 <= low <= part / whole <= high <= 1
