"""Runs: which processing of a recording counts."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, insert, select, update

from floorwalker.runs import Recording, Run
from floorwalker.warehouse.records import to_us
from floorwalker.warehouse.schema import recordings, run_activations, runs
from floorwalker.warehouse.versions import ensure_stores, touch

_DAY_US = 86_400_000_000


def activate_run(connection: Connection, recording: Recording, run: Run, now_us: int) -> bool:
    """Make a recording and its run known, and this run the one that counts.

    Args:
        connection: a writing transaction.
        recording: what was filmed.
        run: one processing of it; all others step back.
        now_us: the clock's time.

    Returns:
        Whether another run of the recording counted until now.
    """
    store_id = recording.store_id
    ensure_stores(connection, [store_id])
    mine = (recordings.c.store_id == store_id, recordings.c.recording_id == run.recording_id)
    times_us = _times_us(to_us(recording.start_utc), recording.duration_s)
    known = connection.execute(select(recordings.c.start_us, recordings.c.duration_s).where(*mine)).first()
    if known is None:
        connection.execute(insert(recordings).values(_recording_row(recording)))
    else:
        # The same file with a corrected start, length or gaps is the same recording, told of anew; what it
        # showed is gone from where it was.
        times_us += _times_us(known.start_us, known.duration_s)
        connection.execute(update(recordings).where(*mine).values(_recording_row(recording)))
    of_recording = (runs.c.store_id == store_id, runs.c.recording_id == run.recording_id)
    counted = connection.scalar(select(runs.c.run_id).where(*of_recording, runs.c.active.is_(True)))
    connection.execute(update(runs).where(*of_recording).values(active=False))
    this = (runs.c.store_id == store_id, runs.c.run_id == run.run_id)
    if connection.execute(select(runs.c.run_id).where(*this)).first() is None:
        connection.execute(insert(runs).values(_run_row(recording, run, now_us)))
    connection.execute(update(runs).where(*this).values(active=True))
    version = touch(connection, store_id, times_us, now_us)
    if counted != run.run_id:
        connection.execute(
            insert(run_activations).values(
                store_id=store_id,
                recording_id=run.recording_id,
                version=version,
                run_id=run.run_id,
                activated_us=now_us,
            )
        )
    return counted is not None and counted != run.run_id


def _times_us(start_us: int, duration_s: float) -> list[int]:
    """A time in each day that a recording touches."""
    end_us = start_us + round(duration_s * 1e6)
    return [*range(start_us, end_us, _DAY_US), end_us]


def _recording_row(recording: Recording) -> dict[str, object]:
    return {
        "store_id": recording.store_id,
        "recording_id": recording.recording_id,
        "camera_id": recording.camera_id,
        "start_us": to_us(recording.start_utc),
        "duration_s": recording.duration_s,
        "content_hash": recording.content_hash,
        "gaps": msgspec.json.encode(recording.gaps).decode(),
    }


def _run_row(recording: Recording, run: Run, now_us: int) -> dict[str, object]:
    return {
        "store_id": recording.store_id,
        "run_id": run.run_id,
        "recording_id": run.recording_id,
        "code_version": run.code_version,
        "detector": run.detector,
        "config_hash": run.config_hash,
        "active": True,
        "recorded_us": now_us,
    }
