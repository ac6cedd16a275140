"""A file of crops' vectors, made so that an interrupted run is gone on with."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np
import numpy.typing as npt

from floorwalker.errors import InputError, WorkError
from floorwalker.files import check_writable, whole_file

Vectors = npt.NDArray[np.float32]


class _Row(msgspec.Struct, frozen=True):
    """A crop that is done: its path, what tells that it is still the same file, whether it could be read."""

    path: str
    stamp: str
    readable: bool


class _Head(msgspec.Struct):
    mark: str
    dimension: int


@dataclass(slots=True, eq=False)
class VectorRun:
    """Vectors as they come; what is noted survives an interruption.

    Attributes:
        mark: of the network and how it is fed; vectors of another one are never gone on with.
        dimension: D.
        done: path → what is known of the crop.
        unreadable: paths of crops that are no pictures.
    """

    mark: str
    dimension: int
    done: dict[str, tuple[str, Vectors | None]] = field(default_factory=dict)
    _rows: BinaryIO | None = None
    _floats: BinaryIO | None = None

    def has(self, path: str, stamp: str) -> bool:
        """Whether this very crop is done."""
        known = self.done.get(path)
        return known is not None and known[0] == stamp

    def note(self, path: str, stamp: str, vector: Vectors | None) -> None:
        """Note a crop's vector; None: it could not be read."""
        if self._rows is None or self._floats is None:
            raise ValueError("notes are taken within vector_run")
        if vector is not None:
            self._floats.write(vector.astype("<f4").tobytes())
        self._floats.flush()
        self._rows.write(msgspec.json.encode(_Row(path, stamp, vector is not None)) + b"\n")
        self._rows.flush()
        self.done[path] = (stamp, vector)


@dataclass(frozen=True, slots=True, eq=False)
class VectorFile:
    """What a finished file holds.

    Attributes:
        paths: of the crops, in the order that was asked for.
        vectors: (crops, D) float32, as the network gave them.
        unreadable: crops that were no pictures.
    """

    paths: tuple[str, ...]
    vectors: Vectors
    unreadable: tuple[str, ...]


@contextmanager
def vector_run(out: Path, mark: str, dimension: int) -> Iterator[VectorRun]:
    """Begin a run, or go on with what an interrupted one, or an earlier file of the same network, left.

    Args:
        out: the .npz file to come; notes lie beside it until `write_vectors`.
        mark: of the network and how it is fed.
        dimension: D.

    Raises:
        InputError: it cannot be written there.
    """
    check_writable(out)
    run = VectorRun(mark, dimension)
    if out.exists():
        _take_finished(out, run)
    rows_path, floats_path = _notes(out)
    kept_rows, kept_bytes = _take_notes(rows_path, floats_path, run)
    with (
        rows_path.open("r+b" if kept_rows else "w+b") as rows,
        floats_path.open("r+b" if kept_bytes else "w+b") as floats,
    ):
        if not kept_rows:
            rows.write(msgspec.json.encode(_Head(mark, dimension)) + b"\n")
        for file, length in ((rows, kept_rows), (floats, kept_bytes)):
            if file is floats or kept_rows:
                file.truncate(length)
                file.seek(length)
        run._rows, run._floats = rows, floats
        yield run


def write_vectors(out: Path, run: VectorRun, paths: list[str]) -> VectorFile:
    """Write the finished file, in the order of the paths, and take the notes away.

    Args:
        out: the .npz file.
        run: with all of the paths done.
        paths: of the crops that are wanted.

    Raises:
        WorkError: writing failed.
    """
    known = [(path, *run.done[path]) for path in paths]
    good = [(path, stamp, vector) for path, stamp, vector in known if vector is not None]
    vectors = (
        np.stack([vector for _, _, vector in good]) if good else np.zeros((0, run.dimension), np.float32)
    )
    with whole_file(out) as temporary:
        np.savez(
            temporary,
            vectors=vectors,
            paths=np.array([path for path, _, _ in good], dtype=np.str_),
            stamps=np.array([stamp for _, stamp, _ in good], dtype=np.str_),
            mark=np.array(run.mark),
        )
    for notes in _notes(out):
        notes.unlink(missing_ok=True)
    unreadable = tuple(path for path, _, vector in known if vector is None)
    return VectorFile(tuple(path for path, _, _ in good), vectors, unreadable)


def _notes(out: Path) -> tuple[Path, Path]:
    return out.with_name(f".{out.name}.rows"), out.with_name(f".{out.name}.floats")


def _take_finished(out: Path, run: VectorRun) -> None:
    try:
        with np.load(out, allow_pickle=False) as held:
            if str(held["mark"]) == run.mark:
                parts = zip(held["paths"].tolist(), held["stamps"].tolist(), held["vectors"], strict=True)
                run.done.update({path: (stamp, vector) for path, stamp, vector in parts})
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"{out} is there and holds no vectors: name another file or remove it") from error


def _take_notes(rows_path: Path, floats_path: Path, run: VectorRun) -> tuple[int, int]:
    """What an interrupted run noted; returns how many bytes of either file are whole."""
    try:
        lines = rows_path.read_bytes().splitlines(keepends=True)
        floats = np.fromfile(floats_path, dtype="<f4") if lines else np.zeros(0, np.float32)
        head = msgspec.json.decode(lines[0], type=_Head) if lines else None
    except (FileNotFoundError, msgspec.DecodeError):
        return 0, 0
    except OSError as error:
        raise WorkError(f"{rows_path} cannot be read: {error.strerror or error}") from error
    if head != _Head(run.mark, run.dimension):
        return 0, 0
    whole, place = len(lines[0]), 0
    for line in lines[1:]:
        try:
            row = msgspec.json.decode(line, type=_Row)
        except msgspec.DecodeError:
            break  # the interruption fell into this line
        vector = floats[place : place + run.dimension].astype(np.float32) if row.readable else None
        if not line.endswith(b"\n") or (vector is not None and len(vector) < run.dimension):
            break
        place += run.dimension if row.readable else 0
        run.done[row.path] = (row.stamp, vector)
        whole += len(line)
    return whole, 4 * place
