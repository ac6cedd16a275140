"""`floorwalker demo`: a simulated morning, from video to its numbers beside the truth, and the page."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from floorwalker.cli.day import CameraBars
from floorwalker.cli.output import console, messages, print_json, progress_bar
from floorwalker.cli.serve import bind, refuse_open_address, run
from floorwalker.cli.simulate import simulate_with_progress
from floorwalker.errors import InputError, WorkError
from floorwalker.evaluation.morning import Comparison, compare, measure_morning, read_morning
from floorwalker.pipeline.day_run import DayRun, NamedDetector
from floorwalker.settings import Settings
from floorwalker.simulation import Difficulty
from floorwalker.vision.build import build_detector
from floorwalker.warehouse import Warehouse

MARKER = ".floorwalker-demo"


def register(app: typer.Typer) -> None:
    """Add `floorwalker demo`."""
    app.command("demo")(demo)


def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for videos, truth and database.")] = Path(
        "demo-data"
    ),
    minutes: Annotated[
        float, typer.Option("--minutes", help="Length of the morning.", min=0.5, max=240)
    ] = 6.0,
    seed: Annotated[int, typer.Option("--seed", help="Which morning.", min=0)] = 7,
    difficulty: Annotated[
        Difficulty, typer.Option("--difficulty", help="How hard to see.")
    ] = Difficulty.NORMAL,
    detector: Annotated[
        str, typer.Option("--detector", help="motion, the name of a pulled network, or an ONNX file.")
    ] = "motion",
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the pages afterwards.")] = True,
    port: Annotated[int | None, typer.Option("--port", help="Port of the pages.", min=0, max=65535)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars.")] = False,
) -> None:
    """Simulate a store morning, process its video, print the numbers beside the truth, serve the page."""
    settings = Settings.load()
    warehouse_url = f"sqlite:///{(out / 'floorwalker.db').absolute()}"
    build_detector(detector, None, (960, 540), settings.models_dir)  # a wrong name is found out at once
    listener = None
    if serve:  # before the long work, so that a taken port is found out at once
        refuse_open_address(settings.host)
        listener = bind(settings.host, settings.port if port is None else port)
    _start_afresh(out)
    begun = time.monotonic()
    simulate_with_progress(out / "morning", seed=seed, minutes=minutes, difficulty=difficulty, quiet=quiet)
    morning = read_morning(out / "morning")
    warehouse = Warehouse(warehouse_url)
    with progress_bar("s of video", quiet=quiet) as progress:
        day, measured = measure_morning(
            morning, NamedDetector(detector, settings.models_dir), warehouse, CameraBars(progress)
        )
    rows = compare(measured, morning.truth)
    seconds = time.monotonic() - begun
    _report(rows, seconds, as_json)
    _check(day, measured, morning.truth)
    if listener:
        run(warehouse, listener)


def _start_afresh(out: Path) -> None:
    """Remove what an earlier demo left, finished or not, and nothing else."""
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is not a folder; name another one with --out")
    if out.exists() and any(out.iterdir()) and not (out / MARKER).is_file():
        raise InputError(f"{out} holds other things than a demo; name another folder with --out")
    out.mkdir(parents=True, exist_ok=True)
    (out / MARKER).touch()
    for old in out.glob("floorwalker.db*"):
        old.unlink()
    shutil.rmtree(out / "morning", ignore_errors=True)


def _check(day: DayRun, measured: Mapping[str, Any], truth: Mapping[str, Any]) -> None:
    """A pipeline that finds nobody, or only on some cameras, is broken, not merely inexact."""
    blind = [run.recording.camera_id for run in day.runs if not run.tracks]
    if blind:
        raise WorkError(f"nobody was found on {', '.join(blind)}")
    for figure in ("entries", "exits", "unique_visitors"):
        if truth[figure] > 0 and measured[figure] == 0:
            raise WorkError(
                f"the pipeline measured no {figure.replace('_', ' ')}, truly there are {truth[figure]}"
            )


def _report(rows: Sequence[Comparison], seconds: float, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "seconds": round(seconds, 1),
                "figures": [
                    {
                        "figure": row.figure,
                        "unit": row.unit,
                        "measured": row.measured,
                        "true": row.true,
                        "difference": row.difference,
                    }
                    for row in rows
                ],
            }
        )
        return
    table = Table(title="From video, and as it really was", title_justify="left", box=None, pad_edge=False)
    table.add_column("figure")
    for column in ("measured", "true", "difference"):
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(row.figure, *(_shown(value, row.unit) for value in (row.measured, row.true)),
                      _shown(row.difference, row.unit, sign="+"))  # fmt: skip
    console.print(table)
    messages.print(f"simulated and processed in {seconds:.0f} s")


def _shown(value: float, unit: str, sign: str = "") -> str:
    if unit == "%":
        return f"{value * 100:{sign}.1f} %"
    if unit == "s":
        return f"{value:{sign}.1f} s"
    return f"{value:{sign}.0f}"
