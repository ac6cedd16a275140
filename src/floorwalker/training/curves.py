"""The curves of a training as a page of one file that needs nothing from outside."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from plotly.subplots import make_subplots

from floorwalker.files import whole_file
from floorwalker.training.run_folder import Epoch

_GREEN, _BLUE, _GREY = "#2a7f62", "#2f6db3", "#8a8f98"


def write_curves(history: Sequence[Epoch], best: int, path: Path) -> None:
    """Draw loss and validation by epoch, the best epoch and the untrained beginning marked.

    Args:
        history: all epochs.
        best: number of the best one.
        path: an .html file; an older one is replaced.

    Raises:
        InputError: it cannot be written there.
        WorkError: writing failed.
    """
    figure = make_subplots(specs=[[{"secondary_y": True}]])
    numbers = [epoch.number for epoch in history]
    figure.add_scatter(
        x=numbers[1:], y=[epoch.loss for epoch in history[1:]], name="triplet loss", line_color=_BLUE
    )
    figure.add_scatter(
        x=numbers, y=[epoch.validation for epoch in history], name="validation mAP", line_color=_GREEN,
        secondary_y=True,
    )  # fmt: skip
    figure.add_hline(y=history[0].validation, line_dash="dot", line_color=_GREY, secondary_y=True)
    figure.add_vline(x=best, line_dash="dash", line_color=_GREY)
    figure.update_xaxes(title_text="epoch")
    figure.update_yaxes(title_text="triplet loss", rangemode="tozero", secondary_y=False)
    figure.update_yaxes(title_text="validation mAP", secondary_y=True)
    told = f"untrained {history[0].validation:.3f}, best {history[best].validation:.3f} in epoch {best}"
    figure.update_layout(title=f"Training of the entry encoder: {told}", template="plotly_white")
    with whole_file(path) as temporary:
        figure.write_html(temporary, include_plotlyjs=True, full_html=True)
