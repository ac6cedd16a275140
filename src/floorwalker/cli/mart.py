"""`floorwalker mart`: facts for BI, pushed to ClickHouse or PostgreSQL."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from floorwalker.cli.options import AsJson, Quiet
from floorwalker.cli.output import console, print_json, progress_bar
from floorwalker.errors import InputError
from floorwalker.mart.describe import describe, describe_markdown
from floorwalker.mart.opening import open_mart
from floorwalker.mart.parts import URL_EXAMPLES
from floorwalker.mart.sync import compact, plan_sync, sync
from floorwalker.settings import Settings
from floorwalker.warehouse import Warehouse

MartUrl = Annotated[
    str | None, typer.Option("--url", help=f"The mart; default: FLOORWALKER_MART_URL. {URL_EXAMPLES}.")
]


def register(app: typer.Typer) -> None:
    """Add `floorwalker mart sync`, `compact` and `describe`."""
    group = typer.Typer(help="Facts for BI in ClickHouse or PostgreSQL.", no_args_is_help=True)
    group.command("sync")(sync_mart)
    group.command("compact")(compact_mart)
    group.command("describe")(describe_mart)
    app.add_typer(group, name="mart")


def sync_mart(
    url: MartUrl = None,
    store: Annotated[
        list[str] | None, typer.Option("--store", help="Only this store; may be given several times.")
    ] = None,
    full: Annotated[
        bool,
        typer.Option("--full", help="Push every day that can be computed anew, as after a restored backup."),
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Push the store-days that changed since the last sync; each is seen whole or not at all."""
    settings = Settings.load()
    sink = open_mart(_url(url, settings))
    try:
        warehouse = Warehouse(settings.resolved_database_url)
        try:
            names = [warehouse.store(name).store_id for name in store or ()]
            sink.prepare()
            plan = plan_sync(
                warehouse, sink, names or [info.store_id for info in warehouse.stores()], full=full
            )
            with progress_bar("parts", quiet=quiet or as_json) as bar:
                task = bar.add_task(f"to {sink.place}", total=len(plan.changes))
                report = sync(warehouse, sink, plan, on_part=lambda: bar.advance(task))
        finally:
            warehouse.close()
        place = sink.place
    finally:
        sink.close()
    if as_json:
        print_json({"mart": place, **dataclasses.asdict(report)})
        return
    kept = f", {report.kept} kept whose events retention swept away" if report.kept else ""
    console.print(
        f"{place}: {report.pushed} store-days pushed ({report.rows} rows), "
        f"{report.unchanged} unchanged{kept}; {report.stores} stores",
        markup=False,
        soft_wrap=True,
    )


def compact_mart(url: MartUrl = None, as_json: AsJson = False) -> None:
    """Remove rows that newer pushes replaced or that a broken sync left; no view shows them."""
    settings = Settings.load()
    sink = open_mart(_url(url, settings))
    try:
        sink.prepare()
        warehouse = Warehouse(settings.resolved_database_url)
        try:
            removed = compact(warehouse, sink)
        finally:
            warehouse.close()
        place = sink.place
    finally:
        sink.close()
    if as_json:
        print_json({"mart": place, "pushes_removed": removed})
    else:
        console.print(f"{place}: {removed} superseded or broken pushes removed", markup=False)


def describe_mart(as_json: AsJson = False) -> None:
    """Print the views: what a row is, what each column means, what may be summed."""
    if as_json:
        print_json(describe())
    else:
        console.print(describe_markdown(), markup=False, soft_wrap=True, end="")


def _url(url: str | None, settings: Settings) -> str:
    chosen = url or settings.mart_url
    if not chosen:
        raise InputError(f"no mart is named: give --url or set FLOORWALKER_MART_URL, {URL_EXAMPLES}")
    return chosen
