"""The manifest as JSON: written person by person, read with clear errors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from floorwalker.errors import InputError
from floorwalker.events import format_utc, parse_utc
from floorwalker.files import content_of
from floorwalker.identity.matching.entry import AttributeValue, BucketKey, Direction, Vectors
from floorwalker.identity.matching.manifest import Manifest, ManifestEvent, ManifestPerson

# A float32 needs no more to be told from its neighbours, and says 0.1 where 0.1 came.
_DECIMALS = 8


def encode_manifest(manifest: Manifest) -> Iterator[bytes]:
    """One JSON object in parts, a person at a time: a day with its vectors is too long to hold as text.

    Args:
        manifest: of a store's day.

    Yields:
        Parts that together are the answer of `GET /manifest`.
    """
    head = {
        "ok": True,
        "day_id": manifest.key.day_id,
        "store_id": manifest.key.store_id,
        "person_count": len(manifest.people),
        "event_count": manifest.event_count,
    }
    yield msgspec.json.encode(head)[:-1] + b',"people":['
    for place, person in enumerate(manifest.people):
        yield (b"," if place else b"") + msgspec.json.encode(_person_json(person))
    yield b"]}"


def read_manifest(source: Path | bytes) -> Manifest:
    """Read a manifest as `GET /manifest` answers it, or as the cluster editor saved it.

    Args:
        source: a file, or its content.

    Returns:
        The manifest.

    Raises:
        InputError: no such file, or not a manifest; the message says where it breaks the form.
        WorkError: the file cannot be read.
    """
    name = source.name if isinstance(source, Path) else "the manifest"
    content = source if isinstance(source, bytes) else content_of(source)
    try:
        read = msgspec.json.decode(content, type=_Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{name} is no entry manifest: {error}") from error
    people = tuple(_person(person, name) for person in read.people)
    seen: set[str] = set()
    for person in people:
        for event in person.events:
            if event.entry_id in seen:
                raise InputError(f"{name}: entry {event.entry_id[:60]!r} stands in it twice")
            seen.add(event.entry_id)
    return Manifest(BucketKey(read.day_id, read.store_id), people)


def vectors_json(vectors: Vectors) -> list[list[float]]:
    """Vectors as JSON numbers, to eight decimals."""
    rounded: list[list[float]] = np.round(vectors.astype(np.float64), _DECIMALS).tolist()
    return rounded


def _person_json(person: ManifestPerson) -> dict[str, Any]:
    more = {"alias": person.alias, "notes": person.notes}
    return {
        "person_id": person.person_id,
        "first_seen": format_utc(person.first_seen),
        **{name: value for name, value in more.items() if value},
        "events": [_event_json(event) for event in person.events],
    }


def _event_json(event: ManifestEvent) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "entry_id": event.entry_id,
        "timestamp": format_utc(event.timestamp),
        "direction": event.direction.value,
        "camera": event.camera,
        "alert_id": event.alert_id,
        "images": event.images,
        "score": event.score,
        "score2": event.score2,
        "attrs": event.attrs,
    }
    if event.embeddings is not None:
        shown["embeddings"] = vectors_json(event.embeddings)
    if event.excluded:
        shown["excluded"] = True
    return shown


class _Event(msgspec.Struct):
    entry_id: str
    timestamp: str
    direction: Direction
    camera: str
    alert_id: str | None = None
    images: tuple[str, ...] = ()
    score: float = -1.0
    score2: float = -1.0
    attrs: dict[str, AttributeValue] = msgspec.field(default_factory=dict)
    # Read one by one: all at once as Python numbers they would be ten times their size.
    embeddings: msgspec.Raw = msgspec.Raw(b"null")
    excluded: bool = False


class _Person(msgspec.Struct):
    person_id: str
    events: tuple[_Event, ...]
    first_seen: str | None = None
    alias: str | None = None
    notes: str | None = None


class _Manifest(msgspec.Struct):
    day_id: str
    store_id: str
    people: tuple[_Person, ...]


def _person(read: _Person, name: str) -> ManifestPerson:
    if not read.events:
        raise InputError(f"{name}: person {read.person_id[:60]!r} has no event")
    events = sorted(
        (_event(event, name) for event in read.events), key=lambda event: (event.timestamp, event.entry_id)
    )
    first = events[0].timestamp if read.first_seen is None else _moment(read.first_seen, name, "first_seen")
    return ManifestPerson(read.person_id, first, tuple(events), read.alias, read.notes)


def _event(read: _Event, name: str) -> ManifestEvent:
    return ManifestEvent(
        entry_id=read.entry_id,
        timestamp=_moment(read.timestamp, name, f"entry {read.entry_id[:60]!r}"),
        direction=read.direction,
        camera=read.camera,
        alert_id=read.alert_id,
        images=read.images,
        score=read.score,
        score2=read.score2,
        attrs=read.attrs,
        embeddings=_vectors(read, name),
        excluded=read.excluded,
    )


def _moment(text: str, name: str, place: str) -> datetime:
    try:
        return parse_utc(text)
    except InputError as error:
        raise InputError(f"{name}, {place}: {error}") from error


def _vectors(read: _Event, name: str) -> Vectors | None:
    try:
        rows = msgspec.json.decode(read.embeddings, type=list[list[float]] | None)
    except msgspec.DecodeError as error:
        place = f"{name}, entry {read.entry_id[:60]!r}"
        raise InputError(f"{place}: expected vectors as lists of numbers: {error}") from error
    if rows is None:
        return None
    if len({len(row) for row in rows}) > 1:
        raise InputError(f"{name}, entry {read.entry_id[:60]!r}: its vectors are of different lengths")
    with np.errstate(over="ignore"):  # told below
        vectors = np.array(rows, dtype=np.float32).reshape(len(rows), -1 if rows and rows[0] else 0)
    if not np.isfinite(vectors).all():
        raise InputError(f"{name}, entry {read.entry_id[:60]!r}: a vector is not finite")
    return vectors
