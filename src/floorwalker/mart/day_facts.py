"""The facts of one store's day, computed by the same functions that answer over HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from floorwalker.events import parse_utc
from floorwalker.insights.answers import answer_funnel, answer_heatmap, answer_metrics
from floorwalker.insights.buying import purchases
from floorwalker.insights.funnel import STEPS
from floorwalker.insights.metrics import Counts, completed_stays
from floorwalker.insights.picture import Picture
from floorwalker.insights.queue import queue_curve
from floorwalker.insights.revenue import in_currency, total
from floorwalker.insights.visits import Visit
from floorwalker.insights.waits import ToldWait
from floorwalker.mart.quarter_hours import money, quarter_hours, wall_clock
from floorwalker.mart.tables import DAYS, HOURS, SALES, STAYS, VISITS, ZONE_DAYS
from floorwalker.site import ZoneKind
from floorwalker.warehouse.records import from_us

Row = tuple[Any, ...]
Rows = dict[str, list[Row]]
_IN_SHOP = (ZoneKind.PRODUCT, ZoneKind.BILLING)


def day_facts(picture: Picture, told_waits: Mapping[str, ToldWait], *, is_final: bool) -> Rows:
    """All rows of one local day.

    Args:
        picture: the store over that day.
        told_waits: what events say of waiting at the till, by event id.
        is_final: whether the day was over.

    Returns:
        Rows by table, values in the order of the table's columns.
    """
    matches = {match["transaction_id"]: match for match in purchases(picture)["matches"]}
    first_sale: dict[str, str] = {}
    for transaction_id, match in matches.items():
        first_sale.setdefault(match["visitor_id"], transaction_id)
    counted = Counts(picture).unique
    lead = (picture.store.store_id, picture.window.first_day)
    return {
        DAYS.name: [lead + _day(picture, answer_metrics(picture, told_waits), is_final=is_final)],
        ZONE_DAYS.name: [lead + row for row in _zones(picture)],
        HOURS.name: [lead + row for row in quarter_hours(picture)],
        VISITS.name: [lead + _visit(picture, visit, counted, first_sale) for visit in picture.visits],
        STAYS.name: [lead + row for visit in picture.visits for row in _stays(picture, visit)],
        SALES.name: [lead + row for row in _sales(picture, matches)],
    }


def _day(picture: Picture, figures: Mapping[str, Any], *, is_final: bool) -> Row:
    steps = answer_funnel(picture)
    returns = [sale for sale in picture.sales if sale.kind == "return" and picture.holds(sale.time_us)]
    stays = completed_stays(picture)
    peak = figures["peak_hour"] or {}
    near_sale = min(len(Counts(picture).near_sale), figures["unique_visitors"] or 0)
    coverage = figures["coverage"]
    values = {
        "store_name": picture.store.name,
        "timezone": picture.store.timezone,
        "from_utc": picture.window.from_utc,
        "to_utc": picture.window.to_utc,
        "as_of_utc": picture.as_of,
        "is_final": is_final,
        "coverage_status": coverage["status"],
        "coverage_share": coverage["share"],
        "door_status": coverage["figures"]["entries"]["status"],
        "peak_from_utc": parse_utc(peak["from"]) if peak else None,
        "peak_ways_in": peak.get("ways_in"),
        "converted_visitors": None if figures["conversion_rate"] is None else near_sale,
        "returns": len(returns),
        "returned": Decimal(total(in_currency(returns, figures["currency"]))),
        "revenue": Decimal(figures["revenue"]),
        "dwell_ms": None
        if figures["completed_stays"] is None
        else sum(stay.dwell_ms or 0 for _, stay in stays),
        "queue_max": None
        if figures["queue_joins"] is None
        else max((length for _, length in queue_curve(picture)), default=0),
        "served": figures["queue_wait"]["n"],
        "queue_wait_mean_ms": figures["queue_wait"]["mean_ms"],
        "queue_service_mean_ms": figures["queue_service"]["mean_ms"],
        "warnings": ",".join(warning["code"] for warning in figures["warnings"]),
        **{f"funnel_{step}": steps[step] for step in STEPS},
    }
    for rate, interval in figures["intervals"].items():
        values |= {f"{rate}_low": interval["low"], f"{rate}_high": interval["high"]}
    return tuple(values[name] if name in values else figures[name] for name in DAYS.names[2:])


def _zones(picture: Picture) -> Iterable[Row]:
    sku_zones = (
        {zone.id: zone.sku_zone for camera in picture.store.site.cameras for zone in camera.zones}
        if picture.store.site
        else {}
    )
    dwell: dict[str, int] = {}
    for _, stay in completed_stays(picture):
        dwell[stay.zone_id] = dwell.get(stay.zone_id, 0) + (stay.dwell_ms or 0)
    for zone_id, figures in answer_heatmap(picture).items():
        yield (
            zone_id,
            figures["kind"],
            sku_zones.get(zone_id),
            figures["frequency"],
            figures["completed_stays"],
            None if figures["completed_stays"] is None else dwell.get(zone_id, 0),
            figures["avg_dwell_ms"],
            figures["normalized"],
            figures["data_confidence"],
            figures["status"],
            figures["share"],
        )


def _visit(picture: Picture, visit: Visit, counted: set[str], first_sale: Mapping[str, str]) -> Row:
    key = (visit.day, visit.visitor_id)
    outcome = picture.outcome
    kinds = {picture.kinds[stay.zone_id] for stay in visit.stays}
    dwells = [stay.dwell_ms for stay in visit.stays if stay.dwell_ms is not None]
    purchased_us = outcome.purchased.get(key)
    at_till = not visit.is_staff and (ZoneKind.BILLING in kinds or purchased_us is not None)
    return (
        visit.visitor_id,
        visit.is_staff,
        visit.visitor_id in counted,
        from_us(visit.first_us),
        wall_clock(picture, visit.first_us),
        from_us(visit.last_us),
        from_us(visit.inbound_us[0]) if visit.inbound_us else None,
        from_us(visit.exits_us[-1]) if visit.exits_us else None,
        len(visit.entries_us),
        len(visit.reentries_us),
        len(visit.exits_us),
        min(visit.groups, default=None),
        outcome.parties.get(visit.visitor_id),
        len({stay.zone_id for stay in visit.stays}),
        len(dwells),
        sum(dwells),
        at_till or (not visit.is_staff and not kinds.isdisjoint(_IN_SHOP)),
        at_till,
        key in outcome.joined,
        key in outcome.abandoned,
        key in outcome.near_sale,
        purchased_us is not None,
        None if purchased_us is None else from_us(purchased_us),
        first_sale.get(visit.visitor_id),
    )


def _stays(picture: Picture, visit: Visit) -> Iterable[Row]:
    for stay in visit.stays:
        yield (
            visit.visitor_id,
            visit.is_staff,
            stay.zone_id,
            picture.kinds[stay.zone_id].value,
            from_us(stay.start_us),
            wall_clock(picture, stay.start_us),
            from_us(stay.last_us),
            stay.left,
            stay.dwell_ms,
        )


def _sales(picture: Picture, matches: Mapping[str, Mapping[str, Any]]) -> Iterable[Row]:
    for sale in picture.sales:
        match = matches.get(sale.transaction_id, {})
        yield (
            sale.transaction_id,
            from_us(sale.time_us),
            wall_clock(picture, sale.time_us),
            money(sale.amount_minor),
            sale.currency,
            sale.kind,
            ",".join(sale.salespeople),
            match.get("visitor_id"),
            match.get("gap_s"),
            match.get("margin_s"),
        )
