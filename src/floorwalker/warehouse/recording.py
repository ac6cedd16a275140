"""Writing events that are at hand as objects: of a pipeline's run or of a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, update

from floorwalker.events import Event, columns_of
from floorwalker.warehouse.ingesting import Arrival, take_in
from floorwalker.warehouse.records import IngestReport
from floorwalker.warehouse.schema import events as table


def add_events(connection: Connection, batch: Sequence[Event], arrival: Arrival) -> IngestReport:
    """Add those events of a batch that are new.

    Args:
        connection: a writing transaction.
        batch: in any order, of any stores; the same event twice is a duplicate of itself.
        arrival: how they came in.

    Returns:
        Counts that add up to the batch's length, and the faults of those refused.
    """
    outcome = take_in(connection, columns_of(batch), arrival)
    return IngestReport(outcome.inserted, len(outcome.duplicates), tuple(outcome.faults))


def adopt(connection: Connection, store_id: str, event_ids: Iterable[str], run_id: str) -> None:
    """Give events that came without a run to the run that also found them."""
    # One id a statement: given a long list of them, SQLite would read the whole store.
    statement = update(table).where(
        table.c.store_id == store_id, table.c.event_id == bindparam("wanted"), table.c.run_id.is_(None)
    )
    wanted = [{"wanted": event_id} for event_id in event_ids]
    if wanted:
        connection.execute(statement.values(run_id=run_id), wanted)
