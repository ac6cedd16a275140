"""Motion by the sizes of packets: what moves costs bits, more than the same camera needs in quiet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter1d

from floorwalker.video.groups import Groups
from floorwalker.video.packets import PacketTable

FloatArray = npt.NDArray[np.float64]
_QUIET, _QUIETER = 0.25, 0.10  # quantiles that stand for a quiet room
_NORMAL_MEDIAN, _NORMAL_STEP = 0.674, 0.607  # of a normal distribution: q50 - q25, q25 - q10
_LEAST_IN_BLOCK = 12
_MOST_OFFSETS = 75


@dataclass(frozen=True, slots=True)
class SizeRules:
    """When packets are larger than a quiet room's.

    Attributes:
        window_s: packets are taken together over so long; shorter sees shorter motion and more noise.
        windows: so many windows in a row are averaged.
        packet_share: of a window's packets the size below which this share lies. Motion makes all packets
            larger, noise that had to be written at last only one; lower trusts single large ones less.
        block_s: quiet is what is usual over so long; shorter follows a changing light faster, longer is not
            taken in by a long busy time.
        certain_sigma: standard deviations above quiet at which motion is certain, and
        certain_share: at least this share above it. Raising them decodes less and misses small or far motion.
        likely_sigma: the same for motion that goes on before or after a certain one, and
        likely_share: likewise.
        margin_s: how long before and after motion is decoded as well.
        least_spread: where the packets of a whole recording differ by less than this share, the encoder fills
            them up to a constant rate.
    """

    window_s: float = 0.4
    windows: int = 3
    packet_share: float = 0.35
    block_s: float = 600.0
    certain_sigma: float = 3.0
    certain_share: float = 0.12
    likely_sigma: float = 1.8
    likely_share: float = 0.06
    margin_s: float = 0.6
    least_spread: float = 0.01


@dataclass(frozen=True, slots=True)
class SizeEvidence:
    """What packets say of motion.

    Attributes:
        matters: (g,) groups with motion in them, or so near that they belong to it.
        moving: (g,) groups with certain or likely motion in them.
        telling: False where all packets are of one size: then they say nothing.
    """

    matters: npt.NDArray[np.bool_]
    moving: npt.NDArray[np.bool_]
    telling: bool


def size_evidence(table: PacketTable, groups: Groups, rules: SizeRules) -> SizeEvidence:
    """Find the groups whose packets are larger than quiet ones.

    Only pictures that refer to others count: key frames cost the same with and without motion. Sizes are
    compared at the same distance from the key frame, since encoders spend differently along a group.

    Args:
        table: the packets.
        groups: their groups.
        rules: what counts.
    """
    level, starts_s = _levels(table, groups, rules)
    blocks = _blocks(groups.start_s[:-1], rules.block_s)
    by_offset, _ = _quiet(level, blocks)
    excess = _averaged(level - by_offset, rules.windows)
    # What is left after averaging spreads alike at all distances from the key frame.
    usual, spread = _quiet(excess.reshape(len(excess), -1, 1), blocks)
    excess = excess - usual
    with np.errstate(invalid="ignore"):
        certain = (excess > np.log1p(rules.certain_share)) & (excess > rules.certain_sigma * spread)
        likely = (excess > np.log1p(rules.likely_share)) & (excess > rules.likely_sigma * spread)
    moving = _connected(certain, likely)
    matters = np.zeros(len(groups), bool)
    at = np.flatnonzero(moving.any(axis=1))
    for row in at:
        times = starts_s[row, moving[row]]
        first, last = times.min() - rules.margin_s, times.max() + rules.window_s + rules.margin_s
        low, high = np.searchsorted(groups.start_s, [first, last], side="right") - 1
        matters[max(int(low), 0) : int(high) + 1] = True
    inter = table.size[~table.key]
    low_size, high_size = np.quantile(inter, [0.05, 0.95]) if len(inter) else (0.0, 0.0)
    telling = bool(
        len(inter) and high_size - low_size > rules.least_spread * max(float(np.median(inter)), 1.0)
    )
    return SizeEvidence(matters, np.asarray(moving.any(axis=1)), telling)


def _levels(table: PacketTable, groups: Groups, rules: SizeRules) -> tuple[FloatArray, FloatArray]:
    """Logarithm of what packets measure in each window of each group, and where the windows begin."""
    inter = np.flatnonzero(~table.key)
    owner = groups.owner[inter]
    offset = ((table.time_s[inter] - groups.start_s[owner]) / rules.window_s + 1e-6).astype(np.intp)
    offset = np.clip(offset, 0, _MOST_OFFSETS - 1)
    shape = (len(groups), int(offset.max(initial=0)) + 1)
    cell = owner * shape[1] + offset
    count = np.bincount(cell, minlength=shape[0] * shape[1])
    sizes = table.size[inter][np.lexsort((table.size[inter], cell))]
    first = np.cumsum(count) - count
    level = np.full(len(count), np.nan)
    filled = np.flatnonzero(count)
    level[filled] = np.log(sizes[first[filled] + (count[filled] * rules.packet_share).astype(np.intp)])
    starts_s = groups.start_s[:-1, None] + np.arange(shape[1]) * rules.window_s
    return level.reshape(shape), starts_s


def _averaged(excess: FloatArray, windows: int) -> FloatArray:
    """Means over windows that follow each other in time, over the borders of groups."""
    there = np.flatnonzero(np.isfinite(excess))
    result = np.full(excess.shape, np.nan)
    if len(there):
        result.flat[there] = uniform_filter1d(excess.flat[there], windows, mode="nearest")
    return result


def _blocks(start_s: FloatArray, block_s: float) -> list[npt.NDArray[np.intp]]:
    """Groups by time of day, in stretches of about one length."""
    blocks = max(1, round((start_s[-1] - start_s[0]) / block_s))
    return np.array_split(np.arange(len(start_s)), min(blocks, len(start_s)))


def _quiet(values: FloatArray, blocks: list[npt.NDArray[np.intp]]) -> tuple[FloatArray, FloatArray]:
    """Middle and spread of quiet values, by column and following the time of day.

    Args:
        values: (g, k), NaN where there is none; (g, k, 1) takes all columns together.
        blocks: rows of each stretch of time.

    Returns:
        Two arrays of (g, k) or (g, 1).
    """
    together = values.ndim == 3
    middle, quiet, spread = [], [], []
    for rows in blocks:
        part = values[rows].reshape(-1, 1) if together else values[rows]
        pooled = part[np.isfinite(part)]
        if len(pooled) == 0:
            continue
        quantiles = np.repeat(np.quantile(pooled, [_QUIET, _QUIETER])[:, None], part.shape[1], axis=1)
        enough = np.isfinite(part).sum(axis=0) >= _LEAST_IN_BLOCK
        if enough.any():
            quantiles[:, enough] = np.nanquantile(part[:, enough], [_QUIET, _QUIETER], axis=0)
        sigma = (quantiles[0] - quantiles[1]) / _NORMAL_STEP
        middle.append(float(rows.mean()))
        quiet.append(quantiles[0] + _NORMAL_MEDIAN * sigma)
        spread.append(sigma)
    if not middle:
        return np.zeros((len(values), 1)), np.zeros((len(values), 1))
    return _between(len(values), middle, quiet), _between(len(values), middle, spread)


def _between(rows: int, middle: list[float], values: list[FloatArray]) -> FloatArray:
    """Values of blocks, interpolated for every row between the blocks' middles."""
    return np.column_stack([np.interp(np.arange(rows), middle, column) for column in np.array(values).T])


def _connected(certain: npt.NDArray[np.bool_], likely: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Likely windows that hang together with a certain one, over the borders of groups."""
    flat = (likely | certain).ravel()
    edges = np.flatnonzero(np.diff(flat.astype(np.int8), prepend=0, append=0))
    kept = np.zeros(flat.shape, bool)
    for first, end in edges.reshape(-1, 2):
        if certain.ravel()[first:end].any():
            kept[first:end] = True
    return kept.reshape(certain.shape)
