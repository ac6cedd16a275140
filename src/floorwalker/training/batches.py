"""Entries as tensors: bursts of different lengths, padded into one block."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from floorwalker.identity.matching.entry import Vectors

Batch = tuple[Tensor, Tensor, Tensor]


def pad(bursts: Sequence[Vectors], attributes: Vectors) -> Batch:
    """One block of several bursts.

    Args:
        bursts: each (N, D), N as it comes.
        attributes: (B, attr_dim).

    Returns:
        (B, largest N, D) vectors, (B, largest N) mask of 1 and 0, (B, attr_dim) attributes.
    """
    longest = max(len(burst) for burst in bursts)
    vectors = np.zeros((len(bursts), longest, bursts[0].shape[1]), np.float32)
    mask = np.zeros((len(bursts), longest), np.float32)
    for row, burst in enumerate(bursts):
        vectors[row, : len(burst)] = burst
        mask[row, : len(burst)] = 1.0
    return torch.from_numpy(vectors), torch.from_numpy(mask), torch.from_numpy(attributes)


def thinned(burst: Vectors, share: float, rng: np.random.Generator) -> Vectors:
    """A burst as another door might have taken it: some pictures less, another one first.

    Args:
        burst: (N, D).
        share: chance of each picture to be left out, 0 to 1. Raised, entries differ more from turn to turn.
        rng: which.

    Returns:
        (1 to N, D), in a new order.
    """
    order: npt.NDArray[np.int64] = rng.permutation(len(burst))
    kept = order[rng.random(len(burst)) >= share]
    return burst[kept if len(kept) else order[:1]]
