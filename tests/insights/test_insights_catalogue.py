"""Every field of every answer is in the catalogue, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from floorwalker.insights.answers import (
    answer_dwell,
    answer_funnel,
    answer_heatmap,
    answer_metrics,
    answer_purchases,
    answer_traffic,
)
from floorwalker.insights.catalogue import ANSWERS, CATALOGUE, PARAMETERS, figures_of
from floorwalker.insights.catalogue_entry import SOURCES
from floorwalker.runs import Recording

OPEN_KEYS = ("zones", "intervals", "drop_off_pct", "figures", "sources", "revenue_other")  # keyed by names


def paths(value, place="", names_below=False):
    """Each leaf's path, names of zones and figures as *, places in lists as []."""
    if isinstance(value, dict) and value:
        return {
            found
            for key, inner in value.items()
            for found in paths(inner, f"{place}.{'*' if names_below else key}", key in OPEN_KEYS)
        }
    if isinstance(value, list):
        inside = {found for inner in value for found in paths(inner, f"{place}.[]")}
        return inside or {f"{place}.[]".removeprefix(".")}
    return {place.removeprefix(".")}


@pytest.fixture
def full(picture, seen, sold):
    """A store in which everything happens: sales with and without buyers, a queue, staff, a camera down."""
    events = [seen("ENTRY", 0, "s", staff=True), seen("EXIT", 7200, "s", staff=True)]
    for n in range(4):
        events += [
            seen("ENTRY", n, f"v{n}", group="g" if n < 2 else None),
            seen("ZONE_ENTER", 60 + n, f"v{n}", "SKIN"),
            seen("ZONE_EXIT", 100 + n, f"v{n}", "SKIN", dwell_ms=40_000),
            seen("ZONE_ENTER", 200 + n, f"v{n}", "BILLING"),
            seen("BILLING_QUEUE_JOIN", 200 + n, f"v{n}", "BILLING", depth=n),
            seen("ZONE_EXIT", 300 + n, f"v{n}", "BILLING", dwell_ms=100_000),
            seen("EXIT", 400 + n, f"v{n}"),
        ]
    shop = picture(events, [sold(301), sold(303, 2), sold(4000, 3), replace(sold(4001, 4), currency="USD")])
    ten_minutes = Recording("S", "C1", datetime(2026, 3, 3, 8, tzinfo=UTC), 600.0, "ab" * 32)
    return type(shop)(
        **{
            **{name: getattr(shop, name) for name in shop.__dataclass_fields__},
            "recordings": [ten_minutes],
            "now": shop.as_of + timedelta(hours=1),
        }
    )


def answers(shop):
    return {
        "metrics": answer_metrics(shop),
        "funnel": answer_funnel(shop),
        "heatmap": answer_heatmap(shop),
        "traffic": answer_traffic(shop),
        "dwell": answer_dwell(shop),
        "purchases": answer_purchases(shop),
    }


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_catalogue_is_the_answer(full, answer):
    found = paths(answers(full)[answer], names_below=answer == "heatmap")
    listed = {metric.path for metric in CATALOGUE if metric.answer == answer}
    assert found - listed == set(), "in the answer, not in the catalogue"
    assert listed - found == set(), "in the catalogue, not in the answer"


def test_an_entry_says_what_it_must():
    ids = [metric.id for metric in CATALOGUE]
    assert len(ids) == len(set(ids))
    for metric in CATALOGUE:
        assert metric.name, metric.id
        assert metric.formula, metric.id
        assert metric.range, metric.id
        assert metric.source, metric.id
        assert set(metric.source) <= set(SOURCES), metric.id
        assert set(metric.filters) <= set(PARAMETERS), metric.id
        assert not metric.formula.endswith("."), metric.id


def test_every_figure_of_a_camera_says_how_far_it_reaches(full):
    for answer, found in answers(full).items():
        if answer != "heatmap":
            listed = {metric.path for metric in figures_of(answer)}
            assert listed <= set(found["coverage"]["figures"]), answer


def test_the_empty_answer_has_the_same_fields(picture):
    empty = answer_metrics(picture([]))
    listed = {metric.path.split(".")[0] for metric in CATALOGUE if metric.answer == "metrics"}
    assert set(empty) == listed
