"""When a shop is open, as stretches of time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from floorwalker.insights.spans import Span, common, union
from floorwalker.insights.windows import Window
from floorwalker.site.model import WEEKDAYS
from floorwalker.warehouse import StoreInfo
from floorwalker.warehouse.records import to_us


def opening_of(store: StoreInfo, day: date) -> tuple[datetime, datetime] | None:
    """When a shop opens on a local day and closes again, in UTC; None where it does not, by its site file.

    Hours past midnight end on the day after.
    """
    mine = store.site.opening_hours.get(WEEKDAYS[day.weekday()]) if store.site else None
    if mine is None:
        return None
    closing_day = day + timedelta(days=mine.closes <= mine.opens)
    opens = datetime.combine(day, mine.opens, tzinfo=store.zone_info)
    closes = datetime.combine(closing_day, mine.closes, tzinfo=store.zone_info)
    return opens.astimezone(UTC), closes.astimezone(UTC)


def opening_spans(store: StoreInfo, window: Window) -> list[Span] | None:
    """The stretches of a window in which the shop is open by its site file; None where hours are unknown.

    Hours past midnight belong to the day before; a day of 23 or 25 hours is open as the clock on the wall
    says.
    """
    if not (store.site and store.site.opening_hours):
        return None
    spans = []
    for day in [window.first_day - timedelta(days=1), *window.days]:
        mine = opening_of(store, day)
        if mine:
            spans.append((to_us(mine[0]), to_us(mine[1])))
    return common(union(spans), [(to_us(window.from_utc), to_us(window.to_utc))])
