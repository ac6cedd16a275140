"""`floorwalker top`: a store in the terminal, as it is now."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from floorwalker.cli.output import console, print_json
from floorwalker.cli.top_sources import DatabaseSource, ServerSource, Source, read_frame
from floorwalker.cli.top_view import draw
from floorwalker.errors import WorkError
from floorwalker.settings import Settings
from floorwalker.warehouse import Warehouse


def register(app: typer.Typer) -> None:
    """Add `floorwalker top`."""
    app.command("top")(top)


def top(
    store: Annotated[str, typer.Argument(help="The store's id.")],
    url: Annotated[
        str | None, typer.Option("--url", help="A server to ask; default: the configured database.")
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", envvar="FLOORWALKER_API_KEY", help="API key of that server.")
    ] = None,
    day: Annotated[
        str | None, typer.Option("--day", help="The store's local day; default: today there, or the last.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Print one picture and end.")] = False,
    every: Annotated[float, typer.Option("--every", help="Seconds between pictures.", min=0.5)] = 2.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one picture as JSON and end.")] = False,
) -> None:
    """Show a store's visitors, queue, conversion, feeds, anomalies and latest events until Ctrl-C."""
    with ExitStack() as stack:
        source: Source
        if url:
            source = ServerSource(url, key)
        else:
            source = DatabaseSource(
                stack.enter_context(closing(Warehouse(Settings.load().resolved_database_url)))
            )
        frame = read_frame(source, store, day)
        if as_json:
            print_json(frame)
        elif once or not console.is_terminal:
            console.print(draw(frame))
        else:
            _watch(source, store, day, every, draw(frame))


def _watch(source: Source, store: str, day: str | None, every_s: float, first: RenderableType) -> None:
    shown = first
    with Live(first, console=console, screen=True, auto_refresh=False) as live:
        try:
            while True:
                time.sleep(every_s)
                try:
                    shown = draw(read_frame(source, store, day), rows=max(3, console.height - 24))
                    live.update(shown, refresh=True)
                except WorkError as error:  # away for a while: what was seen last stays, and says so
                    live.update(Group(Text(str(error), style="bold red"), shown), refresh=True)
        except KeyboardInterrupt:
            return
