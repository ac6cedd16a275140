"""Crops of people to vectors, on OpenVINO."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import openvino

from floorwalker.errors import InputError
from floorwalker.vision.embedding.crop_format import Colours, CropFormat, Layout, Scale, crop_format
from floorwalker.vision.onnx.graph import read_network

Crop = npt.NDArray[np.uint8]
Vector = npt.NDArray[np.float32]


class CropEmbedder(Protocol):
    """Makes a vector of each crop."""

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        ...

    def embed(self, crops: Iterable[Crop]) -> Iterator[Vector]:
        """The vectors of crops, in their order.

        Args:
            crops: each (height, width, 3) uint8, blue-green-red, of any size.

        Yields:
            (D,) float32 for each crop, as the network gave it.
        """
        ...


class OnnxCropEmbedder:
    """Any ONNX re-identification network with one picture in and one vector out.

    Arithmetic is pinned to f32: a vector of bf16 moves a cosine by more than thresholds are apart.

    Args:
        path: an .onnx file.
        colours: which colour comes first; None: what is known of the network, or usual.
        scale: what the network's numbers are; None: likewise.
        threads: crops to work on at one time, one thread each; None: one a core. These networks are too small
            for two threads to share one.

    Raises:
        InputError: no such file, not a network, or its inputs or outputs are not those of a re-ID network.
    """

    def __init__(
        self,
        path: Path,
        colours: Colours | None = None,
        scale: Scale | None = None,
        threads: int | None = None,
    ) -> None:
        core = openvino.Core()
        model = read_network(core, path)
        self.format = self._fix_input(model, path, colours, scale)
        self._dimension = _output_dimension(model, path)
        self._at_once = threads or _cores()
        options = {
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": self._at_once,
            "NUM_STREAMS": self._at_once,
            "ENABLE_CPU_PINNING": False,
        }
        self._compiled = core.compile_model(model, "CPU", options)

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        return self._dimension

    def embed(self, crops: Iterable[Crop]) -> Iterator[Vector]:
        """The vectors of crops, in their order; see `CropEmbedder`."""
        running: list[openvino.InferRequest] = []
        free = [self._compiled.create_infer_request() for _ in range(self._at_once)]
        for crop in crops:
            if not free:
                yield self._finish(running.pop(0), free)
            request = free.pop()
            # The request keeps the array until it is done.
            request.set_input_tensor(openvino.Tensor(self.format.prepare(crop)))
            request.start_async()
            running.append(request)
        for request in running:
            yield self._finish(request, free)

    @staticmethod
    def _finish(request: openvino.InferRequest, free: list[openvino.InferRequest]) -> Vector:
        request.wait()
        vector = np.array(request.get_output_tensor(0).data, dtype=np.float32).reshape(-1)
        free.append(request)
        return vector

    @staticmethod
    def _fix_input(
        model: openvino.Model, path: Path, colours: Colours | None, scale: Scale | None
    ) -> CropFormat:
        if len(model.inputs) != 1:
            raise InputError(f"{path}: expected one input, a picture, got {len(model.inputs)}")
        partial = model.inputs[0].partial_shape
        shape = None
        if not partial.rank.is_dynamic:
            shape = tuple(None if side.is_dynamic else side.get_length() for side in partial)
        found = crop_format(path, shape, colours, scale)
        width, height = found.size
        model.reshape([1, 3, height, width] if found.layout is Layout.NCHW else [1, height, width, 3])
        return found


def _output_dimension(model: openvino.Model, path: Path) -> int:
    shape = model.outputs[0].partial_shape
    sizes = [] if shape.is_dynamic else [side.get_length() for side in shape]
    dimension = int(np.prod(sizes)) if sizes else 0
    if dimension < 2 or dimension != max(sizes):
        raise InputError(f"{path}: expected one vector a picture as output, got {shape}")
    return dimension


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
