"""The entry: one crossing of a door as a burst of image vectors and clothing attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
AttributeValue = str | float | bool | list[str] | Mapping[str, float]


class Direction(StrEnum):
    """Which way the door was crossed."""

    ENTRY = "entry"
    EXIT = "exit"


class BucketKey(NamedTuple):
    """One store's day: nobody is ever compared across two of them.

    Attributes:
        day_id: the store's local day, `2026-03-03`.
        store_id: the store.
    """

    day_id: str
    store_id: str


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One crossing as a camera reported it.

    Attributes:
        key: the store's day.
        entry_id: its name, unique over all days and stores.
        timestamp: when, aware.
        direction: which way.
        camera: by which camera.
        embeddings: (N, D) float32, one vector an image, as they came; (0, 0) once they were swept.
        attrs: clothing attributes by field: a label, a number, a truth value, or labels with confidences.
        images: where the crops lie, as URIs.
        alert_id: the caller's own name of what raised it.
    """

    key: BucketKey
    entry_id: str
    timestamp: datetime
    direction: Direction
    camera: str
    embeddings: Vectors
    attrs: Mapping[str, AttributeValue] = field(default_factory=dict)
    images: tuple[str, ...] = ()
    alert_id: str | None = None
