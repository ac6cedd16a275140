"""The command line: one module a command, registered here."""

from __future__ import annotations

from importlib import import_module

import typer

from floorwalker.cli.output import fail
from floorwalker.errors import FloorwalkerError, InputError, WorkError

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


def _register(name: str) -> None:
    """Add a command; an installation for serving alone lacks what the work with video needs."""
    try:
        module = import_module(f"floorwalker.cli.{name}")
    except ModuleNotFoundError as error:
        missing = (error.name or "floorwalker").partition(".")[0]
        if missing == "floorwalker":
            raise
        settings = {"allow_extra_args": True, "ignore_unknown_options": True}

        @app.command(name, help=f"Not in this installation: {missing} is missing.", context_settings=settings)
        def absent() -> None:
            raise InputError(
                f"floorwalker {name} needs {missing}, which is not installed here: this installation serves "
                "and loads only; the whole program is installed with: pip install floorwalker"
            )

        return
    module.register(app)


for command in COMMANDS:
    _register(command)


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
