"""A trained EntryEncoder, served on OpenVINO."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import openvino

from floorwalker.errors import InputError
from floorwalker.identity.matching.attribute_schema import AttributeSchema
from floorwalker.identity.matching.attributes import encode_attributes
from floorwalker.identity.matching.encoder import TRAINED_THRESHOLDS, Thresholds
from floorwalker.identity.matching.entry import AttributeValue, Vectors
from floorwalker.identity.matching.vectors import VectorError
from floorwalker.runs import hash_file
from floorwalker.vision.onnx.graph import read_network

_FORMAT = "entry-encoder-1"
_LEAST_ROOM = 8


class OnnxEntryEncoder:
    """A network that `floorwalker reid export` wrote; implements `Encoder`.

    Arithmetic is pinned to f32, so that a vector is the same on every machine up to rounding.

    Args:
        path: an .onnx file.
        schema: the attributes; None: those that it was trained with.
        thresholds: τ and m; None: those in the file.

    Raises:
        InputError: no such file, no entry encoder, or trained with other attributes.
    """

    def __init__(
        self, path: Path, schema: AttributeSchema | None = None, thresholds: Thresholds | None = None
    ) -> None:
        core = openvino.Core()
        model = read_network(core, path)
        told = _metadata(model)
        if told.get("floorwalker") != _FORMAT:
            raise InputError(
                f"{path}: expected an entry encoder as floorwalker reid export writes it, got another network"
            )
        self.name = path.name
        self.input_dimension, self.dimension = int(told["vis_dim"]), int(told["emb_dim"])
        self._schema = _agreed(schema, told, path)
        used = "" if self._schema is None else self._schema.fingerprint
        self.fingerprint = f"entry-encoder-{hash_file(path)[:16]}{used and '-' + used[:8]}"
        self._thresholds = thresholds or _thresholds(told)
        self._compiled = core.compile_model(
            model,
            "CPU",
            {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1, "ENABLE_CPU_PINNING": False},
        )
        self._of_thread = threading.local()

    @property
    def thresholds(self) -> Thresholds:
        """What its cosines are worth."""
        return self._thresholds

    @property
    def schema(self) -> AttributeSchema | None:
        """The attributes that it sees; None: none."""
        return self._schema

    def encode(self, embeddings: Vectors, attrs: Mapping[str, AttributeValue]) -> Vectors:
        """The vector of one entry; see `Encoder`."""
        count, found = embeddings.shape
        if found != self.input_dimension:
            raise VectorError(
                "wrong_dimension", f"expected vectors of {self.input_dimension} numbers, got {found}"
            )
        # A few sizes of the set only, for the engine prepares itself for each anew.
        room = max(_LEAST_ROOM, 1 << (count - 1).bit_length())
        vectors = np.zeros((1, room, found), np.float32)
        vectors[0, :count] = embeddings / np.abs(embeddings).max(axis=1, keepdims=True)
        mask = (np.arange(room) < count).astype(np.float32)[None]
        inputs = {"vectors": vectors, "mask": mask}
        if self._schema is not None:
            inputs["attributes"] = encode_attributes(self._schema, attrs).vector[None]
        outputs = self._request().infer(inputs)
        return np.array(outputs["embedding"][0], dtype=np.float32)

    def _request(self) -> openvino.InferRequest:
        """This thread's own, for one request serves one caller at a time."""
        request = getattr(self._of_thread, "request", None)
        if request is None:
            request = self._of_thread.request = self._compiled.create_infer_request()
        return request


def _metadata(model: openvino.Model) -> dict[str, str]:
    """What the file's metadata says; the engine hands it on as values of its own kind."""
    told = model.get_rt_info()
    framework: Any = dict(told.items()).get("framework", {})
    return {
        str(key): str(getattr(value, "value", value))
        for key, value in getattr(framework, "value", framework).items()
    }


def _thresholds(told: Mapping[str, str]) -> Thresholds:
    if "threshold" not in told or "margin" not in told:
        return TRAINED_THRESHOLDS
    return Thresholds(float(told["threshold"]), float(told["margin"]))


def _agreed(schema: AttributeSchema | None, told: Mapping[str, str], path: Path) -> AttributeSchema | None:
    """The schema to use: the file's and the given one have to be the same."""
    own = AttributeSchema.model_validate_json(told["schema"]) if told.get("schema") else None
    dimension = int(told["attr_dim"])
    if dimension == 0:
        return None
    if schema is not None and own is not None and schema.fingerprint != own.fingerprint:
        raise InputError(
            f"{path} was trained with other attributes than the given schema (ATTR_SCHEMA) has: leave the "
            "schema away, or train anew with it"
        )
    used = schema or own
    if used is None:
        raise InputError(f"{path} wants {dimension} numbers of attributes: give its schema (ATTR_SCHEMA)")
    if used.dimension != dimension:
        raise InputError(f"{path} wants {dimension} numbers of attributes, the schema makes {used.dimension}")
    return used
