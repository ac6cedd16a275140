"""Track files and entries that have lived long enough: they show people, and go when the video does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from floorwalker.errors import WorkError

_ENDINGS = (".tracks.parquet", ".entries.jsonl")


class _Filmed(msgspec.Struct):
    store_id: str


class _Record(msgspec.Struct):
    recording: _Filmed


@dataclass(frozen=True, slots=True)
class TrackFile:
    """A track file, or the entries beside one.

    Attributes:
        path: where it lies.
        store_id: whose, by the run's record beside it; None where there is none.
        written_at: when it was written, UTC.
        size: bytes.
    """

    path: Path
    store_id: str | None
    written_at: datetime
    size: int


def find_old_tracks(folders: Sequence[Path], before: datetime) -> list[TrackFile]:
    """The track files written before a moment, by path.

    Args:
        folders: looked through with all folders in them; one that is not there holds nothing.
        before: files written before it are old.
    """
    found = {path.resolve(): path for path in _track_files(folders)}
    old = []
    for _, path in sorted(found.items()):
        status = path.stat()
        written_at = datetime.fromtimestamp(status.st_mtime, UTC)
        if written_at < before:
            old.append(TrackFile(path, _store_of(path), written_at, status.st_size))
    return old


def remove_tracks(file: TrackFile) -> str:
    """Remove a track file; its events and the run's record stay.

    Returns:
        SHA-256 over what was in it.

    Raises:
        WorkError: it cannot be removed.
    """
    try:
        with file.path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        file.path.unlink()
    except OSError as error:
        raise WorkError(f"cannot remove {file.path}: {error.strerror or error}") from error
    return digest


def _track_files(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        for ending in _ENDINGS:
            yield from (
                path for path in folder.rglob(f"*{ending}") if path.is_file() and not path.is_symlink()
            )


def _store_of(path: Path) -> str | None:
    stem = path.name
    for ending in _ENDINGS:
        stem = stem.removesuffix(ending)
    record = path.with_name(f"{stem}.run.json")
    try:
        return msgspec.json.decode(record.read_bytes(), type=_Record).recording.store_id
    except (OSError, msgspec.DecodeError):
        return None
