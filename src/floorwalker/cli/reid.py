"""`floorwalker reid`: the same person or a new one; a module a command, registered here."""

from __future__ import annotations

import typer

from floorwalker.cli.registering import register_command

# `reid NAME` lives in floorwalker/cli/reid_NAME.py, whose `register` adds it to the group.
COMMANDS = ("embed", "train", "export", "calibrate", "payloads", "post", "sets")


def register(app: typer.Typer) -> None:
    """Add the group `floorwalker reid`."""
    group = typer.Typer(help="The same person, or a new one: vectors, training, tools.", no_args_is_help=True)
    for name in COMMANDS:
        register_command(group, name, f"floorwalker.cli.reid_{name}", f"floorwalker reid {name}")
    app.add_typer(group, name="reid")
