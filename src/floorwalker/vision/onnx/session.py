"""An inference engine with one network loaded, for one input size."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
import openvino

from floorwalker.errors import InputError
from floorwalker.vision.onnx.heads import UNDERSTOOD, Head, recognise_head

Precision = Literal["f32", "bf16"]
SIZE_STEP = 32
DEFAULT_AREA_PX = 544 * 960


class Session(Protocol):
    """Runs one network.

    Attributes:
        input_size: width and height of the network's input in pixels.
        head: what its output means.
    """

    @property
    def input_size(self) -> tuple[int, int]:
        """Width and height of the network's input in pixels."""
        ...

    @property
    def head(self) -> Head:
        """What the network's output means."""
        ...

    def run(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Infer (1, 3, height, width) to the network's one output."""
        ...


class OpenVinoSession:
    """OpenVINO on the CPU.

    Args:
        path: an .onnx file.
        frame_size: width and height of the frames to come; a network of free input size gets one of their
            shape.
        input_size: width and height to use in place of the network's own or the chosen one, multiples of 32;
            larger sees smaller people and costs time in proportion to the area.
        precision: `f32` gives the same boxes on every machine of a kind; `bf16` is up to several times faster
            where the processor has it and moves scores a little.
        threads: most threads to use; default: the engine's choice.

    Raises:
        InputError: no such file, not a network, or its input or output shape is not understood.
    """

    def __init__(
        self,
        path: Path,
        frame_size: tuple[int, int],
        input_size: tuple[int, int] | None = None,
        precision: Precision = "f32",
        threads: int | None = None,
    ) -> None:
        model = _read(path)
        size = input_size or _own_size(model, path) or choose_input_size(frame_size)
        self._input_size = size
        _reshape(model, size, path)
        shapes = [tuple(int(side) for side in output.shape) for output in model.outputs]
        head = recognise_head(shapes, size)
        if head is None:
            raise InputError(
                f"{path}: the network's outputs are {_shapes_text(shapes)} at input {size[0]}×{size[1]}; "
                f"understood are {UNDERSTOOD}"
            )
        self._head = head
        options: dict[str, object] = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
        if threads is not None:
            options["INFERENCE_NUM_THREADS"] = threads
        self._request = openvino.Core().compile_model(model, "CPU", options).create_infer_request()

    @property
    def input_size(self) -> tuple[int, int]:
        """Width and height of the network's input in pixels."""
        return self._input_size

    @property
    def head(self) -> Head:
        """What the network's output means."""
        return self._head

    def run(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Infer (1, 3, height, width) to the network's one output; valid until the next call."""
        self._request.infer({0: batch}, share_inputs=True)
        return np.asarray(self._request.get_output_tensor(0).data, dtype=np.float32)


def choose_input_size(frame_size: tuple[int, int], area_px: int = DEFAULT_AREA_PX) -> tuple[int, int]:
    """Input size of a network that takes any: the frames' shape, a fixed area, multiples of 32.

    Args:
        frame_size: width and height of the frames.
        area_px: pixels to spend; more sees smaller people and costs time in proportion.

    Returns:
        Width and height; 960×544 for 16:9.
    """
    aspect = frame_size[0] / frame_size[1]
    height = max(SIZE_STEP, round((area_px / aspect) ** 0.5 / SIZE_STEP) * SIZE_STEP)
    width = max(SIZE_STEP, round(height * aspect / SIZE_STEP) * SIZE_STEP)
    return width, height


def _read(path: Path) -> openvino.Model:
    if not path.exists():
        raise InputError(f"no such network: {path}")
    if path.is_dir() or path.suffix.lower() != ".onnx":
        raise InputError(f"expected a network as an .onnx file, got {path}")
    if path.stat().st_size == 0 or not os.access(path, os.R_OK):
        raise InputError(f"the network is empty or may not be read: {path}")
    try:
        return openvino.Core().read_model(str(path))
    except RuntimeError as error:
        raise InputError(f"cannot read {path} as an ONNX network: the file is damaged or no ONNX") from error


def _own_size(model: openvino.Model, path: Path) -> tuple[int, int] | None:
    """Width and height that the network fixes, None where it takes any."""
    shapes = [model_input.partial_shape for model_input in model.inputs]
    if len(shapes) != 1 or shapes[0].rank.is_dynamic or len(shapes[0]) != 4:
        raise InputError(f"{path}: expected one input 1×3×height×width, got {_shapes_text(shapes)}")
    batch, channels, height, width = shapes[0]
    if (batch.is_static and batch.get_length() != 1) or (channels.is_static and channels.get_length() != 3):
        raise InputError(f"{path}: expected one input 1×3×height×width, got {_shapes_text(shapes)}")
    if height.is_dynamic or width.is_dynamic:
        return None
    return width.get_length(), height.get_length()


def _reshape(model: openvino.Model, size: tuple[int, int], path: Path) -> None:
    width, height = size
    try:
        model.reshape([1, 3, height, width])
    except RuntimeError as error:
        raise InputError(f"{path}: the network does not take an input of {width}×{height} pixels") from error
    if any(output.partial_shape.is_dynamic for output in model.outputs):
        raise InputError(f"{path}: the network's output shape is not fixed; understood are {UNDERSTOOD}")


def _shapes_text(shapes: Sequence[object]) -> str:
    return ", ".join(str(shape).replace("(", "[").replace(")", "]") for shape in shapes)
