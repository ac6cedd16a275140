"""At the start: today's entries are read, so that the first crossing of the morning need not wait for it."""

from __future__ import annotations

from collections.abc import Callable

from floorwalker.errors import FloorwalkerError
from floorwalker.events import format_utc
from floorwalker.identity.matching.matcher import Matcher
from floorwalker.server.request_log import LogSink
from floorwalker.warehouse import Warehouse


def read_today(matcher: Matcher, warehouse: Warehouse, stopping: Callable[[], bool], log: LogSink) -> None:
    """Read the buckets of each store's local day.

    What cannot be read now is read by the first request that needs it.

    Args:
        matcher: whose.
        warehouse: knows the stores, their time zones and the time.
        stopping: tells whether the server is about to end.
        log: is told what went wrong.
    """
    now = warehouse.now()
    try:
        stores = warehouse.stores()
        for day_id in sorted({now.astimezone(store.zone_info).date().isoformat() for store in stores}):
            for key in matcher.store.buckets(day_id):
                if stopping():
                    return
                matcher.rebuild(day_id, [key.store_id])
    except FloorwalkerError as error:
        message = f"today's entries were not read at the start: {error}"
        log({"event": "notice", "timestamp": format_utc(now), "message": message})
