"""OpenVINO on the CPU."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import openvino

from floorwalker.errors import InputError
from floorwalker.vision.onnx.graph import feed_pictures, fix_inputs, lighten
from floorwalker.vision.onnx.heads import UNDERSTOOD, Head, Signature, recognise_head
from floorwalker.vision.onnx.letterbox import PADDING
from floorwalker.vision.onnx.session import Outputs, Precision
from floorwalker.vision.onnx.sizing import choose_input_size


class OpenVinoSession:
    """OpenVINO on the CPU; implements `vision.onnx.session.Session`.

    Pictures go in as bytes: colours, mean, spread and the order of the axes are part of the compiled graph.

    Args:
        path: an .onnx file.
        frame_size: width and height of the frames to come; a network of free input size gets one of their
            shape.
        input_size: width and height to use in place of the network's own or the chosen one, multiples of 32;
            larger sees smaller people and costs time in proportion to the area.
        precision: `f32` gives the same boxes on every machine of a kind; `bf16` is faster where the processor
            has it and moves scores a little; `auto` is `bf16` there and `f32` elsewhere.
        threads: threads to use, each working on a picture of its own; default: one a core.
        person_class: which of the network's classes is a person; default: its family's.

    Raises:
        InputError: no such file, not a network, or its inputs or outputs are not understood.
    """

    def __init__(
        self,
        path: Path,
        frame_size: tuple[int, int],
        input_size: tuple[int, int] | None = None,
        precision: Precision = "f32",
        threads: int | None = None,
        person_class: int | None = None,
    ) -> None:
        core = openvino.Core()
        model = _read(core, path)
        picture = _picture_input(model, path)
        size = input_size or _own_size(picture) or choose_input_size(frame_size)
        _reshape(model, picture, size, path)
        head = _head(model, picture, size, person_class, path)
        fix_inputs(model, head.constants)
        model, head = lighten(model, head)
        self._head, self._input_size = head, size
        self._precision = _precision(core, precision)
        self._parallel = threads or _cores()
        options = {
            "INFERENCE_PRECISION_HINT": self._precision,
            "INFERENCE_NUM_THREADS": self._parallel,
            # A thread a picture: nobody waits for another one's half of a layer.
            "NUM_STREAMS": self._parallel,
            "ENABLE_CPU_PINNING": False,
        }
        self._compiled = core.compile_model(feed_pictures(model, head.feed), "CPU", options)

    @property
    def input_size(self) -> tuple[int, int]:
        """Width and height of the network's input in pixels."""
        return self._input_size

    @property
    def head(self) -> Head:
        """What the network's outputs mean."""
        return self._head

    @property
    def precision(self) -> str:
        """The arithmetic that is really used: `f32` or `bf16`."""
        return self._precision

    @property
    def parallel(self) -> int:
        """How many requests are worked on at one time."""
        return self._parallel

    def request(self) -> OpenVinoRequest:
        """A new request with buffers of its own."""
        return OpenVinoRequest(self._compiled.create_infer_request(), self._input_size)


class OpenVinoRequest:
    """One picture's way through the network; implements `vision.onnx.session.Request`."""

    def __init__(self, request: openvino.InferRequest, input_size: tuple[int, int]) -> None:
        """Make one from the engine's request."""
        self._canvas: npt.NDArray[np.uint8] = np.full((1, input_size[1], input_size[0], 3), PADDING, np.uint8)
        self._request = request
        # The engine reads the canvas itself: nothing is copied on the way in.
        request.set_input_tensor(openvino.Tensor(self._canvas, shared_memory=True))

    @property
    def canvas(self) -> npt.NDArray[np.uint8]:
        """(height, width, 3) uint8, blue-green-red, to paint into between two starts."""
        picture: npt.NDArray[np.uint8] = self._canvas[0]
        return picture

    def start(self) -> None:
        """Begin to infer what is on the canvas; does not wait."""
        self._request.start_async()

    def wait(self) -> Outputs:
        """The network's outputs in its order, valid until the next start."""
        self._request.wait()
        return [tensor.data for tensor in self._request.output_tensors]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _precision(core: openvino.Core, wanted: Precision) -> str:
    if wanted != "auto":
        return wanted
    return "bf16" if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"


def _read(core: openvino.Core, path: Path) -> openvino.Model:
    if not path.exists():
        raise InputError(f"no such network: {path}")
    if path.is_dir() or path.suffix.lower() != ".onnx":
        raise InputError(f"expected a network as an .onnx file, got {path}")
    if path.stat().st_size == 0 or not os.access(path, os.R_OK):
        raise InputError(f"the network is empty or may not be read: {path}")
    try:
        return core.read_model(str(path))
    except RuntimeError as error:
        raise InputError(f"cannot read {path} as an ONNX network: the file is damaged or no ONNX") from error


def _picture_input(model: openvino.Model, path: Path) -> openvino.Output:
    """The input that takes a picture: the one of four axes, with three channels."""
    shapes = [model_input.partial_shape for model_input in model.inputs]
    for model_input, shape in zip(model.inputs, shapes, strict=True):
        if shape.rank.is_dynamic or len(shape) != 4:
            continue
        batch, channels = shape[0], shape[1]
        if (batch.is_dynamic or batch.get_length() == 1) and (
            channels.is_dynamic or channels.get_length() == 3
        ):
            return model_input
    raise InputError(f"{path}: expected an input 1×3×height×width, got {_shapes_text(shapes)}")


def _own_size(picture: openvino.Output) -> tuple[int, int] | None:
    """Width and height that the network fixes, None where it takes any."""
    _, _, height, width = picture.partial_shape
    if height.is_dynamic or width.is_dynamic:
        return None
    return width.get_length(), height.get_length()


def _reshape(model: openvino.Model, picture: openvino.Output, size: tuple[int, int], path: Path) -> None:
    shapes = {
        model_input: [1, 3, size[1], size[0]]
        if model_input == picture
        else [1, *list(model_input.partial_shape)[1:]]
        for model_input in model.inputs
    }
    try:
        model.reshape(shapes)
    except RuntimeError as error:
        raise InputError(
            f"{path}: the network does not take an input of {size[0]}×{size[1]} pixels"
        ) from error


def _head(
    model: openvino.Model,
    picture: openvino.Output,
    size: tuple[int, int],
    person_class: int | None,
    path: Path,
) -> Head:
    signature = signature_of(model, picture, size)
    head = recognise_head(signature, person_class)
    if head is None:
        which = "" if person_class is None else f" with a class {person_class}"
        raise InputError(
            f"{path}: the network's outputs are {_shapes_text(list(signature.outputs.values()))} at input "
            f"{size[0]}×{size[1]}; understood are{which} {UNDERSTOOD}"
        )
    return head


def signature_of(model: openvino.Model, picture: openvino.Output, size: tuple[int, int]) -> Signature:
    """What a network says of itself, after its picture's size is fixed."""

    def named(ports: Sequence[openvino.Output]) -> dict[str, tuple[int, ...]]:
        return {
            next(iter(sorted(port.names)), f"#{number}"): tuple(
                -1 if side.is_dynamic else side.get_length() for side in port.partial_shape
            )
            for number, port in enumerate(ports)
        }

    others = [model_input for model_input in model.inputs if model_input != picture]
    return Signature(size, named(model.outputs), named(others))


def _shapes_text(shapes: Sequence[object]) -> str:
    return ", ".join(str(shape).replace("(", "[").replace(")", "]") for shape in shapes)
