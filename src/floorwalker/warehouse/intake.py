"""Batches that wait for their turn at the database go in together: one commit, on the disk for all of them.

On SQLite one transaction writes at a time, and most of its time goes into the commit. While one is at work
others gather behind it; whoever is next takes them all along. Each caller is told of their own batch, and
only after the commit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from floorwalker.events import EventColumns
from floorwalker.warehouse.engine import Database
from floorwalker.warehouse.errors import DatabaseAway
from floorwalker.warehouse.ingesting import Arrival, Outcome, take_in
from floorwalker.warehouse.records import to_us

_MOST_EVENTS = 2000  # in one transaction; a single batch may hold more


@dataclass(slots=True, eq=False)  # equal batches are still two
class _Waiting:
    """One caller's batch.

    Attributes:
        events: the batch.
        live: whether they may come from a live feed.
        outcome: what became of it, once it was committed.
        away: why it could not be, if the database was away for whoever took it along.
        alone: it failed together with others, and goes in by itself.
    """

    events: EventColumns
    live: bool
    outcome: Outcome | None = None
    away: DatabaseAway | None = None
    alone: bool = False


class Intake:
    """Takes batches of events from many threads.

    Args:
        database: where they go.
        now: gives the present.
    """

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._turn = threading.Lock()
        self._queue: list[_Waiting] = []
        self._queue_lock = threading.Lock()

    def take(self, events: EventColumns, *, live: bool = True) -> Outcome:
        """Add those events of a batch that are new; what is returned is committed.

        Args:
            events: of any stores, in any order.
            live: whether they may come from a live feed; False for files.

        Raises:
            DatabaseAway: nothing of the batch was kept.
        """
        mine = _Waiting(events, live)
        if not self._database.one_writer:
            return self._write([mine])[0]
        with self._queue_lock:
            self._queue.append(mine)
        with self._turn:
            if mine.outcome is None and mine.away is None:
                self._write_with_others(mine)
        if mine.outcome is None:
            raise mine.away or AssertionError("nobody wrote the batch")
        return mine.outcome

    def _write_with_others(self, mine: _Waiting) -> None:
        group = self._draw(mine)
        try:
            outcomes = self._write(group)
        except DatabaseAway as error:
            for waiting in group:
                waiting.away = DatabaseAway(str(error))
            return
        except Exception:
            if len(group) == 1:
                raise
            # The fault may be another's: each tries again by itself.
            for waiting in group:
                waiting.alone = True
            with self._queue_lock:
                self._queue += group
            self._write_with_others(mine)
            return
        for waiting, outcome in zip(group, outcomes, strict=True):
            waiting.outcome = outcome

    def _draw(self, mine: _Waiting) -> list[_Waiting]:
        """Take a batch and those that can go with it out of the queue."""
        with self._queue_lock:
            self._queue.remove(mine)
            group = [mine]
            room = _MOST_EVENTS - len(mine.events)
            for waiting in () if mine.alone else list(self._queue):
                fits = len(waiting.events) <= room and waiting.live is mine.live and not waiting.alone
                if fits:
                    self._queue.remove(waiting)
                    group.append(waiting)
                    room -= len(waiting.events)
            return group

    def _write(self, group: Sequence[_Waiting]) -> list[Outcome]:
        together = EventColumns.joined([waiting.events for waiting in group])
        with self._database.write() as connection:
            outcome = take_in(connection, together, Arrival(to_us(self._now()), live=group[0].live))
        return _parts(outcome, [len(waiting.events) for waiting in group])


def _parts(outcome: Outcome, sizes: Sequence[int]) -> list[Outcome]:
    """Each batch's share of what became of all, its places counted from 0."""
    if len(sizes) == 1:
        return [outcome]
    parts = []
    start = 0
    for size in sizes:
        mine = range(start, start + size)
        duplicates = [place - start for place in outcome.duplicates if place in mine]
        faults = [replace(f, index=f.index - start) for f in outcome.faults if f.index in mine]
        parts.append(Outcome(size, duplicates, faults))
        start += size
    return parts
