"""Encoders: a burst's image vectors and attributes become one unit vector that is compared by cosine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from floorwalker.errors import InputError
from floorwalker.identity.matching.attribute_schema import AttributeSchema
from floorwalker.identity.matching.entry import AttributeValue, Vectors
from floorwalker.identity.matching.vectors import VectorError, unit_rows

_CANCELLED = 1e-6


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What the cosines of one encoder are worth: another encoder needs others.

    Attributes:
        threshold: τ, least cosine of a match, -1 to 1. Raised, it finds fewer returns and joins fewer
            strangers.
        margin: m, least lead over the best other person, 0 to 2. Raised, it sends more near ties to a human.
    """

    threshold: float
    margin: float

    def __post_init__(self) -> None:
        if not -1.0 <= self.threshold <= 1.0:
            raise InputError(f"expected a threshold of -1 to 1, got {self.threshold}")
        if not 0.0 <= self.margin <= 2.0:
            raise InputError(f"expected a margin of 0 to 2, got {self.margin}")


class Encoder(Protocol):
    """Makes one vector of an entry; may be called from several threads at once."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def fingerprint(self) -> str:
        """Differs whenever the same entry could get another vector, and only then."""
        ...

    @property
    def input_dimension(self) -> int | None:
        """D, how many numbers an image vector has; None: any, as long as a bucket keeps to one."""
        ...

    @property
    def dimension(self) -> int | None:
        """E, how many numbers an entry's vector has; None: as many as its image vectors."""
        ...

    @property
    def schema(self) -> AttributeSchema | None:
        """The attributes that are told apart; None: none."""
        ...

    @property
    def thresholds(self) -> Thresholds:
        """What this encoder's cosines are worth where nobody says otherwise."""
        ...

    def encode(self, embeddings: Vectors, attrs: Mapping[str, AttributeValue]) -> Vectors:
        """The vector of one entry.

        Args:
            embeddings: (N, D) float32 as `checked_vectors` gives them, the first frame first.
            attrs: clothing attributes by field; may be empty.

        Returns:
            (E,) float32 of length 1.

        Raises:
            VectorError: D is not what this encoder takes, or the vectors cancel each other out.
        """
        ...


class MeanEncoder:
    """The mean of the image vectors, each brought to length 1; implements `Encoder`.

    Needs no training and takes vectors of any network. Attributes are no part of its vector: they are
    compared on their own (`agreement.agreement`).
    """

    name = "mean"
    fingerprint = "mean-1"
    input_dimension: int | None = None
    dimension: int | None = None

    def __init__(self, thresholds: Thresholds | None = None, schema: AttributeSchema | None = None) -> None:
        """Make one; without thresholds with `MEAN_THRESHOLDS`."""
        self._thresholds = thresholds or MEAN_THRESHOLDS
        self._schema = schema

    @property
    def schema(self) -> AttributeSchema | None:
        """The attributes whose agreement can be told; they are no part of the vector."""
        return self._schema

    @property
    def thresholds(self) -> Thresholds:
        """What its cosines are worth."""
        return self._thresholds

    def encode(self, embeddings: Vectors, attrs: Mapping[str, AttributeValue]) -> Vectors:
        """The vector of one entry; see `Encoder`."""
        mean = unit_rows(embeddings).mean(axis=0, keepdims=True)
        if float(np.linalg.norm(mean)) < _CANCELLED:
            raise VectorError(
                "zero_vector", "the vectors in embeddings cancel each other out: no mean is left"
            )
        vector: Vectors = unit_rows(mean)[0]
        return vector


# Where one or two decisions in a hundred join wrongly, for Intel's re-ID networks 0248 and 0287 on halves of
# 42 people of PKU-Reid, two crops an entry (0.65 to 0.67 in the mean over halves), by
# benchmarks/reid_quality.py. Another network or another shop needs others: floorwalker reid calibrate.
MEAN_THRESHOLDS = Thresholds(0.67, 0.02)
# Those that the contract gives to the trained EntryEncoder.
TRAINED_THRESHOLDS = Thresholds(0.88, 0.02)
