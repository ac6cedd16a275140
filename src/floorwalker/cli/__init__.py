"""The command line: one module a command, registered here."""

from __future__ import annotations

import os
import sys

import click
import typer

from floorwalker.cli import evaluate, models, serve, site
from floorwalker.cli.output import fail
from floorwalker.errors import FloorwalkerError, InputError, WorkError

app = typer.Typer(
    name="floorwalker",
    help="From the video of a shop's cameras to the numbers its people decide by.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (site, models, evaluate, serve):
    module.register(app)


def main() -> None:
    """Run the command line: exit code 0 done, 1 the work failed, 2 the input or call is wrong."""
    try:
        code = app(standalone_mode=False)
    except click.exceptions.Abort:
        fail("interrupted", 130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except FloorwalkerError as error:
        fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        fail("interrupted", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        fail(_explain(error), WorkError.exit_code)
    sys.exit(code if isinstance(code, int) else 0)


def _explain(error: OSError) -> str:
    what = error.strerror or str(error)
    return f"{error.filename}: {what}" if error.filename else what


__all__ = ["InputError", "app", "main"]
