from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from floorwalker.insights.picture import Picture, zone_kinds
from floorwalker.insights.till import judge_till
from floorwalker.insights.visits import LocalDay, build_visits
from floorwalker.insights.windows import window_of_day
from floorwalker.warehouse import ResolvedEvent, StoreInfo, Transaction
from floorwalker.warehouse.records import from_us, to_us

BASE_US = to_us(datetime(2026, 3, 3, 8, tzinfo=UTC))


@pytest.fixture
def seen() -> Callable[..., ResolvedEvent]:
    """An event `at_s` seconds after 08:00 UTC."""
    counter = iter(range(10**9))

    def make(
        kind: str,
        at_s: float,
        visitor: str = "a",
        zone: str | None = None,
        *,
        observed: str | None = None,
        dwell_ms: int = 0,
        staff: bool = False,
        depth: int | None = None,
        group: str | None = None,
    ) -> ResolvedEvent:
        return ResolvedEvent(
            BASE_US + round(at_s * 1e6),
            f"e{next(counter):09d}",
            "C1",
            observed or visitor,
            visitor,
            kind,
            zone,
            dwell_ms,
            staff,
            depth,
            group,
        )

    return make


@pytest.fixture
def sold() -> Callable[..., Transaction]:
    def make(at_s: float, number: int = 1, kind: str = "sale") -> Transaction:
        return Transaction("S", f"T{number}@{at_s}", BASE_US + round(at_s * 1e6), 1000, "INR", kind)

    return make


@pytest.fixture
def picture() -> Callable[..., Picture]:
    """The picture of a store of which only events and sales are known."""

    def make(events: list[ResolvedEvent], sales: list[Transaction] | None = None, corrections=()) -> Picture:
        window = window_of_day(date(2026, 3, 3), ZoneInfo("UTC"))
        kinds = zone_kinds([], events)
        visits = build_visits(events, window)
        billing = frozenset(zone for zone, kind in kinds.items() if kind == "billing")
        sales = sorted(sales or [], key=lambda sale: sale.time_us)
        as_of_us = max((event.time_us for event in events), default=BASE_US)
        doors = any(event.zone_id is None for event in events)
        return Picture(
            store=StoreInfo("S", "S", "UTC", True, None, 1),
            window=window,
            as_of=from_us(as_of_us),
            visits=visits,
            sales=sales,
            outcome=judge_till(visits, sales, billing, LocalDay(window.zone), as_of_us, corrections),
            kinds=kinds,
            basis="door" if doors else "sightings",
            depths=[
                (event.time_us, event.zone_id, event.queue_depth)
                for event in events
                if event.queue_depth is not None and event.zone_id is not None and not event.is_staff
            ],
            events=events,
            doors=frozenset(event.camera_id for event in events if event.zone_id is None),
            zone_cameras={event.zone_id: {event.camera_id} for event in events if event.zone_id is not None},
        )

    return make
