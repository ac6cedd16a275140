"""Who bought: one-to-one assignment of transactions to visits at the till."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

SALE_WINDOW_US = 5 * 60 * 1_000_000
_GAVE_UP_US = 2 * 60 * 1_000_000


@dataclass(frozen=True, slots=True)
class TillVisit:
    """One stay of one visitor at the till.

    Attributes:
        visitor_id: who.
        start_us: when they came to the billing zone.
        end_us: when they left it.
        gave_up: whether the camera saw them leave before they reached the counter.
    """

    visitor_id: str
    start_us: int
    end_us: int
    gave_up: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """One sale and the stay at the till that it belongs to.

    Attributes:
        transaction: index among the sales.
        visit: index among the stays.
        gap_s: seconds between leaving the till and the sale.
    """

    transaction: int
    visit: int
    gap_s: float


def match_purchases(
    sale_us: Sequence[int], visits: Sequence[TillVisit], window_us: int = SALE_WINDOW_US
) -> list[Match]:
    """Give each sale at most one stay at the till, and each stay at most one sale, at least cost.

    A sale may belong to a stay when it happened while the visitor stood there or up to `window_us` after
    they left. The cost is the time between leaving and the sale; a sale left to nobody costs `window_us`:
    a sale goes to a distant leaver where nobody else fits, but never drives a near match apart for it.
    Somebody who seemed to give up counts as two minutes further away: the sale is rather another's.

    Args:
        sale_us: times of the sales.
        visits: stays at the till.
        window_us: raising it matches sales to people who left longer ago.

    Returns:
        The matches, in order of the sales.

    Source: Kuhn, The Hungarian method for the assignment problem (1955), on each connected part.
    """
    sales = np.asarray(sale_us, dtype=np.int64)
    start = np.array([visit.start_us for visit in visits], dtype=np.int64)
    end = np.array([visit.end_us for visit in visits], dtype=np.int64)
    extra = np.array([_GAVE_UP_US * visit.gave_up for visit in visits], dtype=np.int64)
    if not len(sales) or not len(visits):
        return []
    possible = (start[None, :] <= sales[:, None]) & (sales[:, None] <= end[None, :] + window_us)
    rows, columns = np.nonzero(possible)
    if not len(rows):
        return []
    # Sales and stays far apart in time do not compete: each connected part is solved alone.
    size = len(sales) + len(visits)
    links = coo_array((np.ones(len(rows)), (rows, columns + len(sales))), shape=(size, size))
    _, part = connected_components(links, directed=False)
    matches: list[Match] = []
    for label in np.unique(part[rows]):
        mine = np.nonzero(part[: len(sales)] == label)[0]
        theirs = np.nonzero(part[len(sales) :] == label)[0]
        cost = _cost(sales[mine], end[theirs], extra[theirs], possible[np.ix_(mine, theirs)], window_us)
        for row, column in zip(*linear_sum_assignment(cost), strict=True):
            if column < len(theirs) and possible[mine[row], theirs[column]]:
                sale, visit = int(mine[row]), int(theirs[column])
                matches.append(Match(sale, visit, abs(int(sales[sale]) - int(end[visit])) / 1e6))
    return sorted(matches, key=lambda match: match.transaction)


def _cost(
    sales: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    extra: npt.NDArray[np.int64],
    possible: npt.NDArray[np.bool_],
    window_us: int,
) -> npt.NDArray[np.float64]:
    """Cost matrix with one dummy stay a sale; a long stay before paying never costs as much as none."""
    gap = (np.abs(sales[:, None] - ends[None, :]) + extra[None, :]).astype(np.float64)
    gap = np.minimum(gap, window_us * 0.999)
    real = np.where(possible, gap, 1e15)
    return np.hstack([real, np.full((len(sales), len(sales)), float(window_us))])
