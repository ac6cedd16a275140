"""What an inference engine with one network loaded offers, for one input size."""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from floorwalker.vision.onnx.heads import Head

Precision = Literal["auto", "f32", "bf16"]
Engine = Literal["openvino", "onnxruntime"]
Outputs = list[npt.NDArray[np.generic]]


class Request(Protocol):
    """One picture's way through a network; it has buffers of its own and serves one picture after another."""

    @property
    def canvas(self) -> npt.NDArray[np.uint8]:
        """(height, width, 3) uint8 of the input's size, blue-green-red, to paint into between two starts."""
        ...

    def start(self) -> None:
        """Begin to infer what is on the canvas; does not wait."""
        ...

    def wait(self) -> Outputs:
        """The network's outputs in its order, valid until the next start."""
        ...


class Session(Protocol):
    """One network, ready to run."""

    @property
    def input_size(self) -> tuple[int, int]:
        """Width and height of the network's input in pixels."""
        ...

    @property
    def head(self) -> Head:
        """What the network's outputs mean."""
        ...

    @property
    def precision(self) -> str:
        """The arithmetic that is really used: `f32` or `bf16`."""
        ...

    @property
    def parallel(self) -> int:
        """How many requests the engine works on at one time."""
        ...

    def request(self) -> Request:
        """A new request."""
        ...
