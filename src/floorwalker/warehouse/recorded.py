"""Which cameras were recorded: who was recorded yesterday and is not today was down, not idle."""

from __future__ import annotations

from sqlalchemy import select

from floorwalker.warehouse.engine import Database
from floorwalker.warehouse.schema import recordings


def recorded_cameras(database: Database, store_id: str, from_us: int, to_us: int) -> frozenset[str]:
    """The cameras of a store of which a recording began in a stretch of time."""
    table = recordings.c
    with database.read() as connection:
        found = connection.scalars(
            select(table.camera_id)
            .where(table.store_id == store_id, table.start_us >= from_us, table.start_us < to_us)
            .distinct()
        )
        return frozenset(found)
