"""The command line: one module a command, registered here."""

from __future__ import annotations

import typer

from floorwalker.cli.output import fail
from floorwalker.cli.registering import register_command
from floorwalker.errors import FloorwalkerError, WorkError

COMMANDS = (
    "demo",
    "site",
    "simulate",
    "process",
    "day",
    "watch",
    "ingest",
    "pos",
    "serve",
    "keys",
    "top",
    "db",
    "sweep",
    "mart",
    "facts",
    "anomalies",
    "webhooks",
    "reid",
    "review",
    "models",
    "track",
    "evaluate",
    "why",
    "config",
)

app = typer.Typer(
    name="floorwalker",
    help="From the video of a shop's cameras to the numbers its people decide by.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


for command in COMMANDS:
    register_command(app, command, f"floorwalker.cli.{command}", f"floorwalker {command}")


def main() -> None:
    """Run the command line: exit code 0 done, 1 the work failed, 2 the input or call is wrong."""
    try:
        app()
    except FloorwalkerError as error:
        fail(str(error), error.exit_code)
    except OSError as error:
        fail(_explain(error), WorkError.exit_code)


def _explain(error: OSError) -> str:
    what = error.strerror or str(error)
    return f"{error.filename}: {what}" if error.filename else what
