"""The log on disk: a line for each thing a person did, appended, never changed."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from floorwalker.errors import InputError, WorkError


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing a person did, as JSON.

    Attributes:
        number: place in the log, from 1, rising.
        kind: what; an `EditKind`, or a mark on a listed pair.
        by: who.
        at: when, ISO-8601 UTC.
        entries: entry ids.
        person: a person id.
        other: another person id.
        text: an alias or a note.
        undoes: number of the line that is taken back.
    """

    number: int
    kind: str
    by: str
    at: str
    entries: tuple[str, ...] = ()
    person: str | None = None
    other: str | None = None
    text: str | None = None
    undoes: int | None = None


class LineLog:
    """A file of lines that several threads and processes append to.

    A line is on the disk (fsync) before `append` returns. What a crash tore off in the middle of a line is
    left out, and written over by the next one.

    Args:
        path: the file; it and its folder are made when the first line is written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._mutex = threading.RLock()
        self._lines: list[Line] = []
        self._offset = 0
        self._held: BinaryIO | None = None

    def read(self) -> tuple[Line, ...]:
        """All lines so far.

        Raises:
            InputError: the file holds a line that no such log wrote.
            WorkError: it cannot be read.
        """
        with self._mutex:
            try:
                with self.path.open("rb") as file:
                    self._read_on(file)
            except FileNotFoundError:
                self._forget()
            except OSError as error:
                raise WorkError(f"{self.path} cannot be read: {error.strerror or error}") from error
            return tuple(self._lines)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Holds the log against every other writer, so that what was read is still all there is.

        Raises:
            InputError: it cannot be written.
        """
        with self._mutex:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                file = self.path.open("a+b")
            except OSError as error:
                raise InputError(f"cannot write {self.path}: {error.strerror or error}") from error
            with file:
                fcntl.flock(file, fcntl.LOCK_EX)  # given back when the file is closed
                file.seek(0)
                self._read_on(file)
                self._held = file
                try:
                    yield
                finally:
                    self._held = None

    def append(self, make: Callable[[int], Line]) -> Line:
        """Adds a line.

        Args:
            make: makes it, handed the number that it gets.

        Raises:
            WorkError: writing failed; the log is as before.
        """
        with self._mutex:
            if self._held is None:
                with self.held():
                    return self.append(make)
            line = make(self._lines[-1].number + 1 if self._lines else 1)
            file, content = self._held, msgspec.json.encode(line) + b"\n"
            try:
                file.truncate(self._offset)  # behind it lies at most what a crash tore
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            except OSError as error:
                raise WorkError(f"writing {self.path} failed: {error.strerror or error}") from error
            self._lines.append(line)
            self._offset += len(content)
            return line

    def _read_on(self, file: BinaryIO) -> None:
        if file.seek(0, os.SEEK_END) < self._offset:
            self._forget()  # another file lies there now
        file.seek(self._offset)
        content: bytes = file.read()
        whole = content[: content.rfind(b"\n") + 1]
        for text in whole.splitlines():
            try:
                line = msgspec.json.decode(text, type=Line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                place = len(self._lines) + 1
                raise InputError(f"{self.path}, line {place} is no line of a review: {error}") from error
            self._lines.append(line)
        self._offset += len(whole)

    def _forget(self) -> None:
        self._lines, self._offset = [], 0
