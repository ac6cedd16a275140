"""Crossings: bursts of crops as cameras left them, in folders or as documents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import fsspec
import msgspec

from floorwalker.errors import InputError, WorkError
from floorwalker.events import parse_utc, why_no_name
from floorwalker.identity.matching.entry import BucketKey, Direction
from floorwalker.pipeline.entry_payloads import Unfit, checked_key

DETAILS_NAME = "entry.json"
_ENDINGS = (".jpg", ".jpeg", ".png", ".webp")


@dataclass(frozen=True, slots=True)
class Crossing:
    """One crossing with its crops, before anything was made of them.

    Attributes:
        key: the store's day.
        entry_id: its name.
        timestamp: when, aware.
        direction: which way.
        camera: by which camera.
        images: where the crops lie, the first frame first.
        alert_id: the caller's own name of what raised it.
    """

    key: BucketKey
    entry_id: str
    timestamp: datetime
    direction: Direction
    camera: str
    images: tuple[str, ...]
    alert_id: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Which crossings are wanted.

    Attributes:
        store_prefix: beginning of the store's id; empty: all.
        day: the store's local day; None: all.
    """

    store_prefix: str = ""
    day: str | None = None

    def has(self, store_id: str, day_id: str) -> bool:
        """Whether a store's day is among them."""
        return store_id.startswith(self.store_prefix) and self.day in (None, day_id)


class _Details(msgspec.Struct):
    timestamp: str
    direction: Direction
    camera: str
    alert_id: str | None = None


def folder_crossings(root: str, batch: Batch) -> Iterator[Crossing | Unfit]:
    """The crossings of a folder `STORE/DAY/ENTRY/` with crops and an `entry.json` in each.

    Args:
        root: a path, or an address that fsspec knows, such as `gs://bucket/crops`.
        batch: which are wanted; folders of others are not opened.

    Yields:
        Crossings in order of store, day and entry, and what is none.

    Raises:
        InputError: there is no such folder.
        WorkError: it cannot be read, or what fsspec needs for it is not installed.
    """
    try:
        files, top = fsspec.core.url_to_fs(root)
        if not files.isdir(top):
            raise InputError(f"no such folder: {root}")
        for store in _folders(files, top):
            for day in _folders(files, store):
                if batch.has(_last(store), _last(day)):
                    for entry in _folders(files, day):
                        yield _of_folder(files, entry, _last(store), _last(day))
    except (ImportError, OSError, ValueError) as error:
        raise WorkError(f"{root} cannot be read: {error}") from error


def document_crossings(
    documents: Iterable[Mapping[str, Any]], base: str, batch: Batch, timezone: str = "UTC"
) -> Iterator[Crossing | Unfit]:
    """The crossings of documents as the `line-crossings` collection holds them.

    Args:
        documents: each with `entry_id` (or `_id`), `store_id`, `timestamp`, `direction`, `camera`, `images`,
            and, where there is one, `day_id` and `alert_id`.
        base: put before images that are no address; empty: nothing is.
        batch: which are wanted.
        timezone: IANA name; of the day where a document names none.
    """
    zone = ZoneInfo(timezone)
    for number, document in enumerate(documents, start=1):
        name = str(_plain(document.get("entry_id", document.get("_id", f"document {number}"))))
        try:
            found = _of_document(document, name, base, zone)
        except (InputError, ValueError) as error:
            yield Unfit(name, str(error))
            continue
        if batch.has(found.key.store_id, found.key.day_id):
            yield found


def exported_documents(path: Path) -> Iterator[Mapping[str, Any]]:
    """The documents of a file with one JSON object a line, as `mongoexport` writes it.

    Raises:
        InputError: no such file, or a line that is no JSON object.
        WorkError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    try:
                        yield msgspec.json.decode(line, type=dict[str, Any])
                    except (msgspec.DecodeError, UnicodeError) as error:
                        raise InputError(f"{path}, line {number}: expected a document: {error}") from error
    except FileNotFoundError as error:
        raise InputError(f"no such file: {path}") from error
    except OSError as error:
        raise WorkError(f"{path} cannot be read: {error.strerror or error}") from error


def _of_folder(files: Any, folder: str, store_id: str, day_id: str) -> Crossing | Unfit:
    names = sorted(str(name) for name in files.ls(folder, detail=False))
    images = tuple(files.unstrip_protocol(name) for name in names if name.lower().endswith(_ENDINGS))
    try:
        details = msgspec.json.decode(files.cat_file(f"{folder}/{DETAILS_NAME}"), type=_Details)
        return Crossing(
            checked_key(day_id, store_id),
            _name(_last(folder)),
            parse_utc(details.timestamp),
            details.direction,
            details.camera,
            _some(images),
            details.alert_id,
        )
    except FileNotFoundError:
        return Unfit(folder, f"expected {DETAILS_NAME} with timestamp, direction and camera")
    except (msgspec.DecodeError, UnicodeError, InputError) as error:
        return Unfit(folder, str(error))


def _of_document(document: Mapping[str, Any], name: str, base: str, zone: ZoneInfo) -> Crossing:
    timestamp = _moment(_plain(document.get("timestamp")))
    day_id = document.get("day_id") or timestamp.astimezone(zone).date().isoformat()
    images = document.get("images")
    if not isinstance(images, list) or not all(isinstance(image, str) for image in images):
        raise InputError("expected images as a list of addresses")
    alert_id = _plain(document.get("alert_id"))
    return Crossing(
        checked_key(str(day_id), str(document.get("store_id", ""))),
        _name(name),
        timestamp,
        Direction(str(document.get("direction")).lower()),
        str(document.get("camera") or document.get("camera_id") or ""),
        _some(tuple(_placed(image, base) for image in images)),
        None if alert_id is None else str(alert_id),
    )


def _plain(value: Any) -> Any:
    """A value without the mark of its kind that an export puts around it."""
    if isinstance(value, Mapping) and len(value) == 1:
        ((mark, inner),) = value.items()
        if mark in ("$oid", "$date", "$numberLong"):
            return inner if mark != "$numberLong" else int(inner)
    return value


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):  # MongoDB's are UTC and do not say so
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value
    if isinstance(value, str):
        return parse_utc(value)
    raise InputError(f"expected a timestamp, got {str(value)[:60]!r}")


def _name(text: str) -> str:
    if why := why_no_name(text):
        raise InputError(f"entry_id {why}")
    return text


def _some(images: tuple[str, ...]) -> tuple[str, ...]:
    if not images:
        raise InputError("holds no image")
    return images


def _placed(image: str, base: str) -> str:
    if not base or re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", image) or image.startswith("/"):
        return image
    return f"{base.rstrip('/')}/{image}"


def _folders(files: Any, path: str) -> list[str]:
    return sorted(found["name"] for found in files.ls(path, detail=True) if found["type"] == "directory")


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]
