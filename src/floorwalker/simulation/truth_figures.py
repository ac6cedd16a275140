"""The morning's true figures, the ones a pipeline's report is held against."""

from __future__ import annotations

from typing import Any

from floorwalker.events import Event, EventType
from floorwalker.simulation.layout import BILLING_ZONE, STORE_ID, ZONES
from floorwalker.simulation.morning import Morning
from floorwalker.simulation.truth_events import Happenings

CONVERSION_WINDOW_S = 300.0


def true_figures(morning: Morning, happenings: Happenings, events: list[Event]) -> dict[str, Any]:
    """True figures of the whole morning; staff is left out wherever customers are counted.

    Args:
        morning: who and what.
        happenings: crossings and stays.
        events: the true events.

    Returns:
        JSON values, documented in docs/simulation.md.
    """
    counts = {
        kind: sum(event.event_type is kind and not event.is_staff for event in events) for kind in EventType
    }
    visitors = {e.visitor_id for e in events if e.event_type is EventType.ENTRY and not e.is_staff}
    converted = _converted(morning, happenings)
    buyers = {sale.buyer for sale in morning.sales}
    zones = _zone_figures(happenings)
    inside = {person.person_id for person in morning.people if happenings.crossings[person.person_id]}
    return {
        "store_id": STORE_ID,
        "unique_visitors": len(visitors),
        "entries": counts[EventType.ENTRY],
        "exits": counts[EventType.EXIT],
        "reentries": counts[EventType.REENTRY],
        "conversion_rate": round(len(converted) / len(visitors), 6) if visitors else 0.0,
        "converted_visitors": len(converted),
        "purchasers": len(buyers),
        "transactions": len(morning.sales),
        "revenue_inr": round(sum(sale.basket_inr for sale in morning.sales), 2),
        "avg_dwell_ms": {name: mean for name, (_, mean) in zones.items() if mean is not None},
        "zone_stays": {name: stays for name, (stays, _) in zones.items()},
        "queue_joins": counts[EventType.BILLING_QUEUE_JOIN],
        "queue_abandons": counts[EventType.BILLING_QUEUE_ABANDON],
        "staff_count": sum(person.is_staff for person in morning.people),
        "staff_entries": sum(e.event_type is EventType.ENTRY and e.is_staff for e in events),
        "groups": len({p.group_id for p in morning.people if p.group_id and p.person_id in inside}),
        "interactions": len(morning.interactions),
        "passers_by": sum(person.passer_by for person in morning.people),
    }


def _converted(morning: Morning, happenings: Happenings) -> set[str]:
    """Visitors in a billing zone within the 5 minutes before a transaction."""
    return {
        stay.person.visitor_id
        for stay in happenings.stays
        if stay.zone is BILLING_ZONE
        and not stay.person.is_staff
        and any(
            stay.start_s <= sale.time_s and stay.end_s >= sale.time_s - CONVERSION_WINDOW_S
            for sale in morning.sales
        )
    }


def _zone_figures(happenings: Happenings) -> dict[str, tuple[int, int | None]]:
    """Completed customers' stays and their mean length in milliseconds, by zone."""
    figures: dict[str, tuple[int, int | None]] = {}
    for zone in ZONES:
        lengths = [
            stay.end_s - stay.start_s
            for stay in happenings.stays
            if stay.zone is zone and not stay.person.is_staff and not stay.open_end
        ]
        mean = round(1000 * sum(lengths) / len(lengths)) if lengths else None
        figures[zone.zone_id] = len(lengths), mean
    return figures
