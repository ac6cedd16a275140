"""`floorwalker sweep`: what was kept long enough goes, and a receipt says what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from floorwalker.cli.output import console, print_json, progress_bar
from floorwalker.cli.sweep_mongo import mongo_of, sweep_mongo
from floorwalker.errors import InputError
from floorwalker.events import format_utc
from floorwalker.pipeline.old_tracks import TrackFile, find_old_tracks, remove_tracks
from floorwalker.settings import Settings
from floorwalker.warehouse import StoreInfo, Warehouse
from floorwalker.warehouse.records import from_us
from floorwalker.warehouse.removing import Swept
from floorwalker.warehouse.sweeping import (
    TRACKS,
    Kind,
    list_receipts,
    preview,
    sweep_store,
    write_digests,
)

_KINDS = (*(kind.value for kind in Kind), TRACKS)


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the outcome."""

    store: str | None
    kind: str
    before: str
    removed: int
    days: Mapping[str, int]
    receipt: str | None


def register(app: typer.Typer) -> None:
    """Add `floorwalker sweep`."""
    app.command("sweep")(sweep)


def sweep(
    store: Annotated[
        list[str] | None, typer.Option("--store", help="Only this store; may be given several times.")
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            "--keep", metavar="KIND=DAYS", help=f"Keep this many days; KIND is one of {', '.join(_KINDS)}."
        ),
    ] = None,
    folder: Annotated[
        list[Path] | None,
        typer.Option("--folder", help="Look for track files here too, not in the state folder only."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; change nothing.")] = False,
    receipts: Annotated[
        bool, typer.Option("--receipts", help="List the receipts of earlier sweeps instead.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Remove what stores have kept long enough.

    Track files and the vectors of people at the door go after three days where nothing else is set; nothing
    else is removed of a kind that nobody set days for.
    """
    settings = Settings.load()
    asked = _asked(keep or [])
    for path in folder or []:
        if not path.is_dir():
            raise InputError(f"no such folder: {path}")
    warehouse = Warehouse(settings.resolved_database_url)
    try:
        if receipts:
            _show_receipts(warehouse, store, as_json=as_json)
            return
        mongo = mongo_of(warehouse, settings)
        chosen = [warehouse.store(name) for name in store] if store else warehouse.stores()
        days = {each.store_id: _days(settings, asked, each) for each in chosen}
        lines = _rows(warehouse, chosen, days, dry_run=dry_run, quiet=as_json)
        for each in chosen:
            keep_days = days[each.store_id].get(Kind.EMBEDDINGS)
            if mongo is not None and keep_days is not None:
                done = sweep_mongo(warehouse, mongo, each, keep_days, dry_run=dry_run)
                lines += [_line(done)] if done.removed else []
        limit = asked.get(TRACKS, settings.keep_tracks_days)
        if limit is not None:
            before = warehouse.now() - timedelta(days=limit)
            files = find_old_tracks([settings.home, *(folder or [])], before)
            files = [file for file in files if not store or file.store_id in store]
            lines += _files(warehouse, files, before, dry_run=dry_run)
    finally:
        warehouse.close()
    _show(
        lines,
        asked=any(set(kinds) - {Kind.EMBEDDINGS} for kinds in days.values()),
        dry_run=dry_run,
        as_json=as_json,
    )


def _asked(keep: Sequence[str]) -> dict[str, int]:
    """What the command line says to keep."""
    asked = {}
    for text in keep:
        kind, _, days = text.partition("=")
        if kind not in _KINDS or not days.isdecimal() or int(days) > 36_500:
            raise InputError(
                f"--keep {text}: expected KIND=DAYS, for example events=365; "
                f"the kinds are {', '.join(_KINDS)}"
            )
        asked[kind] = int(days)
    return asked


def _days(settings: Settings, asked: Mapping[str, int], store: StoreInfo) -> dict[Kind, int]:
    """Days to keep of each kind: command line, else environment, else the store's site file, else default."""
    of_site = store.site.retention if store.site else None
    found = {}
    for kind in Kind:
        field = f"keep_{kind.value}_days"
        days = asked.get(kind.value)
        if days is None and settings.origin(field) != "default":
            days = getattr(settings, field)
        if days is None and of_site:
            days = getattr(of_site, f"{kind.value}_days")
        if days is None:
            days = getattr(settings, field)
        if days is not None:
            found[kind] = days
    return found


def _rows(
    warehouse: Warehouse,
    chosen: Sequence[StoreInfo],
    days: Mapping[str, Mapping[Kind, int]],
    *,
    dry_run: bool,
    quiet: bool,
) -> list[_Line]:
    now = warehouse.now()
    lines = []
    for store in chosen:
        keep = days[store.store_id]
        if dry_run:
            done = preview(warehouse.database, store, keep, now)
        else:
            done = _sweep_one(warehouse, store, keep, now, quiet=quiet)
        # Vectors go unasked: where there are none there is nothing to tell.
        lines += [_line(each) for each in done if each.removed or each.kind != Kind.EMBEDDINGS]
    return lines


def _sweep_one(
    warehouse: Warehouse, store: StoreInfo, keep: Mapping[Kind, int], now: datetime, *, quiet: bool
) -> list[Swept]:
    done: dict[str, Swept] = {}
    expected = sum(swept.removed for swept in preview(warehouse.database, store, keep, now))
    with progress_bar("rows", quiet=quiet or not expected) as bar:
        task = bar.add_task(store.store_id, total=expected)
        for swept in sweep_store(warehouse.database, store, keep, now):
            done[swept.kind] = swept
            bar.update(task, completed=sum(each.removed for each in done.values()))
    return list(done.values())


def _line(swept: Swept) -> _Line:
    before = format_utc(from_us(swept.before_us))
    days = dict(sorted(swept.days.items()))
    return _Line(swept.store_id, swept.kind, before, swept.removed, days, swept.receipt_id)


def _files(
    warehouse: Warehouse, files: Sequence[TrackFile], before: datetime, *, dry_run: bool
) -> list[_Line]:
    by_store: dict[str | None, list[TrackFile]] = {}
    for file in files:
        by_store.setdefault(file.store_id, []).append(file)
    lines = []
    for store_id, mine in by_store.items():
        names = {file.path: f"{file.written_at.date().isoformat()} {file.path}" for file in mine}
        digests: dict[str, str] = {}
        try:
            for file in mine:
                digests[names[file.path]] = "" if dry_run else remove_tracks(file)
        finally:  # what is gone has its receipt, even where the next file could not be removed
            receipt = None
            if digests and store_id and not dry_run:
                receipt = write_digests(warehouse.database, store_id, before, digests, warehouse.now())
        days: dict[str, int] = {}
        for name in digests:
            days[name[:10]] = days.get(name[:10], 0) + 1
        lines.append(_Line(store_id, TRACKS, format_utc(before), len(digests), days, receipt))
    return lines


def _show(lines: Sequence[_Line], *, asked: bool, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json({"dry_run": dry_run, "swept": lines})
        return
    if not asked:
        console.print(
            "No store has days set for what its database keeps beside vectors: nothing of that goes. "
            "Set FLOORWALKER_KEEP_EVENTS_DAYS, [store.retention] in the site file, or --keep events=365.",
            markup=False,
        )
    if lines:
        table = Table(box=None, pad_edge=False)
        for column in (
            "store",
            "kind",
            "before (UTC)",
            "days",
            "would go" if dry_run else "removed",
            "receipt",
        ):
            table.add_column(column, justify="right" if column in ("days", "would go", "removed") else "left")
        for line in lines:
            cells = (
                line.store or "unknown",
                line.kind,
                line.before,
                str(len(line.days)),
                f"{line.removed:,}",
            )
            table.add_row(*cells, line.receipt or "")
        console.print(table)


def _show_receipts(warehouse: Warehouse, store: Sequence[str] | None, *, as_json: bool) -> None:
    found = list_receipts(warehouse.database, store)
    if as_json:
        print_json([_receipt_values(asdict(receipt)) for receipt in found])
        return
    table = Table(box=None, pad_edge=False)
    for column in ("swept (UTC)", "store", "kind", "before (UTC)", "days", "removed", "sha256"):
        table.add_column(
            column, justify="right" if column in ("days", "removed") else "left", overflow="fold"
        )
    for receipt in found:
        table.add_row(
            format_utc(receipt.swept_at),
            receipt.store_id,
            receipt.kind,
            format_utc(receipt.before),
            str(len(receipt.days)),
            f"{receipt.removed:,}",
            receipt.sha256,
        )
    console.print(table)


def _receipt_values(values: dict[str, Any]) -> dict[str, Any]:
    moments = {name: format_utc(values[name]) for name in ("before", "swept_at")}
    return values | moments
