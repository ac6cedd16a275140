"""When customers left the till: what the tills' clock is compared with."""

from __future__ import annotations

from datetime import date

from floorwalker.insights.picture import Picture, take_picture
from floorwalker.insights.windows import window_of_day
from floorwalker.sales.clock_offset import TillDay
from floorwalker.warehouse import StoreInfo, Warehouse
from floorwalker.warehouse.clock_offsets import offset_us_at

_SAME_STAY_US = 60 * 1_000_000


def till_day(warehouse: Warehouse, store: StoreInfo, day: date) -> TillDay:
    """One local day's sales as the till's clock says, and customers leaving the till.

    Args:
        warehouse: where the events and sales are.
        store: whose.
        day: the local day.
    """
    with warehouse.database.read() as connection:
        shift_us = offset_us_at(connection, store.store_id)
    picture = take_picture(warehouse, store, window_of_day(day, store.zone_info))
    return TillDay(
        [(sale.time_us + shift_us) / 1e6 for sale in picture.window_sales],
        [left_us / 1e6 for left_us in leaving_us(picture)],
    )


def leaving_us(picture: Picture) -> list[int]:
    """Times at which customers left the till for good, sorted; a step out of at most a minute is none."""
    left: list[int] = []
    for visit in picture.customers:
        stays = [stay for stay in visit.stays if stay.zone_id in picture.billing]
        for place, stay in enumerate(stays):
            back = stays[place + 1].start_us if place + 1 < len(stays) else None
            if stay.left and (back is None or back - stay.last_us > _SAME_STAY_US):
                left.append(stay.last_us)
    return sorted(left)
