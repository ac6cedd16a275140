"""The history of a day's figures: when each changed, from what to what, and why."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import datetime
from typing import Any

from floorwalker.errors import InputError
from floorwalker.events import format_utc
from floorwalker.insights.metrics import metrics
from floorwalker.insights.midnight import day_after_us
from floorwalker.insights.picture import Picture, Surroundings, picture_of, read_surroundings
from floorwalker.insights.windows import Window
from floorwalker.warehouse import Feed, StoreInfo, Warehouse
from floorwalker.warehouse.history import LATE_US, Point, causes_of, points_of, read_notes, swept_us
from floorwalker.warehouse.log import FOR_EVER_US, StoreLog
from floorwalker.warehouse.log_reading import read_log
from floorwalker.warehouse.records import from_us, to_us

# What the history tells of where nobody asks for another figure: none of these moves with the clock alone.
FIGURES = (
    "unique_visitors",
    "entries",
    "staff_excluded",
    "conversion_rate",
    "conversion_matched",
    "transactions",
    "abandonment_rate",
    "avg_dwell_ms",
)
MAX_POINTS = 200


def figures_of(picture: Picture, names: tuple[str, ...] = FIGURES) -> dict[str, Any]:
    """Some of a picture's figures by name.

    Raises:
        InputError: there is no such figure, or it is no number.
    """
    return _chosen(_numbers(picture), names)


def _numbers(picture: Picture) -> dict[str, Any]:
    return {
        name: value
        for name, value in metrics(picture).items()
        if isinstance(value, int | float | None) and not isinstance(value, bool)
    }


def _chosen(numbers: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    for name in names:
        if name not in numbers:
            raise InputError(f"metric: expected one of {', '.join(sorted(numbers))}, got {name[:60]!r}")
    return {name: numbers[name] for name in names}


class Memory:
    """Figures of past moments that were worked out before: what was known at a moment stays what it was.

    Args:
        limit: how many moments are kept; those asked for longest ago go first.
    """

    def __init__(self, limit: int = 2048) -> None:
        self._limit = limit
        self._kept: OrderedDict[Hashable, dict[str, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def figures(self, key: Hashable, work_out: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The figures under a key, worked out where they are not kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        figures = work_out()
        with self._lock:
            self._kept[key] = figures
            while len(self._kept) > self._limit:
                self._kept.popitem(last=False)
        return figures


def picture_as_known(warehouse: Warehouse, store: StoreInfo, window: Window, known_utc: datetime) -> Picture:
    """The picture of a window as it was known at a moment of the clock on the wall.

    Args:
        warehouse: where the log is.
        store: whose; the shop's set-up (zones, cameras, hours) is taken as it is today.
        window: for which time.
        known_utc: the moment; one that has not come is now.
    """
    known_us = to_us(min(known_utc, warehouse.now()))
    with warehouse.database.read() as connection:
        log = read_log(connection, store.store_id, to_us(window.whole_from_utc), to_us(window.whole_to_utc))
    around = read_surroundings(warehouse, store, window)
    around = day_after_as_known(around, _log_of_day_after(warehouse, store, window, around), known_us)
    return picture_of(store, window, log.view(known_us), surroundings_as_known(around, log, known_us))


def day_after_as_known(around: Surroundings, after: StoreLog | None, known_us: int) -> Surroundings:
    """What was known at a moment of the day whose first sales may be of the window's visits."""
    return around if after is None else replace(around, day_after=after.view(known_us))


def _log_of_day_after(
    warehouse: Warehouse, store: StoreInfo, window: Window, around: Surroundings
) -> StoreLog | None:
    if around.day_after is None:
        return None
    with warehouse.database.read() as connection:
        return read_log(connection, store.store_id, *day_after_us(window))


