"""Writing events: each one once, for ever, and nothing of a batch lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, or_, select, update

from floorwalker.events import Event
from floorwalker.warehouse.records import EventFault, IngestReport, to_us
from floorwalker.warehouse.schema import events as table
from floorwalker.warehouse.schema import feeds
from floorwalker.warehouse.versions import ensure_stores, touch

FUTURE_LIMIT_US = 5 * 60 * 1_000_000
LIVE_LIMIT_US = 60 * 60 * 1_000_000  # an event that arrives later than this was not sent by a live feed
_CHUNK = 400
_ENCODER = msgspec.json.Encoder(order="deterministic")

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Arrival:
    """How events came in.

    Attributes:
        now_us: the clock's time.
        run_id: the run that found them; None over HTTP.
        live: whether they may come from a live feed (a file never does).
    """

    now_us: int
    run_id: str | None = None
    live: bool = True


def event_time_us(event: Event) -> int:
    """An event's time in whole milliseconds, given in microseconds.

    Events are written with milliseconds: kept finer, an event read back from a file would be another one.
    """
    seconds, microseconds = divmod(to_us(event.timestamp), 1_000_000)
    return seconds * 1_000_000 + min(round(microseconds / 1000), 999) * 1000


def content_of(event: Event) -> tuple[object, ...]:
    """What makes an event the same as another of its id; the order of metadata's keys does not count."""
    return (
        event.camera_id,
        event.visitor_id,
        event.event_type.value,
        event_time_us(event),
        event.zone_id,
        event.dwell_ms,
        event.is_staff,
        event.confidence,
        _ENCODER.encode(event.metadata).decode(),
    )


def add_events(connection: Connection, batch: Sequence[Event], arrival: Arrival) -> IngestReport:
    """Add those events of a batch that are new.

    Args:
        connection: a writing transaction.
        batch: in any order, of any stores; the same event twice is a duplicate of itself.
        arrival: how they came in.

    Returns:
        Counts that add up to the batch's length; an event dated more than 5 minutes ahead of the clock
        is an error `future`, a known id with other content an error `conflict`.
    """
    faults: list[EventFault] = []
    fresh: dict[Key, tuple[Event, tuple[object, ...], list[int]]] = {}
    duplicates = 0
    for index, event in enumerate(batch):
        if event_time_us(event) > arrival.now_us + FUTURE_LIMIT_US:
            faults.append(_future(index, event))
            continue
        key, content = (event.store_id, event.event_id), content_of(event)
        earlier = fresh.get(key)
        if earlier is None:
            fresh[key] = (event, content, [index])
        elif earlier[1] == content:
            earlier[2].append(index)
        else:
            faults.append(_conflict(index, event))
    ensure_stores(connection, {store_id for store_id, _ in fresh})
    for key, known_content in _known(connection, fresh):
        event, content, places = fresh.pop(key)
        if content == known_content:
            duplicates += len(places)
        else:
            faults.extend(_conflict(index, event) for index in places)
    duplicates += sum(len(places) - 1 for _, _, places in fresh.values())
    added = [event for event, _, _ in fresh.values()]
    if added:
        connection.execute(insert(table), [_row(event, arrival) for event in added])
        times_us: dict[str, list[int]] = {}
        for event in added:
            times_us.setdefault(event.store_id, []).append(event_time_us(event))
        for store_id, mine in sorted(times_us.items()):
            touch(connection, store_id, mine, arrival.now_us)
        _note_feeds(connection, added, arrival)
    return IngestReport(len(added), duplicates, tuple(sorted(faults, key=lambda fault: fault.index)))


def adopt(connection: Connection, store_id: str, event_ids: Iterable[str], run_id: str) -> None:
    """Give events that came without a run to the run that also found them."""
    for chunk in _chunks(event_ids):
        connection.execute(
            update(table)
            .where(table.c.store_id == store_id, table.c.event_id.in_(chunk), table.c.run_id.is_(None))
            .values(run_id=run_id)
        )


def _known(connection: Connection, fresh: dict[Key, Any]) -> list[tuple[Key, tuple[object, ...]]]:
    by_store: dict[str, list[str]] = {}
    for store_id, event_id in fresh:
        by_store.setdefault(store_id, []).append(event_id)
    columns = table.c
    content = (
        columns.camera_id, columns.visitor_id, columns.event_type, columns.time_us, columns.zone_id,
        columns.dwell_ms, columns.is_staff, columns.confidence, columns.metadata,
    )  # fmt: skip
    return [
        ((store_id, row[0]), tuple(row[1:]))
        for store_id, ids in by_store.items()
        for chunk in _chunks(ids)
        for row in connection.execute(
            select(columns.event_id, *content).where(
                columns.store_id == store_id, columns.event_id.in_(chunk)
            )
        )
    ]


def _row(event: Event, arrival: Arrival) -> dict[str, Any]:
    group = event.metadata.get("group_id")
    return {
        "store_id": event.store_id,
        "event_id": event.event_id,
        "time_us": event_time_us(event),
        "camera_id": event.camera_id,
        "visitor_id": event.visitor_id,
        "event_type": event.event_type.value,
        "zone_id": event.zone_id,
        "dwell_ms": event.dwell_ms,
        "is_staff": event.is_staff,
        "confidence": event.confidence,
        "queue_depth": event.metadata.get("queue_depth"),
        "group_id": None if group is None else str(group)[:200],
        "metadata": _ENCODER.encode(event.metadata).decode(),
        "run_id": arrival.run_id,
        "received_us": arrival.now_us,
    }


def _note_feeds(connection: Connection, added: Sequence[Event], arrival: Arrival) -> None:
    latest: dict[Key, int] = {}
    for event in added:
        key = (event.store_id, event.camera_id)
        latest[key] = max(latest.get(key, 0), event_time_us(event))
    for (store_id, camera_id), time_us in latest.items():
        is_live = arrival.live and arrival.run_id is None and arrival.now_us - time_us <= LIVE_LIMIT_US
        here = (feeds.c.store_id == store_id, feeds.c.camera_id == camera_id)
        if connection.execute(select(feeds.c.camera_id).where(*here)).first() is None:
            connection.execute(
                insert(feeds).values(
                    store_id=store_id,
                    camera_id=camera_id,
                    last_event_us=time_us,
                    last_live_us=time_us if is_live else None,
                )
            )
            continue
        connection.execute(
            update(feeds).where(*here, feeds.c.last_event_us < time_us).values(last_event_us=time_us)
        )
        if is_live:
            older = or_(feeds.c.last_live_us.is_(None), feeds.c.last_live_us < time_us)
            connection.execute(update(feeds).where(*here, older).values(last_live_us=time_us))


def _chunks(items: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(items)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def _future(index: int, event: Event) -> EventFault:
    return EventFault(
        index,
        event.event_id,
        "future",
        f"timestamp {event.timestamp.isoformat()} is more than 5 minutes ahead of this server's clock",
    )


def _conflict(index: int, event: Event) -> EventFault:
    return EventFault(
        index,
        event.event_id,
        "conflict",
        "an event of this store with the same event_id and other content is here already",
    )
