"""Events that a run found first and that then come without one."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from floorwalker.warehouse.plain import run
from floorwalker.warehouse.versions import touch

# One id a statement: given a long list of them, SQLite would read the whole store.
_FIND = (
    "SELECT events.time_us, runs.active FROM events JOIN runs "
    "ON runs.store_id = events.store_id AND runs.run_id = events.run_id "
    "WHERE events.store_id = ? AND events.event_id = ?"
)
_FREE = "UPDATE events SET run_id = NULL WHERE store_id = ? AND event_id = ?"
_FREE_ANEW = "UPDATE events SET run_id = NULL, received_us = ? WHERE store_id = ? AND event_id = ?"


def free_from_runs(connection: Connection, keys: Iterable[tuple[str, str]], now_us: int) -> None:
    """Let events that came without a run count by themselves, whatever becomes of the run that found them.

    One whose run counts no more counts from now on: that is when its source told of it.

    Args:
        connection: a writing transaction that holds the stores.
        keys: store and id of events that are there.
        now_us: the clock's time.
    """
    by_store: dict[str, list[str]] = {}
    for store_id, event_id in keys:
        by_store.setdefault(store_id, []).append(event_id)
    for store_id, event_ids in sorted(by_store.items()):
        times_us = []
        for event_id in event_ids:
            for time_us, counts in run(connection, _FIND, (store_id, event_id)).fetchall():
                if counts:
                    run(connection, _FREE, (store_id, event_id))
                else:
                    run(connection, _FREE_ANEW, (now_us, store_id, event_id))
                    times_us.append(time_us)
        if times_us:
            touch(connection, store_id, times_us, now_us)
