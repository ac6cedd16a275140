"""Taking a batch apart, so that what is wrong with one event becomes that event's error alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import msgspec

from floorwalker.server.errors import ApiError

_BOM = b"\xef\xbb\xbf"
# Numbers stay text: nobody looks at them here, and turning a long one into a number takes long.
_READER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str, strict=False)
_SMALL_BYTES = 600_000  # of a larger body every second byte could be an event: too many to make them all
_LINE = re.compile(rb"[^\n]+")
_SPACE = re.compile(r"[ \t\n\r]*")
_OPENING_AND_CLOSING = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[{]+|[\]}]+', re.DOTALL)


class _Batch(msgspec.Struct):
    events: list[msgspec.Raw]


def split_batch(body: bytes, limit: int) -> list[bytes]:
    """The events of `{"events": […]}`, each as it was written.

    A strict reader goes first. Where it stumbles over something within an event (NaN, half a surrogate
    pair, a thousand brackets) a lenient one cuts the batch up and leaves the judgement to the events'
    reader.

    Args:
        body: at most some megabytes.
        limit: how many there may be; nothing is made of the others.

    Raises:
        ApiError: 400 not JSON, 413 more than the limit, 422 JSON that is no batch.
    """
    body = body.removeprefix(_BOM)
    if len(body) <= _SMALL_BYTES:
        try:
            found = msgspec.json.decode(body, type=_Batch).events
        except msgspec.ValidationError as error:
            raise _not_a_batch() from error
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            pass
        else:
            check_number(len(found), limit)
            return [bytes(item) for item in found]
    try:
        items = _Cutter(body.decode("utf-8", "surrogateescape"), limit).events()
    except (ValueError, IndexError, RecursionError) as error:
        raise ApiError(400, "not_json", "expected a JSON body") from error
    if items is None:
        raise _not_a_batch()
    return [item.encode("utf-8", "surrogateescape") for item in items]


def split_lines(body: bytes, limit: int) -> list[bytes]:
    """The lines of JSON lines that hold anything.

    Raises:
        ApiError: 413, more than the limit.
    """
    lines: list[bytes] = []
    for match in _LINE.finditer(body.removeprefix(_BOM)):
        if line := match[0].strip():
            lines.append(line)
            check_number(len(lines), limit)
    return lines


def check_number(number: int, limit: int) -> None:
    """Refuse a batch of too many events.

    Raises:
        ApiError: 413.
    """
    if number > limit:
        raise ApiError(
            413, "too_many_events", f"expected at most {limit} events in one batch; send them in parts"
        )


class _Cutter:
    """Cuts the text of a JSON object open along its `events`.

    Args:
        text: of the whole body.
        limit: how many events there may be.
    """

    def __init__(self, text: str, limit: int) -> None:
        self._text = text
        self._limit = limit
        self._at = 0
        self._skip_space()

    def events(self) -> list[str] | None:
        """The items of the last `events` that is a list; None where there is none.

        Raises:
            ValueError: not JSON.
            ApiError: 413, more than the limit.
        """
        if self._text[self._at] != "{":
            self._value()
            self._end()
            return None
        found: list[str] | None = None
        for _ in self._members("{", "}"):
            if self._text[self._at] != '"':
                raise ValueError("a key is a string")
            key = self._value()
            self._skip_space()
            self._take(":")
            self._skip_space()
            if key == '"events"':
                found = self._list() if self._text[self._at] == "[" else None
            if key != '"events"' or found is None:
                self._value()
        self._end()
        return found

    def _list(self) -> list[str]:
        items: list[str] = []
        for _ in self._members("[", "]"):
            items.append(self._value())
            check_number(len(items), self._limit)
        return items

    def _members(self, opening: str, closing: str) -> Iterator[None]:
        """Stop before each member; whoever iterates reads it."""
        self._take(opening)
        self._skip_space()
        if self._text[self._at] == closing:
            self._at += 1
            return
        while True:
            self._skip_space()
            yield
            self._skip_space()
            if self._text[self._at] == closing:
                self._at += 1
                return
            self._take(",")

    def _value(self) -> str:
        """One value as it is written."""
        start = self._at
        try:
            _, self._at = _READER.raw_decode(self._text, start)
        except RecursionError:
            self._at = self._end_of_nest(start)
        return self._text[start : self._at]

    def _end_of_nest(self, start: int) -> int:
        depth = 0
        for match in _OPENING_AND_CLOSING.finditer(self._text, start):
            token = match[0]
            if token[0] in "[{":
                depth += len(token)
            elif token[0] != '"':
                if depth <= len(token):
                    return match.start() + depth
                depth -= len(token)
        raise ValueError("a bracket is never closed")

    def _take(self, wanted: str) -> None:
        if self._text[self._at] != wanted:
            raise ValueError(f"expected {wanted}")
        self._at += 1

    def _skip_space(self) -> None:
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at

    def _end(self) -> None:
        self._skip_space()
        if self._at != len(self._text):
            raise ValueError("something follows the object")


def _not_a_batch() -> ApiError:
    return ApiError(422, "not_a_batch", 'expected {"events": [...]} with a list of events')
