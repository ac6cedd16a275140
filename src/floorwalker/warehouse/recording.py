"""Writing events that are at hand as objects: of a pipeline's run or of a file."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from floorwalker.events import Event, columns_of
from floorwalker.warehouse.ingesting import Arrival, take_in
from floorwalker.warehouse.records import IngestReport


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
