"""The track store: the tracks of one run as a Parquet file beside the video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from floorwalker.errors import InputError
from floorwalker.files import whole_file
from floorwalker.runs import Recording, Run
from floorwalker.tracking.track import Track

_KEY = b"floorwalker.tracks"
_VERSION = 1
_SCHEMA = pa.schema(
    [
        pa.field("track_id", pa.int32(), nullable=False),
        pa.field("time_s", pa.float64(), nullable=False),
        *(pa.field(name, pa.float32(), nullable=False) for name in ("x1", "y1", "x2", "y2")),
        *(pa.field(name, pa.float32(), nullable=False) for name in ("foot_x", "foot_y")),
        *(pa.field(name, pa.float64(), nullable=False) for name in ("floor_x_m", "floor_y_m")),
        pa.field("confidence", pa.float32(), nullable=False),
        # All descriptors of a track stand on its first row.
        pa.field("appearance", pa.list_(pa.list_(pa.float32()))),
    ]
)


class _Header(msgspec.Struct, frozen=True):
    version: int
    recording: Recording
    run: Run


@dataclass(frozen=True, slots=True)
class StoredTracks:
    """What a track file holds.

    Attributes:
        recording: what was filmed.
        run: which processing made the tracks.
        tracks: in order of their numbers.
    """

    recording: Recording
    run: Run
    tracks: tuple[Track, ...]


def write_tracks(path: Path, tracks: Sequence[Track], recording: Recording, run: Run) -> None:
    """Write a track file; the name appears only when the file is whole.

    Args:
        path: where; an older file is replaced.
        tracks: of one run.
        recording: what was filmed.
        run: which processing.

    Raises:
        InputError: the folder is not there or may not be written.
        WorkError: writing failed, for example because the disk is full.
    """
    ordered = sorted(tracks, key=lambda track: track.track_id)
    header = {"version": _VERSION, "recording": asdict(recording), "run": asdict(run)}
    table = _table(ordered).replace_schema_metadata({_KEY: msgspec.json.encode(header)})
    with whole_file(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_tracks(path: Path) -> StoredTracks:
    """Read a track file.

    Args:
        path: as `write_tracks` wrote it.

    Returns:
        The tracks with their recording and run.

    Raises:
        InputError: no such file, or not a track file, or a damaged one.
    """
    if not path.is_file():
        raise InputError(f"no such track file: {path}")
    try:
        table = pq.read_table(path)
        header = _header(table, path)
        tracks = _tracks(table)
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        first_line = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path} is no track file or is damaged ({first_line:.120})") from error
    return StoredTracks(header.recording, header.run, tracks)


def _header(table: pa.Table, path: Path) -> _Header:
    raw = (table.schema.metadata or {}).get(_KEY)
    if raw is None:
        raise InputError(f"{path} is a Parquet file, but not one of Floorwalker's tracks")
    try:
        header = msgspec.json.decode(raw, type=_Header)
    except msgspec.DecodeError as error:
        raise InputError(f"{path}: its description cannot be read ({error})") from error
    if header.version != _VERSION:
        raise InputError(
            f"{path} has version {header.version} of the track file, expected {_VERSION}; "
            "process the video again"
        )
    return header


def _table(tracks: Sequence[Track]) -> pa.Table:
    if not tracks:
        return _SCHEMA.empty_table()
    lengths = [len(track.time_s) for track in tracks]
    boxes = np.concatenate([track.xyxy for track in tracks])
    feet = np.concatenate([track.foot_px for track in tracks])
    floor = np.concatenate([track.floor_m for track in tracks])
    appearance: list[Any] = [None] * sum(lengths)
    row = 0
    for track, length in zip(tracks, lengths, strict=True):
        appearance[row] = track.appearance.tolist()
        row += length
    columns = [
        np.repeat([track.track_id for track in tracks], lengths).astype(np.int32),
        np.concatenate([track.time_s for track in tracks]),
        *boxes.T.astype(np.float32),
        *feet.T.astype(np.float32),
        *floor.T.astype(np.float64),
        np.concatenate([track.confidence for track in tracks]).astype(np.float32),
    ]
    arrays = [pa.array(np.ascontiguousarray(column)) for column in columns]
    return pa.Table.from_arrays(
        [*arrays, pa.array(appearance, _SCHEMA.field("appearance").type)], schema=_SCHEMA
    )


def _tracks(table: pa.Table) -> tuple[Track, ...]:
    ids = table["track_id"].to_numpy()
    if len(ids) == 0:
        return ()

    def together(*names: str) -> Any:
        return np.column_stack([table[name].to_numpy() for name in names])

    boxes, feet = together("x1", "y1", "x2", "y2"), together("foot_x", "foot_y")
    floor, time_s = together("floor_x_m", "floor_y_m"), table["time_s"].to_numpy()
    confidence = table["confidence"].to_numpy()
    bounds = [*np.flatnonzero(np.diff(ids, prepend=-1)).tolist(), len(ids)]
    tracks = []
    for a, b in pairwise(bounds):
        described = table["appearance"][a].as_py() or []
        appearance = np.array(described, dtype=np.float32).reshape(len(described), -1) if described else None
        tracks.append(
            Track(
                int(ids[a]),
                time_s[a:b].copy(),
                boxes[a:b].astype(np.float32),
                feet[a:b].astype(np.float32),
                floor[a:b].astype(np.float64),
                confidence[a:b].astype(np.float32),
                np.zeros((0, 0), dtype=np.float32) if appearance is None else appearance,
            )
        )
    return tuple(tracks)
