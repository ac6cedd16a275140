"""Stretches of live cameras: recordings that grow, told of again and again while they do."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, update

from floorwalker.resolutions import Resolution
from floorwalker.runs import Recording, Run
from floorwalker.warehouse.activating import activate_run
from floorwalker.warehouse.carrying import carry_over
from floorwalker.warehouse.loading import add_resolutions
from floorwalker.warehouse.records import to_us
from floorwalker.warehouse.schema import feeds


def write_stretch(
    connection: Connection,
    recording: Recording,
    run: Run,
    resolutions: Sequence[Resolution],
    now_us: int,
) -> int:
    """Note how far a camera watched, with its gaps, in place of what was known of the stretch before.

    The stretch's events come by themselves, as those of any live feed. A camera that told of somebody live
    is alive for as long as it watches, whether anybody comes or not.

    Args:
        connection: a writing transaction.
        recording: the stretch so far.
        run: what looks at it.
        resolutions: what became known of its visitors.
        now_us: the clock's time.

    Returns:
        How many resolutions were new.
    """
    if activate_run(connection, recording, run, now_us):
        carry_over(connection, recording, run.run_id, now_us)
    seen_us = min(to_us(recording.start_utc) + round(watched_until_s(recording) * 1e6), now_us)
    connection.execute(
        update(feeds)
        .where(feeds.c.store_id == recording.store_id, feeds.c.camera_id == recording.camera_id)
        .where(feeds.c.last_live_us < seen_us)
        .values(last_live_us=seen_us)
    )
    return add_resolutions(connection, resolutions, now_us)


def watched_until_s(recording: Recording) -> float:
    """The last moment that a recording shows, in seconds from its start."""
    end_s = recording.duration_s
    for gap in sorted(recording.gaps, key=lambda gap: gap.end_s, reverse=True):
        if gap.end_s < end_s:
            break
        end_s = min(end_s, gap.start_s)
    return max(end_s, 0.0)
