"""Labelled entries: bursts of which it is known whose they are, to learn from and to measure with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from floorwalker.errors import InputError
from floorwalker.identity.matching.attribute_schema import AttributeSchema
from floorwalker.identity.matching.attributes import EncodedAttributes, encode_attributes
from floorwalker.identity.matching.cluster_truth import ClusterTruth, read_truth
from floorwalker.identity.matching.encoder import Encoder
from floorwalker.identity.matching.entry import BucketKey, Vectors
from floorwalker.identity.matching.manifest import Manifest, ManifestEvent
from floorwalker.identity.matching.manifest_json import read_manifest
from floorwalker.identity.matching.vectors import VectorError, checked_vectors


@dataclass(frozen=True, slots=True, eq=False)
class LabelledEntry:
    """One burst and whose it is.

    Attributes:
        key: the store's day.
        person_id: who, within that day: the same name on another day is somebody else.
        event: the crossing, with its vectors.
        embeddings: (N, D) float32, N at least 1.
    """

    key: BucketKey
    person_id: str
    event: ManifestEvent
    embeddings: Vectors

    @property
    def person(self) -> tuple[BucketKey, str]:
        """Who, over all days."""
        return self.key, self.person_id


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Entries in order of store-day and time.

    Attributes:
        entries: all that are of use.
        left_out: how many were left out: excluded by people, unknown to the truth, or without good vectors.
    """

    entries: tuple[LabelledEntry, ...]
    left_out: int = 0

    @property
    def people(self) -> list[tuple[BucketKey, str]]:
        """Whose the entries are, one for each entry."""
        return [entry.person for entry in self.entries]

    @property
    def dimension(self) -> int:
        """D of the image vectors."""
        return int(self.entries[0].embeddings.shape[1])

    def encode(self, encoder: Encoder) -> Vectors:
        """(entries, E): the vectors that an encoder makes of them."""
        return np.stack([encoder.encode(entry.embeddings, entry.event.attrs) for entry in self.entries])

    def attributes(self, schema: AttributeSchema) -> list[EncodedAttributes]:
        """Their attributes as numbers."""
        return [encode_attributes(schema, entry.event.attrs) for entry in self.entries]


def read_labelled(paths: Sequence[Path]) -> Labelled:
    """Entries from manifests (`entry_manifest.json`), whose people are right or put right by cluster truths.

    Args:
        paths: files, or folders whose *.json are read: manifests with vectors, and where there are any the
            cluster truths (`multicluster_gt.json`) of the same store-days, which then say who is who.

    Raises:
        InputError: no such file, none that is a manifest, nothing of use in them, or vectors of two lengths.
    """
    files = [file for path in paths for file in (sorted(path.rglob("*.json")) if path.is_dir() else [path])]
    manifests: list[Manifest] = []
    truths: dict[BucketKey, ClusterTruth] = {}
    for file in files:
        kind = _kind(file)
        if kind == "persons":
            truth = read_truth(file)
            truths[truth.key] = truth
        elif kind == "people" or file in paths:
            manifests.append(read_manifest(file))
    if not manifests:
        raise InputError(
            f"no entry manifest in {', '.join(map(str, paths))}: expected what GET /manifest answers"
        )
    kept: list[LabelledEntry] = []
    left_out = 0
    for manifest in sorted(manifests, key=lambda one: one.key):
        found, lost = _entries(manifest, truths.get(manifest.key))
        kept += found
        left_out += lost
    if not kept:
        raise InputError(f"no entry of use in {', '.join(map(str, paths))}: none has vectors and a person")
    _check(kept)
    return Labelled(tuple(kept), left_out)


def thinned_days(labelled: Labelled, most: int, rng: np.random.Generator) -> Labelled:
    """Whole store-days drawn until there are about so many entries; the first one drawn is always in."""
    keys = list(dict.fromkeys(entry.key for entry in labelled.entries))
    chosen: set[BucketKey] = set()
    count = 0
    for place in rng.permutation(len(keys)):
        size = sum(entry.key == keys[place] for entry in labelled.entries)
        if not chosen or count + size <= most:
            chosen.add(keys[place])
            count += size
    kept = tuple(entry for entry in labelled.entries if entry.key in chosen)
    return Labelled(kept, labelled.left_out)


def _kind(file: Path) -> str:
    """What a JSON file holds, by its first-level keys; empty where it is no JSON object."""
    try:
        names = msgspec.json.decode(file.read_bytes(), type=dict[str, msgspec.Raw])
    except FileNotFoundError as error:
        raise InputError(f"no such file: {file}") from error
    except msgspec.DecodeError:
        return ""
    return next((name for name in ("persons", "people") if name in names), "")


def _entries(manifest: Manifest, truth: ClusterTruth | None) -> tuple[list[LabelledEntry], int]:
    owner = manifest.groups() if truth is None else truth.groups()
    kept: list[LabelledEntry] = []
    events = [event for person in manifest.people for event in person.events]
    for event in sorted(events, key=lambda one: (one.timestamp, one.entry_id)):
        vectors = _good_vectors(event)
        if vectors is not None and event.entry_id in owner and not event.excluded:
            kept.append(LabelledEntry(manifest.key, owner[event.entry_id], event, vectors))
    return kept, len(events) - len(kept)


def _good_vectors(event: ManifestEvent) -> Vectors | None:
    if event.embeddings is None:
        return None
    try:
        return checked_vectors(event.embeddings)
    except VectorError:
        return None


def _check(entries: Sequence[LabelledEntry]) -> None:
    sizes = {entry.embeddings.shape[1] for entry in entries}
    if len(sizes) > 1:
        raise InputError(f"expected vectors of one network, got vectors of {sorted(sizes)} numbers")
    seen: set[tuple[BucketKey, str]] = set()
    for entry in entries:
        name = entry.key, entry.event.entry_id
        if name in seen:
            raise InputError(f"the entry {name[1]} of {entry.key.store_id} {entry.key.day_id} is there twice")
        seen.add(name)
