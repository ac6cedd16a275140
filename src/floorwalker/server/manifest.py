"""`GET /manifest`: the people of a store's day, as they were matched or as the whole day says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from floorwalker.identity.matching.bucket_log import EntryStore, Matched, Record
from floorwalker.identity.matching.entry import BucketKey
from floorwalker.identity.matching.manifest import Manifest, ManifestEvent, filtered, manifest_of
from floorwalker.identity.matching.manifest_json import encode_manifest
from floorwalker.identity.matching.memory_store import NO_VECTORS
from floorwalker.server.auth import VIEWER, require_store
from floorwalker.server.day_clusters import DayClusters, all_records
from floorwalker.server.matching import matcher_of_app, refusals
from floorwalker.server.matching_body import check_key
from floorwalker.server.parameters import ONLY_KNOWN_PARAMETERS

router = APIRouter(dependencies=[VIEWER, ONLY_KNOWN_PARAMETERS], tags=["re-entry"])

_PAGE = 500  # records read at a time


class Mode(StrEnum):
    """By which rule entries are persons."""

    MATCHED = "matched"
    GLOBAL = "global"


@router.get("/manifest", summary="The people of a store's day", response_class=StreamingResponse)
def manifest(
    request: Request,
    day_id: Annotated[str, Query(description="The store's local day, 2026-03-03.")],
    store_id: Annotated[str, Query(description="The store.")],
    entry_id: Annotated[
        str | None, Query(description="Only the person of this entry, with all their crossings.")
    ] = None,
    camera: Annotated[
        list[str] | None, Query(description="Only crossings by this camera; may be given several times.")
    ] = None,
    mode: Annotated[
        Mode,
        Query(
            description="`matched`: as `/match` answered and people corrected; `global`: the day clustered."
        ),
    ] = Mode.MATCHED,
    embeddings: Annotated[
        bool, Query(description="Whether vectors are in it; without them it is a hundredth as long.")
    ] = True,
) -> StreamingResponse:
    """Persons in order of their first crossing, each with all crossings in order of time.

    `mode=global` looks at all of the day's entries together instead of at each when it came: what people
    said always holds, and nobody is at two places at once.
    """
    check_key(day_id, store_id)
    require_store(request, store_id)
    key, store = BucketKey(day_id, store_id), matcher_of_app(request).store
    clusters: DayClusters = request.app.state.clusters
    with refusals():
        person_of = clusters.person_of(key) if mode is Mode.GLOBAL else None
    records = _records(store, key, vectors=embeddings and entry_id is None)
    if person_of is not None:  # what came since the day was clustered is told the next time
        records = [record for record in records if not _is_new(record, person_of)]
    found = filtered(manifest_of(key, records, person_of, embeddings=embeddings), entry_id, camera)
    if embeddings and entry_id is not None:
        found = _with_vectors(found, store)
    return StreamingResponse(encode_manifest(found), media_type="application/json")


def _records(store: EntryStore, key: BucketKey, *, vectors: bool) -> list[Record]:
    if vectors:
        return all_records(store, key)
    records: list[Record] = []
    while page := store.records(key, after=records[-1].number if records else 0, most=_PAGE):
        records += [_light(record) for record in page]
    return records


def _light(record: Record) -> Record:
    """A record without its vectors, which are most of it."""
    if isinstance(record, Matched):
        return replace(record, entry=replace(record.entry, embeddings=NO_VECTORS))
    return record


def _is_new(record: Record, person_of: Mapping[str, str]) -> bool:
    return isinstance(record, Matched) and record.entry.entry_id not in person_of


def _with_vectors(found: Manifest, store: EntryStore) -> Manifest:
    """One person's events with their vectors, each read by its name."""

    def whole(event: ManifestEvent) -> ManifestEvent:
        matched = store.find(event.entry_id)
        return replace(event, embeddings=NO_VECTORS if matched is None else matched.entry.embeddings)

    people = (
        replace(person, events=tuple(whole(event) for event in person.events)) for person in found.people
    )
    return replace(found, people=tuple(people))
