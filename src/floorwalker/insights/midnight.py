"""Sales just after midnight: of which day's visits they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from floorwalker.insights.visits import LocalDay, Visit, build_visits
from floorwalker.insights.windows import Window, day_start
from floorwalker.resolutions import Attribute, Resolution
from floorwalker.sales.purchases import SALE_WINDOW_US
from floorwalker.warehouse import StoreInfo, StoreView, Transaction, Warehouse
from floorwalker.warehouse.reading import read_transactions, read_view
from floorwalker.warehouse.records import to_us


@dataclass(frozen=True, slots=True)
class DayAfter:
    """What of the day after a window decides whether its first sales are still of the window's visits.

    Attributes:
        sales: those of its first five minutes, no returns.
        visits: all of that day.
        billing: names of its billing zones.
        corrections: what people said of purchases there.
    """

    sales: tuple[Transaction, ...] = ()
    visits: Sequence[Visit] = ()
    billing: frozenset[str] = frozenset()
    corrections: Sequence[Resolution] = ()


def day_after_us(window: Window) -> tuple[int, int]:
    """Beginning and end of the local day after a window."""
    next_day = window.last_day + timedelta(days=1)
    return to_us(window.whole_to_utc), to_us(day_start(next_day + timedelta(days=1), window.zone))


def read_day_after(warehouse: Warehouse, store: StoreInfo, window: Window) -> StoreView | None:
    """The resolved view of the day after a window; None where nothing was sold in its first five minutes.

    Shops are closed at midnight, most of them: one query of no rows then is all.
    """
    begin_us, end_us = day_after_us(window)
    with warehouse.database.read() as connection:
        late = read_transactions(connection, store.store_id, begin_us, begin_us + SALE_WINDOW_US)
        if not any(sale.kind == "sale" for sale in late):
            return None
        return read_view(connection, store.store_id, begin_us, end_us)


def day_after(view: StoreView | None, window: Window, billing: frozenset[str]) -> DayAfter:
    """What the view of the day after a window tells.

    Args:
        view: as `read_day_after` gives it.
        window: the window itself.
        billing: names of that day's billing zones.
    """
    if view is None:
        return DayAfter()
    late_us = to_us(window.whole_to_utc) + SALE_WINDOW_US
    return DayAfter(
        tuple(sale for sale in view.transactions if sale.kind == "sale" and sale.time_us < late_us),
        build_visits(view.events, window),
        billing,
        view.corrections,
    )


def visit_days(
    sold: Iterable[Transaction],
    at_till_us: Iterable[tuple[date, int]],
    corrections: Iterable[Resolution],
    day_of: LocalDay,
) -> dict[str, date]:
    """The day whose visits may have made each sale, by transaction_id.

    It is the day of the sale, but where it lies in that day's first five minutes and no customer of the day
    had come to the till by then: then whoever made it came before midnight. A day alone and a window over
    both decide alike, and so each sale makes one conversion, in one day.

    Args:
        sold: the sales.
        at_till_us: of each customer's stay at a till the local day and the beginning; of these days all.
        corrections: what people said: a sale that they name is of the day of which they say it.
        day_of: the store's local day of a time.
    """
    first_us: dict[date, int] = {}
    for day, start_us in at_till_us:
        first_us[day] = min(start_us, first_us.get(day, start_us))
    named: Mapping[str, set[date]] = _named(corrections, day_of)
    found = {}
    for sale in sold:
        day, before = day_of(sale.time_us), day_of(sale.time_us - SALE_WINDOW_US)
        held = first_us.get(day, sale.time_us + 1) <= sale.time_us or day in named.get(
            sale.transaction_id, ()
        )
        found[sale.transaction_id] = day if held else before
    return found


def _named(corrections: Iterable[Resolution], day_of: LocalDay) -> dict[str, set[date]]:
    found: dict[str, set[date]] = {}
    for word in corrections:
        if word.attribute is Attribute.PURCHASED:
            found.setdefault(word.value, set()).add(day_of(to_us(word.decided_utc)))
    return found
