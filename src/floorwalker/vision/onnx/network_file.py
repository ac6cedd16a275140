"""What a network's file has to hold, whatever engine runs it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from floorwalker.errors import InputError
from floorwalker.vision.onnx.heads import UNDERSTOOD, Head, Signature, recognise_head

Shape = tuple[int | None, ...]  # None: a side that the network leaves open


def check_file(path: Path) -> None:
    """Refuse what cannot be a network.

    Raises:
        InputError: no such file, another kind of file, empty, or not readable.
    """
    if not path.exists():
        raise InputError(f"no such network: {path}")
    if path.is_dir() or path.suffix.lower() != ".onnx":
        raise InputError(f"expected a network as an .onnx file, got {path}")
    if path.stat().st_size == 0 or not os.access(path, os.R_OK):
        raise InputError(f"the network is empty or may not be read: {path}")


def damaged(path: Path) -> InputError:
    """The refusal of a file that no engine can read."""
    return InputError(f"cannot read {path} as an ONNX network: the file is damaged or no ONNX")


def wrong_size(path: Path, size: tuple[int, int]) -> InputError:
    """The refusal of an input size that a network does not take."""
    return InputError(f"{path}: the network does not take an input of {size[0]}×{size[1]} pixels")


def picture_input(inputs: Mapping[str, Shape | None], path: Path) -> str:
    """The name of the input that takes a picture: one of four axes, one picture of three channels.

    Args:
        inputs: shape of each input, None where not even the number of axes is known.
        path: for messages.

    Raises:
        InputError: there is none.
    """
    for name, shape in inputs.items():
        if shape is not None and len(shape) == 4 and shape[0] in (None, 1) and shape[1] in (None, 3):
            return name
    raise InputError(f"{path}: expected an input 1×3×height×width, got {_text(inputs.values())}")


def own_size(shape: Shape | None) -> tuple[int, int] | None:
    """Width and height that a picture's shape fixes, None where it leaves one open."""
    height, width = (shape or (None, None))[-2:]
    return None if height is None or width is None else (width, height)


def understand(signature: Signature, person_class: int | None, path: Path) -> Head:
    """The head of a network.

    Raises:
        InputError: none of the known ones.
    """
    head = recognise_head(signature, person_class)
    if head is None:
        width, height = signature.input_size
        wanted = "" if person_class is None else f", each with a class {person_class}"
        raise InputError(
            f"{path}: the network's outputs are {_text(signature.outputs.values())} at input "
            f"{width}×{height}; understood are {UNDERSTOOD}{wanted}"
        )
    return head


def _text(shapes: Iterable[Iterable[object] | None]) -> str:
    def one(shape: Iterable[object] | None) -> str:
        sides = ["…"] if shape is None else ["?" if side in (None, -1) else str(side) for side in shape]
        return f"[{', '.join(sides)}]"

    return ", ".join(map(one, shapes))
