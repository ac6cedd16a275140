"""Cluster truth, `multicluster_gt.json`: who a store's day's entries really are, as people said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from floorwalker.errors import InputError
from floorwalker.files import content_of
from floorwalker.identity.matching.entry import BucketKey
from floorwalker.identity.matching.manifest import Manifest


@dataclass(frozen=True, slots=True)
class TruePerson:
    """One person, as people say.

    Attributes:
        person_id: their name.
        entries: all entries of theirs, in order of time.
        alias: what people call them.
        notes: what people wrote of them.
        excluded: those of the entries that no score and no training shall use.
    """

    person_id: str
    entries: tuple[str, ...]
    alias: str | None = None
    notes: str | None = None
    excluded: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class ClusterTruth:
    """The people of a store's day.

    Attributes:
        key: the store's day.
        persons: each with at least one entry; no entry is of two.
    """

    key: BucketKey
    persons: tuple[TruePerson, ...]

    def groups(self) -> dict[str, str]:
        """Entry → person, without what is excluded."""
        return {
            entry_id: person.person_id
            for person in self.persons
            for entry_id in person.entries
            if entry_id not in person.excluded
        }


def truth_of(manifest: Manifest) -> ClusterTruth:
    """The truth that a manifest comes to, once people have put it right."""
    return ClusterTruth(
        manifest.key,
        tuple(
            TruePerson(
                person.person_id,
                tuple(event.entry_id for event in person.events),
                person.alias,
                person.notes,
                frozenset(event.entry_id for event in person.events if event.excluded),
            )
            for person in manifest.people
        ),
    )


def encode_truth(truth: ClusterTruth) -> bytes:
    """The content of a `multicluster_gt.json`."""
    persons = {
        person.person_id: _Person(person.entries, person.alias, person.notes, tuple(sorted(person.excluded)))
        for person in truth.persons
    }
    written = _Truth(truth.key.day_id, truth.key.store_id, persons)
    return msgspec.json.format(msgspec.json.encode(written), indent=2) + b"\n"


def read_truth(source: Path | bytes) -> ClusterTruth:
    """Read a `multicluster_gt.json`.

    Args:
        source: a file, or its content. In place of a person's object the bare list of entries will do.

    Returns:
        The truth.

    Raises:
        InputError: no such file, another form, or an entry that is two people's.
        WorkError: the file cannot be read.
    """
    name = source.name if isinstance(source, Path) else "the cluster truth"
    content = source if isinstance(source, bytes) else content_of(source)
    try:
        read = msgspec.json.decode(content, type=_Truth)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{name} is no cluster truth: {error}") from error
    owner: dict[str, str] = {}
    persons = tuple(_checked(person_id, found, owner, name) for person_id, found in read.persons.items())
    return ClusterTruth(BucketKey(read.day_id, read.store_id), persons)


class _Person(msgspec.Struct):
    entries: tuple[str, ...]
    alias: str | None = None
    notes: str | None = None
    excluded: tuple[str, ...] = ()


class _Truth(msgspec.Struct):
    day_id: str
    store_id: str
    persons: Mapping[str, _Person | tuple[str, ...]]


def _checked(
    person_id: str, found: _Person | tuple[str, ...], owner: dict[str, str], name: str
) -> TruePerson:
    person = found if isinstance(found, _Person) else _Person(found)
    if not person.entries:
        raise InputError(f"{name}: person {person_id[:60]!r} has no entry")
    for entry_id in person.entries:
        if entry_id in owner:
            whose = f"{owner[entry_id][:60]!r} and {person_id[:60]!r}"
            raise InputError(f"{name}: entry {entry_id[:60]!r} is of {whose}; it can be one person only")
        owner[entry_id] = person_id
    excluded = frozenset(person.excluded)
    if strange := sorted(excluded.difference(person.entries)):
        raise InputError(
            f"{name}: person {person_id[:60]!r} excludes {strange[0][:60]!r}, no entry of theirs"
        )
    return TruePerson(person_id, person.entries, person.alias, person.notes, excluded)
