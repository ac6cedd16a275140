"""`floorwalker evaluate`: scores against truth."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from floorwalker.cli import evaluate_boxes, evaluate_manifest
from floorwalker.cli.output import console, messages, print_json
from floorwalker.errors import InputError
from floorwalker.evaluation.events_match import KindScore, score_events, total
from floorwalker.evaluation.plots import check_plot, plot_events, write_plot
from floorwalker.evaluation.truth import read_events

_HEADINGS = (
    "event", "true", "measured", "matched", "precision", "recall", "F1", "missed", "invented", "net", "gross",
    "offset",
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add `floorwalker evaluate events`, `tracks`, `detections` and `manifest`."""
    group = typer.Typer(help="Scores against truth.", no_args_is_help=True)
    group.command("events")(events)
    group.command("tracks")(evaluate_boxes.tracks)
    group.command("detections")(evaluate_boxes.detections)
    group.command("manifest")(evaluate_manifest.manifest)
    app.add_typer(group, name="evaluate")


def events(
    measured: Annotated[Path, typer.Argument(help="Events that were found (JSON lines).")],
    truth: Annotated[Path, typer.Argument(help="Events that happened (JSON lines).")],
    tolerance: Annotated[
        float, typer.Option(help="Greatest difference in time of a pair, seconds.", min=0)
    ] = 2.0,
    camera: Annotated[str | None, typer.Option(help="Only this camera's events.")] = None,
    pool_inbound: Annotated[
        bool, typer.Option("--pool-inbound", help="Count ENTRY and REENTRY as one kind.")
    ] = False,
    plot: evaluate_boxes.Plot = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the scores as JSON.")] = False,
) -> None:
    """Match measured events with true ones one to one and score each kind."""
    if plot is not None:
        check_plot(plot)
    found = [event for event in read_events(measured) if camera in (None, event.camera_id)]
    real = [event for event in read_events(truth) if camera in (None, event.camera_id)]
    if camera is not None and not found and not real:
        raise InputError(f"neither {measured} nor {truth} holds an event of camera {camera!r}")
    scores = score_events(found, real, tolerance, pool_inbound=pool_inbound)
    scores.append(total(scores))
    title = f"events matched within {tolerance:g} s"
    if plot is not None:
        write_plot(plot_events(scores, title), plot)
        messages.print(f"wrote {plot}", markup=False)
    if as_json:
        print_json({"tolerance_s": tolerance, "camera": camera, "scores": [_as_dict(s) for s in scores]})
        return
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for heading in _HEADINGS:
        table.add_column(heading, justify="left" if heading == "event" else "right", no_wrap=True)
    for score in scores:
        table.add_row(
            score.name,
            str(score.true),
            str(score.measured),
            str(score.matched),
            f"{score.precision:.3f}",
            f"{score.recall:.3f}",
            f"{score.f1:.3f}",
            str(score.true - score.matched),
            str(score.measured - score.matched),
            f"{score.net_error:+d}",
            str(score.gross_error),
            f"{score.mean_offset_s:+.2f} s",
        )
    console.print(table)


def _as_dict(score: KindScore) -> dict[str, Any]:
    return {
        **asdict(score),
        "precision": score.precision,
        "recall": score.recall,
        "f1": score.f1,
        "missed": score.true - score.matched,
        "invented": score.measured - score.matched,
        "net_error": score.net_error,
        "gross_error": score.gross_error,
    }
