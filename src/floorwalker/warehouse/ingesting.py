"""Taking events in: each one once, for ever, and nothing of a batch lost."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Connection

from floorwalker.events import EventColumns
from floorwalker.warehouse.direct import free_from_runs
from floorwalker.warehouse.inserting import contents, insert_new, read_contents
from floorwalker.warehouse.plain import run_rows
from floorwalker.warehouse.records import EventFault, from_us
from floorwalker.warehouse.versions import DAY_US, ensure_stores, touch

T = TypeVar("T")

FUTURE_LIMIT_US = 5 * 60 * 1_000_000
LIVE_LIMIT_US = 60 * 60 * 1_000_000  # an event that arrives later than this was not sent by a live feed
_NOTE_FEED = """
INSERT INTO feeds (store_id, camera_id, last_event_us, last_live_us) VALUES {rows}
ON CONFLICT (store_id, camera_id) DO UPDATE SET
    last_event_us = CASE WHEN excluded.last_event_us > feeds.last_event_us
        THEN excluded.last_event_us ELSE feeds.last_event_us END,
    last_live_us = CASE WHEN feeds.last_live_us IS NULL OR excluded.last_live_us > feeds.last_live_us
        THEN excluded.last_live_us ELSE feeds.last_live_us END
"""


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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of each event; whatever is named in neither list was inserted.

    Attributes:
        received: how many there were.
        duplicates: places of those that were here already, or earlier in the batch, with this content.
        faults: those refused, by place; nobody stored them.
    """

    received: int
    duplicates: list[int] = field(default_factory=list)
    faults: list[EventFault] = field(default_factory=list)

    @property
    def inserted(self) -> int:
        """How many were new."""
        return self.received - len(self.duplicates) - len(self.faults)


def take_in(connection: Connection, batch: EventColumns, arrival: Arrival) -> Outcome:
    """Add those events of a batch that are new.

    Args:
        connection: a writing transaction.
        batch: in any order, of any stores; the same event twice is a duplicate of itself.
        arrival: how they came in.

    Returns:
        What became of each. Faults: `future` (more than 5 minutes ahead of the clock), `expired` (of days
        that retention swept), `conflict` (a known id with other content).
    """
    outcome = Outcome(len(batch))
    places = _not_ahead(batch, arrival.now_us, outcome)
    if not places:
        return outcome
    swept = ensure_stores(connection, set(_at(batch.store_id, places)))
    places = _not_swept(batch, places, swept, outcome)
    first, again = _first_of_each(batch, places)
    if not first:
        return outcome
    new = batch if len(first) == len(batch) else batch.take(first)
    known = insert_new(connection, new, arrival.run_id, arrival.now_us)
    for place, there in known.items():
        _tell(batch, first[place], there.is_same, outcome)
    if arrival.run_id is None:
        of_runs = [place for place, there in known.items() if there.is_same and there.of_run]
        keys = [(new.store_id[place], new.event_id[place]) for place in of_runs]
        free_from_runs(connection, keys, arrival.now_us)
    if again:
        _compare(connection, batch, again, outcome)
    if len(known) < len(new):
        _note(connection, new, known, arrival)
    outcome.duplicates.sort()
    outcome.faults.sort(key=lambda fault: fault.index)
    return outcome


def _not_ahead(batch: EventColumns, now_us: int, outcome: Outcome) -> Sequence[int]:
    limit_us = now_us + FUTURE_LIMIT_US
    if max(batch.time_us, default=0) <= limit_us:
        return range(len(batch))
    places = []
    for place, time_us in enumerate(batch.time_us):
        if time_us <= limit_us:
            places.append(place)
            continue
        message = f"timestamp {_shown(time_us)} is more than 5 minutes ahead of this server's clock"
        outcome.faults.append(EventFault(place, batch.event_id[place], "future", message))
    return places


def _not_swept(
    batch: EventColumns, places: Sequence[int], swept_before_us: Mapping[str, int], outcome: Outcome
) -> Sequence[int]:
    if min(_at(batch.time_us, places)) >= max(swept_before_us.values()):
        return places
    kept = []
    for place in places:
        before_us = swept_before_us[batch.store_id[place]]
        if batch.time_us[place] >= before_us:
            kept.append(place)
            continue
        message = (
            f"timestamp {_shown(batch.time_us[place])} lies before {_shown(before_us)}: "
            "what this store saw until then was removed for good"
        )
        outcome.faults.append(EventFault(place, batch.event_id[place], "expired", message))
    return kept


def _first_of_each(batch: EventColumns, places: Sequence[int]) -> tuple[Sequence[int], list[int]]:
    """The places where each id stands first, and those where one comes again."""
    event_ids = _at(batch.event_id, places)
    if len(set(event_ids)) == len(event_ids):
        return places, []
    keys = zip(_at(batch.store_id, places), event_ids, strict=True)
    first: dict[tuple[str, str], int] = {}
    again = []
    for place, key in zip(places, keys, strict=True):
        if first.setdefault(key, place) != place:
            again.append(place)
    return list(first.values()), again


def _compare(connection: Connection, batch: EventColumns, again: Sequence[int], outcome: Outcome) -> None:
    """Judge ids that came before in the batch, by what is stored under them by now."""
    keys = [(batch.store_id[place], batch.event_id[place]) for place in again]
    stored = read_contents(connection, dict.fromkeys(keys))
    for place, key, content in zip(again, keys, contents(batch, again), strict=True):
        _tell(batch, place, stored[key] == content, outcome)


def _tell(batch: EventColumns, place: int, is_same: bool, outcome: Outcome) -> None:
    if is_same:
        outcome.duplicates.append(place)
        return
    message = "an event of this store with the same event_id and other content is here already"
    outcome.faults.append(EventFault(place, batch.event_id[place], "conflict", message))


def _note(connection: Connection, new: EventColumns, left_out: Collection[int], arrival: Arrival) -> None:
    """Tell the cameras' feeds and the stores' versions of what went in."""
    places = [place for place in range(len(new)) if place not in left_out]
    store_ids, times_us = _at(new.store_id, places), _at(new.time_us, places)
    latest_us: dict[tuple[str, str], int] = {}
    for store_id, camera_id, time_us in zip(store_ids, _at(new.camera_id, places), times_us, strict=True):
        if time_us > latest_us.get((store_id, camera_id), -1):
            latest_us[store_id, camera_id] = time_us
    _note_feeds(connection, latest_us, arrival)
    days: dict[str, list[int]] = {}
    for store_id, day in {(s, t // DAY_US) for s, t in zip(store_ids, times_us, strict=True)}:
        days.setdefault(store_id, []).append(day * DAY_US)
    for store_id in sorted(days):
        touch(connection, store_id, days[store_id], arrival.now_us)


def _note_feeds(connection: Connection, latest_us: Mapping[tuple[str, str], int], arrival: Arrival) -> None:
    may_be_live = arrival.live and arrival.run_id is None
    rows = [
        (
            *camera,
            time_us,
            time_us if may_be_live and arrival.now_us - time_us <= LIVE_LIMIT_US else None,
        )
        for camera, time_us in sorted(latest_us.items())
    ]
    run_rows(connection, _NOTE_FEED, rows)


def _at(column: list[T], places: Sequence[int]) -> list[T]:
    return column if len(places) == len(column) else [column[place] for place in places]


def _shown(time_us: int) -> str:
    return from_us(time_us).isoformat()
