"""Money of a window, each currency by itself: no exchange rate is known here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from floorwalker.insights.picture import Picture
from floorwalker.warehouse import Transaction


def main_currency(picture: Picture) -> str | None:
    """The currency in which a picture's money is told.

    That of the site file where any sale of the days is in it, or none is known; else that of most sales.
    """
    site = picture.store.site.currency if picture.store.site else None
    found = Counter(sale.currency for sale in picture.sales)
    if not found or site in found:
        return site
    return min(found, key=lambda code: (-found[code], code))


def in_currency(sales: Iterable[Transaction], currency: str | None) -> list[Transaction]:
    """Those of one currency."""
    return [sale for sale in sales if sale.currency == currency]


def total(sales: Iterable[Transaction]) -> str:
    """What sales of one currency add up to, exactly, as text with two decimals."""
    return f"{Decimal(sum(sale.amount_minor for sale in sales)).scaleb(-2):.2f}"


def revenue(picture: Picture) -> dict[str, Any]:
    """`revenue` in the main `currency`, and what was sold in others by their codes."""
    main = main_currency(picture)
    others = sorted({sale.currency for sale in picture.window_sales} - {main})
    return {
        "revenue": total(in_currency(picture.window_sales, main)),
        "currency": main,
        "revenue_other": {code: total(in_currency(picture.window_sales, code)) for code in others},
    }
