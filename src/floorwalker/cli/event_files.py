"""Files of events, of any size: JSON lines or a JSON document, plain or gzip, read piece by piece."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, cast

MAX_ITEM_BYTES = 1_000_000
_CHUNK = 262_144
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_SPACE = b" \t\r\n"
_EVENTS_KEY = re.compile(rb'"events"\s*:\s*\[')
_STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*+"|["{}\[\]]', re.DOTALL)
_SCALAR_END = re.compile(rb"[\s,\]}]")


@dataclass(frozen=True, slots=True)
class Item:
    """One event as it stands in a file.

    Attributes:
        number: its line, or its place in the document, from 1.
        content: its bytes in one line; empty where `problem` says why there are none.
        end: where it ends in the uncompressed text.
        problem: why it cannot be an event, whatever it holds.
    """

    number: int
    content: bytes
    end: int
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """How far into a file reading came.

    Attributes:
        offset: bytes of the uncompressed text.
        number: items or lines before it.
        digest: of the text before it.
    """

    offset: int
    number: int
    digest: str


class EventFile:
    """A file of events, open for reading once from front to back.

    Args:
        path: the file; `-` is the standard input.
    """

    def __init__(self, path: Path) -> None:
        self._raw = cast(BufferedIOBase, sys.stdin.buffer if str(path) == "-" else path.open("rb"))
        self._is_stdin = str(path) == "-"
        self._stream: BufferedIOBase = self._raw
        self._buffer = b""
        self._ended = False
        self._damage: str | None = None
        self._offset = 0
        self._number = 0
        self._hash = hashlib.blake2b(digest_size=20)
        self._items: Iterator[Item] | None = None
        self._closing: bytes | None = None  # what closes the document around the list, None: JSON lines
        self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._is_stdin:
            self._raw.close()

    @property
    def position(self) -> int | None:
        """Bytes of the file read so far, as it lies on the disk; None on the standard input."""
        return None if self._is_stdin else self._raw.tell()

    @property
    def place(self) -> Place:
        """How far the items went that were handed out."""
        return Place(self._offset, self._number, self._hash.hexdigest())

    def skip_to(self, place: Place) -> bool:
        """Go on where an earlier reading stopped.

        Returns:
            Whether what came before is the same as it was then; if not, this file has to be opened anew.
        """
        while self._offset < place.offset and self._fill(1):
            self._consume(min(len(self._buffer), place.offset - self._offset))
        self._number = place.number
        return self.place == place

    def items(self) -> Iterator[Item]:
        """What the file holds, from the present place on; blank lines are none."""
        if self._items is None:
            self._items = self._read()
        return self._items

    def _read(self) -> Iterator[Item]:
        yield from self._lines() if self._closing is None else self._document()
        if self._damage is not None:
            yield self._problem(f"the file is damaged from here on: {self._damage}")

    # The text

    def _open(self) -> None:
        self._fill(2)
        if self._buffer.startswith(_GZIP):
            packed = cast(BinaryIO, _Joined(self._buffer, self._raw))
            self._stream = gzip.GzipFile(fileobj=packed, mode="rb")
            self._buffer, self._ended = b"", False
        self._fill(_CHUNK)
        self._consume(len(self._buffer) - len(self._buffer.removeprefix(_BOM)))
        head = self._buffer.lstrip(_SPACE)
        if head.startswith(b"["):
            self._closing = b""
            self._consume(len(self._buffer) - len(head) + 1)
        elif head.startswith(b"{") and (start := _list_of_events(self._buffer)):
            self._closing = b"}"
            self._consume(start)

    def _fill(self, size: int) -> bool:
        """Have so many bytes ahead, as far as there are; whether there is any."""
        while len(self._buffer) < size and not self._ended:
            try:
                more = self._stream.read1(_CHUNK)  # what precedes a damaged place is handed out
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                more, self._damage = b"", str(error)
            self._ended = not more
            self._buffer += more
        return bool(self._buffer)

    def _consume(self, size: int) -> bytes:
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        self._hash.update(taken)
        self._offset += len(taken)
        return taken

    def _problem(self, message: str) -> Item:
        self._number += 1
        return Item(self._number, b"", self._offset, message)

    # JSON lines

    def _lines(self) -> Iterator[Item]:
        while self._fill(1):
            last = self._buffer.rfind(b"\n")
            if last < 0:
                if len(self._buffer) <= MAX_ITEM_BYTES and not self._ended:
                    self._fill(len(self._buffer) + 1)
                    continue
                yield from self._long_line()
                continue
            block, self._buffer = self._buffer[: last + 1], self._buffer[last + 1 :]
            for line in block.splitlines(keepends=True) if b"\r" not in block else _by_newline(block):
                self._hash.update(line)
                self._offset += len(line)
                self._number += 1
                if content := line.strip():
                    too_long = len(content) > MAX_ITEM_BYTES
                    yield self._too_long() if too_long else Item(self._number, content, self._offset)

    def _long_line(self) -> Iterator[Item]:
        """The last line, which nothing ends, or one that is too long to be an event."""
        rest, too_long = self._consume(len(self._buffer)), not self._ended
        while not self._ended and self._fill(1):
            end = self._buffer.find(b"\n") + 1
            self._consume(end or len(self._buffer))
            if end:
                break
        self._number += 1
        content = rest.strip()
        if too_long or len(content) > MAX_ITEM_BYTES:
            yield self._too_long()
        elif content:
            yield Item(self._number, content, self._offset)

    def _too_long(self) -> Item:
        return Item(self._number, b"", self._offset, f"longer than {MAX_ITEM_BYTES} bytes")

    # A JSON document

    def _document(self) -> Iterator[Item]:
        while True:
            start = self._next_value()
            if start is None:
                break
            self._consume(start)
            size = self._value_size()
            if size is None:
                reason = "is too long" if len(self._buffer) > MAX_ITEM_BYTES else "ends within it"
                yield self._problem(f"the document {reason}: no event from here on was read")
                return
            content = self._consume(size)
            self._number += 1
            # Between values a line's end means as little as a space, and within strings there is none.
            yield Item(self._number, content.replace(b"\n", b" ").replace(b"\r", b" "), self._offset)
        if self._ended and not self._buffer:
            if self._damage is None:
                yield self._problem("the document ends before its list does")
            return
        self._consume(1)
        self._fill(_CHUNK)
        rest = self._buffer.strip(_SPACE).removeprefix(self._closing or b"").strip(_SPACE)
        self._consume(len(self._buffer))
        if rest and not (self._closing and rest.startswith(b",")):
            yield self._problem("what follows the list of events was not read")

    def _next_value(self) -> int | None:
        """Where the next value begins in the buffer; None where the list or the text ends."""
        place = 0
        while True:
            while place < len(self._buffer) and self._buffer[place] in _SPACE + b",":
                place += 1
            if place < len(self._buffer):
                if self._buffer[place] in b"]":
                    self._consume(place)
                    return None
                return place
            if self._ended or not self._fill(len(self._buffer) + 1) or place >= len(self._buffer):
                self._consume(len(self._buffer))
                return None

    def _value_size(self) -> int | None:
        """Length of the value at the beginning of the buffer; None where it has no end in reach."""
        while True:
            size = _complete_size(self._buffer, self._ended)
            if size is not None or self._ended or len(self._buffer) > MAX_ITEM_BYTES:
                return size
            self._fill(len(self._buffer) + _CHUNK)


class _Joined:
    """Bytes already read, and the rest of their stream."""

    def __init__(self, head: bytes, rest: BufferedIOBase) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; all without it."""
        if not self._head:
            return self._rest.read(size)
        taken = self._head if size < 0 else self._head[:size]
        self._head = self._head[len(taken) :]
        return taken if size >= 0 else taken + self._rest.read()


def _by_newline(block: bytes) -> list[bytes]:
    """Lines that only a line feed ends."""
    return [line + b"\n" for line in block.split(b"\n")[:-1]]


def _list_of_events(head: bytes) -> int | None:
    """Where the list begins in a document whose key `events` holds one; None where it is no document."""
    for match in _EVENTS_KEY.finditer(head):
        try:
            # The key belongs to the outermost object if that may end right after it.
            json.loads(head[: match.start()] + b'"events":null}')
        except (ValueError, RecursionError):
            continue
        return match.end()
    return None


def _complete_size(buffer: bytes, ended: bool) -> int | None:
    """Length of the JSON value that a buffer begins with, as far as brackets and quotes tell."""
    if buffer[:1] not in (b"{", b"[", b'"'):
        end = _SCALAR_END.search(buffer)
        return max(1, end.start()) if end else len(buffer) if ended else None
    depth = 0
    for match in _STRUCTURE.finditer(buffer):
        token = match[0]
        if token == b'"':  # a string whose end is not in the buffer
            return None
        depth += (token in b"{[") - (token in b"}]") if len(token) == 1 else 0
        if depth <= 0:
            return match.end()
    return None
