"""The manifest: the people of a store's day, each with their crossings in order of time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from floorwalker.identity.matching.bucket_log import Matched, Record
from floorwalker.identity.matching.entry import AttributeValue, BucketKey, Direction, Vectors
from floorwalker.identity.matching.people import People, people_of


@dataclass(frozen=True, slots=True, eq=False)
class ManifestEvent:
    """One crossing of a door.

    Attributes:
        entry_id: its name.
        timestamp: when, aware.
        direction: which way.
        camera: by which camera.
        alert_id: the caller's own name of what raised it.
        images: where the crops lie, as URIs.
        score: cosine to the most similar person when it was answered, -1 where there was none.
        score2: to the next other one, likewise.
        attrs: clothing attributes as they came.
        embeddings: (N, D) float32 as they came; None: left out.
        excluded: whether ground truth shall not have it.
    """

    entry_id: str
    timestamp: datetime
    direction: Direction
    camera: str
    alert_id: str | None
    images: tuple[str, ...]
    score: float
    score2: float
    attrs: Mapping[str, AttributeValue]
    embeddings: Vectors | None
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class ManifestPerson:
    """One person of the day.

    Attributes:
        person_id: their name, for the day.
        first_seen: their first crossing, those left out by a filter included.
        events: their crossings, in order of time.
        alias: what people call them.
        notes: what people wrote of them.
    """

    person_id: str
    first_seen: datetime
    events: tuple[ManifestEvent, ...]
    alias: str | None = None
    notes: str | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """Who was seen in a store on a day.

    Attributes:
        key: the store's day.
        people: in order of their first crossing.
    """

    key: BucketKey
    people: tuple[ManifestPerson, ...]

    @property
    def event_count(self) -> int:
        """How many crossings it holds."""
        return sum(len(person.events) for person in self.people)

    def groups(self) -> dict[str, str]:
        """Entry → person."""
        return {event.entry_id: person.person_id for person in self.people for event in person.events}


def manifest_of(
    key: BucketKey,
    records: Sequence[Record],
    person_of: Mapping[str, str] | None = None,
    *,
    embeddings: bool = True,
) -> Manifest:
    """The manifest of a bucket: what was answered and what people said since.

    Args:
        key: the store's day.
        records: all records of its log in order.
        person_of: entry → person by another rule, such as a clustering of the whole day; None: by the log.
        embeddings: whether the vectors are in it.

    Returns:
        All people with all their crossings.
    """
    people = people_of(records)
    named = people.person_of if person_of is None else person_of
    events: dict[str, list[ManifestEvent]] = {}
    for record in records:
        if isinstance(record, Matched):
            event = _event(record, excluded=record.entry.entry_id in people.excluded, embeddings=embeddings)
            events.setdefault(named[event.entry_id], []).append(event)
    found = [_person(name, held, people) for name, held in events.items()]
    found.sort(key=lambda person: (person.first_seen, person.person_id))
    return Manifest(key, tuple(found))


def filtered(
    manifest: Manifest, entry_id: str | None = None, cameras: Collection[str] | None = None
) -> Manifest:
    """The part of a manifest that is asked for.

    Args:
        manifest: the whole.
        entry_id: only the person of this entry, with all their crossings; None: everybody.
        cameras: only crossings by these; people without any are left out; None or none: all.

    Returns:
        People keep their `first_seen`, whichever crossings are left out.
    """
    people: Iterable[ManifestPerson] = manifest.people
    if entry_id is not None:
        people = [person for person in people if any(e.entry_id == entry_id for e in person.events)]
    if cameras:
        shown = (
            replace(person, events=tuple(e for e in person.events if e.camera in cameras))
            for person in people
        )
        people = [person for person in shown if person.events]
    return Manifest(manifest.key, tuple(people))


def _person(name: str, events: list[ManifestEvent], people: People) -> ManifestPerson:
    events.sort(key=lambda event: (event.timestamp, event.entry_id))
    alias, notes = people.aliases.get(name) or None, people.notes.get(name) or None
    return ManifestPerson(name, events[0].timestamp, tuple(events), alias, notes)


def _event(record: Matched, *, excluded: bool, embeddings: bool) -> ManifestEvent:
    entry, answer = record.entry, record.answer
    return ManifestEvent(
        entry_id=entry.entry_id,
        timestamp=entry.timestamp,
        direction=entry.direction,
        camera=entry.camera,
        alert_id=entry.alert_id,
        images=entry.images,
        score=answer.score,
        score2=answer.score2,
        attrs=entry.attrs,
        embeddings=entry.embeddings if embeddings else None,
        excluded=excluded,
    )
