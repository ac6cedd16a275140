"""Stays in zones, put together from enter, dwell, queue and exit events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from floorwalker.events import EventType
from floorwalker.warehouse import ResolvedEvent

# Events of one moment in the order in which they make sense.
_ORDER: dict[str, int] = {
    EventType.ENTRY: 0,
    EventType.REENTRY: 0,
    EventType.ZONE_ENTER: 1,
    EventType.BILLING_QUEUE_JOIN: 2,
    EventType.ZONE_DWELL: 3,
    EventType.BILLING_QUEUE_ABANDON: 4,
    EventType.ZONE_EXIT: 5,
    EventType.EXIT: 6,
}
# As plain text: a store-day compares its kinds some ten thousand times.
_EXIT, _ENTER, _LEAVE = EventType.EXIT.value, EventType.ZONE_ENTER.value, EventType.ZONE_EXIT.value
_JOIN, _ABANDON = EventType.BILLING_QUEUE_JOIN.value, EventType.BILLING_QUEUE_ABANDON.value
_DWELL = EventType.ZONE_DWELL.value


@dataclass(frozen=True, slots=True)
class Stay:
    """One visitor in one zone for a while.

    Attributes:
        zone_id: the zone.
        start_us: when they came.
        last_us: when they were last known to be there; where they left, when they left.
        left: whether they are known to have left.
        dwell_ms: how long they stayed, where the stay is complete; else None.
    """

    zone_id: str
    start_us: int
    last_us: int
    left: bool
    dwell_ms: int | None


@dataclass(slots=True)
class _Open:
    start_us: int
    last_us: int
    entered: bool
    longest_ms: int = 0


class _Pairing:
    """Pairs the events of one observed visitor."""

    def __init__(self, zones_without_exit: frozenset[str]) -> None:
        self._without_exit = zones_without_exit
        self._open: dict[str, _Open] = {}
        self.stays: list[Stay] = []

    def take(self, event: ResolvedEvent) -> None:
        """Go on by one event, in order of time."""
        zone, now_us, kind = event.zone_id, event.time_us, event.event_type
        if kind == _EXIT:
            for name in list(self._open):
                self._leave(name, now_us, None)
        if zone is None:
            return
        if kind == _ENTER:
            self._enter(zone, now_us)
            return
        stay = self._open.get(zone)
        if kind == _JOIN:
            if stay is None:
                stay = self._open[zone] = _Open(now_us, now_us, entered=False)
            stay.last_us = now_us
        elif kind == _DWELL:
            if stay is None:
                stay = self._open[zone] = _Open(now_us - event.dwell_ms * 1000, now_us, entered=False)
            stay.last_us, stay.longest_ms = now_us, max(stay.longest_ms, event.dwell_ms)
        elif kind == _ABANDON:
            if stay is not None and not stay.entered:
                self._leave(zone, now_us, None)
        elif kind == _LEAVE:
            if stay is None:
                stay = self._open[zone] = _Open(now_us - event.dwell_ms * 1000, now_us, entered=True)
            self._leave(zone, now_us, event.dwell_ms or (now_us - stay.start_us) // 1000)

    def finish(self) -> list[Stay]:
        """All stays, those still open too."""
        for zone in list(self._open):
            stay = self._open.pop(zone)
            self._add(zone, stay, stay.last_us, left=False, dwell_ms=None)
        return self.stays

    def _enter(self, zone: str, now_us: int) -> None:
        # Who enters elsewhere has left a zone whose feed told of queue or dwell only.
        if self._open:
            for name in [name for name, stay in self._open.items() if name != zone and not stay.entered]:
                self._leave(name, now_us, None)
        stay = self._open.get(zone)
        if stay is not None and stay.entered:
            self._leave(zone, stay.last_us, None)
            stay = None
        if stay is None:
            self._open[zone] = _Open(now_us, now_us, entered=True)
        else:
            stay.entered = True

    def _leave(self, zone: str, end_us: int, dwell_ms: int | None) -> None:
        self._add(zone, self._open.pop(zone), end_us, left=True, dwell_ms=dwell_ms)

    def _add(self, zone: str, stay: _Open, end_us: int, *, left: bool, dwell_ms: int | None) -> None:
        if dwell_ms is None and stay.longest_ms and zone in self._without_exit:
            dwell_ms = stay.longest_ms
        self.stays.append(Stay(zone, stay.start_us, max(end_us, stay.start_us), left, dwell_ms))


def in_order(events: Iterable[ResolvedEvent]) -> list[ResolvedEvent]:
    """Events by time, those of one moment in the order in which they make sense."""
    return sorted(events, key=lambda e: (e.time_us, _ORDER[e.event_type], e.event_id))


def stays_of(events: Sequence[ResolvedEvent], zones_without_exit: frozenset[str]) -> list[Stay]:
    """The stays of one person.

    Args:
        events: all events of the person on one day, in order.
        zones_without_exit: zones whose feed never tells that somebody left; the longest dwell told of
            is taken for the whole stay there.

    Returns:
        Stays by start. Stays in one zone that overlap, because two cameras or tracks saw them, are one.
    """
    pairings: dict[str, _Pairing] = {}
    for event in events:
        if event.event_type == _EXIT:
            for pairing in pairings.values():
                pairing.take(event)
        elif event.zone_id is not None:
            mine = pairings.get(event.observed_id)
            if mine is None:
                mine = pairings[event.observed_id] = _Pairing(zones_without_exit)
            mine.take(event)
    found = [stay for pairing in pairings.values() for stay in pairing.finish()]
    merged: list[Stay] = []
    open_zone: dict[str, int] = {}
    for stay in sorted(found, key=lambda s: (s.start_us, s.last_us, s.zone_id)):
        place = open_zone.get(stay.zone_id)
        if place is not None and stay.start_us < merged[place].last_us:
            merged[place] = _joined(merged[place], stay)
        else:
            open_zone[stay.zone_id] = len(merged)
            merged.append(stay)
    return merged


def _joined(first: Stay, second: Stay) -> Stay:
    later = second if second.last_us >= first.last_us else first
    complete = later.dwell_ms is not None
    dwell_ms = max(later.dwell_ms or 0, (later.last_us - first.start_us) // 1000) if complete else None
    return replace(first, last_us=later.last_us, left=later.left, dwell_ms=dwell_ms)
