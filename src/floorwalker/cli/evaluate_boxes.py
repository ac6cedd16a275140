"""`floorwalker evaluate tracks` and `detections`: boxes in MOTChallenge text against a truth file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from floorwalker.cli.output import console, messages, print_json
from floorwalker.errors import InputError
from floorwalker.evaluation.detections import DetectionScores, score_detections
from floorwalker.evaluation.plots import check_plot, plot_detections, plot_tracks, write_plot
from floorwalker.evaluation.tracks import TrackScores, score_tracks
from floorwalker.tracking.mot_files import MotTable, read_mot

Plot = Annotated[
    Path | None, typer.Option("--plot", help="Also draw the scores: a page (.html) that opens offline.")
]
Truth = Annotated[Path, typer.Argument(help="The true boxes with their ids (MOTChallenge text).")]
Within = Annotated[
    bool, typer.Option("--within-truth", help="Leave out what lies before or after the truth's frames.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the scores as JSON.")]


def tracks(
    measured: Annotated[Path, typer.Argument(help="Tracks: frame,id,left,top,width,height,… a line.")],
    truth: Truth,
    within_truth: Within = False,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Score tracks against the truth: HOTA, MOTA, IDF1 and what they are made of (trackeval)."""
    if plot is not None:
        check_plot(plot)
    found, real = _read(measured, truth, within_truth)
    scores = score_tracks(found, real)
    title = f"{measured.name} against {truth.name}"
    if plot is not None:
        write_plot(plot_tracks(scores, title), plot)
        messages.print(f"wrote {plot}", markup=False)
    _tell(title, asdict(scores), _track_rows(scores), found.skipped, as_json)


def detections(
    measured: Annotated[Path, typer.Argument(help="Detections: frame,-1,left,top,width,height,confidence.")],
    truth: Truth,
    within_truth: Within = False,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Score detections against the truth: average precision and recall (faster-coco-eval)."""
    if plot is not None:
        check_plot(plot)
    found, real = _read(measured, truth, within_truth)
    scores = score_detections(found, real)
    title = f"{measured.name} against {truth.name}"
    if plot is not None:
        write_plot(plot_detections(scores, title), plot)
        messages.print(f"wrote {plot}", markup=False)
    _tell(title, asdict(scores), _detection_rows(scores), found.skipped, as_json)


def _tell(
    title: str, scores: Mapping[str, Any], rows: list[tuple[str, str, str]], skipped: int, as_json: bool
) -> None:
    """Print the scores, as one JSON object or as a table for people."""
    if as_json:
        print_json({**scores, "skipped_lines": skipped})
    else:
        _print(title, rows)


def _read(measured: Path, truth: Path, within_truth: bool) -> tuple[MotTable, MotTable]:
    found, real = read_mot(measured), read_mot(truth)
    for path, table in ((measured, found), (truth, real)):
        if table.skipped:
            messages.print(
                f"{path}: left out {table.skipped} boxes without a size or with a value that is no number, "
                f"the first in line {table.first_skipped}",
                markup=False,
            )
    if len(real) == 0:
        raise InputError(f"{truth} holds no box: there is nothing to score against")
    if within_truth:
        found = found.select((found.frame >= real.frame.min()) & (found.frame <= real.frame.max()))
    return found, real


def _track_rows(scores: TrackScores) -> list[tuple[str, str, str]]:
    return [
        ("HOTA", _share(scores.hota), "detection and association together, mean over overlaps"),
        ("DetA", _share(scores.det_a), "its part of detection"),
        ("AssA", _share(scores.ass_a), "its part of association"),
        ("LocA", _share(scores.loc_a), "how well boxes lie"),
        ("MOTA", _share(scores.mota), "1 less misses, false boxes and switches per true box"),
        ("IDF1", _share(scores.idf1), "boxes under the right identity"),
        ("IDP / IDR", f"{_share(scores.idp)} / {_share(scores.idr)}", "its precision and recall"),
        ("recall", _share(scores.recall), "true boxes found at overlap 0.5"),
        ("precision", _share(scores.precision), "boxes that are true"),
        ("FP", str(scores.false_positives), "boxes without a person"),
        ("FN", str(scores.misses), "people without a box"),
        ("ID switches", str(scores.id_switches), "a person goes on under another id"),
        ("fragments", str(scores.fragments), "interruptions of people's tracks"),
        ("MT / ML", f"{scores.mostly_tracked} / {scores.mostly_lost}", "people found for 80 %, under 20 %"),
        ("ids", f"{scores.ids} for {scores.true_ids} people", ""),
        ("boxes", f"{scores.boxes} for {scores.true_boxes}", ""),
    ]


def _detection_rows(scores: DetectionScores) -> list[tuple[str, str, str]]:
    best = f"{_share(scores.best_precision)} / {_share(scores.best_recall)}"
    return [
        ("mAP", _share(scores.map), "mean over overlaps of 0.50 to 0.95"),
        ("AP50", _share(scores.ap50), "at overlap 0.5"),
        ("AP75", _share(scores.ap75), "at overlap 0.75"),
        ("AR", _share(scores.average_recall), "recall, mean over overlaps"),
        ("recall", _share(scores.recall50), "of all detections at overlap 0.5"),
        ("best F1", _share(scores.f1), f"with confidence from {scores.best_confidence:.2f}, overlap 0.5"),
        ("P / R there", best, ""),
        ("boxes", f"{scores.boxes} for {scores.true_boxes} in {scores.frames} frames", ""),
    ]


def _share(value: float) -> str:
    return f"{100 * value:.1f}"


def _print(title: str, rows: list[tuple[str, str, str]]) -> None:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, show_header=False)
    table.add_column("score", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("meaning", style="dim")
    for row in rows:
        table.add_row(*row)
    console.print(table)
