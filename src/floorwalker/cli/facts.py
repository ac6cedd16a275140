"""`floorwalker facts`: days' figures computed ahead, so that nobody waits for them."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import Annotated

import typer

from floorwalker.cli.output import console, print_json, progress_bar
from floorwalker.errors import WorkError
from floorwalker.insights.facts import days_between, keep_facts, read_facts
from floorwalker.settings import Settings
from floorwalker.warehouse import StoreInfo, Warehouse


def register(app: typer.Typer) -> None:
    """Add `floorwalker facts build`."""
    group = typer.Typer(
        help="Daily facts: figures of whole days, kept while they hold.", no_args_is_help=True
    )
    group.command("build")(build)
    app.add_typer(group, name="facts")


def build(
    store: Annotated[list[str] | None, typer.Argument(help="Stores; default: all.")] = None,
    days: Annotated[
        int, typer.Option("--days", min=1, max=3660, help="So many local days up to yesterday.")
    ] = 60,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compute the facts of past days that are missing or no longer hold.

    Nothing needs it: whoever asks for a figure gets it either way. It saves the first who asks the time.
    """
    with closing(Warehouse(Settings.load().resolved_database_url)) as warehouse:
        chosen = [warehouse.store(name) for name in store] if store else warehouse.stores()
        counts = {}
        with progress_bar("stores", quiet=as_json) as bar:
            task = bar.add_task("facts", total=len(chosen))
            for each in chosen:
                counts[each.store_id] = _build(warehouse, each, days)
                bar.advance(task)
    if as_json:
        print_json(counts)
    else:
        total = sum(counts.values())
        console.print(f"{total} days computed, of {len(chosen)} stores; all others held", markup=False)


def _build(warehouse: Warehouse, store: StoreInfo, days: int) -> int:
    yesterday = warehouse.now().astimezone(store.zone_info).date() - timedelta(days=1)
    found = read_facts(warehouse, store, days_between(yesterday - timedelta(days=days - 1), yesterday))
    if found.fresh and not keep_facts(warehouse, store, found.fresh):
        raise WorkError("the database takes no writing now; run the command again")
    return len(found.fresh)
