"""ONNX Runtime, for graphics processors: the extra `onnxruntime`, or `onnxruntime-gpu` in its place."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from floorwalker.errors import InputError
from floorwalker.vision.onnx.feed import Feed
from floorwalker.vision.onnx.heads import Head, Signature
from floorwalker.vision.onnx.network_file import (
    Shape,
    check_file,
    damaged,
    own_size,
    picture_input,
    understand,
    wrong_size,
)
from floorwalker.vision.onnx.session import Outputs
from floorwalker.vision.onnx.sizing import choose_input_size

# The best first; what the installed engine does not have is passed over.
PROVIDERS = ("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider")


class OnnxRuntimeSession:
    """ONNX Runtime on the best processor it has; implements `vision.onnx.session.Session`.

    Args:
        path: an .onnx file.
        frame_size: width and height of the frames to come; a network of free input size gets one of their
            shape.
        input_size: width and height to use in place of the network's own or the chosen one.
        threads: threads on the CPU; default: the engine's choice.
        person_class: which of the network's classes is a person; default: its family's.
        free_size: input size of a network that takes any; default: one of the frames' shape.

    Raises:
        InputError: the engine is not installed, no such file, not a network, or its inputs or outputs are
            not understood.
    """

    def __init__(
        self,
        path: Path,
        frame_size: tuple[int, int],
        input_size: tuple[int, int] | None = None,
        threads: int | None = None,
        person_class: int | None = None,
        free_size: tuple[int, int] | None = None,
    ) -> None:
        engine = _engine()
        check_file(path)
        names = _sides(engine, path)
        shapes: dict[str, Shape] = {
            name: tuple(side if isinstance(side, int) else None for side in sides)
            for name, sides in names.items()
        }
        picture = picture_input(shapes, path)
        size = input_size or own_size(shapes[picture]) or free_size or choose_input_size(frame_size)
        options = _options(engine, threads)
        for side, wanted in zip(names[picture], (1, 3, size[1], size[0]), strict=True):
            if isinstance(side, str):  # a fixed size is faster than a free one
                options.add_free_dimension_override_by_name(side, wanted)
        providers = [name for name in PROVIDERS if name in engine.get_available_providers()]
        session = engine.InferenceSession(str(path), options, providers=providers)
        others = {
            name: (1, *(side or 1 for side in shape[1:])) for name, shape in shapes.items() if name != picture
        }
        self._input_size = size
        self._head = _understood(session, picture, size, others, person_class, path)
        self._run = _Run(session, picture, self._head)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="onnxruntime")

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
        """`f32`: the engine computes in the network's own numbers."""
        return "f32"

    @property
    def parallel(self) -> int:
        """One picture at a time, on all threads."""
        return 1

    def request(self) -> OnnxRuntimeRequest:
        """A new request with a canvas of its own."""
        return OnnxRuntimeRequest(self._run, self._worker, self._input_size, self._head.feed.padding)


class _Run:
    """A picture through the network, in whatever thread."""

    def __init__(self, session: Any, picture: str, head: Head) -> None:
        self._session, self._picture, self._head = session, picture, head

    def __call__(self, canvas: npt.NDArray[np.uint8]) -> Outputs:
        batch = to_batch(canvas, self._head.feed)
        outputs: Outputs = self._session.run(None, {self._picture: batch, **self._head.constants})
        return outputs


class OnnxRuntimeRequest:
    """One picture's way through the network; implements `vision.onnx.session.Request`."""

    def __init__(
        self, run: _Run, worker: ThreadPoolExecutor, input_size: tuple[int, int], padding: int
    ) -> None:
        """Make one of a session's own."""
        self._run, self._worker = run, worker
        self._canvas: npt.NDArray[np.uint8] = np.full((input_size[1], input_size[0], 3), padding, np.uint8)
        self._answer: Future[Outputs] | None = None

    @property
    def canvas(self) -> npt.NDArray[np.uint8]:
        """(height, width, 3) uint8, blue-green-red, to paint into between two starts."""
        return self._canvas

    def start(self) -> None:
        """Begin to infer what is on the canvas; does not wait."""
        self._answer = self._worker.submit(self._run, self._canvas)

    def wait(self) -> Outputs:
        """The network's outputs in its order.

        Raises:
            ValueError: nothing was started.
        """
        if self._answer is None:
            raise ValueError("expected start() before wait()")
        return self._answer.result()


def to_batch(canvas: npt.NDArray[np.uint8], feed: Feed) -> npt.NDArray[np.float32]:
    """A picture as a family wants it: (1, 3, height, width) float32.

    Args:
        canvas: (height, width, 3) uint8, blue-green-red.
        feed: what the family wants.
    """
    batch = np.asarray(cv2.dnn.blobFromImage(canvas, swapRB=feed.rgb), dtype=np.float32)
    if any(feed.mean) or any(side != 1 for side in feed.spread):
        batch -= np.array(feed.mean, np.float32).reshape(1, 3, 1, 1)
        batch /= np.array(feed.spread, np.float32).reshape(1, 3, 1, 1)
    return batch


def _engine() -> ModuleType:
    try:
        import onnxruntime
    except ImportError as error:
        raise InputError(
            "the engine onnxruntime is not installed; `pip install floorwalker[onnxruntime]`, or "
            "onnxruntime-gpu for graphics processors"
        ) from error
    module: ModuleType = onnxruntime
    return module


def _options(engine: ModuleType, threads: int | None) -> Any:
    options = engine.SessionOptions()
    options.log_severity_level = 3  # warnings about the graph's form concern nobody who runs it
    if threads is not None:
        options.intra_op_num_threads = threads
    return options


def _sides(engine: ModuleType, path: Path) -> dict[str, list[int | str | None]]:
    """The sides of each input; names stand for those that are open."""
    options = _options(engine, None)
    options.graph_optimization_level = engine.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = engine.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the engine's errors have no common class of their own
        raise damaged(path) from error
    return {entry.name: list(entry.shape) for entry in session.get_inputs()}


def _understood(
    session: Any,
    picture: str,
    size: tuple[int, int],
    others: dict[str, tuple[int, ...]],
    person_class: int | None,
    path: Path,
) -> Head:
    """The head, by the shapes of what really comes out."""
    kinds = {entry.name: np.int64 if "int64" in entry.type else np.float32 for entry in session.get_inputs()}
    trial: dict[str, npt.NDArray[np.generic]] = {
        name: np.ones(shape, dtype=kinds[name]) for name, shape in others.items()
    }
    trial[picture] = np.zeros((1, 3, size[1], size[0]), np.float32)
    try:
        outputs = session.run(None, trial)
    except Exception as error:  # as above
        raise wrong_size(path, size) from error
    named = {
        entry.name: tuple(output.shape) for entry, output in zip(session.get_outputs(), outputs, strict=True)
    }
    return understand(Signature(size, named, others), person_class, path)
