"""Bringing a mart up to date: only store-days that changed, each whole or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from floorwalker.insights.picture import take_picture
from floorwalker.insights.waits import read_told_waits
from floorwalker.insights.windows import window_of_day
from floorwalker.mart.changes import compare, of_nothing, stamp_now
from floorwalker.mart.day_facts import Rows, day_facts
from floorwalker.mart.parts import STORE_PART, Part, Sink
from floorwalker.mart.tables import CAMERAS, STORES, ZONES
from floorwalker.warehouse import Warehouse

_BATCH_ROWS = 50_000
_BATCH_PARTS = 64
_NEVER_COMPLETED = timedelta(hours=6)  # longer than any sync holds a part back


@dataclass(frozen=True, slots=True)
class Change:
    """One part that the mart has to hear of; `epoch` is that of its push."""

    store_id: str
    part: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sync will do.

    Attributes:
        stores: how many stores were looked at.
        changes: the parts to push, by store, the store's own first, then its days in order.
        unchanged: store-days that the mart shows as they are.
        kept: store-days whose events retention swept away: the mart keeps what it has of them.
    """

    stores: int
    changes: tuple[Change, ...]
    unchanged: int
    kept: int


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did.

    Attributes:
        stores: stores looked at.
        pushed: store-days pushed; a day of which nothing is recorded is none, also where it was one before.
        unchanged: store-days that the mart showed as they are.
        kept: store-days that retention swept from the warehouse.
        rows: rows pushed.
    """

    stores: int
    pushed: int
    unchanged: int
    kept: int
    rows: int


def plan_sync(warehouse: Warehouse, sink: Sink, store_ids: Sequence[str], *, full: bool = False) -> Plan:
    """Compare what the warehouse knows with what the mart holds.

    Args:
        warehouse: the truth.
        sink: the mart, prepared.
        store_ids: which stores.
        full: push everything that can be computed, as if the mart held nothing.

    Raises:
        WorkError: the mart holds a later state of a store than the warehouse has.
    """
    changes: list[Change] = []
    unchanged = kept = 0
    for store_id in store_ids:
        known = sink.known(store_id)
        standing = compare(warehouse, store_id, known, full=full)
        epoch = max((stamp.epoch for stamp in known.values()), default=0) + full
        changes += [Change(store_id, part, epoch) for part in standing.changed]
        unchanged += standing.unchanged
        kept += standing.kept
    return Plan(len(store_ids), tuple(changes), unchanged, kept)


def sync(
    warehouse: Warehouse,
    sink: Sink,
    plan: Plan,
    *,
    on_part: Callable[[], None] = lambda: None,
    new_push_id: Callable[[], int] = lambda: secrets.randbits(62),
) -> SyncReport:
    """Push what a plan names, some store-days at a time.

    Args:
        warehouse: the truth.
        sink: the mart, prepared.
        plan: of `plan_sync`.
        on_part: called after each part was computed.
        new_push_id: gives an id that no other push has.

    Returns:
        What was done; a sync that ends half way leaves whole parts only, and the next one goes on.
    """
    rows = pushed = 0
    for batch in _batches(_parts(warehouse, plan, on_part, new_push_id)):
        sink.push(batch)
        rows += sum(part.facts for part in batch)
        pushed += sum(part.name != STORE_PART and part.facts > 0 for part in batch)
    return SyncReport(plan.stores, pushed, plan.unchanged, plan.kept, rows)


def compact(warehouse: Warehouse, sink: Sink) -> int:
    """Remove from the mart what no view shows and no running sync may still complete.

    Returns:
        How many pushes were removed.
    """
    return sink.compact(warehouse.now() - _NEVER_COMPLETED)


def _parts(
    warehouse: Warehouse, plan: Plan, on_part: Callable[[], None], new_push_id: Callable[[], int]
) -> Iterator[Part]:
    for change in plan.changes:
        # The stamp before the facts: what changes in between makes the next sync push the part again.
        stamp = stamp_now(warehouse, change.store_id, change.part, change.epoch)
        if change.part == STORE_PART:
            rows = _store_rows(warehouse, change.store_id)
        else:
            rows = _day_rows(warehouse, change.store_id, date.fromisoformat(change.part))
            stamp = stamp if rows else of_nothing(stamp)
        yield Part(change.store_id, change.part, stamp, new_push_id(), warehouse.now(), rows)
        on_part()


def _store_rows(warehouse: Warehouse, store_id: str) -> Rows:
    store = warehouse.store(store_id)
    currency = store.site.currency if store.site else None
    return {
        STORES.name: [(store_id, store.name, store.timezone, currency, store.registered)],
        ZONES.name: [
            (store_id, zone.zone_id, zone.camera_id, zone.kind.value, zone.sku_zone)
            for zone in warehouse.zones(store_id)
        ],
        CAMERAS.name: [
            (store_id, camera.camera_id, camera.name, camera.entry_lines)
            for camera in warehouse.cameras(store_id)
        ],
    }


def _day_rows(warehouse: Warehouse, store_id: str, day: date) -> Rows:
    store = warehouse.store(store_id)
    window = window_of_day(day, store.zone_info)
    picture = take_picture(warehouse, store, window)
    if not picture.recorded:
        return {}
    told = read_told_waits(warehouse.database, store_id, window.from_utc, window.to_utc)
    return day_facts(picture, told, is_final=window.to_utc <= warehouse.now())


def _batches(parts: Iterator[Part]) -> Iterator[list[Part]]:
    batch: list[Part] = []
    rows = 0
    for part in parts:
        batch.append(part)
        rows += part.facts
        if rows >= _BATCH_ROWS or len(batch) >= _BATCH_PARTS:
            yield batch
            batch, rows = [], 0
    if batch:
        yield batch
