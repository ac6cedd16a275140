"""Camera health: whether a picture still shows what the camera was put up to see."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
FloatImage = npt.NDArray[np.float32]
_WIDTH = 160
SHARP_WIDTH = 480
_COARSE = (16, 12)
_BLOCKS = (8, 6)


class Trouble(StrEnum):
    """What is wrong with a camera's picture; the words stand in a recording's gaps."""

    DARK = "dark"
    COVERED = "covered"
    BLURRED = "blurred"
    FROZEN = "frozen"
    MOVED = "moved"
    BLANK = "nothing to see"


@dataclass(frozen=True, slots=True)
class HealthRules:
    """What counts as trouble.

    Attributes:
        dark_level: grey level, 0 to 255, that even the brightest twentieth of a dark picture stays below.
        least_detail: share of the picture with an edge, below which there is nothing to see. Raising it
            calls plain walls so.
        structured: edges' strength (mean of a block) from which a block of the reference can be
            recognised.
        least_blocks: recognisable blocks below which the reference cannot tell a covered camera from a moved
            one.
        alike: correlation of a block's edges with the reference's from which it is seen again.
        seen_share: share of the blocks seen again that shows the view to be the same; a crowd before the
            camera hides some. Raising it calls crowds trouble.
        lost_share: share seen again below which the view is another.
        flat: strength of a block's edges, as a share of the reference's, below which it is gone.
        sharpness: as a share of the reference's, below which the picture is blurred.
        coarse_alike: correlation of what is left when all detail is gone, from which a view without detail
            is blurred rather than covered.
        shift_share: of the picture's width by which the view has moved.
    """

    dark_level: float = 28.0
    least_detail: float = 0.006
    structured: float = 0.02
    least_blocks: int = 5
    alike: float = 0.45
    seen_share: float = 0.35
    lost_share: float = 0.15
    flat: float = 0.3
    sharpness: float = 0.25
    coarse_alike: float = 0.8
    shift_share: float = 0.02


@dataclass(frozen=True, slots=True)
class View:
    """What of a picture tells whether the camera is well.

    Attributes:
        edges: (h, 160) float32, strength of edges in proportion to the light, so that dimming changes
            little.
        coarse: (12, 16) float32, the picture without any detail.
        sharpness: strength of its finest detail.
        bright: grey level that the brightest twentieth exceeds.
    """

    edges: FloatImage
    coarse: FloatImage
    sharpness: float
    bright: float


def view_of(image: Image) -> View:
    """What of a picture tells whether the camera is well.

    Args:
        image: (height, width, 3) uint8, blue-green-red, masked.
    """
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    medium = _narrowed(grey, min(SHARP_WIDTH, grey.shape[1]))
    small = _narrowed(medium, _WIDTH)
    light = np.log1p(cv2.GaussianBlur(small, (3, 3), 0).astype(np.float32) + 8.0)
    across, down = cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1)
    edges = np.asarray(cv2.magnitude(across, down) / 4, dtype=np.float32)
    fine = cv2.Laplacian(np.log1p(medium.astype(np.float32) + 8.0), cv2.CV_32F)
    # The strongest few of a hundred: noise is everywhere, sharp edges are few.
    sharpness = float(np.percentile(np.abs(fine), 98))
    coarse = np.asarray(cv2.resize(small, _COARSE, interpolation=cv2.INTER_AREA), dtype=np.float32)
    return View(edges, coarse, sharpness, float(np.percentile(small, 95)))


def reference_of(views: list[View]) -> View:
    """The usual view: the median of several, in which nobody who walks by is left.

    Args:
        views: of one camera, while it was well; at least one.
    """
    return View(
        np.median([view.edges for view in views], axis=0).astype(np.float32),
        np.median([view.coarse for view in views], axis=0).astype(np.float32),
        float(np.median([view.sharpness for view in views])),
        float(np.median([view.bright for view in views])),
    )


def trouble_of(view: View, reference: View | None, rules: HealthRules) -> Trouble | None:
    """What is wrong with one picture by itself, or None.

    Args:
        view: the picture's.
        reference: the camera's usual view; None: not known yet, then only darkness and emptiness can be
            told.
        rules: what counts.
    """
    if view.bright < rules.dark_level:
        return Trouble.DARK
    empty = float(np.mean(view.edges > 0.05)) < rules.least_detail
    blocks = None if reference is None else _blocks(view.edges, reference.edges, rules)
    if reference is None or blocks is None:
        return Trouble.BLANK if empty else None
    seen, gone = blocks
    if seen >= rules.seen_share:
        return Trouble.BLURRED if view.sharpness < rules.sharpness * reference.sharpness else None
    if gone >= 1 - rules.seen_share:
        same = _correlation(view.coarse, reference.coarse) >= rules.coarse_alike
        return Trouble.BLURRED if same else Trouble.COVERED
    if seen < rules.lost_share or _shift(view.edges, reference.edges) >= rules.shift_share:
        return Trouble.MOVED
    return None


def _narrowed(grey: npt.NDArray[np.uint8], width: int) -> npt.NDArray[np.uint8]:
    height = max(8, round(grey.shape[0] * width / grey.shape[1]))
    return np.asarray(cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _blocks(now: FloatImage, usual: FloatImage, rules: HealthRules) -> tuple[float, float] | None:
    """Shares of the recognisable blocks that are seen again, and that have lost their edges."""
    if now.shape != usual.shape:
        return 0.0, 0.0
    seen = gone = count = 0
    rows = np.linspace(0, now.shape[0], _BLOCKS[1] + 1).astype(int)
    columns = np.linspace(0, now.shape[1], _BLOCKS[0] + 1).astype(int)
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            then, here = usual[top:bottom, left:right], now[top:bottom, left:right]
            if then.mean() < rules.structured:
                continue
            count += 1
            gone += here.mean() < rules.flat * then.mean()
            seen += _correlation(here, then) >= rules.alike
    return (seen / count, gone / count) if count >= rules.least_blocks else None


def _correlation(a: FloatImage, b: FloatImage) -> float:
    x, y = a.ravel() - a.mean(), b.ravel() - b.mean()
    size = float(np.linalg.norm(x) * np.linalg.norm(y))
    return float(np.dot(x, y)) / size if size > 1e-9 else 0.0


def _shift(now: FloatImage, usual: FloatImage) -> float:
    """How far the view has moved, as a share of the picture's width.

    Source:
        Kuglin and Hines, "The phase correlation image alignment method", 1975.
    """
    window = cv2.createHanningWindow((now.shape[1], now.shape[0]), cv2.CV_32F)
    (x, y), _ = cv2.phaseCorrelate(usual * window, now * window)  # handed the window, it changes its inputs
    return float(np.hypot(x, y) / now.shape[1])