def surroundings_as_known(around: Surroundings, log: StoreLog, known_us: int) -> Surroundings:
    """What lay around a picture at a moment: that moment for the present, and feeds as they were.

    Feeds are seen as far as the log reaches: enough to tell whether one was fresh within the window.
    """
    last: dict[str, int] = {}
    live: dict[str, int] = {}
    for row in log.rows:
        time_us, camera_id, received_us = row[0], row[2], row[-1]
        if received_us <= known_us:
            last[camera_id] = time_us
            if row[-2] is None and received_us - time_us <= LATE_US:
                live[camera_id] = time_us
    store_id = around.feeds[0].store_id if around.feeds else ""
    feeds = [Feed(store_id, name, at_us, live.get(name)) for name, at_us in sorted(last.items())]
    # A camera that never told anything live (a file within the hour) is not made a live one here.
    ever_live = {feed.camera_id for feed in around.feeds if feed.last_live_us is not None}
    feeds = [feed if feed.camera_id in ever_live else replace(feed, last_live_us=None) for feed in feeds]
    return replace(around, feeds=feeds, now=from_us(known_us))


def history(
    warehouse: Warehouse,
    store: StoreInfo,
    window: Window,
    metric: str | None = None,
    limit: int = 60,
    memory: Memory | None = None,
) -> dict[str, Any]:
    """How a day's figures came to be what they are.

    Args:
        warehouse: where the log is.
        store: whose.
        window: one local day.
        metric: tell only of this figure, and only where it changed; None: of `FIGURES`, and of everything
            that was written, whether it changed them or not.
        limit: at most so many points, the latest.
        memory: figures worked out before; None: all are worked out.

    Returns:
        `points` in order of the wall clock, each with its `causes`, the `figures` after it, and what
        `changed`; `truncated` says that there were earlier ones, `complete_from` that retention has taken
        what the day's figures were before that moment.

    Raises:
        InputError: there is no such figure.
    """
    names = FIGURES if metric is None else (metric,)
    begin_us, end_us = to_us(window.whole_from_utc), to_us(window.whole_to_utc)
    with warehouse.database.read() as connection:
        log = read_log(connection, store.store_id, begin_us, end_us)
        notes = read_notes(connection, store.store_id, log)
        swept = swept_us(connection, store.store_id, begin_us)
    around = read_surroundings(warehouse, store, window)

    kept_figures = Memory(limit=0) if memory is None else memory
    shop = _set_up(store, window, around)
    next_day = _log_of_day_after(warehouse, store, window, around)

    def known(known_us: int) -> dict[str, Any]:
        def work_out() -> dict[str, Any]:
            at = around if known_us == FOR_EVER_US else surroundings_as_known(around, log, known_us)
            at = at if known_us == FOR_EVER_US else day_after_as_known(at, next_day, known_us)
            return _numbers(picture_of(store, window, log.view(known_us), at))

        if known_us == FOR_EVER_US:
            return _chosen(work_out(), names)
        state = (log.state(known_us), next_day and next_day.state(known_us))
        return _chosen(kept_figures.figures((shop, known_us, state), work_out), names)

    points = [point for point in points_of(log) if swept is None or point.first_us > swept]
    kept = points[-limit:]
    before = known(kept[0].first_us - 1 if kept else FOR_EVER_US)
    told = []
    for point in kept:
        after = known(point.last_us)
        told.append(_told(point, before, after) | {"causes": causes_of(point, log, notes)})
        before = after
    if metric is not None:
        told = [entry for entry in told if entry["changed"]]
    return {
        "store_id": store.store_id,
        "day": window.first_day.isoformat(),
        "timezone": store.timezone,
        "figures": known(FOR_EVER_US),
        "points": told,
        "truncated": len(kept) < len(points),
        "complete_from": None if swept is None else format_utc(from_us(swept)),
    }


def changes_between(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The figures that differ, with both values."""
    return {
        name: {"before": before[name], "after": value}
        for name, value in after.items()
        if before[name] != value
    }


def _set_up(store: StoreInfo, window: Window, around: Surroundings) -> Hashable:
    """What figures rest on beside the log: another site file gives other ones."""
    site = store.site.model_dump_json() if store.site else None
    recordings = tuple((each.recording_id, each.start_utc, each.duration_s) for each in around.recordings)
    return store.store_id, window.first_day, store.timezone, site, around.doors, recordings


def _told(point: Point, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return {
        "at": format_utc(from_us(point.first_us)),
        "until": format_utc(from_us(point.last_us)),
        "changed": changes_between(before, after),
        "figures": after,
    }
