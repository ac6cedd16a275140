"""Image vectors as they come from outside: checked once, before anything is encoded or kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

import numpy as np
import numpy.typing as npt

from floorwalker.errors import InputError
from floorwalker.identity.matching.entry import Vectors

Code = Literal["empty_embeddings", "not_finite", "zero_vector", "mixed_dimensions", "wrong_dimension"]
# A re-ID network gives 128 to 2,048 numbers and a burst about ten pictures: far above, something is wrong.
LARGEST_DIMENSION = 8192
MOST_VECTORS = 1000
_SMALLEST = 1e-12


class VectorError(InputError):
    """Image vectors that say nothing.

    Attributes:
        code: what is wrong with them, the same word wherever it is told.
    """

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code: Code = code


def checked_vectors(
    values: Sequence[Sequence[float]] | npt.NDArray[np.floating], dimension: int | None = None
) -> Vectors:
    """The vectors of one burst as one array.

    Args:
        values: N vectors of D finite numbers each, N at least 1, none of length zero.
        dimension: D that is asked for, where it is known; None: any.

    Returns:
        (N, D) float32.

    Raises:
        VectorError: they are empty, of several lengths, of another length than asked for, not finite or zero.
    """
    count = len(values)
    if count == 0:
        raise VectorError("empty_embeddings", "expected at least one vector in embeddings, got none")
    if count > MOST_VECTORS:
        raise VectorError("wrong_dimension", f"expected at most {MOST_VECTORS} vectors an entry, got {count}")
    array = _as_array(values)
    found = array.shape[1]
    if found == 0:
        raise VectorError("empty_embeddings", "expected vectors of numbers in embeddings, got empty ones")
    if found > LARGEST_DIMENSION or (dimension is not None and found != dimension):
        wanted = f"at most {LARGEST_DIMENSION}" if dimension is None else str(dimension)
        raise VectorError("wrong_dimension", f"expected vectors of {wanted} numbers, got {found}")
    _refuse_rows(
        np.asarray(~np.isfinite(array).all(axis=1)), "not_finite", "holds a number that is not finite"
    )
    # The largest number and not the length: squares of large numbers would not fit.
    largest = np.asarray(np.abs(array).max(axis=1))
    _refuse_rows(largest < _SMALLEST, "zero_vector", "is zero: it has no direction to compare")
    return array


def unit_rows(vectors: Vectors) -> Vectors:
    """Each row brought to length 1.

    Args:
        vectors: (N, D) float32, no row zero.

    Returns:
        (N, D) float32.
    """
    # Squares of float32 overflow beyond 1e19, so the largest number of each row is taken out first.
    scaled = vectors / np.abs(vectors).max(axis=1, keepdims=True)
    return cast(Vectors, scaled / np.linalg.norm(scaled, axis=1, keepdims=True))


def _as_array(values: Sequence[Sequence[float]] | npt.NDArray[np.floating]) -> Vectors:
    sizes = {len(row) if isinstance(row, Sequence | np.ndarray) else -1 for row in values}
    if len(sizes) > 1 or -1 in sizes:
        lengths = sorted(size for size in sizes if size >= 0)
        raise VectorError(
            "mixed_dimensions", f"expected vectors of one length in embeddings, got lengths {lengths}"
        )
    wide = np.asarray(values, dtype=np.float64)
    if wide.ndim != 2:
        raise VectorError("mixed_dimensions", "expected a list of vectors in embeddings, got lists of lists")
    # What is finite in 64 bits and not in 32 becomes infinite here and is refused by that name.
    with np.errstate(over="ignore"):
        return wide.astype(np.float32)


def _refuse_rows(bad: npt.NDArray[np.bool_], code: Code, what: str) -> None:
    if bad.any():
        raise VectorError(code, f"vector {int(bad.argmax())} of {len(bad)} in embeddings {what}")
