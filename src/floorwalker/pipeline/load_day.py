"""A day's run into the warehouse."""

from __future__ import annotations

from floorwalker.pipeline.day_run import DayRun
from floorwalker.warehouse.warehouse import Warehouse


def load_day(warehouse: Warehouse, day: DayRun) -> int:
    """Record every run of a day, then what they show together.

    The same day again changes nothing; a run with another configuration takes the place of the earlier one
    of its recording.

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
    warehouse.add_resolutions(day.resolutions)
    return inserted
