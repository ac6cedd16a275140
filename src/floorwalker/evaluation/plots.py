"""Pictures of scores: pages of one file each that need nothing from outside."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from floorwalker.errors import InputError
from floorwalker.evaluation.detections import DetectionScores
from floorwalker.evaluation.events_match import KindScore
from floorwalker.evaluation.tracks import TrackScores
from floorwalker.files import check_writable, whole_file

_GREEN, _BLUE, _AMBER, _GREY = "#2a7f62", "#2f6db3", "#c98a1b", "#8a8f98"


def check_plot(path: Path) -> None:
    """Refuse before the work what cannot be written after it.

    Args:
        path: where the page is wanted.

    Raises:
        InputError: its ending is not .html, or it cannot be written there.
    """
    if path.suffix.lower() not in (".html", ".htm"):
        raise InputError(
            f"--plot writes a page that any browser shows, from which a picture can be saved: expected a "
            f"name that ends with .html, got {path.name!r}"
        )
    check_writable(path)


def write_plot(figure: go.Figure, path: Path) -> None:
    """Write a figure as one page, the drawing program inside it: it opens without a network.

    Args:
        figure: as the functions here make it.
        path: where; an older file is replaced.

    Raises:
        InputError: it cannot be written there.
        WorkError: writing failed.
    """
    with whole_file(path) as temporary:
        figure.write_html(temporary, include_plotlyjs=True, full_html=True)


def plot_tracks(scores: TrackScores, title: str) -> go.Figure:
    """The main scores, and HOTA by overlap."""
    figure = make_subplots(1, 2, subplot_titles=("scores", "HOTA by overlap"))
    names = ("HOTA", "DetA", "AssA", "IDF1", "MOTA", "recall", "precision")
    values = (
        scores.hota, scores.det_a, scores.ass_a, scores.idf1, scores.mota, scores.recall, scores.precision,
    )  # fmt: skip
    figure.add_bar(
        x=names, y=values, text=[f"{100 * value:.1f}" for value in values], marker_color=_GREEN, row=1, col=1
    )
    overlaps = [round(0.05 * (step + 1), 2) for step in range(len(scores.hota_by_overlap))]
    figure.add_scatter(x=overlaps, y=scores.hota_by_overlap, line_color=_BLUE, row=1, col=2)
    figure.update_xaxes(title_text="overlap (IoU)", row=1, col=2)
    return _finished(figure, title)


def plot_detections(scores: DetectionScores, title: str) -> go.Figure:
    """Precision by recall at two overlaps."""
    figure = go.Figure()
    recalls = [step / 100 for step in range(len(scores.precision50))]
    for name, values, colour in (
        (f"overlap 0.50, AP {scores.ap50:.3f}", scores.precision50, _GREEN),
        (f"overlap 0.75, AP {scores.ap75:.3f}", scores.precision75, _BLUE),
    ):
        figure.add_scatter(x=recalls, y=values, name=name, line_color=colour)
    figure.update_xaxes(title_text="recall", range=[0, 1])
    figure.update_yaxes(title_text="precision")
    return _finished(figure, title, legend=True)


def plot_events(scores: Sequence[KindScore], title: str) -> go.Figure:
    """Precision, recall and F1 of each kind; its errors of count: misses, inventions and their net."""
    figure = make_subplots(1, 2, subplot_titles=("share", "errors of count"))
    names = [score.name for score in scores]
    for label, values, colour in (
        ("precision", [score.precision for score in scores], _GREY),
        ("recall", [score.recall for score in scores], _BLUE),
        ("F1", [score.f1 for score in scores], _GREEN),
    ):
        figure.add_bar(x=names, y=values, name=label, marker_color=colour, row=1, col=1)
    for label, counts, colour in (
        ("missed", [-(score.true - score.matched) for score in scores], _BLUE),
        ("invented", [score.measured - score.matched for score in scores], _AMBER),
        ("net", [score.net_error for score in scores], _GREY),
    ):
        figure.add_bar(x=names, y=counts, name=label, marker_color=colour, row=1, col=2)
    return _finished(figure, title, legend=True, shares=1)


def _finished(figure: go.Figure, title: str, *, legend: bool = False, shares: int | None = None) -> go.Figure:
    figure.update_layout(title=title, showlegend=legend, template="plotly_white", font_family="sans-serif")
    figure.update_yaxes(range=[0, 1.05], col=shares)
    return figure
