"""The heatmap: how much each zone is visited."""

from __future__ import annotations

from typing import Any

from floorwalker.events import format_utc
from floorwalker.insights.metrics import completed_stays, mean_ms
from floorwalker.insights.picture import Picture
from floorwalker.insights.stays import Stay

ENOUGH_VISITS = 20


def heatmap(picture: Picture) -> dict[str, dict[str, Any]]:
    """By zone: visits with a stay, mean dwell, 0 to 100 against the most visited zone, and confidence."""
    visits: dict[str, set[object]] = {zone: set() for zone in sorted(picture.kinds)}
    for visit in picture.customers:
        for stay in visit.stays:
            if stay.start_us < picture.to_us and stay.last_us >= picture.from_us:
                visits[stay.zone_id].add((visit.day, visit.visitor_id))
    completed: dict[str, list[Stay]] = {}
    for _, stay in completed_stays(picture):
        completed.setdefault(stay.zone_id, []).append(stay)
    top = max((len(people) for people in visits.values()), default=0)
    return {
        zone: {
            "frequency": len(people),
            "avg_dwell_ms": mean_ms(completed.get(zone, ())),
            "normalized": round(100 * len(people) / top, 1) if top else 0.0,
            "data_confidence": "high" if len(people) >= ENOUGH_VISITS else "low",
            "kind": picture.kinds[zone].value,
            "completed_stays": len(completed.get(zone, ())),
            "as_of": format_utc(picture.as_of),
        }
        for zone, people in visits.items()
    }
