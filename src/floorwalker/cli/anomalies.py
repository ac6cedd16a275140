"""`floorwalker anomalies`: what stands out on a store's day."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer
from rich.table import Table

from floorwalker.cli.output import console, print_json
from floorwalker.errors import InputError
from floorwalker.insights.anomalies import worth_showing
from floorwalker.insights.anomaly import Anomaly
from floorwalker.insights.background import judge
from floorwalker.insights.facts import keep_facts
from floorwalker.insights.windows import choose_window
from floorwalker.notify.looking import look_at_day
from floorwalker.settings import Settings
from floorwalker.warehouse import Warehouse


def register(app: typer.Typer) -> None:
    """Add `floorwalker anomalies`."""
    app.command("anomalies")(anomalies)


def anomalies(
    store: Annotated[str, typer.Argument(help="The store.")],
    day: Annotated[
        str | None,
        typer.Option("--day", help="Local day, 2026-03-03; default: today, or the last with events."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also dead zones that are over.")] = False,
    tell: Annotated[
        bool, typer.Option("--tell", help="Record them, and tell webhooks even what is long past.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, as GET /stores/{id}/anomalies.")
    ] = False,
) -> None:
    """Show what stands out on a day, judged at the day's own time."""
    with closing(Warehouse(Settings.load().resolved_database_url)) as warehouse:
        info = warehouse.store(store)
        window = choose_window(warehouse, info, day)
        judged = judge(warehouse, info, window)
        if judged.facts.fresh:
            keep_facts(warehouse, info, judged.facts.fresh)
        if tell:
            if window.from_utc > warehouse.now():
                raise InputError(f"day: {window.first_day} has not begun in {info.timezone}")
            look_at_day(warehouse, info, window.first_day, old_news=True)
    shown = judged.anomalies if everything else worth_showing(judged.anomalies)
    if as_json:
        print_json([found.answer() for found in shown])
        return
    if not shown:
        console.print(f"{store}, {window.first_day}: nothing stands out", markup=False)
        return
    console.print(_table(shown))
    if tell:
        console.print("recorded; a running server sends the messages", style="dim")


def _table(found: list[Anomaly]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("severity", "type", "where", "detected", "ended", "what"):
        table.add_column(column, overflow="fold")
    for anomaly in found:
        answer = anomaly.answer()
        table.add_row(
            anomaly.severity,
            anomaly.kind,
            anomaly.zone_id or anomaly.camera_id or "-",
            answer["detected_at"],
            answer["ended_at"] or "goes on",
            anomaly.message,
        )
    return table
