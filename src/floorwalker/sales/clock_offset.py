"""How far the till's clock is ahead of the cameras': the lag at which sales and leaving the till agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from floorwalker.errors import WorkError

MAX_LAG_S = 15 * 60
MIN_DAYS = 3
MIN_EVENTS = 5  # sales, and people who leave the till, of a day that is looked at
MIN_SALES = 30
_NEAR_S = 20.0  # about how much the time between paying and leaving varies
_WIDE_S = 180.0  # what rises and falls more slowly is the shop's rhythm, not a sale and its buyer
_APART_S = int(3 * _WIDE_S)
_EDGE_S = 30

Curve = npt.NDArray[np.float64]


class TooLittleData(WorkError):
    """There are too few days, sales or people at the till to tell an offset from chance."""


@dataclass(frozen=True, slots=True)
class TillDay:
    """One day at the till.

    Attributes:
        sales_s: times of the sales by the till's clock, seconds.
        leaves_s: times of leaving the till by the cameras' clock, seconds on the same scale.
    """

    sales_s: Sequence[float]
    leaves_s: Sequence[float]


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """How far the till's clock is ahead of the cameras', as far as several days tell.

    Attributes:
        offset_s: lag of best agreement, till minus camera; holds the usual time between paying and leaving
            with its sign turned, a few seconds.
        low_s: lower end of the 95 % interval, from drawing the days anew.
        high_s: its upper end.
        p_value: how often chance alone agrees as well at any lag.
        agreement: height of the peak, in standard deviations of what chance gives at one lag.
        days: days that were used.
        sales: sales in them.
        leaves: people who left the till in them.
        at_edge: whether the best lag is at the end of what was searched: then it may lie beyond.
        curve: agreement at each lag, as (lag_s, agreement), every 10 seconds.
    """

    offset_s: float
    low_s: float
    high_s: float
    p_value: float
    agreement: float
    days: int
    sales: int
    leaves: int
    at_edge: bool
    curve: tuple[tuple[int, float], ...]

    @property
    def significant(self) -> bool:
        """Whether chance gives as much in fewer than 1 of 20 cases."""
        return self.p_value < 0.05


def estimate_clock_offset(
    days: Sequence[TillDay],
    rng: np.random.Generator,
    *,
    max_lag_s: int = MAX_LAG_S,
    permutations: int = 999,
    resamples: int = 500,
) -> ClockOffset:
    """Find the lag at which the till's sales best agree with people leaving the till.

    For each day all pairs of a sale and a leaving are counted by their lag. The counts, smoothed over 20
    seconds, less the same smoothed over 180 (busy hours pair with busy hours at every lag), are summed over
    the days and divided by what chance makes of them. The offset is the lag at the peak. The test turns
    each day's sales round by a lag that is out of reach, again and again, and asks how often the peak is as
    high: gaps between customers and rush hours stay as they were.

    Args:
        days: of one store; days with fewer than 5 sales or 5 people leaving, or shorter than the search
            allows, are left out.
        rng: chance for the test and the interval.
        max_lag_s: raising it finds larger offsets and asks for longer days and more of them.
        permutations: raising it makes the p-value finer.
        resamples: raising it makes the interval steadier.

    Raises:
        TooLittleData: fewer than 3 days or 30 sales are left; the message says how many there are.

    Source: cross-correlation of point processes against circular shifts, as in Harrison and Geman, A rate
        and history-preserving resampling algorithm for neural spike trains (Neural Computation 21, 2009);
        the percentile bootstrap over days: Efron (1979).
    """
    usable = [pairs for day in days if (pairs := _pairs_by_lag(day, max_lag_s)) is not None]
    sales = sum(pairs.sales for pairs in usable)
    if len(usable) < MIN_DAYS or sales < MIN_SALES:
        raise TooLittleData(
            f"cannot tell an offset from chance: {len(usable)} of {len(days)} days have {MIN_EVENTS} sales "
            f"and {MIN_EVENTS} people leaving the till over more than {_shortest(max_lag_s) / 60:.0f} "
            f"minutes, with {sales} sales in all; at least {MIN_DAYS} such days and {MIN_SALES} sales are "
            "needed"
        )
    lags = np.arange(-max_lag_s, max_lag_s + 1)
    here = np.zeros(1, dtype=np.int64)
    near = np.concatenate([_turned(pairs.near, here, max_lag_s) for pairs in usable])
    wide = np.concatenate([_turned(pairs.wide, here, max_lag_s) for pairs in usable])
    curve = _agreement(near.sum(0), wide.sum(0))
    best = int(lags[np.argmax(curve)])
    peaks = _chance_peaks(usable, max_lag_s, permutations, rng)
    drawn = [rng.integers(0, len(usable), len(usable)) for _ in range(resamples)]
    again = [int(lags[np.argmax(_agreement(near[pick].sum(0), wide[pick].sum(0)))]) for pick in drawn]
    low, high = np.percentile(again, [2.5, 97.5])
    return ClockOffset(
        offset_s=float(best),
        low_s=float(low),
        high_s=float(high),
        p_value=float((1 + np.count_nonzero(peaks >= curve.max())) / (1 + permutations)),
        agreement=round(float(curve.max()), 2),
        days=len(usable),
        sales=sales,
        leaves=sum(pairs.leaves for pairs in usable),
        at_edge=abs(best) > max_lag_s - _EDGE_S,
        curve=tuple((int(lag), round(float(curve[lag + max_lag_s]), 2)) for lag in lags[::10]),
    )


@dataclass(frozen=True, slots=True)
class _Pairs:
    """A day's pairs of a sale and a leaving by their lag, the day taken as a circle."""

    near: Curve
    wide: Curve
    sales: int
    leaves: int


