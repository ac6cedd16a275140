"""`floorwalker ingest`: files of events into the database or a server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from floorwalker.cli.ingest_run import RunRecord, run_record, take_run
from floorwalker.cli.ingest_state import ProgressFolder
from floorwalker.cli.ingest_stream import STDIN, Rejects, Taking
from floorwalker.cli.ingest_targets import DatabaseTarget, ServerTarget, Tally, Target
from floorwalker.cli.options import AsJson, Quiet
from floorwalker.cli.output import console, messages, print_json, progress_bar
from floorwalker.cli.zones import time_zone
from floorwalker.errors import InputError
from floorwalker.files import check_writable
from floorwalker.settings import Settings
from floorwalker.site import load_site
from floorwalker.warehouse import Warehouse

_SHOWN = 10
_CUT_SHORT = 130  # as the shell has it


def register(app: typer.Typer) -> None:
    """Add `floorwalker ingest`."""
    app.command("ingest")(ingest)


def ingest(
    files: Annotated[
        list[Path],
        typer.Argument(
            help='Files of events: one JSON object a line, or {"events": […]}; .gz too; - is the input.'
        ),
    ],
    site: Annotated[
        Path | None, typer.Option("--site", help="Site file whose stores are made known first.")
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option("--timezone", help="IANA zone of stores that no site file describes: Asia/Kolkata."),
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", help="Send to this server instead of the database.")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", envvar="FLOORWALKER_API_KEY", help="API key of that server."),
    ] = None,
    rejects: Annotated[
        Path | None,
        typer.Option("--rejects", help="Write rejected lines here, as JSON lines with the reason."),
    ] = None,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Forget where an earlier run was cut short.")
    ] = False,
    without_run: Annotated[
        bool, typer.Option("--without-run", help="Leave records of runs beside the files unread.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Take events from files of any size, each once; what is rejected is counted and explained.

    Cut short (Ctrl-C, a crash, a server that is away), the same command goes on where it stopped; a file
    that has changed before that place begins anew. Beside a file NAME.jsonl its run's record NAME.run.json
    is picked up where there is one: then the file is recorded as that run, whole or not at all, and earlier
    runs of the same recording step back. A server is not told of runs: with --url the events are sent as
    they are.
    """
    _check(files, site, timezone, url, rejects)
    settings = Settings.load()
    records = _records(files, url, without_run)
    content = load_site(site) if site else None
    warehouse = None if url else Warehouse(settings.resolved_database_url)
    results: dict[str, Tally] = {}
    work: Taking | None = None
    written = Rejects(rejects) if rejects else None
    try:
        target: Target = DatabaseTarget(warehouse, timezone) if warehouse else ServerTarget(url or "", key)
        if warehouse and content and site:
            warehouse.register_site(content, site.parent)
        states = ProgressFolder(settings.home / "ingest", target.name)
        with progress_bar("bytes", quiet=quiet or as_json) as progress:
            for file in files:
                if warehouse and (record := records.get(file)):
                    results[str(file)] = take_run(warehouse, file, record)
                    continue
                work = _taking(file, target, states, written, progress)
                results[str(file)] = work.tally
                work.run(from_start=from_start)
                results[str(file)] = work.tally
                _tell_of_resuming(work)
    except KeyboardInterrupt:
        messages.print(_cut_short(work), markup=False, style="yellow")
        raise typer.Exit(_CUT_SHORT) from None
    finally:
        if written:
            written.close()
        if warehouse:
            warehouse.close()
    _report(results, as_json)
    for name, tally in results.items():
        if not tally.received:
            messages.print(f"{name} holds no events", markup=False, style="yellow")
        elif tally.rejected == tally.received:
            raise InputError(_nothing_taken(name, tally, url))


def _check(
    files: list[Path], site: Path | None, timezone: str | None, url: str | None, rejects: Path | None
) -> None:
    for file in files:
        if file != STDIN and not file.is_file():
            raise InputError(
                f"expected a file, got a folder: {file}" if file.is_dir() else f"no such file: {file}"
            )
    if url and (site or timezone):
        raise InputError(
            "a server knows its stores itself: give --site to `floorwalker serve`, not with --url"
        )
    if timezone:
        time_zone(timezone)
    if rejects:
        check_writable(rejects)
        if any(file != STDIN and rejects.exists() and rejects.samefile(file) for file in files):
            raise InputError(f"--rejects {rejects} is one of the files to be read")


def _records(files: list[Path], url: str | None, without_run: bool) -> dict[Path, RunRecord]:
    if without_run:
        return {}
    records = {file: found for file in files if file != STDIN and (found := run_record(file))}
    if url and records:
        messages.print(
            f"{next(iter(records))}: a server is not told of runs: the events are sent as they are, and an "
            "earlier run of the same recording stays beside them",
            markup=False,
            style="yellow",
        )
        return {}
    return records


def _taking(
    file: Path, target: Target, states: ProgressFolder, rejects: Rejects | None, progress: Progress
) -> Taking:
    name = "standard input" if file == STDIN else file.name
    task = progress.add_task(name[:24], total=None if file == STDIN else file.stat().st_size)
    return Taking(file, target, states, rejects, lambda position: progress.update(task, completed=position))


def _tell_of_resuming(work: Taking) -> None:
    if work.resumed_from:
        text = f"{work.file}: went on behind line {work.resumed_from}, where an earlier run stopped"
    elif work.lost:
        text = (
            f"{work.file}: an earlier run was cut short, but the file has changed or {work.target.name} no "
            "longer has what was sent: taken from the start"
        )
    else:
        return
    messages.print(text, markup=False, style="yellow")


def _cut_short(work: Taking | None) -> str:
    if work is None or work.file == STDIN:
        return "cut short; what was reported is kept, and events that come again change nothing"
    return (
        f"cut short after {work.tally.received} events of {work.file}; "
        "the same command goes on where this one stopped"
    )


def _nothing_taken(name: str, tally: Tally, url: str | None) -> str:
    if tally.codes.keys() == {"schema"}:
        return f"{name} is no file of events: expected one JSON event a line"
    if "timezone" in tally.codes:
        how = "the server has to know its stores" if url else "say where its stores are"
        with_what = "`floorwalker serve --site`" if url else "--site or --timezone"
        return f"no event of {name} was taken: {how}, with {with_what}"
    return f"no event of {name} was taken"


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
