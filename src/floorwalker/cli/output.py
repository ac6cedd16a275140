"""What the commands share: messages, JSON, progress bars."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

import msgspec
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

# Tables in a pipe or a file keep their columns whole; a terminal has its own width.
console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
messages = Console(stderr=True, highlight=False, soft_wrap=True)


def fail(message: str, code: int) -> NoReturn:
    """Print one clear line on the error stream and leave with an exit code."""
    messages.print(f"floorwalker: {message}", markup=False, style="red")
    sys.exit(code)


def print_json(value: Any) -> None:
    """Print one JSON value for programs."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


class _Rate(ProgressColumn):
    """Steps a second, as measured lately."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self.unit = unit

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f} {self.unit}/s", style="cyan")


def progress_bar(unit: str, *, quiet: bool = False) -> Progress:
    """A progress bar on the error stream: name, bar, steps, steps a second, time gone, time left.

    Args:
        unit: what a step is, for example `frames`.
        quiet: show nothing.
    """
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        _Rate(unit),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=messages,
        disable=quiet,
        refresh_per_second=4,
    )
