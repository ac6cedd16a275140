"""From a crossing with its crops to an entry with its vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from floorwalker.adapters.burst_models import AttributeReader, BurstEmbedder, Crop, fitted
from floorwalker.adapters.crossings import Crossing
from floorwalker.adapters.image_places import ImageError
from floorwalker.adapters.images import ImageSource
from floorwalker.identity.matching.entry import Entry


@dataclass(frozen=True, slots=True)
class Made:
    """An entry that was made.

    Attributes:
        entry: the entry.
        lost: how many of its images could not be read; its vectors are those of the others.
    """

    entry: Entry
    lost: int


@dataclass(frozen=True, slots=True)
class PayloadMaker:
    """Makes entries; may be called from several threads.

    Args:
        images: where crops are read from.
        embedder: makes vectors.
        attributes: tells what people wear; None: nobody does.
        most: crops of a crossing that are looked at, spread evenly over it.
    """

    images: ImageSource
    embedder: BurstEmbedder
    attributes: AttributeReader | None = None
    most: int = 16

    def make(self, crossing: Crossing) -> Made:
        """Make an entry.

        Args:
            crossing: with at least one image.

        Raises:
            ImageError: none of its images can be read; the first reason.
            FloorwalkerError: vectors or attributes cannot be made.
        """
        wanted = spread(crossing.images, self.most)
        crops: list[Crop] = []
        used: list[str] = []
        reasons: list[ImageError] = []
        for uri in wanted:
            try:
                crops.append(fitted(self.images.picture(uri)))
                used.append(uri)
            except ImageError as error:
                reasons.append(error)
        if not crops:
            raise reasons[0]
        attrs = {} if self.attributes is None else self.attributes.attributes(crossing.entry_id, crops)
        entry = Entry(
            crossing.key,
            crossing.entry_id,
            crossing.timestamp,
            crossing.direction,
            crossing.camera,
            self.embedder.vectors(crops),
            attrs,
            tuple(used),
            crossing.alert_id,
        )
        return Made(entry, len(reasons))


def spread(images: Sequence[str], most: int) -> Sequence[str]:
    """At most so many, the first and the last among them, evenly spread."""
    if len(images) <= most:
        return images
    return [images[place] for place in np.linspace(0, len(images) - 1, most).round().astype(int)]
