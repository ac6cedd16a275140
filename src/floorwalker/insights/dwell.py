"""How long people stay: the whole distribution, not its mean alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from floorwalker.insights.frame import frame_of
from floorwalker.insights.metrics import completed_stays
from floorwalker.insights.occupancy import presence
from floorwalker.insights.picture import Picture

# Upper bounds in seconds; a stay of exactly a bound belongs above it.
BOUNDS_S = (0, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600)
QUANTILES = {"p10_ms": 0.1, "p25_ms": 0.25, "p50_ms": 0.5, "p75_ms": 0.75, "p90_ms": 0.9, "p95_ms": 0.95}


def dwell(picture: Picture) -> dict[str, Any]:
    """Customers' completed stays that ended in the window: mean, quantiles and histogram, all zones and by
    zone; and likewise the time in the shop of visits that were seen coming in and going out."""
    stays = completed_stays(picture)
    by_zone: dict[str, list[int]] = {zone: [] for zone in sorted(picture.kinds)}
    for _, stay in stays:
        by_zone[stay.zone_id].append(stay.dwell_ms or 0)
    return {
        **frame_of(picture),
        "stays": distribution([stay.dwell_ms or 0 for _, stay in stays]),
        "zones": {
            zone: {"kind": picture.kinds[zone].value, **distribution(mine)} for zone, mine in by_zone.items()
        },
        "in_shop": distribution(_in_shop_ms(picture)),
    }


def distribution(lengths_ms: Sequence[int]) -> dict[str, Any]:
    """Lengths of time as n, mean, quantiles and histogram.

    Args:
        lengths_ms: in milliseconds, at least 0, in any order.

    Returns:
        Mean and quantiles None where there is none; quantiles are interpolated between neighbours; the
        histogram's last bar has no upper bound.
    """
    values = np.sort(np.asarray(lengths_ms, dtype=np.int64))
    some = len(values) > 0
    found: dict[str, Any] = {"n": len(values), "mean_ms": round(float(values.mean())) if some else None}
    for name, share in QUANTILES.items():
        found[name] = round(float(np.quantile(values, share))) if some else None
    found["max_ms"] = int(values[-1]) if some else None
    places = np.searchsorted(values, [bound * 1000 for bound in BOUNDS_S], side="left")
    counts = [int(b - a) for a, b in pairwise([*places, len(values)])]
    found["histogram"] = [
        {"from_s": low, "to_s": high, "count": count}
        for low, high, count in zip(BOUNDS_S, (*BOUNDS_S[1:], None), counts, strict=True)
    ]
    return found


def _in_shop_ms(picture: Picture) -> list[int]:
    """Time inside of the visits that ended with an EXIT in the window and began with a way in."""
    return [
        sum(end_us - start_us for start_us, end_us in presence(visit)) // 1000
        for visit in picture.customers
        if visit.exits_us
        and visit.inbound_us
        and visit.inbound_us[0] == visit.first_us
        and visit.exits_us[-1] == visit.last_us
        and picture.holds(visit.last_us)
    ]
