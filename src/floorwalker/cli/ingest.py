"""`floorwalker ingest`: files of events into the database or a server."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
import typer
from rich.progress import Progress, TaskID

from floorwalker.cli.ingest_targets import BATCH, DatabaseTarget, ServerTarget, Tally, Target
from floorwalker.cli.output import console, messages, print_json, progress_bar
from floorwalker.errors import InputError
from floorwalker.events import Event, EventError, decode_event
from floorwalker.runs import Recording, Run
from floorwalker.settings import Settings
from floorwalker.site import load_site
from floorwalker.warehouse import EventFault, Warehouse

_MAX_LINE_BYTES = 1_000_000
_SHOWN = 10


class _RunRecord(msgspec.Struct):
    recording: Recording
    run: Run


def register(app: typer.Typer) -> None:
    """Add `floorwalker ingest`."""
    app.command("ingest")(ingest)


def ingest(
    files: Annotated[list[Path], typer.Argument(help="Files of events, one JSON object a line.")],
    site: Annotated[
        Path | None, typer.Option("--site", help="Site file whose stores are made known first.")
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", help="Send to this server instead of the database.")
    ] = None,
    without_run: Annotated[
        bool, typer.Option("--without-run", help="Leave records of runs beside the files unread.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Take events from files of any size, each once; what is rejected is counted and explained.

    Beside a file NAME.jsonl its run's record NAME.run.json is picked up where there is one: then the file
    is recorded as that run, whole or not at all, and earlier runs of the same recording step back. A server
    is not told of runs: with --url the events are sent as they are.
    """
    for file in files:
        if not file.is_file():
            raise InputError(
                f"expected a file, got a folder: {file}" if file.is_dir() else f"no such file: {file}"
            )
    if url and site:
        raise InputError(
            "a server reads its own site file: give --site to `floorwalker serve`, not with --url"
        )
    records = {} if without_run else {file: found for file in files if (found := _run_record(file))}
    if url and records:
        messages.print(
            f"{next(iter(records))}: a server is not told of runs: the events are sent as they are, and an "
            "earlier run of the same recording stays beside them",
            markup=False,
            style="yellow",
        )
        records = {}
    content = load_site(site) if site else None
    warehouse = None if url else Warehouse(Settings.load().resolved_database_url)
    target: Target = ServerTarget(url or "") if warehouse is None else DatabaseTarget(warehouse)
    if warehouse and content and site:
        warehouse.register_site(content, site.parent)
    results: dict[str, Tally] = {}
    with progress_bar("bytes", quiet=quiet or as_json) as progress:
        for file in files:
            task = progress.add_task(file.name, total=file.stat().st_size)
            record = records.get(file)
            if warehouse and record:
                results[str(file)] = _take_run(warehouse, file, record, progress, task)
            else:
                results[str(file)] = _take_stream(target, file, progress, task)
    if warehouse:
        warehouse.close()
    _report(results, as_json)
    for name, tally in results.items():
        if not tally.received:
            messages.print(f"{name} holds no events", markup=False, style="yellow")
        elif tally.rejected == tally.received:
            raise InputError(f"{name} is no file of events: expected one JSON event a line")


def _run_record(file: Path) -> _RunRecord | None:
    path = file.with_name(f"{file.stem}.run.json")
    if not path.is_file():
        return None
    try:
        record = msgspec.json.decode(path.read_bytes(), type=_RunRecord)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise InputError(f"{path} is not a run's record: {error}; move it away to ingest without") from error
    if record.recording.start_utc.tzinfo is None:
        raise InputError(f"{path}: the recording's start names no zone")
    return record


def _lines(stream: BinaryIO, progress: Progress, task: TaskID) -> Iterator[bytes]:
    """Lines without their ends; one too long to be an event is cut, so that memory stays bounded."""
    while line := stream.readline(_MAX_LINE_BYTES):
        progress.advance(task, len(line))
        while not line.endswith(b"\n") and (rest := stream.readline(_MAX_LINE_BYTES)):
            progress.advance(task, len(rest))
            if rest.endswith(b"\n"):
                break
        yield line.strip()


def _decoded(lines: Iterator[bytes], tally: Tally) -> Iterator[tuple[int, Event]]:
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        tally.received += 1
        try:
            yield number, decode_event(line)
        except EventError as error:
            tally.reject(EventFault(number, None, error.code, str(error)))


def _take_stream(target: Target, file: Path, progress: Progress, task: TaskID) -> Tally:
    tally = Tally()
    with file.open("rb") as stream:
        events = _decoded(_lines(stream, progress, task), tally)
        while batch := list(islice(events, BATCH)):
            report = target.send([event for _, event in batch])
            tally.count(report, [number for number, _ in batch])
    return tally


def _take_run(
    warehouse: Warehouse, file: Path, record: _RunRecord, progress: Progress, task: TaskID
) -> Tally:
    tally = Tally()
    with file.open("rb") as stream:
        events = [event for _, event in _decoded(_lines(stream, progress, task), tally)]
    if tally.rejected:
        first = tally.samples[0]
        raise InputError(
            f"{file}: a run is taken whole or not at all, and {tally.rejected} of its lines are no events; "
            f"first line {first.index}: {first.message}"
        )
    for event in events:
        _check_of_run(file, event, record)
    tally.count(warehouse.record_run(record.recording, record.run, events), [])
    return tally


def _check_of_run(file: Path, event: Event, record: _RunRecord) -> None:
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


def _report(results: dict[str, Tally], as_json: bool) -> None:
    if as_json:
        print_json({file: tally.summary() for file, tally in results.items()})
        return
    for file, tally in results.items():
        lines = [
            f"{file}: {tally.received} events: {tally.inserted} inserted, {tally.duplicates} known already, "
            f"{tally.rejected} rejected"
        ]
        lines += [f"  {code}: {count}" for code, count in sorted(tally.codes.items())]
        lines += [f"  line {fault.index}: {fault.message}" for fault in tally.samples[:_SHOWN]]
        for line in lines:
            console.print(line, markup=False, soft_wrap=True)
