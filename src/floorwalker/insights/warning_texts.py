"""Warnings: what to make of a window's figures before believing them."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from floorwalker.events import format_utc
from floorwalker.insights.coverage import overlaps
from floorwalker.insights.picture import Picture
from floorwalker.insights.queue import people_ahead
from floorwalker.insights.revenue import revenue
from floorwalker.warehouse.records import from_us

_TILL_WINDOW_US = 5 * 60 * 1_000_000
_ENOUGH_JOINS = 5


def warnings_of(picture: Picture, near_sale: int, unique: int) -> list[dict[str, str]]:
    """The warnings of a window, each with a code for programs and a sentence for people.

    Args:
        picture: the store.
        near_sale: how many people `conversion_rate` counts.
        unique: how many visitors there were.
    """
    found = [
        *_of_conversion(picture, near_sale, unique),
        *_of_sources(picture),
        *_of_recordings(picture),
        *_of_retention(picture),
        *_of_queue(picture),
    ]
    return [{"code": code, "message": message} for code, message in found]


def _of_conversion(picture: Picture, near_sale: int, unique: int) -> Iterator[tuple[str, str]]:
    # A sale just after midnight may be of a visit here and lie in no sale of the window.
    bought = sum(picture.holds(purchase.counts_us) for purchase in picture.outcome.purchases)
    sales = max(len(picture.window_sales), bought)
    if near_sale > sales:
        yield (
            "CONVERSION_EXCEEDS_TRANSACTIONS",
            f"conversion_rate counts {near_sale} people who stood at the till near {sales} sales, so not all "
            "of them bought; conversion_matched gives each sale one buyer",
        )
    if near_sale > unique:
        yield (
            "CONVERSION_CAPPED",
            f"{near_sale} people were at the till near a sale, but only {unique} visitors are counted; "
            "conversion_rate is held at 1",
        )
    if unique and not sales:
        yield (
            "NO_TILL_DATA",
            "no sale lies in this window: conversion_rate and conversion_matched are 0 for want of till "
            "rows, not for want of buyers",
        )
    others = revenue(picture)["revenue_other"]
    if others:
        yield (
            "SEVERAL_CURRENCIES",
            f"some sales are in {', '.join(others)}: revenue leaves them out, revenue_other has them",
        )
    away = _sales_beyond_cameras(picture)
    if away:
        yield (
            "TILL_BEYOND_CAMERAS",
            f"{away} of {sales} sales fall outside the time the cameras saw: they can have no buyer here",
        )
    if picture.till_offset_s:
        ahead = "ahead of" if picture.till_offset_s > 0 else "behind"
        yield (
            "TILL_CLOCK_SHIFTED",
            f"the till's clock is taken to be {abs(picture.till_offset_s):g} seconds {ahead} the cameras'; "
            "sales are shown at the cameras' time",
        )


def _of_sources(picture: Picture) -> Iterator[tuple[str, str]]:
    if picture.basis == "sightings":
        yield (
            "NO_DOOR_CAMERA",
            "no camera watches the door: unique_visitors counts everybody who was seen anywhere",
        )
    if picture.basis == "unlinked":
        yield (
            "UNLINKED",
            "no visitor is seen both at the door and in a zone: visitors come from the door, "
            "zone and queue figures from the other cameras",
        )
    if not picture.store.registered:
        yield (
            "NO_SITE_FILE",
            f"no site file describes this store: days are counted in {picture.store.timezone}",
        )


def _of_recordings(picture: Picture) -> Iterator[tuple[str, str]]:
    for camera_id, (begin, end) in sorted(overlaps(picture).items()):
        yield (
            "OVERLAPPING_RECORDINGS",
            f"two different recordings of camera {camera_id} show the time from {format_utc(begin)} to "
            f"{format_utc(end)}: who is in both counts twice, in entries and unique_visitors too",
        )


def _of_retention(picture: Picture) -> Iterator[tuple[str, str]]:
    swept_before = from_us(picture.store.swept_before_us)
    if swept_before > picture.window.from_utc:
        yield (
            "SWEPT",
            f"what this store saw before {format_utc(swept_before)} was removed by retention: of that time "
            "nothing is counted here",
        )


def _of_queue(picture: Picture) -> Iterator[tuple[str, str]]:
    """Whether queue_depth means what it should: the people ahead of who joins."""
    joins = [(depth, ahead) for at_us, depth, ahead in people_ahead(picture) if picture.holds(at_us)]
    alone = sum(depth == 0 for depth, _ in joins)
    if alone:
        yield (
            "JOIN_WITHOUT_QUEUE",
            f"{alone} of {len(joins)} queue joins say that nobody was ahead; they count as joins all the "
            "same, so queue_joins is too high and abandonment_rate too low",
        )
    off = [depth - ahead for depth, ahead in joins if ahead is not None]
    if len(off) >= _ENOUGH_JOINS and abs(median(off)) >= 1:
        middle = median(off)
        yield (
            "QUEUE_DEPTH_DISAGREES",
            f"at {len(off)} joins the feed's queue_depth is {abs(middle):g} "
            f"{'more' if middle > 0 else 'less'} than the customers seen ahead: it may count who joins, or "
            "staff; queue_depth_current goes by the customers seen",
        )


def _sales_beyond_cameras(picture: Picture) -> int:
    seen = [at_us for visit in picture.visits for at_us in visit.seen_us if picture.holds(at_us)]
    if not seen:
        return len(picture.window_sales)
    first, last = min(seen), max(seen) + _TILL_WINDOW_US
    return sum(not first <= sale.time_us <= last for sale in picture.window_sales)
