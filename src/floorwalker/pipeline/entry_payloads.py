"""Payloads: entries as files that are ready for `POST /match`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from floorwalker.errors import InputError, WorkError
from floorwalker.events import format_utc, parse_utc, why_no_name, why_no_store_id
from floorwalker.files import whole_file
from floorwalker.identity.matching.entry import AttributeValue, BucketKey, Direction, Entry
from floorwalker.identity.matching.manifest_json import vectors_json

ANSWERS_NAME = "answers.jsonl"
_LONGEST_NAME = 180


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry in a file, to be sent.

    Attributes:
        key: the store's day.
        entry_id: its name.
        timestamp: when, aware.
        path: the file.
        start: where its JSON begins, in bytes.
        length: and how long it is.
    """

    key: BucketKey
    entry_id: str
    timestamp: datetime
    path: Path
    start: int
    length: int

    def body(self) -> bytes:
        """Its JSON, ready to be sent."""
        with self.path.open("rb") as file:
            file.seek(self.start)
            return file.read(self.length)


@dataclass(frozen=True, slots=True)
class Unfit:
    """Something that is no payload.

    Attributes:
        place: file, and line where there are several.
        why: what was expected.
    """

    place: str
    why: str


class _Head(msgspec.Struct):
    """What has to stand in a payload; vectors are looked at by whoever takes them."""

    day_id: str
    store_id: str
    entry_id: str
    timestamp: str
    direction: Direction
    camera: str
    embeddings: msgspec.Raw


def encode_payload(entry: Entry) -> bytes:
    """An entry as the body of `POST /match`.

    Args:
        entry: with its vectors.
    """
    body: dict[str, Any] = {
        "day_id": entry.key.day_id,
        "store_id": entry.key.store_id,
        "entry_id": entry.entry_id,
        "timestamp": format_utc(entry.timestamp),
        "direction": entry.direction.value,
        "camera": entry.camera,
        "images": entry.images,
        "embeddings": vectors_json(entry.embeddings),
        "attrs": entry.attrs,
    }
    if entry.alert_id is not None:
        body["alert_id"] = entry.alert_id
    return msgspec.json.encode(body)


def payload_path(folder: Path, key: BucketKey, entry_id: str) -> Path:
    """Where an entry's payload lies: `STORE/DAY/ENTRY.json`, whatever stands in the names."""
    return folder / _file_name(key.store_id) / _file_name(key.day_id) / f"{_file_name(entry_id)}.json"


def write_payload(folder: Path, entry: Entry) -> Path:
    """Write an entry's payload; the file appears whole or not at all."""
    path = payload_path(folder, entry.key, entry.entry_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as part:
        part.write_bytes(encode_payload(entry))
    return path


def write_entries(path: Path, entries: Sequence[Entry]) -> None:
    """Write entries into one file, a line each."""
    with whole_file(path) as part, part.open("wb") as file:
        for entry in entries:
            file.write(encode_payload(entry) + b"\n")


def find_payloads(path: Path) -> Iterator[Waiting | Unfit]:
    """All payloads of a folder, of a JSON file, or of the lines of a `.jsonl` file.

    Raises:
        InputError: there is no such file or folder.
        WorkError: a file cannot be read.
    """
    if path.is_dir():
        files = [file for file in sorted(path.rglob("*.json*")) if file.is_file()]
        for file in files:
            if file.name != ANSWERS_NAME and not file.name.startswith("."):
                yield from _payloads_of(file)
    elif path.is_file():
        yield from _payloads_of(path)
    else:
        raise InputError(f"no such file or folder: {path}")


def _payloads_of(path: Path) -> Iterator[Waiting | Unfit]:
    try:
        if path.suffix != ".jsonl":
            content = path.read_bytes()
            yield _waiting(content, path, 0, str(path))
            return
        start = 0
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield _waiting(line, path, start, f"{path}, line {number}")
                start += len(line)
    except OSError as error:
        raise WorkError(f"{path} cannot be read: {error.strerror or error}") from error


def _waiting(content: bytes, path: Path, start: int, place: str) -> Waiting | Unfit:
    try:
        head = msgspec.json.decode(content, type=_Head)
        key = checked_key(head.day_id, head.store_id)
        if why := why_no_name(head.entry_id):
            raise InputError(f"entry_id {why}")
        return Waiting(key, head.entry_id, parse_utc(head.timestamp), path, start, len(content))
    except (msgspec.DecodeError, UnicodeError, InputError) as error:
        return Unfit(place, str(error))


def checked_key(day_id: str, store_id: str) -> BucketKey:
    """A store's day.

    Raises:
        InputError: the day is no date, or the store's id can be none.
    """
    try:
        if date.fromisoformat(day_id).isoformat() != day_id:
            raise ValueError
    except ValueError as error:
        raise InputError(f"expected a day such as 2026-03-03, got {day_id[:40]!r}") from error
    if why := why_no_store_id(store_id):
        raise InputError(f"store_id {why}")
    return BucketKey(day_id, store_id)


def attrs_of(found: object, whose: str) -> Mapping[str, AttributeValue]:
    """Attributes as a service answered them.

    Raises:
        InputError: not fields with labels, numbers, truth values or confidences.
    """
    try:
        return msgspec.convert(found, type=dict[str, AttributeValue])
    except msgspec.ValidationError as error:
        raise InputError(f"{whose}: expected attributes by field: {error}") from error


def _file_name(name: str) -> str:
    quoted = quote(name, safe=" ()+,=@")
    if len(quoted) > _LONGEST_NAME:  # no file system takes more than 255 bytes
        return f"{quoted[:_LONGEST_NAME]}~{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    return quoted if quoted.strip(".") else quoted.replace(".", "%2E")
