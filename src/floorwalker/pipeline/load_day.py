"""A day's run into the warehouse."""

from __future__ import annotations

from floorwalker.journeys.day import DAY_REASONS
from floorwalker.pipeline.day_run import DayRun
from floorwalker.warehouse.warehouse import Warehouse


def load_day(warehouse: Warehouse, day: DayRun) -> int:
    """Record every run of a day, then what they show together.

    The same day again changes nothing; a run with another configuration takes the place of the earlier one
    of its recording; what the day's rules said earlier of these runs' visitors and no longer say is undone.

    Args:
        warehouse: where to.
        day: what the cameras gave.

    Returns:
        How many events were new.

    Raises:
        InputError: a run's events contradict what is recorded.
        DatabaseAway: the database cannot be written; runs recorded before stay.
    """
    inserted = sum(
        warehouse.record_run(result.recording, result.run, result.events).inserted for result in day.runs
    )
    if day.runs:
        visitors = {event.visitor_id for result in day.runs for event in result.events}
        store_id = day.runs[0].recording.store_id
        warehouse.replace_resolutions(store_id, visitors, DAY_REASONS, day.resolutions)
    return inserted
