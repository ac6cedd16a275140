"""Commands that are always told of, even where what they need is not installed."""

from __future__ import annotations

from importlib import import_module

import typer

from floorwalker.errors import InputError


def register_command(app: typer.Typer, name: str, module: str, called: str) -> None:
    """Add a command; an installation for serving alone lacks what the work with video needs.

    Args:
        app: the group to add it to.
        name: the command's name in the group.
        module: the module whose `register` adds it.
        called: the whole call, for the message where something is missing.
    """
    try:
        found = import_module(module)
    except ModuleNotFoundError as error:
        missing = (error.name or "floorwalker").partition(".")[0]
        if missing == "floorwalker":
            raise
        settings = {"allow_extra_args": True, "ignore_unknown_options": True}

        @app.command(name, help=f"Not in this installation: {missing} is missing.", context_settings=settings)
        def absent() -> None:
            raise InputError(
                f"{called} needs {missing}, which is not installed here: this installation serves "
                "and loads only; the whole program is installed with: pip install floorwalker"
            )

        return
    found.register(app)
