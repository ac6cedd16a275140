"""A day by quarter hours: the door, the queue and the till side by side."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from floorwalker.events import parse_utc
from floorwalker.insights.picture import Picture
from floorwalker.insights.queue import queue_curve
from floorwalker.insights.traffic import QUARTER_HOUR, traffic
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
    door = {_place(picture, to_us(parse_utc(row["from"]))): row for row in _door(picture)}
    queues = _queues(picture)
    tills: dict[int, list[int]] = {}
    for sale in picture.window_sales:
        tills.setdefault(_place(picture, sale.time_us), []).append(sale.amount_minor)
    places = door.keys() | queues.keys() | tills.keys()
    inside = 0
    for place in range(min(places, default=0), max(places, default=-1) + 1):
        at_us = picture.from_us + place * _STEP_US
        row = door.get(place)
        inside = row["occupancy"] if row else inside
        yield (
            from_us(at_us),
            wall_clock(picture, at_us),
            row["entries"] if row else 0,
            row["exits"] if row else 0,
            row["reentries"] if row else 0,
            inside,
            queues.get(place, 0),
            len(tills.get(place, ())),
            money(sum(tills.get(place, ()))),
        )


def _door(picture: Picture) -> list[dict[str, Any]]:
    buckets: list[dict[str, Any]] = traffic(picture, QUARTER_HOUR)["buckets"]
    return buckets


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
