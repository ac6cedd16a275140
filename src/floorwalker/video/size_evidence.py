"""Motion by the sizes of packets: what moves costs bits, more than the same camera needs in quiet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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
        window_s: packets are added up over so long; shorter sees shorter motion and more noise.
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
    block_s: float = 600.0
    certain_sigma: float = 6.0
    certain_share: float = 0.12
    likely_sigma: float = 3.0
    likely_share: float = 0.06
    margin_s: float = 0.8
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
    excess, spread, starts_s = _excess(table, groups, rules)
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


def _excess(
    table: PacketTable, groups: Groups, rules: SizeRules
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Logarithm of each window's size over a quiet one, its usual spread, and where the window begins."""
    inter = np.flatnonzero(~table.key & (groups.owner >= 0))
    owner = groups.owner[inter]
    offset = ((table.time_s[inter] - groups.start_s[owner]) / rules.window_s).astype(np.intp)
    offset = np.clip(offset, 0, _MOST_OFFSETS - 1)
    shape = (len(groups), int(offset.max(initial=0)) + 1)
    cell = owner * shape[1] + offset
    total = np.bincount(cell, table.size[inter], shape[0] * shape[1])
    count = np.bincount(cell, minlength=shape[0] * shape[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.log(np.maximum(total / count, 1.0)).reshape(shape)
    quiet, spread = _quiet(level, groups.start_s[:-1], rules.block_s)
    starts_s = groups.start_s[:-1, None] + np.arange(shape[1]) * rules.window_s
    return level - quiet, spread, starts_s


def _quiet(level: FloatArray, start_s: FloatArray, block_s: float) -> tuple[FloatArray, FloatArray]:
    """Level and spread of quiet windows by their distance from the key frame, following the time of day."""
    middle_s, quiet, spread = [], [], []
    blocks = max(1, round((start_s[-1] - start_s[0]) / block_s))
    for rows in np.array_split(np.arange(len(start_s)), min(blocks, len(start_s))):
        part = level[rows]
        enough = np.isfinite(part).sum(axis=0) >= _LEAST_IN_BLOCK
        pooled = part[np.isfinite(part)]
        if len(pooled) == 0:
            continue
        low, lower = (
            np.full(part.shape[1], np.quantile(pooled, _QUIET)),
            np.full(part.shape[1], np.quantile(pooled, _QUIETER)),
        )
        if enough.any():
            low[enough], lower[enough] = np.nanquantile(part[:, enough], [_QUIET, _QUIETER], axis=0)
        sigma = (low - lower) / _NORMAL_STEP
        middle_s.append(float(start_s[rows].mean()))
        quiet.append(low + _NORMAL_MEDIAN * sigma)
        spread.append(sigma)
    if not middle_s:
        return np.zeros_like(level), np.zeros_like(level)
    return _between(start_s, middle_s, quiet), _between(start_s, middle_s, spread)


def _between(start_s: FloatArray, middle_s: list[float], rows: list[FloatArray]) -> FloatArray:
    columns = np.array(rows).T
    return np.column_stack([np.interp(start_s, middle_s, column) for column in columns])


def _connected(certain: npt.NDArray[np.bool_], likely: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Likely windows that hang together with a certain one, over the borders of groups."""
    flat = (likely | certain).ravel()
    edges = np.flatnonzero(np.diff(flat.astype(np.int8), prepend=0, append=0))
    kept = np.zeros(flat.shape, bool)
    for first, end in edges.reshape(-1, 2):
        if certain.ravel()[first:end].any():
            kept[first:end] = True
    return kept.reshape(certain.shape)
