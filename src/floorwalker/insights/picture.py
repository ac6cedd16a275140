"""The picture of a store over a window: the thin layer of queries under all figures."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from floorwalker.events import DOOR_EVENTS
from floorwalker.insights.midnight import DayAfter, day_after, read_day_after
from floorwalker.insights.till import TillOutcome, judge_till
from floorwalker.insights.visits import LocalDay, Visit, build_visits
from floorwalker.insights.watching import Watching
from floorwalker.insights.windows import Window
from floorwalker.runs import Recording
from floorwalker.site import ZoneKind
from floorwalker.warehouse import Feed, ResolvedEvent, StoreInfo, StoreView, Transaction, Warehouse, ZoneInfo
from floorwalker.warehouse.recorded import recorded_cameras
from floorwalker.warehouse.records import from_us, to_us

STALE_AFTER = timedelta(minutes=10)
DEAD_AFTER = timedelta(minutes=30)
MONTH = timedelta(days=30)
_QUEUE_EVENTS = ("BILLING_QUEUE_JOIN", "BILLING_QUEUE_ABANDON")


@dataclass(frozen=True)
class Picture:
    """All that the figures of one store and window are computed from.

    Attributes:
        store: the store.
        window: what was asked for.
        as_of: the moment in the data for which "now" stands.
        visits: visits of the whole days that the window touches, staff too.
        sales: transactions of those days, returns too.
        outcome: what became of the visits at the till.
        kinds: kind by zone; zones that no site file names are `billing` where a queue event names them or
            their name says so, `staff-only` where only staff was seen, else `product`.
        basis: `door`, `sightings` (no door camera) or `unlinked` (door and zones never share a visitor).
        depths: (time, zone, people ahead) as queue events told, staff's left out.
        now: the wall clock when the picture was taken; None: the window is of the past.
        events: those of the whole days that the window touches, by time.
        recordings: those that touch these days, as far as they began at most a day before.
        feeds: what was last heard of the store's cameras.
        doors: cameras that watch a door, by the site file or by what they told.
        zone_cameras: the cameras that watch each zone, likewise.
        recorded_before: cameras that were recorded in the month before; read where some camera was not since.
        till_offset_s: by how much the till's clock was taken to be ahead of the cameras'.
    """

    store: StoreInfo
    window: Window
    as_of: datetime
    visits: Sequence[Visit]
    sales: Sequence[Transaction]
    outcome: TillOutcome
    kinds: dict[str, ZoneKind]
    basis: str
    depths: Sequence[tuple[int, str, int]]
    now: datetime | None = None
    events: Sequence[ResolvedEvent] = ()
    recordings: Sequence[Recording] = ()
    feeds: Sequence[Feed] = ()
    doors: frozenset[str] = frozenset()
    zone_cameras: Mapping[str, Collection[str]] = field(default_factory=dict)
    recorded_before: frozenset[str] = frozenset()
    till_offset_s: float = 0.0

    @cached_property
    def from_us(self) -> int:
        """Beginning of the window."""
        return to_us(self.window.from_utc)

    @cached_property
    def to_us(self) -> int:
        """End of the window, itself not in it."""
        return to_us(self.window.to_utc)

    @cached_property
    def as_of_us(self) -> int:
        """`as_of` in microseconds."""
        return to_us(self.as_of)

    @cached_property
    def customers(self) -> list[Visit]:
        """Visits of people who are not staff."""
        return [visit for visit in self.visits if not visit.is_staff]

    @cached_property
    def counted(self) -> list[Visit]:
        """Visits of customers that count in the window: with an ENTRY or REENTRY, or seen at all where
        there is no door camera."""
        by_sight = self.basis == "sightings"
        return [
            visit
            for visit in self.customers
            if any(map(self.holds, visit.seen_us if by_sight else visit.inbound_us))
        ]

    @cached_property
    def window_sales(self) -> list[Transaction]:
        """Sales in the window, no returns."""
        return [sale for sale in self.sales if sale.kind == "sale" and self.holds(sale.time_us)]

    @cached_property
    def till_known(self) -> bool:
        """Whether a sale of the whole days' visits is known: without any, nobody can be seen to buy."""
        return any(sale.kind == "sale" for sale in self.sales) or bool(self.outcome.near_sale)

    @cached_property
    def recorded(self) -> bool:
        """Whether anything was recorded of the whole days: an event, a sale or return, a recording.

        A day that a camera watched and nobody came is one; of other empty days nothing is known.
        """
        begin_us, end_us = to_us(self.window.whole_from_utc), to_us(self.window.whole_to_utc)
        return bool(self.events or self.sales) or any(
            to_us(recording.start_utc) < end_us
            and to_us(recording.start_utc) + round(recording.duration_s * 1e6) > begin_us
            for recording in self.recordings
        )

    @cached_property
    def watching(self) -> Watching:
        """What tells whether somebody watched a zone."""
        return Watching(
            self.zone_cameras,
            [recording for recording in self.recordings if recording.start_utc < self.as_of],
            self.feeds,
            self.events,
            STALE_AFTER // timedelta(microseconds=1),
        )

    @cached_property
    def billing(self) -> frozenset[str]:
        """Names of the billing zones."""
        return frozenset(zone for zone, kind in self.kinds.items() if kind is ZoneKind.BILLING)

    def holds(self, time_us: int) -> bool:
        """Whether a time lies in the window."""
        return self.from_us <= time_us < self.to_us


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a picture needs beside the view: the shop as it is set up, and how it is watched.

    Attributes:
        zones: of the site file.
        doors: cameras with an entry line in the site file.
        feeds: what was last heard of the store's cameras.
        recordings: those that touch the window's whole days, as far as they began at most a day before.
        recorded_before: cameras that were recorded in the month before; read where some camera was not since.
        now: the present.
        day_after: the view of the day after the window; read where its first sales may be of the window's
            visits.
    """

    zones: Sequence[ZoneInfo]
    doors: frozenset[str]
    feeds: Sequence[Feed]
    recordings: Sequence[Recording]
    now: datetime
    recorded_before: frozenset[str] = frozenset()
    day_after: StoreView | None = None


def read_surroundings(warehouse: Warehouse, store: StoreInfo, window: Window) -> Surroundings:
    """Read what a picture of a store and window needs beside the view."""
    cameras = warehouse.cameras(store.store_id)
    # A recording may have begun on the day before.
    begin = window.whole_from_utc - timedelta(days=1)
    recordings = warehouse.recordings(store.store_id, begin, window.whole_to_utc)
    idle = {camera.camera_id for camera in cameras} - {recording.camera_id for recording in recordings}
    month_us = (to_us(begin - MONTH), to_us(begin))
    return Surroundings(
        zones=warehouse.zones(store.store_id),
        doors=frozenset(camera.camera_id for camera in cameras if camera.entry_lines),
        feeds=[feed for feed in warehouse.feeds() if feed.store_id == store.store_id],
        recordings=recordings,
        now=warehouse.now(),
        recorded_before=recorded_cameras(warehouse.database, store.store_id, *month_us)
        if idle
        else frozenset(),
        day_after=read_day_after(warehouse, store, window),
    )


def take_picture(warehouse: Warehouse, store: StoreInfo, window: Window) -> Picture:
    """Read and put together what the figures of a window need.

    Args:
        warehouse: where the events are.
        store: whose.
        window: for which time; whole days are read, because a visit is a thing of a day.
    """
    view = warehouse.read(store.store_id, window.whole_from_utc, window.whole_to_utc)
    return picture_of(store, window, view, read_surroundings(warehouse, store, window))


def picture_of(store: StoreInfo, window: Window, view: StoreView, around: Surroundings) -> Picture:
    """Put together what the figures of a window need.

    Args:
        store: whose.
        window: for which time.
        view: of the whole days that the window touches.
        around: the rest.
    """
    kinds = zone_kinds(around.zones, view.events)
    visits = build_visits(view.events, window)
    billing = frozenset(zone for zone, kind in kinds.items() if kind is ZoneKind.BILLING)
    as_of = _as_of(view.events, around.feeds, window, around.now)
    day_of = LocalDay(window.zone)
    after = _day_after(around, window)
    zone_cameras = _cameras_of(around.zones, view.events)
    return Picture(
        store=store,
        window=window,
        as_of=as_of,
        visits=visits,
        sales=view.transactions,
        outcome=judge_till(visits, view.transactions, billing, day_of, to_us(as_of), view.corrections, after),
        kinds=kinds,
        basis=_basis(view.events, bool(around.doors)),
        depths=[
            (event.time_us, event.zone_id, event.queue_depth)
            for event in view.events
            if event.event_type == "BILLING_QUEUE_JOIN"
            and event.queue_depth is not None
            and event.zone_id is not None
            and not event.is_staff
        ],
        now=around.now,
        events=view.events,
        recordings=around.recordings,
        feeds=around.feeds,
        doors=around.doors | {event.camera_id for event in view.events if event.event_type in DOOR_EVENTS},
        zone_cameras=zone_cameras,
        recorded_before=around.recorded_before,
        till_offset_s=view.till_offset_s,
    )


def _day_after(around: Surroundings, window: Window) -> DayAfter:
    events = around.day_after.events if around.day_after else ()
    kinds = zone_kinds(around.zones, events)
    billing = frozenset(zone for zone, kind in kinds.items() if kind is ZoneKind.BILLING)
    return day_after(around.day_after, window, billing)


def _cameras_of(registered: Sequence[ZoneInfo], events: Sequence[ResolvedEvent]) -> dict[str, set[str]]:
    """The cameras that watch each zone: as the site file says, else those whose events name it."""
    cameras = {zone.zone_id: {zone.camera_id} for zone in registered}
    for zone_id, camera_id in {(e.zone_id, e.camera_id) for e in events if e.zone_id is not None}:
        cameras.setdefault(zone_id, set()).add(camera_id)
    return cameras


def zone_kinds(registered: Sequence[ZoneInfo], events: Sequence[ResolvedEvent]) -> dict[str, ZoneKind]:
    """The kind of every zone that a site file or an event names."""
    kinds = {zone.zone_id: zone.kind for zone in registered}
    found = {event.zone_id for event in events if event.zone_id is not None} - kinds.keys()
    queued = {event.zone_id for event in events if event.event_type in _QUEUE_EVENTS}
    visited = {event.zone_id for event in events if not event.is_staff}
    for zone_id in sorted(found):
        if zone_id in queued or "BILLING" in zone_id.upper():
            kinds[zone_id] = ZoneKind.BILLING
        else:
            kinds[zone_id] = ZoneKind.PRODUCT if zone_id in visited else ZoneKind.STAFF_ONLY
    return kinds


def _basis(events: Sequence[ResolvedEvent], has_door: bool) -> str:
    at_door = {event.visitor_id for event in events if event.event_type in DOOR_EVENTS}
    in_zones = {event.visitor_id for event in events if event.zone_id is not None}
    if not at_door:
        return "door" if has_door or not in_zones else "sightings"
    if in_zones and not at_door & in_zones:
        return "unlinked"
    return "door"


def _as_of(events: Sequence[ResolvedEvent], feeds: Sequence[Feed], window: Window, now: datetime) -> datetime:
    """The wall clock while a live feed is fresh, else the last event, never past the window's end."""
    fresh = to_us(now - STALE_AFTER)
    if window.holds(now) and any((feed.last_live_us or 0) >= fresh for feed in feeds):
        return now
    begin_us, end_us = to_us(window.from_utc), to_us(window.to_utc)
    last = max((event.time_us for event in events if begin_us <= event.time_us < end_us), default=None)
    if last is not None:
        return from_us(last)
    return min(max(now, window.from_utc), window.to_utc)
