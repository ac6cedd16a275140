"""Batch-hard triplet loss."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def batch_hard_triplet(vectors: Tensor, people: Tensor, apart: Tensor, margin: float) -> Tensor:
    """Each entry against the farthest of its own person and the nearest of another, in cosine distance.

    Args:
        vectors: (B, E) of length 1.
        people: (B,) number of each entry's person, each at least twice.
        apart: (B, B) bool, who is surely somebody else; an entry that has nobody teaches nothing.
        margin: by how much another person has to be farther, 0 to 2. Raised, well parted people go on
            teaching.

    Returns:
        The mean over the batch, at least 0.

    Source: Hermans, Beyer and Leibe, In Defense of the Triplet Loss, 2017 (equation 5).
    """
    distance = 1.0 - vectors @ vectors.T
    same = people[:, None] == people[None, :]
    itself = torch.eye(len(people), dtype=torch.bool)
    farthest = distance.masked_fill(~same | itself, -torch.inf).amax(dim=1)
    nearest = distance.masked_fill(~apart, torch.inf).amin(dim=1)
    return functional.relu(farthest - nearest + margin).mean()
