"""`floorwalker track`: anyone's detections in, tracks out, in MOTChallenge text."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from floorwalker.cli.options import AsJson, Quiet
from floorwalker.cli.output import console, messages, print_json, progress_bar
from floorwalker.errors import InputError
from floorwalker.files import check_writable
from floorwalker.tracking.build import MOST_ACCURATE, TRACKERS, build_tracker
from floorwalker.tracking.mot_files import MotTable, read_mot, sequence_fps, write_mot
from floorwalker.tracking.offline import DEFAULT_LONGEST_GAP_S, refine
from floorwalker.tracking.sequence import DEFAULT_FPS, follow_sequence


def register(app: typer.Typer) -> None:
    """Add `floorwalker track`."""
    app.command("track")(track)


def track(
    detections: Annotated[
        Path, typer.Argument(help="Detections: frame,-1,left,top,width,height,confidence,… a line.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Where the tracks go: the same with ids.")],
    tracker: Annotated[
        str, typer.Option("--tracker", help=f"One of {', '.join(sorted(TRACKERS))}.")
    ] = MOST_ACCURATE,
    fps: Annotated[
        float | None,
        typer.Option(
            "--fps",
            help="Frames a second of the sequence; default: as its seqinfo.ini tells, else 30.",
            min=0.1,
            max=1000,
        ),
    ] = None,
    offline: Annotated[
        bool,
        typer.Option(
            "--offline/--online",
            help="Look back over the whole sequence: join fragments and fill gaps; --online: each box as it "
            "was believed in its own frame, as of a live camera.",
        ),
    ] = True,
    longest_gap: Annotated[
        float,
        typer.Option("--longest-gap", help="Gaps up to this are filled, seconds; not with --online.", min=0),
    ] = DEFAULT_LONGEST_GAP_S,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Track the boxes of a detection file (MOTChallenge text), so that any tool can score them.

    A file of detections is a recording, so tracks are joined and their gaps filled once all was seen.
    """
    if tracker not in TRACKERS:
        raise InputError(f"unknown tracker {tracker!r}; expected one of {', '.join(sorted(TRACKERS))}")
    check_writable(out)
    table = read_mot(detections)
    rate = fps or sequence_fps(detections) or DEFAULT_FPS
    begun = time.perf_counter()
    with progress_bar("frames", quiet=quiet) as bar:
        task = bar.add_task("track", total=None)
        followed = follow_sequence(
            table,
            build_tracker(tracker, believes_first=True),
            rate,
            lambda done, total: bar.update(task, completed=done, total=total),
        )
        bar.update(task, total=_frames(table), completed=_frames(table))
    seconds = time.perf_counter() - begun
    result = refine(followed.whole, rate, longest_gap) if offline else followed.online
    write_mot(out, result)
    _tell(
        table, result, out, as_json, {"tracker": tracker, "fps": rate, "offline": offline, "seconds": seconds}
    )


def _frames(table: MotTable) -> int:
    return int(table.frame[-1] - table.frame[0] + 1) if len(table) else 0


def _tell(table: MotTable, result: MotTable, out: Path, as_json: bool, how: dict[str, Any]) -> None:
    tracks = len(np.unique(result.track_id))
    if as_json:
        print_json(
            {
                **how,
                "out": str(out),
                "frames": _frames(table),
                "detections": len(table),
                "skipped_lines": table.skipped,
                "tracks": tracks,
                "boxes": len(result),
            }
        )
        return
    if table.skipped:
        messages.print(
            f"left out {table.skipped} boxes without a size or with a value that is no number, the first in "
            f"line {table.first_skipped}",
            markup=False,
        )
    console.print(
        f"{tracks} tracks of {len(result)} boxes from {len(table)} detections in {_frames(table)} frames "
        f"({how['tracker']}, {how['fps']:g} frames a second{'' if how['offline'] else ', online'}): {out}",
        markup=False,
        soft_wrap=True,
    )
