"""The figures of a store over a window; docs/metrics.md gives each one's formula."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta
from functools import cached_property
from typing import Any

from floorwalker.events import format_utc
from floorwalker.insights.frame import frame_of
from floorwalker.insights.intervals import interval_of
from floorwalker.insights.occupancy import inside_at, occupancy_curve, unseen_for_an_hour
from floorwalker.insights.parties import buyers
from floorwalker.insights.picture import Picture
from floorwalker.insights.queue import queue_length
from floorwalker.insights.revenue import revenue
from floorwalker.insights.staffing import staffing
from floorwalker.insights.stays import Stay
from floorwalker.insights.waits import ToldWait, waits_of
from floorwalker.insights.warning_texts import warnings_of
from floorwalker.insights.windows import day_start
from floorwalker.warehouse.records import from_us, to_us


@dataclass(frozen=True)
class Counts:
    """Who came, queued and bought in a window: what the rates are made of."""

    picture: Picture

    @cached_property
    def unique(self) -> set[str]:
        """Distinct visitors who count."""
        return {visit.visitor_id for visit in self.picture.counted}

    @cached_property
    def near_sale(self) -> set[str]:
        """Those who stood at the till within 5 minutes before a sale of the window."""
        near = self.picture.outcome.near_sale.items()
        return self._within({name for (_, name), sales_us in near if any(map(self.picture.holds, sales_us))})

    @cached_property
    def buyers(self) -> set[str]:
        """Parties and people alone to whom a sale of the window was assigned."""
        bought = self.picture.outcome.purchased.items()
        names = {name for (_, name), at_us in bought if self.picture.holds(at_us)}
        return buyers(self._within(names), self.picture.outcome.parties)

    @cached_property
    def can_buy(self) -> set[str]:
        """Parties and people alone among the visitors who count."""
        return buyers(self.unique, self.picture.outcome.parties)

    @cached_property
    def joined(self) -> set[Any]:
        """Visits that joined a queue in the window."""
        return {key for key, at_us in self.picture.outcome.joined.items() if self.picture.holds(at_us)}

    @cached_property
    def abandoned(self) -> set[Any]:
        """Those of them who gave up."""
        return self.joined & self.picture.outcome.abandoned

    def _within(self, found: set[str]) -> set[str]:
        """Those of the counted visitors, where a window cuts a day: who came in before it is not counted.

        Over whole days, and where door and zones never share a visitor, all of them: there the two can
        only be counted apart.
        """
        window = self.picture.window
        whole = (window.from_utc, window.to_utc) == (window.whole_from_utc, window.whole_to_utc)
        return found if whole or self.picture.basis == "unlinked" else found & self.unique


def metrics(picture: Picture, told_waits: Mapping[str, ToldWait] | None = None) -> dict[str, Any]:
    """The figures of a window, with their intervals and warnings.

    Args:
        picture: the store.
        told_waits: what events say of waiting at the till, by event id.
    """
    counts = Counts(picture)
    unique, sales = len(counts.unique), len(picture.window_sales)
    stays = completed_stays(picture)
    flow = _flow(picture)
    ways_in = flow["entries"] + flow["reentries"]
    staff = staffing(picture, ways_in)
    wait, service = waits_of(picture, told_waits or {}).answer()
    rates = {
        "conversion_rate": (len(counts.near_sale), unique),
        "conversion_matched": (len(counts.buyers), len(counts.can_buy)),
        "abandonment_rate": (len(counts.abandoned), len(counts.joined)),
    }
    return {
        **frame_of(picture),
        "unique_visitors": unique,
        "visits": len(picture.counted),
        **flow,
        **_inside(picture),
        "groups": len({(visit.day, group) for visit in picture.counted for group in visit.groups}),
        "parties": len(counts.can_buy),
        "peak_hour": _peak_hour(picture),
        **{name: _rate(part, whole) for name, (part, whole) in rates.items()},
        "intervals": {
            name: interval_of(part, whole, known=name == "abandonment_rate" or picture.till_known)
            for name, (part, whole) in rates.items()
        },
        "matched_buyers": len(counts.buyers),
        "transactions": sales,
        "transactions_per_visitor": round(sales / unique, 4) if unique else 0.0,
        **revenue(picture),
        "till_offset_s": picture.till_offset_s,
        "avg_dwell_ms": mean_ms(stay for _, stay in stays),
        "completed_stays": len(stays),
        "zones": zone_dwell(picture, stays),
        "queue_depth_current": queue_length(picture, picture.as_of_us),
        "queue_joins": len(counts.joined),
        "queue_abandons": len(counts.abandoned),
        "queue_wait": wait,
        "queue_service": service,
        "staff_excluded": staff.people,
        "staff_hours": staff.person_hours,
        "staffed_hours": staff.staffed_hours,
        "traffic_per_staff_hour": staff.traffic_per_hour,
        "warnings": warnings_of(picture, len(counts.near_sale), unique),
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


def _flow(picture: Picture) -> dict[str, int]:
    """Door counts of customers in the window."""
    customers = picture.customers
    return {
        "entries": sum(picture.holds(at_us) for visit in customers for at_us in visit.entries_us),
        "exits": sum(picture.holds(at_us) for visit in customers for at_us in visit.exits_us),
        "reentries": sum(picture.holds(at_us) for visit in customers for at_us in visit.reentries_us),
    }


def _inside(picture: Picture) -> dict[str, int]:
    """How many are inside at `as_of`, and of how many of them nothing was seen for an hour."""
    day = picture.as_of.astimezone(picture.window.zone).date()
    today = [visit for visit in picture.customers if visit.day == day]
    since_us = to_us(day_start(day, picture.window.zone))
    inside = inside_at(occupancy_curve(today), picture.as_of_us, since_us)
    unseen = unseen_for_an_hour(today, picture.as_of_us, day)
    return {"occupancy": inside, "occupancy_unseen": min(inside, unseen)}


def _peak_hour(picture: Picture) -> dict[str, Any] | None:
    """The hour of the store's clock in which most ways in lie, the earliest of equals."""
    hours: dict[int, int] = {}
    quarters: dict[int, int] = {}
    for visit in picture.customers:
        for at_us in visit.inbound_us:
            if picture.holds(at_us):
                quarter = at_us // 900_000_000
                hour = quarters.get(quarter)
                if hour is None:
                    local = from_us(at_us).astimezone(picture.window.zone)
                    hour = to_us(local.replace(minute=0, second=0, microsecond=0).astimezone(UTC))
                    quarters[quarter] = hour
                hours[hour] = hours.get(hour, 0) + 1
    if not hours:
        return None
    best = min(hours, key=lambda hour: (-hours[hour], hour))
    begin = from_us(best)
    return {
        "from": format_utc(begin),
        "to": format_utc(begin + timedelta(hours=1)),
        "ways_in": hours[best],
        "n": sum(hours.values()),
    }


def _rate(part: int, whole: int) -> float:
    return round(min(1.0, part / whole), 4) if whole else 0.0
