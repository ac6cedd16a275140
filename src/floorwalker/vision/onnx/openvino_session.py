"""OpenVINO on the CPU."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import openvino

from floorwalker.vision.onnx.feed import Feed
from floorwalker.vision.onnx.graph import feed_pictures, fix_inputs, lighten, read_network
from floorwalker.vision.onnx.heads import Head, Signature
from floorwalker.vision.onnx.network_file import (
    Shape,
    own_size,
    picture_input,
    understand,
    wrong_size,
)
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
        threads: threads to use; default: one a core.
        person_class: which of the network's classes is a person; default: its family's.
        free_size: input size of a network that takes any; default: one of the frames' shape.
        at_once: pictures to work on at one time, sharing the threads. Raising it to the number of threads
            takes the least time a picture when many are waiting, 1 when they come one by one; default: one a
            thread.

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
        free_size: tuple[int, int] | None = None,
        at_once: int | None = None,
    ) -> None:
        core = openvino.Core()
        model = read_network(core, path)
        shapes = {name: _shape(port) for name, port in _named(model.inputs).items()}
        picture = picture_input(shapes, path)
        size = input_size or own_size(shapes[picture]) or free_size or choose_input_size(frame_size)
        _reshape(model, picture, size, path)
        head = understand(_signature(model, picture, size), person_class, path)
        fix_inputs(model, head.constants)
        model, head = lighten(model, head)
        self._head, self._input_size = head, size
        self._precision = _precision(core, precision)
        count = threads or _cores()
        self._parallel = min(at_once or count, count)
        options = {
            "INFERENCE_PRECISION_HINT": self._precision,
            "INFERENCE_NUM_THREADS": count,
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
        return OpenVinoRequest(self._compiled.create_infer_request(), self._input_size, self._head.feed)


class OpenVinoRequest:
    """One picture's way through the network; implements `vision.onnx.session.Request`."""

    def __init__(self, request: openvino.InferRequest, input_size: tuple[int, int], feed: Feed) -> None:
        """Make one from the engine's request."""
        shape = (1, input_size[1], input_size[0], 3)
        self._canvas: npt.NDArray[np.uint8] = np.full(shape, feed.padding, np.uint8)
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


def _reshape(model: openvino.Model, picture: str, size: tuple[int, int], path: Path) -> None:
    shapes = {
        port: [1, 3, size[1], size[0]] if name == picture else [1, *list(port.partial_shape)[1:]]
        for name, port in _named(model.inputs).items()
    }
    try:
        model.reshape(shapes)
    except RuntimeError as error:
        raise wrong_size(path, size) from error


def _named(ports: Sequence[openvino.Output]) -> dict[str, openvino.Output]:
    """Inputs or outputs by name, in their order; one without a name gets its place."""
    return {next(iter(sorted(port.names)), f"#{number}"): port for number, port in enumerate(ports)}


def _shape(port: openvino.Output) -> Shape | None:
    sides = port.partial_shape
    if sides.rank.is_dynamic:
        return None
    return tuple(None if side.is_dynamic else side.get_length() for side in sides)


def _signature(model: openvino.Model, picture: str, size: tuple[int, int]) -> Signature:
    """What the network says of itself, once its picture's size is fixed."""

    def fixed(port: openvino.Output) -> tuple[int, ...]:
        return tuple(-1 if side is None else side for side in _shape(port) or ())

    others = {name: fixed(port) for name, port in _named(model.inputs).items() if name != picture}
    return Signature(size, {name: fixed(port) for name, port in _named(model.outputs).items()}, others)
