"""What standing things hide of people, learnt from the people they hide: counters, shelves, belts."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from floorwalker.vision.motion.foreground import Mask

FloatArray = npt.NDArray[np.float64]
_CELL_PX = 4
_BANDS = 24


@dataclass(frozen=True, slots=True)
class OcclusionRules:
    """When a place in the picture is believed to hide those who stand beyond it.

    Attributes:
        least_looks: sightings of bodies that should have filled a cell, below which nothing is believed.
            Raising it learns later and more surely.
        hidden_share: share of them that did, below which the cell hides; and
        seen_share: above which it does not, whatever is believed of nearer bodies.
        row_share: share of a row of the body that is foreground where the row counts as filled.
        most_looks: from here on old sightings fade, so that furniture may move; bounds the counts.
        renew_looks: sightings after which the belief is renewed.
    """

    least_looks: float = 8.0
    hidden_share: float = 0.2
    seen_share: float = 0.5
    row_share: float = 0.15
    most_looks: float = 400.0
    renew_looks: int = 20


class Occlusion:
    """Which pixels hide people, by how far away the people stand.

    A thing on the floor hides everybody beyond it and nobody before it. So each cell of the picture has a
    distance from which on nobody is seen there. It is learnt from bodies whose head and torso are
    clear: where their legs should be and again and again are not, something stands before them.

    Args:
        working: width and height of the masks.
        nearest_m: distance on the floor, from below the camera, of the nearest people.
        farthest_m: of the farthest.
        rules: what is believed when.

    Source:
        The idea of depth layers of a static scene learnt from moving objects: Greenhill et al.,
        "Occlusion analysis: learning and utilising depth maps in object tracking", IVC 2008.
    """

    def __init__(
        self,
        working: tuple[int, int],
        nearest_m: float,
        farthest_m: float,
        rules: OcclusionRules | None = None,
    ) -> None:
        self._working = working
        self._rules = rules or OcclusionRules()
        self._edges_m = np.geomspace(max(nearest_m, 0.5), max(farthest_m, nearest_m + 1.0), _BANDS + 1)[1:-1]
        cells = (_BANDS, -(-working[1] // _CELL_PX), -(-working[0] // _CELL_PX))
        self._expected = np.zeros(cells, np.float32)
        self._filled = np.zeros(cells, np.float32)
        self._sums: npt.NDArray[np.int32] | None = None
        self._looks = 0

    def band(self, away_m: FloatArray) -> npt.NDArray[np.intp]:
        """The band of distance that each of n distances falls into."""
        return np.searchsorted(self._edges_m, away_m)

    def note(self, band: int, legs: npt.NDArray[np.int32], new: Mask, empty: Mask) -> None:
        """Take in where the legs of a body with clear head and torso were seen, and where not.

        Args:
            band: of the body's distance.
            legs: (k, 4) x1, y1, x2, y2 whole pixels that should be legs.
            new: (h, w) 1 where foreground that nobody before this body explains.
            empty: (h, w) 1 where neither foreground nor somebody explained.
        """
        for x1, y1, x2, y2 in legs.tolist():
            x1, y1 = x1 // _CELL_PX * _CELL_PX, y1 // _CELL_PX * _CELL_PX
            if x2 - x1 < 2 or y2 - y1 < _CELL_PX:
                continue
            rows = np.arange(0, y2 - y1, _CELL_PX)
            filled = np.add.reduceat(np.count_nonzero(new[y1:y2, x1:x2], axis=1), rows)
            blank = np.add.reduceat(np.count_nonzero(empty[y1:y2, x1:x2], axis=1), rows)
            known = filled + blank >= 0.6 * _CELL_PX * (x2 - x1)
            full = known & (filled >= self._rules.row_share * (filled + blank))
            cells = np.s_[
                band, y1 // _CELL_PX : y1 // _CELL_PX + len(rows), x1 // _CELL_PX : -(-x2 // _CELL_PX)
            ]
            self._expected[cells] += known[:, None]
            self._filled[cells] += full[:, None]
        self._looks += 1
        if self._looks >= self._rules.renew_looks:
            self._renew()

    def hidden_px(self, corners: npt.NDArray[np.int32], band: npt.NDArray[np.intp]) -> FloatArray:
        """How many pixels of boxes are hidden by what stands before them.

        Args:
            corners: (n, k, 4) whole pixels inside the picture.
            band: (n,) of the distance of each body.

        Returns:
            (n, k) pixels.
        """
        if self._sums is None:
            return np.zeros(corners.shape[:2])
        x1, y1, x2, y2 = (corners[..., index] for index in range(4))
        sums, at = self._sums, band[:, None]
        total = sums[at, y2, x2] - sums[at, y1, x2] - sums[at, y2, x1] + sums[at, y1, x1]
        return np.asarray(total, dtype=np.float64)

    def _renew(self) -> None:
        """Decide anew which cells hide, from all sightings."""
        rules = self._rules
        expected, filled = (_pooled(counts) for counts in (self._expected, self._filled))
        share = filled / np.maximum(expected, 1e-6)
        known = expected >= rules.least_looks
        hides = known & (share < rules.hidden_share)
        seen = known & (share > rules.seen_share)
        for band in range(1, _BANDS):
            hides[band] |= hides[band - 1] & ~seen[band]
        # What stands on the floor hides down to the floor, where those who stand beyond it end anyway.
        hides = np.logical_or.accumulate(hides, axis=1) & ~seen
        width, height = self._working
        whole = np.repeat(np.repeat(hides, _CELL_PX, axis=1), _CELL_PX, axis=2)[:, :height, :width]
        self._sums = np.stack([cv2.integral(layer.astype(np.uint8)) for layer in whole])
        old = self._expected > rules.most_looks
        self._expected[old] /= 2
        self._filled[old] /= 2
        self._looks = 0


def _pooled(counts: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Counts of a cell together with those of its neighbours, in the picture and in distance."""
    near = np.stack([cv2.blur(layer, (3, 3)) for layer in counts])
    pooled = near.copy()
    pooled[1:] += near[:-1]
    pooled[:-1] += near[1:]
    return pooled
