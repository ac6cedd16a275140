"""Visits: one person's day in the shop, put together from everything seen of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from floorwalker.events import DOOR_EVENTS, EventType
from floorwalker.insights.stays import Stay, in_order, stays_of
from floorwalker.insights.windows import Window, day_start
from floorwalker.warehouse import ResolvedEvent
from floorwalker.warehouse.records import from_us, to_us

# As plain text: a store-day compares its kinds some ten thousand times.
_EXIT, _LEAVE = EventType.EXIT.value, EventType.ZONE_EXIT.value
_JOIN, _ABANDON = EventType.BILLING_QUEUE_JOIN.value, EventType.BILLING_QUEUE_ABANDON.value


@dataclass(frozen=True, slots=True)
class Visit:
    """One person on one local day, from entry (or first sighting) to the last exit or the day's close.

    Attributes:
        visitor_id: the person's resolved name.
        day: the local day.
        is_staff: whether the person is staff.
        first_us: first event.
        last_us: last event.
        entries_us: the time of the first ENTRY, where nothing at the door came before it.
        reentries_us: times of REENTRY, and of each ENTRY after another door event of the person.
        exits_us: times of EXIT.
        joins_us: times of BILLING_QUEUE_JOIN.
        abandons_us: times of BILLING_QUEUE_ABANDON, as observed.
        stays: stays in zones, by start.
        groups: groups they came in with.
        seen_us: times of all events.
    """

    visitor_id: str
    day: date
    is_staff: bool
    first_us: int
    last_us: int
    entries_us: tuple[int, ...]
    reentries_us: tuple[int, ...]
    exits_us: tuple[int, ...]
    joins_us: tuple[int, ...]
    abandons_us: tuple[int, ...]
    stays: tuple[Stay, ...]
    groups: frozenset[str]
    seen_us: tuple[int, ...]

    @property
    def inbound_us(self) -> tuple[int, ...]:
        """Times of entries and re-entries."""
        return tuple(sorted(self.entries_us + self.reentries_us))


def build_visits(events: Iterable[ResolvedEvent], window: Window) -> list[Visit]:
    """Put the events of whole days together to visits.

    Args:
        events: the resolved view over all days that the window touches, in any order.
        window: names the store's time zone.

    Returns:
        One visit a person and local day, by first sighting; a REENTRY or a second ENTRY continues it.
    """
    by_person: dict[tuple[date, str], list[ResolvedEvent]] = {}
    exits: set[str] = set()
    days = LocalDay(window.zone)
    ordered = in_order(events)
    zones: set[str] = set()
    for event in ordered:
        key = (days(event.time_us), event.visitor_id)
        mine = by_person.get(key)
        if mine is None:
            mine = by_person[key] = []
        mine.append(event)
        if event.zone_id is not None:
            zones.add(event.zone_id)
            if event.event_type == _LEAVE:
                exits.add(event.zone_id)
    silent = frozenset(zones - exits)
    visits = [_visit(name, day, mine, silent) for (day, name), mine in by_person.items()]
    return sorted(visits, key=lambda visit: (visit.first_us, visit.visitor_id))


class LocalDay:
    """The local day of a time in microseconds, quickly for times near to one another."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._hours: dict[int, date] = {}

    def __call__(self, time_us: int) -> date:
        """The local day."""
        # Zones are offset from UTC by whole quarter hours, so a quarter hour never spans two days.
        quarter = time_us // 900_000_000
        day = self._hours.get(quarter)
        if day is None:
            day = self._hours[quarter] = from_us(time_us).astimezone(self._zone).date()
        return day

    def last_us(self, day: date) -> int:
        """The last microsecond of a local day."""
        return to_us(day_start(day + timedelta(days=1), self._zone)) - 1


def _visit(name: str, day: date, events: list[ResolvedEvent], silent: frozenset[str]) -> Visit:
    times: dict[str, list[int]] = {_EXIT: [], _JOIN: [], _ABANDON: []}
    seen_us, groups, staff = [], set(), False
    for event in events:
        seen_us.append(event.time_us)
        staff = staff or event.is_staff
        if event.event_type in times:
            times[event.event_type].append(event.time_us)
        if event.group_id is not None:
            groups.add(event.group_id)
    entries_us, reentries_us = _inbound(events)
    return Visit(
        visitor_id=name,
        day=day,
        is_staff=staff,
        first_us=seen_us[0],
        last_us=seen_us[-1],
        entries_us=entries_us,
        reentries_us=reentries_us,
        exits_us=tuple(times[_EXIT]),
        joins_us=tuple(times[_JOIN]),
        abandons_us=tuple(times[_ABANDON]),
        stays=tuple(stays_of(events, silent)),
        groups=frozenset(groups),
        seen_us=tuple(seen_us),
    )


def _inbound(events: Iterable[ResolvedEvent]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Times of entries and of re-entries of one person's day, its events in order.

    A camera writes ENTRY for somebody whom it does not know; only the links between names tell that the
    same person went through the door before, even where their EXIT was missed.
    """
    entries: list[int] = []
    reentries: list[int] = []
    known = False
    for event in events:
        if event.event_type in (EventType.ENTRY, EventType.REENTRY):
            returns = known or event.event_type == EventType.REENTRY
            (reentries if returns else entries).append(event.time_us)
        known = known or event.event_type in DOOR_EVENTS
    return tuple(entries), tuple(reentries)
