"""Many events as columns: the form in which they are stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from itertools import chain
from operator import itemgetter
from typing import Any

from floorwalker.events.event import Event
from floorwalker.events.metadata import completed, facts_of
from floorwalker.events.times import whole_milliseconds_us

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class EventColumns:
    """Events that keep the rules, as columns of equal length; nobody changes the lists.

    Attributes:
        store_id: the store.
        time_us: whole milliseconds, given in microseconds since 1970.
        event_id: UUID in canonical lower case.
        camera_id: the camera.
        visitor_id: as observed.
        event_type: one of the eight, as plain text.
        zone_id: None at the door.
        dwell_ms: milliseconds in the zone so far.
        is_staff: as observed.
        confidence: 0 to 1.
        queue_depth: of the metadata.
        group_id: of the metadata, as text.
        metadata: all of it as JSON, keys sorted.
    """

    store_id: list[str]
    time_us: list[int]
    event_id: list[str]
    camera_id: list[str]
    visitor_id: list[str]
    event_type: list[str]
    zone_id: list[str | None]
    dwell_ms: list[int]
    is_staff: list[bool]
    confidence: list[float]
    queue_depth: list[int | None]
    group_id: list[str | None]
    metadata: list[str]

    def __len__(self) -> int:
        return len(self.event_id)

    @classmethod
    def joined(cls, parts: Sequence[EventColumns]) -> EventColumns:
        """The events of several, one after the other."""
        if len(parts) == 1:
            return parts[0]
        columns = zip(*(part.all() for part in parts), strict=True)
        return cls(*(list(chain.from_iterable(column)) for column in columns))

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The columns' names in order."""
        return tuple(field.name for field in fields(cls))

    def all(self) -> tuple[list[Any], ...]:
        """The columns in order."""
        return tuple(getattr(self, name) for name in self.names())

    def take(self, places: Sequence[int]) -> EventColumns:
        """Some of the events.

        Args:
            places: from 0, in the order wanted.
        """
        if len(places) == 1:
            return EventColumns(*([column[places[0]]] for column in self.all()))
        if not places:
            return EventColumns(*([] for _ in self.names()))
        pick = itemgetter(*places)
        return EventColumns(*(list(pick(column)) for column in self.all()))


def columns_of(events: Sequence[Event]) -> EventColumns:
    """Events as columns."""
    if not events:
        return EventColumns(*([] for _ in EventColumns.names()))
    return EventColumns(*map(list, zip(*map(_row, events), strict=True)))


def _row(event: Event) -> tuple[object, ...]:
    # An event that was made in this process never went through the check that fills them in.
    facts = facts_of(completed(event.metadata))
    return (
        event.store_id,
        whole_milliseconds_us((event.timestamp - EPOCH) // MICROSECOND),
        event.event_id,
        event.camera_id,
        event.visitor_id,
        event.event_type.value,
        event.zone_id,
        event.dwell_ms,
        event.is_staff,
        event.confidence,
        facts.queue_depth,
        facts.group_id,
        facts.text,
    )
