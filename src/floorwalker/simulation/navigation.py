"""Walking routes round obstacles: shortest paths over the corners of inflated rectangles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse.csgraph import shortest_path

from floorwalker.simulation.layout import Point, Rect

FloatArray = npt.NDArray[np.float64]
CORNER_M = 0.36
CLEARANCE_M = 0.30
LEAST_CLEARANCE_M = 0.02


class Routes:
    """Shortest walks among rectangles.

    Args:
        obstacles: rectangles that a body keeps clear of.
        bounds: rectangle that corners must lie in.

    Source:
        Lozano-Pérez and Wesley, "An algorithm for planning collision-free paths", CACM 1979
        (visibility graph of grown obstacles).
    """

    def __init__(self, obstacles: Sequence[Rect], bounds: Rect) -> None:
        self._rects = np.array(obstacles, dtype=np.float64)
        grown = self._grown(CORNER_M)
        corners = np.concatenate([grown[:, [0, 1]], grown[:, [2, 1]], grown[:, [2, 3]], grown[:, [0, 3]]])
        inside_any = self._contained(corners, self._grown(CLEARANCE_M)).any(axis=1)
        x1, y1, x2, y2 = bounds
        within = (corners[:, 0] > x1) & (corners[:, 0] < x2) & (corners[:, 1] > y1) & (corners[:, 1] < y2)
        self._nodes = corners[within & ~inside_any]
        self._between, self._previous = self._all_pairs()

    def path(self, start: Point, goal: Point) -> list[Point]:
        """Corners to walk by, the goal last; straight to the goal where no way is free.

        Args:
            start: metres.
            goal: metres.
        """
        if self.is_free(start, goal):
            return [goal]
        first, last = self._reach(start), self._reach(goal)
        total = first[:, None] + self._between + last[None, :]
        best = int(np.argmin(total))
        if not np.isfinite(total.flat[best]):
            return [goal]
        source, node = divmod(best, len(self._nodes))
        corners = [node]
        while node != source:
            node = int(self._previous[source, node])
            corners.append(node)
        return [(float(x), float(y)) for x, y in self._nodes[corners[::-1]]] + [goal]

    def is_free(self, start: Point, goal: Point) -> bool:
        """Whether the straight walk keeps clear; ends that already stand close are forgiven."""
        rects = self._forgiving(start, goal)
        return not bool(_crossed(np.array(start), np.array([goal]), rects)[0])

    def _reach(self, place: Point) -> FloatArray:
        """Straight distance to each corner, infinite where something stands between."""
        crossed = _crossed(np.array(place), self._nodes, self._forgiving(place))
        distance = np.linalg.norm(self._nodes - np.array(place), axis=1)
        return np.where(crossed, np.inf, distance)

    def _forgiving(self, *places: Point) -> FloatArray:
        grown = self._grown(CLEARANCE_M)
        close = self._contained(np.array(places), grown).any(axis=0)
        grown[close] = self._grown(LEAST_CLEARANCE_M)[close]
        return grown

    def _grown(self, by_m: float) -> FloatArray:
        return np.asarray(self._rects + np.array([-by_m, -by_m, by_m, by_m]))

    @staticmethod
    def _contained(points: FloatArray, rects: FloatArray) -> npt.NDArray[np.bool_]:
        x, y = points[:, 0:1], points[:, 1:2]
        return np.asarray((x > rects[:, 0]) & (x < rects[:, 2]) & (y > rects[:, 1]) & (y < rects[:, 3]))

    def _all_pairs(self) -> tuple[FloatArray, npt.NDArray[np.int32]]:
        count = len(self._nodes)
        weights = np.zeros((count, count))
        rects = self._grown(CLEARANCE_M)
        for index, node in enumerate(self._nodes):
            crossed = _crossed(node, self._nodes, rects)
            distance = np.linalg.norm(self._nodes - node, axis=1)
            weights[index] = np.where(crossed, 0.0, distance)  # 0 means no edge
        between, previous = shortest_path(weights, directed=False, return_predecessors=True)
        return between, previous


def _crossed(start: FloatArray, ends: FloatArray, rects: FloatArray) -> npt.NDArray[np.bool_]:
    """Whether each straight segment passes through the inside of any rectangle (slab test)."""
    step = ends - start
    step = np.where(np.abs(step) < 1e-9, 1e-9, step)
    low = (rects[None, :, :2] - start) / step[:, None, :]
    high = (rects[None, :, 2:] - start) / step[:, None, :]
    enter = np.minimum(low, high).max(axis=2)
    leave = np.maximum(low, high).min(axis=2)
    hit = (enter < leave) & (leave > 0) & (enter < 1)
    return np.asarray(hit.any(axis=1))
