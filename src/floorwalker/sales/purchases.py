"""Who bought: one-to-one assignment of transactions to visits at the till."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

SALE_WINDOW_US = 5 * 60 * 1_000_000
_GAVE_UP_US = 2 * 60 * 1_000_000
_IMPOSSIBLE = 1e15
Costs = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TillVisit:
    """One stay at the till, of one visitor or of a party that stood there together.

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


@dataclass(frozen=True, slots=True)
class _Part:
    """Sales and stays that compete for one another and for nobody else.

    Attributes:
        sales: indices of the sales.
        stays: indices of the stays.
        cost: microseconds by sale and stay, impossible pairs at 1e15, then one dummy stay a sale.
    """

    sales: npt.NDArray[np.intp]
    stays: npt.NDArray[np.intp]
    cost: Costs


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
    matches: list[Match] = []
    for part in _parts(sale_us, visits, window_us):
        for row, column in enumerate(_assigned(part.cost)):
            if column < len(part.stays) and part.cost[row, column] < _IMPOSSIBLE:
                sale, visit = int(part.sales[row]), int(part.stays[column])
                matches.append(Match(sale, visit, abs(sale_us[sale] - visits[visit].end_us) / 1e6))
    return sorted(matches, key=lambda match: match.transaction)


def match_margins(
    sale_us: Sequence[int], visits: Sequence[TillVisit], window_us: int = SALE_WINDOW_US
) -> dict[int, float]:
    """How sure each match of `match_purchases` is.

    The margin is what the whole assignment would cost more if this sale and this stay were not a pair:
    near 0 where somebody else fits as well.

    Args:
        sale_us: times of the sales.
        visits: stays at the till.
        window_us: as for the matches.

    Returns:
        Seconds, at least 0, by index of the sale.
    """
    margins: dict[int, float] = {}
    for part in _parts(sale_us, visits, window_us):
        columns = _assigned(part.cost)
        extra = _cost_without_each(part.cost, columns)
        for row, column in enumerate(columns):
            if column < len(part.stays) and part.cost[row, column] < _IMPOSSIBLE:
                margins[int(part.sales[row])] = round(max(0.0, float(extra[row])) / 1e6, 3)
    return margins


def _parts(sale_us: Sequence[int], visits: Sequence[TillVisit], window_us: int) -> Iterator[_Part]:
    """Sales and stays far apart in time do not compete: each connected part is solved alone."""
    sales = np.asarray(sale_us, dtype=np.int64)
    start = np.array([visit.start_us for visit in visits], dtype=np.int64)
    end = np.array([visit.end_us for visit in visits], dtype=np.int64)
    extra = np.array([_GAVE_UP_US * visit.gave_up for visit in visits], dtype=np.int64)
    if not len(sales) or not len(visits):
        return
    possible = (start[None, :] <= sales[:, None]) & (sales[:, None] <= end[None, :] + window_us)
    rows, columns = np.nonzero(possible)
    if not len(rows):
        return
    size = len(sales) + len(visits)
    links = coo_array((np.ones(len(rows)), (rows, columns + len(sales))), shape=(size, size))
    _, part = connected_components(links, directed=False)
    for label in np.unique(part[rows]):
        mine = np.nonzero(part[: len(sales)] == label)[0]
        theirs = np.nonzero(part[len(sales) :] == label)[0]
        cost = _cost(sales[mine], end[theirs], extra[theirs], possible[np.ix_(mine, theirs)], window_us)
        yield _Part(mine, theirs, cost)


def _cost(
    sales: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    extra: npt.NDArray[np.int64],
    possible: npt.NDArray[np.bool_],
    window_us: int,
) -> Costs:
    """Cost matrix with one dummy stay a sale; a long stay before paying never costs as much as none."""
    gap = (np.abs(sales[:, None] - ends[None, :]) + extra[None, :]).astype(np.float64)
    gap = np.minimum(gap, window_us * 0.999)
    real = np.where(possible, gap, _IMPOSSIBLE)
    return np.hstack([real, np.full((len(sales), len(sales)), float(window_us))])


def _assigned(cost: Costs) -> npt.NDArray[np.intp]:
    """The column of each row in the assignment of least cost."""
    rows, columns = linear_sum_assignment(cost)
    found = np.empty(len(rows), dtype=np.intp)
    found[rows] = columns
    return found


def _cost_without_each(cost: Costs, columns: npt.NDArray[np.intp]) -> Costs:
    """What the optimum costs more when each row in turn may not have its column.

    The row must go elsewhere: to a free column, or to another row's, which then must move in turn, until
    one row takes a free column or the one that was given up. That is the shortest cycle through the row, and
    all of them at once cost O(n³), as one assignment does.

    Args:
        cost: (n, m), m at least 2n: there is always a free dummy.
        columns: (n,) the optimum.

    Returns:
        (n,) the extra cost.

    Source: Floyd, Algorithm 97: shortest path (1962), on the residual graph of the assignment.
    """
    count = len(columns)
    own = cost[np.arange(count), columns]
    free = np.ones(cost.shape[1], dtype=bool)
    free[columns] = False
    # From row a to row b: a takes b's column. The last node stands for all free columns: a row that goes
    # there takes one, and whoever comes from there leaves a column that nobody takes.
    way = np.zeros((count + 1, count + 1))
    way[:count, :count] = cost[:, columns] - own[:, None]
    way[:count, count] = cost[:, free].min(axis=1) - own
    np.fill_diagonal(way, np.inf)
    for through in range(count + 1):
        np.minimum(way, way[:, through, None] + way[None, through, :], out=way)
    shortest: Costs = np.diagonal(way)[:count]
    return shortest
