"""Options that several commands share, so that they read and mean the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SiteFile = Annotated[Path, typer.Option("--site", help="The site file.")]
StoreName = Annotated[
    str | None, typer.Option("--store", help="The store, where the site file leaves it open.")
]
Start = Annotated[
    str | None,
    typer.Option("--start", help="When the recording began, with zone: 2026-03-03T10:00:00+05:30."),
]
Fps = Annotated[
    float | None,
    typer.Option(
        "--fps", help="Frames a second to look at; default: up to 10, by the camera's role.", min=0.1, max=120
    ),
]
Stride = Annotated[
    int | None, typer.Option("--stride", help="Mode stride: one frame of so many; default: 20.", min=1)
]
TrackerName = Annotated[
    str | None,
    typer.Option("--tracker", help="bytetrack (default), bytetrack-published or observation-centric."),
]
DetectorName = Annotated[
    str | None, typer.Option("--detector", help="motion, the name of a pulled network, or an ONNX file.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")]
