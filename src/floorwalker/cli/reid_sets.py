"""`floorwalker reid sets`: data sets that were taken out, who did and why, and taking them back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from floorwalker.cli.options import AsJson
from floorwalker.cli.output import console, print_json
from floorwalker.errors import InputError
from floorwalker.events import format_utc
from floorwalker.identity.matching.bucket_log import Record
from floorwalker.identity.matching.entry import BucketKey
from floorwalker.pipeline.entry_payloads import checked_key
from floorwalker.pipeline.exported_sets import DataSet, DataSets, Deleted, Revoked
from floorwalker.server.day_clusters import all_records
from floorwalker.server.making_matcher import entry_store_of
from floorwalker.settings import Settings
from floorwalker.warehouse import Warehouse
from floorwalker.warehouse.sweeping import write_digests

_KIND = "reid-sets"

By = Annotated[str, typer.Option("--by", help="Who does it.")]
Why = Annotated[str, typer.Option("--why", help="What for.")]


def register(app: typer.Typer) -> None:
    """Add `floorwalker reid sets export`, `list` and `revoke`."""
    group = typer.Typer(
        help="Vectors of people that outlive the sweep: taken out, listed, taken back.", no_args_is_help=True
    )
    group.command("export")(export)
    group.command("list")(list_sets)
    group.command("revoke")(revoke)
    app.add_typer(group, name="sets")


def export(
    day: Annotated[
        list[str], typer.Option("--day", help="The stores' local day; may be given several times.")
    ],
    by: By,
    why: Why,
    store: Annotated[
        list[str] | None, typer.Option("--store", help="Only this store; may be given several times.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="A new folder; default: one in the state folder.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take a data set out: manifests with vectors, and who is who, of whole store days."""
    for name, text in (("--by", by), ("--why", why)):
        if not text.strip():
            raise InputError(f"{name}: expected a few words; they stand in the list of data sets")
    keys = [checked_key(each, "any").day_id for each in dict.fromkeys(day)]
    settings = Settings.load()
    with closing(Warehouse(settings.resolved_database_url)) as warehouse:
        records = _records(warehouse, settings, keys, store)
        made = _sets(settings).export(records, by=by, why=why, now=datetime.now(UTC), place=out)
    if as_json:
        print_json(made)
        return
    entries = sum(each.entries for each in made.days)
    console.print(
        f"{made.set_id}: {entries} entries of {len(made.days)} store days in {made.folder}; "
        f"floorwalker reid sets revoke {made.set_id} deletes it",
        markup=False,
        soft_wrap=True,
    )


def list_sets(as_json: AsJson = False) -> None:
    """List the data sets: who took them out, when, why, and which were taken back."""
    found = _sets(Settings.load()).all()
    if as_json:
        print_json(found)
        return
    table = Table(box=None, pad_edge=False)
    for column in ("set", "taken out (UTC)", "by", "why", "store days", "entries", "where"):
        table.add_column(
            column, justify="right" if column in ("store days", "entries") else "left", overflow="fold"
        )
    for each in found:
        table.add_row(
            each.set_id,
            each.at,
            each.by,
            each.why,
            str(len(each.days)),
            str(sum(day.entries for day in each.days)),
            _where(each),
        )
    console.print(table)


def revoke(
    set_id: Annotated[str, typer.Argument(metavar="SET", help="The data set.")],
    by: By,
    why: Why,
    as_json: AsJson = False,
) -> None:
    """Delete a data set; what was deleted has a receipt for each store, and the list keeps that it was."""
    settings = Settings.load()
    sets, now = _sets(settings), datetime.now(UTC)
    listed = sets.find(set_id)
    with closing(Warehouse(settings.resolved_database_url)) as warehouse:
        deleted = sets.delete_files(listed)
        receipts = _receipts(warehouse, deleted, now)
    revoked = sets.note_revoked(listed, Revoked(by, why, format_utc(now), receipts, deleted.missing))
    if as_json:
        print_json(revoked)
        return
    count = sum(map(len, deleted.digests.values()))
    missing = f"; {len(deleted.missing)} were not there any more" if deleted.missing else ""
    console.print(
        f"{set_id}: {count} files deleted{missing}; receipts: {', '.join(receipts.values()) or 'none'}",
        markup=False,
        soft_wrap=True,
    )


def _sets(settings: Settings) -> DataSets:
    return DataSets(settings.home / "reid-sets")


def _records(
    warehouse: Warehouse, settings: Settings, days: Sequence[str], stores: Sequence[str] | None
) -> Iterator[tuple[BucketKey, Sequence[Record]]]:
    entries = entry_store_of(warehouse, settings)
    for day_id in days:
        for key in entries.buckets(day_id):
            if not stores or key.store_id in stores:
                yield key, all_records(entries, key)


def _receipts(warehouse: Warehouse, deleted: Deleted, now: datetime) -> dict[str, str]:
    receipts = {}
    for store_id, digests in deleted.digests.items():
        receipt = write_digests(warehouse.database, store_id, now, digests, now, kind=_KIND)
        if receipt is not None:
            receipts[store_id] = receipt
    return receipts


def _where(each: DataSet) -> str:
    if each.revoked is not None:
        return f"revoked by {each.revoked.by} at {each.revoked.at}: {each.revoked.why}"
    return each.folder if each.complete else f"{each.folder} (broken off)"
