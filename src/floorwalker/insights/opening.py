"""When a shop is open, as stretches of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from floorwalker.insights.spans import Span, common, union
from floorwalker.insights.windows import Window
from floorwalker.site.model import WEEKDAYS
from floorwalker.warehouse import StoreInfo
from floorwalker.warehouse.records import to_us


def opening_spans(store: StoreInfo, window: Window) -> list[Span] | None:
    """The stretches of a window in which the shop is open by its site file; None where hours are unknown.

    Hours past midnight belong to the day before; a day of 23 or 25 hours is open as the clock on the wall
    says.
    """
    hours = store.site.opening_hours if store.site else {}
    if not hours:
        return None
    spans = []
    for day in [window.first_day - timedelta(days=1), *window.days]:
        mine = hours.get(WEEKDAYS[day.weekday()])
        if mine is None:
            continue
        closing_day = day + timedelta(days=mine.closes <= mine.opens)
        opens = datetime.combine(day, mine.opens, tzinfo=window.zone).astimezone(UTC)
        closes = datetime.combine(closing_day, mine.closes, tzinfo=window.zone).astimezone(UTC)
        spans.append((to_us(opens), to_us(closes)))
    return common(union(spans), [(to_us(window.from_utc), to_us(window.to_utc))])