def _shortest(max_lag_s: int) -> int:
    """Seconds that a day has to last for a turn that brings no true lag into reach."""
    return 4 * max_lag_s + 2 * _APART_S


def _pairs_by_lag(day: TillDay, max_lag_s: int) -> _Pairs | None:
    if len(day.sales_s) < MIN_EVENTS or len(day.leaves_s) < MIN_EVENTS:
        return None
    sales, leaves = np.asarray(day.sales_s, float), np.asarray(day.leaves_s, float)
    begin = min(sales.min(), leaves.min())
    length = int(max(sales.max(), leaves.max()) - begin) + 1
    if length < _shortest(max_lag_s):
        return None
    sold = np.bincount((sales - begin).astype(int), minlength=length).astype(float)
    left = np.bincount((leaves - begin).astype(int), minlength=length).astype(float)
    # counts[k] = number of pairs whose sale is k seconds after the leaving, round the circle
    spectrum = np.fft.rfft(sold) * np.conj(np.fft.rfft(left))
    frequency = 2 * np.pi * np.arange(len(spectrum)) / length
    near = np.fft.irfft(spectrum * np.exp(-0.5 * (frequency * _NEAR_S) ** 2), length)
    wide = np.fft.irfft(spectrum * np.exp(-0.5 * (frequency * _WIDE_S) ** 2), length)
    return _Pairs(near, wide, len(sales), len(leaves))


def _agreement(near: Curve, wide: Curve) -> Curve:
    """How far the near counts stand above the wide ones, in standard deviations of a Poisson count."""
    # The sum of squares of a Gaussian kernel is 1 / (2 σ √π): a smoothed Poisson count varies by so much.
    spread = np.sqrt(np.maximum(wide, 1e-9) / (2 * _NEAR_S * np.sqrt(np.pi)))
    # Where hardly any pairs are, one alone would stand out: as if there were one in a wide window.
    floor = np.sqrt(1 / (_WIDE_S * 2 * np.sqrt(np.pi)) / (2 * _NEAR_S * np.sqrt(np.pi)))
    agreement: Curve = (near - wide) / np.maximum(spread, floor)
    return agreement


def _turned(counts: Curve, turns_s: npt.NDArray[np.int64], max_lag_s: int) -> Curve:
    """The counts at all lags searched, one row for each number of seconds that the sales were turned by."""
    around = np.concatenate([counts[-max_lag_s:], counts, counts[:max_lag_s]])
    windows: Curve = sliding_window_view(around, 2 * max_lag_s + 1)[turns_s]
    return windows


def _chance_peaks(
    usable: Sequence[_Pairs], max_lag_s: int, permutations: int, rng: np.random.Generator
) -> Curve:
    """The peaks after each day's sales were turned round, each time out of reach of any true lag."""
    near = np.zeros((permutations, 2 * max_lag_s + 1))
    wide = np.zeros_like(near)
    reach = 2 * max_lag_s + _APART_S
    for pairs in usable:
        turns_s = rng.integers(reach, len(pairs.near) - reach + 1, permutations)
        near += _turned(pairs.near, turns_s, max_lag_s)
        wide += _turned(pairs.wide, turns_s, max_lag_s)
    peaks: Curve = _agreement(near, wide).max(axis=1)
    return peaks
