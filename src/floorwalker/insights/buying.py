"""Which sale fell to whom, and how sure that is."""

from __future__ import annotations

from typing import Any

from floorwalker.events import format_utc
from floorwalker.insights.frame import frame_of
from floorwalker.insights.picture import Picture
from floorwalker.insights.till import Purchase
from floorwalker.sales.purchases import match_margins
from floorwalker.warehouse.records import from_us


def purchases(picture: Picture) -> dict[str, Any]:
    """The sales of a window with their buyers, each with its gap and margin, and those without one."""
    outcome = picture.outcome
    by_id: dict[str, float] = {}
    for sales, at_till in outcome.pools:
        margins = match_margins([sale.time_us for sale in sales], at_till)
        by_id |= {sales[place].transaction_id: margin for place, margin in margins.items()}
    stays = [stay for _, at_till in outcome.pools for stay in at_till]
    held = [p for p in outcome.purchases if picture.holds(p.counts_us)]
    found = {purchase.sale.transaction_id for purchase in held}
    return {
        **frame_of(picture),
        "till_offset_s": picture.till_offset_s,
        "transactions": len(picture.window_sales),
        "matched": len(held),
        "visits_at_till": sum(s.start_us < picture.to_us and s.end_us >= picture.from_us for s in stays),
        "matches": [_match(purchase, picture, by_id) for purchase in held],
        "unmatched": [
            {"transaction_id": sale.transaction_id, "timestamp": format_utc(from_us(sale.time_us))}
            for sale in picture.window_sales
            if sale.transaction_id not in found
        ],
    }


def _match(purchase: Purchase, picture: Picture, margins: dict[str, float]) -> dict[str, Any]:
    parties, buyer = picture.outcome.parties, purchase.visitor_id
    party = sorted(name for name, party in parties.items() if party == parties.get(buyer, ""))
    gap_s = abs(purchase.sale.time_us - purchase.left_us) / 1e6
    return {
        "transaction_id": purchase.sale.transaction_id,
        "timestamp": format_utc(from_us(purchase.sale.time_us)),
        "visitor_id": buyer,
        "party": party if len(party) > 1 else [],
        "left_at": None if purchase.by_person else format_utc(from_us(purchase.left_us)),
        "gap_s": None if purchase.by_person else gap_s,
        "margin_s": None if purchase.by_person else margins[purchase.sale.transaction_id],
        "decided_by": "person" if purchase.by_person else "assignment",
    }
