"""`floorwalker simulate`: one store morning with its truth."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import TaskID
from rich.table import Table

from floorwalker.cli.output import console, print_json, progress_bar
from floorwalker.errors import InputError
from floorwalker.simulation import Difficulty, Summary
from floorwalker.simulation import simulate as simulate_morning

_TITLES = {"people": "People", "frames": "Filming"}


def register(app: typer.Typer) -> None:
    """Add `floorwalker simulate`."""
    app.command("simulate")(simulate)


def simulate(
    out: Annotated[Path, typer.Option(help="Folder to write into.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same morning.")] = 1,
    minutes: Annotated[float, typer.Option(help="Length of the morning.")] = 10.0,
    difficulty: Annotated[
        Difficulty, typer.Option(help="Crowding, look-alikes, uniforms, light.")
    ] = Difficulty.NORMAL,
    fps: Annotated[float, typer.Option(help="Frames a second.")] = 10.0,
    size: Annotated[str, typer.Option(help="Width x height in pixels.")] = "960x540",
    no_video: Annotated[bool, typer.Option("--no-video", help="Write the truth alone.")] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Cameras filmed side by side.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the true figures as JSON.")] = False,
) -> None:
    """Simulate one seeded store morning: video of three cameras, and the truth beside it."""
    summary = simulate_with_progress(
        out,
        seed=seed,
        minutes=minutes,
        difficulty=difficulty,
        fps=fps,
        size=_size(size),
        video=not no_video,
        workers=workers,
        quiet=as_json,
    )
    if as_json:
        print_json({"out": str(summary.out), "events": summary.events, "truth": summary.figures})
    else:
        _print(summary)


def simulate_with_progress(
    out: Path,
    *,
    seed: int,
    minutes: float = 10.0,
    difficulty: Difficulty = Difficulty.NORMAL,
    fps: float = 10.0,
    size: tuple[int, int] = (960, 540),
    video: bool = True,
    workers: int | None = None,
    quiet: bool = False,
) -> Summary:
    """Simulate a morning and show how far it is; the arguments are those of `simulation.simulate`."""
    bar = progress_bar("frames", quiet=quiet)
    tasks: dict[str, TaskID] = {}

    def show(what: str, done: int, of: int) -> None:
        if what not in tasks:
            bar.start()  # not before the arguments are found right
            tasks[what] = bar.add_task(_TITLES[what], total=of)
        bar.update(tasks[what], completed=done)

    try:
        return simulate_morning(
            out, seed, minutes, difficulty, fps, size, video=video, workers=workers, on_progress=show
        )
    finally:
        if tasks:
            bar.stop()


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    if found is None:
        raise InputError(f"expected a size such as 960x540, got {text!r}")
    return int(found[1]), int(found[2])


def _print(summary: Summary) -> None:
    table = Table(title="The morning's truth", show_header=False)
    for name, value in summary.figures.items():
        if isinstance(value, dict):
            for zone, figure in value.items():
                table.add_row(f"{name} {zone}".replace("_", " "), str(figure))
        else:
            table.add_row(name.replace("_", " "), str(value))
    console.print(table)
    films = f", {len(summary.videos)} films of {summary.frames} frames" if summary.videos else ""
    console.print(f"{summary.out}: {summary.events} events{films}", markup=False, soft_wrap=True)
