"""`floorwalker config`: what holds, and where it comes from."""

from __future__ import annotations

import re
from typing import Annotated

import typer
from rich.table import Table

from floorwalker.cli.output import console, print_json
from floorwalker.settings import Settings


def register(app: typer.Typer) -> None:
    """Add `floorwalker config`."""
    app.command("config")(config)


def config(
    as_json: Annotated[bool, typer.Option("--json", help="Print the settings as JSON.")] = False,
) -> None:
    """Print every setting, its value, where it comes from and the variable that changes it."""
    settings = Settings.load()
    rows = [
        {
            "setting": name,
            "value": None if (value := getattr(settings, name)) is None else _shown(str(value)),
            "from": settings.origin(name),
            "variable": Settings.variables(name)[0],
            "meaning": field.description or "",
        }
        for name, field in Settings.model_fields.items()
    ]
    if as_json:
        print_json(rows)
        return
    table = Table(box=None, pad_edge=False)
    for column in ("setting", "value", "from", "variable", "meaning"):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(row["setting"], row["value"] or "-", row["from"], row["variable"], row["meaning"])
    console.print(table)


def _shown(value: str) -> str:
    """A value without the password that an address in it may hold."""
    return re.sub(r"(://[^:/@\s]*):[^@\s]*@", r"\1:***@", value)
