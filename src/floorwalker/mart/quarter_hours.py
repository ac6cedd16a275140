"""A day by quarter hours: the door, the queue and the till side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from floorwalker.events import parse_utc
from floorwalker.insights.coverage import Coverage, Status, coverage_of
from floorwalker.insights.occupancy import inside_at, occupancy_curve
from floorwalker.insights.picture import Picture
from floorwalker.insights.queue import queue_curve
from floorwalker.insights.revenue import in_currency, main_currency, total
from floorwalker.insights.traffic import QUARTER_HOUR, traffic
from floorwalker.warehouse import Transaction
from floorwalker.warehouse.records import from_us, to_us

_CENT = Decimal("0.01")
_STEP_US = int(QUARTER_HOUR.total_seconds()) * 1_000_000


def money(minor: int) -> Decimal:
    """Hundredths of a currency's unit as a decimal."""
    return (Decimal(minor) / 100).quantize(_CENT)


def wall_clock(picture: Picture, time_us: int) -> datetime:
    """A time by the store's clock, its zone dropped."""
    return from_us(time_us).astimezone(picture.window.zone).replace(tzinfo=None)


def quarter_hours(picture: Picture) -> Iterator[tuple[Any, ...]]:
    """Rows from the first quarter hour in which anything happened to the last, none left out between.

    Args:
        picture: the store over one local day.
    """
    coverage = coverage_of(picture)
    buckets = traffic(picture, QUARTER_HOUR, coverage)["buckets"]
    door = {_place(picture, to_us(parse_utc(row["from"]))): row for row in buckets}
    queues = _queues(picture)
    tills: dict[int, list[Transaction]] = {}
    currency = main_currency(picture)
    for sale in picture.window_sales:
        tills.setdefault(_place(picture, sale.time_us), []).append(sale)
    curve = occupancy_curve(picture.customers)
    places = door.keys() | queues.keys() | tills.keys()
    for place in range(min(places, default=0), max(places, default=-1) + 1):
        at_us = picture.from_us + place * _STEP_US
        row = door.get(place) or _quiet(coverage, curve, picture.from_us, at_us)
        yield (
            from_us(at_us),
            wall_clock(picture, at_us),
            row["entries"],
            row["exits"],
            row["reentries"],
            row["occupancy"],
            queues.get(place, 0),
            len(tills.get(place, ())),
            Decimal(total(in_currency(tills.get(place, ()), currency))),
            row["status"],
            row["share"],
        )


def _quiet(coverage: Coverage, curve: Sequence[tuple[int, int]], since_us: int, at_us: int) -> dict[str, Any]:
    """The door in a quarter hour outside of the time in which anybody passed it."""
    reach = coverage.of_doors([(at_us, at_us + _STEP_US)])
    figures: dict[str, Any] = {"entries": 0, "exits": 0, "reentries": 0}
    figures["occupancy"] = inside_at(curve, at_us + _STEP_US - 1, since_us)
    if reach.status is Status.UNWATCHED:
        figures = dict.fromkeys(figures)
    return {**figures, "status": reach.status.value, "share": reach.share}


def _place(picture: Picture, time_us: int) -> int:
    return (time_us - picture.from_us) // _STEP_US


def _queues(picture: Picture) -> dict[int, int]:
    """The longest queue of each quarter hour that had one; a queue lasts until the next change."""
    longest: dict[int, int] = {}
    curve = [*queue_curve(picture), (picture.as_of_us + 1, 0)]
    for (at_us, length), (next_us, _) in pairwise(curve):
        if length:
            for place in range(_place(picture, at_us), _place(picture, max(at_us, next_us - 1)) + 1):
                longest[place] = max(longest.get(place, 0), length)
    return longest
