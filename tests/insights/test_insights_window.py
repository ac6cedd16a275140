"""Figures of windows that cut a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from floorwalker.insights.metrics import metrics
from floorwalker.insights.windows import window_between


def shopper(seen, visitor, at_s):
    return [
        seen("ENTRY", at_s, visitor),
        seen("ZONE_ENTER", at_s + 600, visitor, "BILLING"),
        seen("ZONE_EXIT", at_s + 700, visitor, "BILLING", dwell_ms=100_000),
    ]


def part(picture, from_s, to_s, **more):
    begin = picture.window.from_utc + timedelta(hours=8)
    window = window_between(
        begin + timedelta(seconds=from_s), begin + timedelta(seconds=to_s), picture.window.zone
    )
    return replace(picture, window=window, **more)


@pytest.mark.parametrize("basis", ["door", "unlinked"])
def test_in_an_hour_only_its_own_visitors_convert(picture, seen, sold, basis):
    # Two came in before the window and bought in it; of the two who came in it, one bought.
    events = [*shopper(seen, "a", 0), *shopper(seen, "b", 10), *shopper(seen, "c", 500)]
    events.append(seen("ENTRY", 520, "d"))
    day = picture(events, [sold(690, 1), sold(700, 2), sold(1190, 3)])
    hour = metrics(part(day, 400, 4000, basis=basis))
    expected = 0.5 if basis == "door" else 1.0
    assert (hour["unique_visitors"], hour["conversion_rate"]) == (2, expected)
    assert hour["conversion_matched"] == expected
    whole = metrics(day)
    assert (whole["conversion_rate"], whole["conversion_matched"]) == (0.75, 0.75)
