"""Retention where entries are kept in MongoDB: the vectors go there, the receipt stays in the database."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from floorwalker.adapters.mongo import open_entries
from floorwalker.settings import Settings
from floorwalker.warehouse import StoreInfo, Warehouse
from floorwalker.warehouse.records import from_us
from floorwalker.warehouse.removing import Swept
from floorwalker.warehouse.sweeping import Kind, swept_before_us, write_digests
from floorwalker.warehouse.versions import ensure_stores

if TYPE_CHECKING:
    from floorwalker.adapters.mongo_entries import MongoEntries


def mongo_of(warehouse: Warehouse, settings: Settings) -> MongoEntries | None:
    """The entries in MongoDB, where one is set; stores that only it knows become known, as by events."""
    if settings.mongo_uri is None:
        return None
    entries = open_entries(settings.mongo_uri, settings.mongo_db)
    with warehouse.database.write() as connection:
        ensure_stores(connection, entries.stores())
    return entries


def sweep_mongo(
    warehouse: Warehouse, entries: MongoEntries, store: StoreInfo, keep_days: int, *, dry_run: bool
) -> Swept:
    """Take the vectors of one store that were kept long enough.

    Args:
        warehouse: where the receipt goes.
        entries: where the vectors are.
        store: whose.
        keep_days: full days to keep before today.
        dry_run: only say what would go.
    """
    now = warehouse.now()
    before_us = swept_before_us(store, keep_days, now)
    before, kind = from_us(before_us), Kind.EMBEDDINGS.value
    digests = entries.sweep(before, store.store_id, dry_run=dry_run)
    receipt = None
    if digests and not dry_run:
        receipt = write_digests(warehouse.database, store.store_id, before, digests, now, kind)
    days = Counter(name[:10] for name in digests)
    return Swept(store.store_id, kind, before_us, days, receipt_id=receipt)
