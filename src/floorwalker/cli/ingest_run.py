"""A run's record beside a file of events: then the file is taken as that run, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import msgspec

from floorwalker.cli.event_files import EventFile
from floorwalker.cli.ingest_targets import Tally
from floorwalker.errors import InputError
from floorwalker.events import Event, EventError, decode_event
from floorwalker.runs import Recording, Run
from floorwalker.warehouse import EventFault, Warehouse


class RunRecord(msgspec.Struct):
    """What was filmed, and how it was processed."""

    recording: Recording
    run: Run


def run_record(file: Path) -> RunRecord | None:
    """The record NAME.run.json beside NAME.jsonl, where there is one.

    Raises:
        InputError: there is one that cannot be read.
    """
    path = file.with_name(f"{file.stem}.run.json")
    if not path.is_file():
        return None
    try:
        record = msgspec.json.decode(path.read_bytes(), type=RunRecord)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise InputError(f"{path} is not a run's record: {error}; move it away to ingest without") from error
    if record.recording.start_utc.tzinfo is None:
        raise InputError(f"{path}: the recording's start names no zone")
    return record


def take_run(warehouse: Warehouse, file: Path, record: RunRecord) -> Tally:
    """Record a file as its run; earlier runs of the same recording step back.

    Raises:
        InputError: a line is no event, or one that the run cannot have found.
    """
    tally = Tally()
    events: list[Event] = []
    with EventFile(file) as content:
        for item in content.items():
            tally.received += 1
            try:
                if item.problem is not None:
                    raise EventError("schema", item.problem)
                events.append(decode_event(item.content))
            except EventError as error:
                tally.reject(EventFault(item.number, None, error.code, str(error)))
    if tally.rejected:
        first = tally.samples[0]
        raise InputError(
            f"{file}: a run is taken whole or not at all, and {tally.rejected} of its lines are no events; "
            f"first line {first.index}: {first.message}"
        )
    for event in events:
        _check_of_run(file, event, record)
    report = warehouse.record_run(record.recording, record.run, events)
    tally.inserted, tally.duplicates = report.inserted, report.duplicates
    return tally


def _check_of_run(file: Path, event: Event, record: RunRecord) -> None:
    """Refuse an event that the run beside its file cannot have found."""
    recording, run_id = record.recording, record.run.run_id
    for what, expected, got in (
        ("store", recording.store_id, event.store_id),
        ("camera", recording.camera_id, event.camera_id),
        ("metadata.run_id", run_id, event.metadata.get("run_id")),
    ):
        if got != expected:
            raise InputError(
                f"{file}: {file.stem}.run.json beside it is not its record: expected {what} {expected}, "
                f"event {event.event_id} has {got!s:.80}; move the record away or give --without-run"
            )
