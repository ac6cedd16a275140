"""What makes vectors and attributes of a burst: a network on this machine, or a service over HTTP."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from floorwalker.adapters.json_calls import JsonService, Refused
from floorwalker.errors import InputError, WorkError
from floorwalker.identity.matching.entry import AttributeValue, Vectors
from floorwalker.identity.matching.vectors import checked_vectors
from floorwalker.pipeline.entry_payloads import attrs_of
from floorwalker.vision.embedding.crop_embedder import CropEmbedder

Crop = npt.NDArray[np.uint8]
CROP_SIZE = (128, 256)
"""Width and height of a crop as models get it, pixels."""
_QUALITY = 95


class BurstEmbedder(Protocol):
    """Makes the image vectors of a burst; may be called from several threads."""

    def vectors(self, crops: Sequence[Crop]) -> Vectors:
        """One vector a crop.

        Args:
            crops: each (256, 128, 3) uint8, blue-green-red.

        Returns:
            (N, D) float32.

        Raises:
            FloorwalkerError: they cannot be made.
        """
        ...


class AttributeReader(Protocol):
    """Tells what somebody wears; may be called from several threads."""

    def attributes(self, entry_id: str, crops: Sequence[Crop]) -> Mapping[str, AttributeValue]:
        """Attributes by field."""
        ...


def fitted(crop: Crop) -> Crop:
    """A crop of any size in the one that models get."""
    return np.asarray(cv2.resize(crop, CROP_SIZE, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class NetworkEmbedder:
    """A re-identification network; implements `BurstEmbedder`.

    Args:
        network: the network.
    """

    network: CropEmbedder

    def vectors(self, crops: Sequence[Crop]) -> Vectors:
        """One vector a crop; see `BurstEmbedder`."""
        return checked_vectors(np.stack(list(self.network.embed(crops))))


@dataclass(frozen=True, slots=True)
class HttpEmbedder:
    """A service that takes `{"images": [base64 of a JPEG, …]}` and answers `{"embeddings": [[…], …]}`.

    Args:
        service: where it is.
    """

    service: JsonService

    def vectors(self, crops: Sequence[Crop]) -> Vectors:
        """One vector a crop; see `BurstEmbedder`."""
        found = _field(self.service.call(msgspec.json.encode({"images": _jpegs(crops)})), "embeddings", self)
        try:
            vectors = checked_vectors(msgspec.convert(found, type=list[list[float]]))
        except (msgspec.ValidationError, InputError) as error:
            raise WorkError(f"{self.service.name}: {error}") from error
        if len(vectors) != len(crops):
            raise WorkError(f"{self.service.name}: {len(vectors)} vectors for {len(crops)} images")
        return vectors


@dataclass(frozen=True, slots=True)
class HttpAttributes:
    """A service that takes `{"entry_id", "images"}` and answers `{"attrs": {field: label, …}}`.

    Args:
        service: where it is.
    """

    service: JsonService

    def attributes(self, entry_id: str, crops: Sequence[Crop]) -> Mapping[str, AttributeValue]:
        """Attributes by field; see `AttributeReader`."""
        body = msgspec.json.encode({"entry_id": entry_id, "images": _jpegs(crops)})
        return attrs_of(_field(self.service.call(body), "attrs", self), self.service.name)


def _jpegs(crops: Sequence[Crop]) -> list[str]:
    written = [cv2.imencode(".jpg", crop, (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))[1] for crop in crops]
    return [base64.b64encode(content.tobytes()).decode() for content in written]


def _field(answer: Any, name: str, model: HttpEmbedder | HttpAttributes) -> Any:
    if not isinstance(answer, dict) or name not in answer:
        raise Refused("no_answer", f"{model.service.name}: expected an answer with {name}")
    return answer[name]
