"""The spool: items on disk in append-only files, until somebody has taken them."""

from __future__ import annotations

import fcntl
import os
import threading
import zlib
from collections.abc import Iterator
from io import BufferedWriter
from pathlib import Path

import msgspec

from floorwalker.errors import InputError
from floorwalker.pipeline.delivery import Refusal

_ENDING = ".spool"
_REJECTS, _SENT, _LOCK = "rejects.jsonl", "sent", "lock"
_MOST_REJECT_BYTES = 10_000_000
_WORTH_CLEARING = 100_000


class Spool:
    """Keeps items in order in a folder; implements `pipeline.delivery.Outbox`.

    An item is one line of a segment, behind its checksum, and on the disk (fsync) before `put` returns.
    What was taken is noted after it was taken: after a crash the last item may come again, none is lost. A
    line that a crash tore is left out. A new start begins a new segment. Of more than `most_bytes` the
    oldest segment goes, and its items count as dropped.

    Args:
        folder: made where it is missing; one process at a time.
        most_bytes: that may wait. Raising it bridges longer outages.
        segment_bytes: of one file.

    Raises:
        InputError: the folder cannot be used, or another process uses it.
    """

    def __init__(
        self, folder: Path, *, most_bytes: int = 256_000_000, segment_bytes: int = 4_000_000
    ) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._segment_bytes = segment_bytes
        self._mutex = threading.Lock()
        self._dropped = self.damaged = 0
        self._writer: BufferedWriter | None = None
        self._written = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = (folder / _LOCK).open("wb")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(f"another process delivers from {folder}: one watcher a camera") from error
        except OSError as error:
            raise InputError(f"cannot use the spool {folder}: {error.strerror or error}") from error
        self._sizes = {int(path.stem): path.stat().st_size for path in sorted(folder.glob(f"*{_ENDING}"))}
        self._at = self._read_position()
        self._clear(self._at[0])

    @property
    def size(self) -> int:
        """Bytes that wait."""
        with self._mutex:
            return self._waiting()

    @property
    def dropped(self) -> int:
        """Items given up for want of room."""
        return self._dropped

    def put(self, item: bytes) -> None:
        """Add an item; once this returns it is on the disk.

        Raises:
            OSError: it is not, for example because the disk is full; nothing else is harmed.
        """
        line = b"%08x %s\n" % (zlib.crc32(item), item)
        with self._mutex:
            if self._writer is None or self._written >= self._segment_bytes:
                self._begin_segment()
            assert self._writer is not None
            try:
                self._writer.write(line)
                self._writer.flush()
                os.fsync(self._writer.fileno())
            except OSError:
                self._close_writer()  # a line may be torn here: what follows goes into another file
                raise
            self._written += len(line)
            self._sizes[max(self._sizes)] = self._written
            while self._waiting() > self._most_bytes and len(self._sizes) > 1:
                self._drop_oldest()

    def first(self) -> bytes | None:
        """The oldest item that is not done."""
        with self._mutex:
            found = self._first()
            return None if found is None else found[0]

    def done(self) -> None:
        """The oldest item was taken."""
        with self._mutex:
            found = self._first()
            if found is None:
                return
            self._at = found[1]
            if self._written > _WORTH_CLEARING and self._first() is None:
                self._close_writer()  # all is done: the file goes
                self._clear(max(self._sizes) + 1)
            else:
                self._clear(self._at[0])
            self._note_position()

    def set_aside(self, refusals: list[Refusal]) -> None:
        """Keep what nobody takes in `rejects.jsonl`, with the reasons; a long one becomes the old one."""
        path = self._folder / _REJECTS
        if path.exists() and path.stat().st_size > _MOST_REJECT_BYTES:
            path.replace(path.with_suffix(".old.jsonl"))
        with path.open("ab") as file:
            file.writelines(msgspec.json.encode(refusal) + b"\n" for refusal in refusals)
            file.flush()
            os.fsync(file.fileno())

    def close(self) -> None:
        """Let another process use the folder."""
        with self._mutex:
            self._close_writer()
            self._lock.close()

    def _waiting(self) -> int:
        segment, offset = self._at
        ahead = sum(size for number, size in self._sizes.items() if number >= segment)
        return ahead - min(offset, self._sizes.get(segment, 0))

    def _first(self) -> tuple[bytes, tuple[int, int]] | None:
        """The oldest item with the place after it; damaged lines are passed over."""
        for number in sorted(self._sizes):
            if number < self._at[0]:
                continue
            offset = self._at[1] if number == self._at[0] else 0
            for line, end in self._lines(number, offset):
                item = line[9:-1]
                if line.endswith(b"\n") and line[:8] == b"%08x" % zlib.crc32(item):
                    return item, (number, end)
                self.damaged += 1
                self._at = (number, end)
        return None

    def _lines(self, number: int, offset: int) -> Iterator[tuple[bytes, int]]:
        if offset >= self._sizes[number]:
            return
        with self._path(number).open("rb") as file:
            file.seek(offset)
            while line := file.readline():
                yield line, file.tell()

    def _begin_segment(self) -> None:
        self._close_writer()
        number = max([*self._sizes, self._at[0]], default=0) + 1
        self._writer = self._path(number).open("xb")
        self._sizes[number] = 0
        self._sync_folder()

    def _close_writer(self) -> None:
        if self._writer is not None:
            try:
                self._writer.close()
            finally:
                self._writer, self._written = None, 0

    def _drop_oldest(self) -> None:
        oldest = min(self._sizes)
        offset = self._at[1] if oldest == self._at[0] else 0
        if oldest >= self._at[0]:
            self._dropped += sum(1 for _ in self._lines(oldest, offset))
        self._clear(oldest + 1)
        self._at = max(self._at, (oldest + 1, 0))
        self._note_position()

    def _clear(self, before: int) -> None:
        for number in [number for number in self._sizes if number < before]:
            self._path(number).unlink(missing_ok=True)
            del self._sizes[number]

    def _read_position(self) -> tuple[int, int]:
        try:
            segment, offset = (self._folder / _SENT).read_text().split()
            return int(segment), int(offset)
        except (OSError, ValueError):
            return min(self._sizes, default=0), 0

    def _note_position(self) -> None:
        # Not forced to the disk: an older position only means that something is sent again.
        part = self._folder / f".{_SENT}.part"
        part.write_text(f"{self._at[0]} {self._at[1]}\n")
        part.replace(self._folder / _SENT)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:08d}{_ENDING}"

    def _sync_folder(self) -> None:
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
