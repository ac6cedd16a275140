"""The command line: one module a command, registered here."""

from __future__ import annotations

import typer

from floorwalker.cli import config, day, demo, evaluate, ingest, models, pos, process, serve, simulate, site
from floorwalker.cli.output import fail
from floorwalker.errors import FloorwalkerError, WorkError

app = typer.Typer(
    name="floorwalker",
    help="From the video of a shop's cameras to the numbers its people decide by.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (demo, site, simulate, process, day, ingest, pos, serve, models, evaluate, config):
    module.register(app)


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
