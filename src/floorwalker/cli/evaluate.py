"""`floorwalker evaluate`: scores against truth."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from floorwalker.cli.output import console, print_json
from floorwalker.errors import InputError
from floorwalker.evaluation.events_match import KindScore, score_events, total
from floorwalker.evaluation.truth import read_events


def register(app: typer.Typer) -> None:
    """Add `floorwalker evaluate events`."""
    group = typer.Typer(help="Scores against truth.", no_args_is_help=True)
    group.command("events")(events)
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
    as_json: Annotated[bool, typer.Option("--json", help="Print the scores as JSON.")] = False,
) -> None:
    """Match measured events with true ones one to one and score each kind."""
    found = [event for event in read_events(measured) if camera in (None, event.camera_id)]
    real = [event for event in read_events(truth) if camera in (None, event.camera_id)]
    if camera is not None and not found and not real:
        raise InputError(f"neither {measured} nor {truth} holds an event of camera {camera!r}")
    scores = score_events(found, real, tolerance, pool_inbound=pool_inbound)
    scores.append(total(scores))
    if as_json:
        print_json({"tolerance_s": tolerance, "camera": camera, "scores": [_as_dict(s) for s in scores]})
        return
    table = Table(
        title=f"events matched within {tolerance:g} s", title_justify="left", box=None, pad_edge=False
    )
    for heading in (
        "event",
        "true",
        "measured",
        "matched",
        "precision",
        "recall",
        "F1",
        "net",
        "gross",
        "offset",
    ):
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
        "net_error": score.net_error,
        "gross_error": score.gross_error,
    }
