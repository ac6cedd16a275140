"""Options of commands that read video; apart, for an installation that only serves has no part of that."""

from __future__ import annotations

from typing import Annotated

import typer

from floorwalker.video.look import Mode

HowToLook = Annotated[
    Mode | None,
    typer.Option("--mode", help="How to look: adaptive, all, stride or keyframes; default: the site file's."),
]
