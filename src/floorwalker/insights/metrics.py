"""The figures of a store over a window; docs/metrics.md gives each one's formula."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from floorwalker.events import format_utc
from floorwalker.insights.picture import Picture
from floorwalker.insights.queue import queue_length
from floorwalker.insights.stays import Stay

_TILL_WINDOW_US = 5 * 60 * 1_000_000


def frame_of(picture: Picture) -> dict[str, Any]:
    """What every answer says of itself: the store, the window, `as_of`, the basis."""
    window = picture.window
    return {
        "store_id": picture.store.store_id,
        "as_of": format_utc(picture.as_of),
        "window": {
            "from": format_utc(window.from_utc),
            "to": format_utc(window.to_utc),
            "day": window.first_day.isoformat() if window.first_day == window.last_day else None,
            "timezone": picture.store.timezone,
        },
        "basis": picture.basis,
    }


def metrics(picture: Picture) -> dict[str, Any]:
    """The figures of a window, with their warnings."""
    unique = {visit.visitor_id for visit in picture.counted}
    converted = _within(picture, _converted(picture), unique)
    buyers = _within(picture, _buyers(picture), unique)
    joined = {key for key, at_us in picture.outcome.joined.items() if picture.holds(at_us)}
    stays = completed_stays(picture)
    sales = len(picture.window_sales)
    staff = {
        visit.visitor_id
        for visit in picture.visits
        if visit.is_staff and any(map(picture.holds, visit.seen_us))
    }
    flow = _flow(picture)
    return {
        **frame_of(picture),
        "unique_visitors": len(unique),
        "conversion_rate": _rate(len(converted), len(unique)),
        "conversion_matched": _rate(len(buyers), len(unique)),
        "transactions": sales,
        "transactions_per_visitor": round(sales / len(unique), 4) if unique else 0.0,
        "revenue": f"{sum(sale.amount_minor for sale in picture.window_sales) / 100:.2f}",
        "currency": picture.store.site.currency if picture.store.site else None,
        "avg_dwell_ms": mean_ms(stay for _, stay in stays),
        "queue_depth_current": queue_length(picture, picture.as_of_us),
        "queue_joins": len(joined),
        "queue_abandons": len(joined & picture.outcome.abandoned),
        "abandonment_rate": _rate(len(joined & picture.outcome.abandoned), len(joined)),
        "staff_excluded": len(staff),
        **flow,
        "zones": zone_dwell(picture, stays),
        "warnings": _warnings(picture, len(converted), len(unique)),
    }


def completed_stays(picture: Picture) -> list[tuple[str, Stay]]:
    """Customers' completed stays that ended in the window, with the visitor."""
    return [
        (visit.visitor_id, stay)
        for visit in picture.customers
        for stay in visit.stays
        if stay.dwell_ms is not None and picture.holds(stay.last_us)
    ]


def mean_ms(stays: Iterable[Stay]) -> int:
    """Mean dwell of completed stays in milliseconds; 0 where there is none."""
    dwells = [stay.dwell_ms for stay in stays if stay.dwell_ms is not None]
    return round(sum(dwells) / len(dwells)) if dwells else 0


def zone_dwell(picture: Picture, stays: list[tuple[str, Stay]]) -> dict[str, dict[str, Any]]:
    """Dwell by zone, zones nobody stayed in too."""
    by_zone: dict[str, list[Stay]] = {zone: [] for zone in sorted(picture.kinds)}
    for _, stay in stays:
        by_zone[stay.zone_id].append(stay)
    return {
        zone: {
            "kind": picture.kinds[zone].value,
            "avg_dwell_ms": mean_ms(mine),
            "completed_stays": len(mine),
        }
        for zone, mine in by_zone.items()
    }


def _converted(picture: Picture) -> set[str]:
    return {
        visitor_id
        for (_, visitor_id), sales_us in picture.outcome.near_sale.items()
        if any(map(picture.holds, sales_us))
    }


def _buyers(picture: Picture) -> set[str]:
    return {
        visitor_id for (_, visitor_id), at_us in picture.outcome.purchased.items() if picture.holds(at_us)
    }


def _within(picture: Picture, found: set[str], unique: set[str]) -> set[str]:
    """Those of the counted visitors, where a window cuts a day: who came in before it is not counted.

    Over whole days, and where door and zones never share a visitor, all of them: there the two can only be
    counted apart.
    """
    window = picture.window
    whole = (window.from_utc, window.to_utc) == (window.whole_from_utc, window.whole_to_utc)
    return found if whole or picture.basis == "unlinked" else found & unique


def _flow(picture: Picture) -> dict[str, int]:
    """Door counts of customers in the window, and how many are inside at `as_of`."""
    customers = picture.customers
    today = picture.window.zone
    as_of_day = picture.as_of.astimezone(today).date()
    inside = sum(
        sum(at_us <= picture.as_of_us for at_us in visit.inbound_us)
        - sum(at_us <= picture.as_of_us for at_us in visit.exits_us)
        for visit in customers
        if visit.day == as_of_day
    )
    return {
        "entries": sum(picture.holds(at_us) for visit in customers for at_us in visit.entries_us),
        "exits": sum(picture.holds(at_us) for visit in customers for at_us in visit.exits_us),
        "reentries": sum(picture.holds(at_us) for visit in customers for at_us in visit.reentries_us),
        "occupancy": max(0, inside),
    }


def _rate(part: int, whole: int) -> float:
    return round(min(1.0, part / whole), 4) if whole else 0.0


def _warnings(picture: Picture, converted: int, unique: int) -> list[dict[str, str]]:
    sales = len(picture.window_sales)
    found: list[tuple[str, str]] = []
    if converted > sales:
        found.append(
            (
                "CONVERSION_EXCEEDS_TRANSACTIONS",
                f"conversion_rate counts {converted} people near {sales} sales; "
                "conversion_matched gives each sale one buyer",
            )
        )
    if converted > unique:
        found.append(
            (
                "CONVERSION_CAPPED",
                f"{converted} people were at the till near a sale, but only {unique} visitors are counted; "
                "the rate is held at 1",
            )
        )
    if unique and not sales:
        found.append(("NO_TILL_DATA", "no sale lies in this window: conversion is 0 for want of till rows"))
    away = _sales_beyond_cameras(picture)
    if away:
        found.append(
            ("TILL_BEYOND_CAMERAS", f"{away} of {sales} sales fall outside the time the cameras saw")
        )
    if picture.basis == "sightings":
        found.append(("NO_DOOR_CAMERA", "no camera watches the door: everybody seen counts as a visitor"))
    if picture.basis == "unlinked":
        found.append(
            (
                "UNLINKED",
                "no visitor is seen both at the door and in a zone: visitors come from the door, "
                "zone and queue figures from the other cameras",
            )
        )
    if not picture.store.registered:
        found.append(
            (
                "NO_SITE_FILE",
                f"no site file describes this store: days are counted in {picture.store.timezone}",
            )
        )
    return [{"code": code, "message": message} for code, message in found]


def _sales_beyond_cameras(picture: Picture) -> int:
    seen = [at_us for visit in picture.visits for at_us in visit.seen_us if picture.holds(at_us)]
    if not seen:
        return 0
    first, last = min(seen), max(seen) + _TILL_WINDOW_US
    return sum(not first <= sale.time_us <= last for sale in picture.window_sales)
