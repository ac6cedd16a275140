"""Crops of people on disk: which there are, and their vectors."""

from __future__ import annotations

import csv
import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from floorwalker.errors import InputError
from floorwalker.runs import hash_file
from floorwalker.vision.embedding.crop_embedder import Crop, OnnxCropEmbedder
from floorwalker.vision.embedding.vector_file import VectorFile, VectorRun, vector_run, write_vectors

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp"})


@dataclass(frozen=True, slots=True)
class CropFile:
    """One crop.

    Attributes:
        name: as the index, or the place in the folder, calls it.
        path: where it lies.
        columns: what an index says of it beside.
    """

    name: str
    path: Path
    columns: Mapping[str, str] = field(default_factory=dict)


def find_crops(source: Path) -> list[CropFile]:
    """The crops of a folder, or of an index: a CSV with a column `path`, relative to where it lies.

    Raises:
        InputError: no such folder or file, no column `path`, or no crop.
    """
    if source.is_dir():
        files = sorted(path for path in source.rglob("*") if path.suffix.lower() in ENDINGS)
        crops = [CropFile(str(path.relative_to(source)), path) for path in files]
    elif source.is_file():
        crops = _indexed(source)
    else:
        raise InputError(f"no such folder or index of crops: {source}")
    if not crops:
        raise InputError(f"no crops in {source}: expected pictures ({', '.join(sorted(ENDINGS))})")
    return crops


def embed_crops(
    crops: Sequence[CropFile],
    network: Path,
    embedder: OnnxCropEmbedder,
    out: Path,
    on_crops: Callable[[int], None] = lambda count: None,
) -> VectorFile:
    """Make the vectors of crops and write them; crops that were done before are not done again.

    Args:
        crops: which.
        network: the embedder's file.
        embedder: made from it.
        out: the .npz file.
        on_crops: called with how many more are done.

    Raises:
        InputError: it cannot be written there.
        WorkError: writing failed.
    """
    mark = hashlib.sha256(f"{hash_file(network)} {embedder.format}".encode()).hexdigest()
    with vector_run(out, mark, embedder.dimension) as run:
        stamps = {crop.name: _stamp(crop.path) for crop in crops}
        named = {crop.name: crop for crop in crops}
        open_crops = [crop for name, crop in named.items() if not run.has(name, stamps[name])]
        on_crops(len(crops) - len(open_crops))
        waiting: deque[CropFile] = deque()
        for vector in embedder.embed(_readable(open_crops, waiting, stamps, run, on_crops)):
            crop = waiting.popleft()
            run.note(crop.name, stamps[crop.name], vector)
            on_crops(1)
    return write_vectors(out, run, list(stamps))


def read_crop(path: Path) -> Crop | None:
    """A picture as (height, width, 3) uint8, blue-green-red; None: it is none, or cannot be read."""
    try:
        content = np.fromfile(path, dtype=np.uint8)
    except OSError:
        return None
    if not len(content):
        return None
    try:
        picture = cv2.imdecode(content, cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    return None if picture is None else np.asarray(picture, dtype=np.uint8)


def _readable(
    crops: Sequence[CropFile],
    waiting: deque[CropFile],
    stamps: Mapping[str, str],
    run: VectorRun,
    on_crops: Callable[[int], None],
) -> Iterator[Crop]:
    """Pictures for the network, noting on the way which crops are none."""
    for crop in crops:
        picture = read_crop(crop.path)
        if picture is None:
            run.note(crop.name, stamps[crop.name], None)
            on_crops(1)
            continue
        waiting.append(crop)
        yield picture


def _stamp(path: Path) -> str:
    """Differs once the file was written anew."""
    try:
        found = path.stat()
    except OSError:
        return "absent"
    return f"{found.st_size}-{found.st_mtime_ns}"


def _indexed(source: Path) -> list[CropFile]:
    try:
        with source.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            if "path" not in (reader.fieldnames or ()):
                raise InputError(f"{source}: expected a CSV with a column path, got {reader.fieldnames}")
            rows = [{key: value or "" for key, value in row.items() if key} for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{source}: expected an index of crops as CSV in UTF-8: {error}") from error
    return [CropFile(row["path"], source.parent / row["path"], row) for row in rows if row["path"]]
