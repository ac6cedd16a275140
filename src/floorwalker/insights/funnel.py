"""The funnel: of those who came, who reached which step."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from floorwalker.insights.frame import frame_of
from floorwalker.insights.intervals import interval_of
from floorwalker.insights.picture import Picture
from floorwalker.site import ZoneKind

STEPS = ("entry", "zone_visit", "billing_queue", "purchased")


def funnel(picture: Picture) -> dict[str, Any]:
    """Visits by the furthest step they reached; each step is part of the one before it.

    Where door and zones never share a visitor (basis `unlinked`) the steps are counted apart and each is
    held at the one before it. `intervals` are those of each step's share of all visits.
    """
    counts = _unlinked(picture) if picture.basis == "unlinked" else _linked(picture)
    drop = {"entry": 0.0}
    for before, step in pairwise(STEPS):
        lost = counts[before] - counts[step]
        drop[step] = round(100 * lost / counts[before], 1) if counts[before] else 0.0
    reached = {
        step: interval_of(counts[step], counts["entry"], known=step != "purchased" or picture.till_known)
        for step in STEPS[1:]
    }
    return {**frame_of(picture), **counts, "drop_off_pct": drop, "intervals": reached}


def _steps(picture: Picture) -> tuple[set[Any], set[Any], set[Any]]:
    """Who was in a product or billing zone, at the till, and bought, in the window."""
    zones, till = set(), set()
    bought = {key for key, at_us in picture.outcome.purchased.items() if picture.holds(at_us)}
    for visit in picture.customers:
        key = (visit.day, visit.visitor_id)
        for stay in visit.stays:
            if stay.start_us >= picture.to_us or stay.last_us < picture.from_us:
                continue
            kind = picture.kinds[stay.zone_id]
            if kind in (ZoneKind.PRODUCT, ZoneKind.BILLING):
                zones.add(key)
            if kind is ZoneKind.BILLING:
                till.add(key)
    return zones, till | bought, bought


def _linked(picture: Picture) -> dict[str, int]:
    entry = {(visit.day, visit.visitor_id) for visit in picture.counted}
    zones, till, bought = _steps(picture)
    return dict(
        zip(
            STEPS,
            (len(entry), len(entry & (zones | till)), len(entry & till), len(entry & bought)),
            strict=True,
        )
    )


def _unlinked(picture: Picture) -> dict[str, int]:
    zones, till, bought = _steps(picture)
    counts = [len(picture.counted)]
    for step in (zones | till, till, bought):
        counts.append(min(counts[-1], len(step)))
    return dict(zip(STEPS, counts, strict=True))
