"""The facts of one store's day, computed by the same functions that answer over HTTP."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from floorwalker.insights.funnel import STEPS, funnel
from floorwalker.insights.heatmap import heatmap
from floorwalker.insights.metrics import completed_stays, metrics
from floorwalker.insights.picture import Picture
from floorwalker.insights.queue import queue_curve
from floorwalker.insights.visits import Visit
from floorwalker.mart.quarter_hours import money, quarter_hours, wall_clock
from floorwalker.mart.tables import DAYS, HOURS, SALES, STAYS, VISITS, ZONE_DAYS
from floorwalker.site import ZoneKind
from floorwalker.warehouse import Transaction
from floorwalker.warehouse.records import from_us

Row = tuple[Any, ...]
Rows = dict[str, list[Row]]
_IN_SHOP = (ZoneKind.PRODUCT, ZoneKind.BILLING)


def day_facts(picture: Picture, *, is_final: bool) -> Rows:
    """All rows of one local day.

    Args:
        picture: the store over that day.
        is_final: whether the day was over.

    Returns:
        Rows by table, values in the order of the table's columns.
    """
    bought = _buyers(picture)
    counted = {visit.visitor_id for visit in picture.counted}
    lead = (picture.store.store_id, picture.window.first_day)
    return {
        DAYS.name: [lead + _day(picture, is_final=is_final)],
        ZONE_DAYS.name: [lead + row for row in _zones(picture)],
        HOURS.name: [lead + row for row in quarter_hours(picture)],
        VISITS.name: [lead + _visit(picture, visit, counted, bought) for visit in picture.visits],
        STAYS.name: [lead + row for visit in picture.visits for row in _stays(picture, visit)],
        SALES.name: [lead + row for row in _sales(picture, bought)],
    }


def _day(picture: Picture, *, is_final: bool) -> Row:
    figures, steps = metrics(picture), funnel(picture)
    stays = completed_stays(picture)
    returns = [sale for sale in picture.sales if sale.kind == "return" and picture.holds(sale.time_us)]
    outcome = picture.outcome
    values = {
        "store_name": picture.store.name,
        "timezone": picture.store.timezone,
        "from_utc": picture.window.from_utc,
        "to_utc": picture.window.to_utc,
        "as_of_utc": picture.as_of,
        "is_final": is_final,
        "converted_visitors": len({visitor for _, visitor in outcome.near_sale}),
        "matched_visitors": len({visitor for _, visitor in outcome.purchased}),
        "returns": len(returns),
        "returned": money(sum(sale.amount_minor for sale in returns)),
        "completed_stays": len(stays),
        "dwell_ms": sum(stay.dwell_ms or 0 for _, stay in stays),
        "queue_max": max((length for _, length in queue_curve(picture)), default=0),
        **{f"funnel_{step}": steps[step] for step in STEPS},
        "warnings": ",".join(warning["code"] for warning in figures["warnings"]),
        "revenue": Decimal(figures["revenue"]),
    }
    return tuple(values[name] if name in values else figures[name] for name in DAYS.names[2:])


def _zones(picture: Picture) -> Iterable[Row]:
    sku_zones = (
        {zone.id: zone.sku_zone for camera in picture.store.site.cameras for zone in camera.zones}
        if picture.store.site
        else {}
    )
    dwell: dict[str, list[int]] = {}
    for _, stay in completed_stays(picture):
        dwell.setdefault(stay.zone_id, []).append(stay.dwell_ms or 0)
    for zone_id, figures in heatmap(picture).items():
        mine = dwell.get(zone_id, [])
        yield (
            zone_id,
            figures["kind"],
            sku_zones.get(zone_id),
            figures["frequency"],
            len(mine),
            sum(mine),
            figures["avg_dwell_ms"],
            figures["normalized"],
            figures["data_confidence"],
        )


def _buyers(picture: Picture) -> dict[str, Transaction]:
    """The first sale assigned to each visitor."""
    by_time: dict[int, list[Transaction]] = {}
    for sale in picture.window_sales:
        by_time.setdefault(sale.time_us, []).append(sale)
    found: dict[str, Transaction] = {}
    for (_, visitor_id), at_us in sorted(picture.outcome.purchased.items(), key=lambda item: item[0][1]):
        if sales := by_time.get(at_us):
            found[visitor_id] = sales.pop(0)
    return found


def _visit(picture: Picture, visit: Visit, counted: set[str], bought: dict[str, Transaction]) -> Row:
    key = (visit.day, visit.visitor_id)
    outcome = picture.outcome
    kinds = {picture.kinds[stay.zone_id] for stay in visit.stays}
    dwells = [stay.dwell_ms for stay in visit.stays if stay.dwell_ms is not None]
    purchased_us = outcome.purchased.get(key)
    sale = bought.get(visit.visitor_id)
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
        sale.transaction_id if sale else None,
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


def _sales(picture: Picture, bought: dict[str, Transaction]) -> Iterable[Row]:
    buyer = {sale.transaction_id: visitor_id for visitor_id, sale in bought.items()}
    for sale in picture.sales:
        yield (
            sale.transaction_id,
            from_us(sale.time_us),
            wall_clock(picture, sale.time_us),
            money(sale.amount_minor),
            sale.currency,
            sale.kind,
            ",".join(sale.salespeople),
            buyer.get(sale.transaction_id),
        )
