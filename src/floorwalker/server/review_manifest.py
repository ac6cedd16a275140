"""The manifest viewer: what lies on a desk, opened by address, upload, or store and day."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Annotated, Any

import msgspec
from anyio import to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from floorwalker.adapters.review_files import Known
from floorwalker.identity.matching.bucket_log import Edit, Edited, Matched
from floorwalker.identity.matching.doors import Doors
from floorwalker.identity.matching.people import people_of
from floorwalker.identity.review.steps import Steps, steps_of
from floorwalker.server.auth import OPERATOR, VIEWER, may_see, require_store
from floorwalker.server.day_clusters import DayClusters
from floorwalker.server.errors import ApiError
from floorwalker.server.manifest import Mode
from floorwalker.server.matching import refusals
from floorwalker.server.pages import html_page, pages_of
from floorwalker.server.parameters import ONLY_KNOWN_PARAMETERS
from floorwalker.server.review_bodies import ForgetBody, OpenBody
from floorwalker.server.review_desks import (
    DayId,
    FileId,
    Lying,
    StoreId,
    entry_json,
    json_of,
    lying_at,
    reviews_of,
    zone_of,
)

router = APIRouter(include_in_schema=False)


@router.get("/review", dependencies=[VIEWER])
async def overview(request: Request) -> Response:
    """What can be reviewed, and with what."""
    return html_page(pages_of(request).review("home", has_pairs=reviews_of(request).pairs is not None))


@router.get("/review/manifest", dependencies=[VIEWER])
async def page(request: Request) -> Response:
    """The viewer, which fetches what it shows itself."""
    return html_page(pages_of(request).review("manifest"))


@router.get("/review/files", dependencies=[VIEWER, ONLY_KNOWN_PARAMETERS])
def files(request: Request) -> dict[str, Any]:
    """The manifests that were opened, the latest first."""
    known = reviews_of(request).files.listed()
    return {"files": [_known_json(each) for each in known if may_see(request, each.store_id)]}


@router.post("/review/files", dependencies=[OPERATOR, ONLY_KNOWN_PARAMETERS], status_code=201)
async def open_file(body: OpenBody, request: Request) -> dict[str, Any]:
    """Open a manifest."""
    if (body.address is None) == (body.manifest is None):
        raise ApiError(422, "no_manifest", "expected either the address of a manifest, or a manifest")
    return await to_thread.run_sync(_open, body, request)


@router.post("/review/files/forget", dependencies=[OPERATOR, ONLY_KNOWN_PARAMETERS])
def forget(body: ForgetBody, request: Request) -> dict[str, Any]:
    """Delete what is kept of a manifest that was opened, and what was said of it."""
    files = reviews_of(request).files
    known = next((each for each in files.listed() if each.file_id == body.file), None)
    if known is None:
        raise ApiError(404, "unknown_file", f"no manifest {body.file!r} was opened here")
    require_store(request, known.store_id)
    files.forget(known.file_id)
    return {"forgotten": known.file_id}


@router.get("/review/desk", dependencies=[VIEWER, ONLY_KNOWN_PARAMETERS])
def desk(
    request: Request,
    file: FileId = None,
    day_id: DayId = None,
    store_id: StoreId = None,
    mode: Annotated[Mode, Query(description="By which rule entries are persons; as `/manifest`.")] = (
        Mode.MATCHED
    ),
) -> Response:
    """What lies on a desk: entries, who they are, and where undo and redo stand."""
    lying = lying_at(request, file, day_id, store_id)
    person_of = None
    if mode is Mode.GLOBAL:
        if lying.file_id is not None:
            raise ApiError(422, "no_vectors", "only a store's day can be clustered here, not a manifest")
        clusters: DayClusters = request.app.state.clusters
        with refusals():
            person_of = clusters.person_of(lying.desk.key)
    told = desk_json(lying, zone_of(request, lying.desk.key.store_id), person_of)
    content = msgspec.json.encode(told)
    return Response(content, media_type="application/json", headers={"Cache-Control": "no-store"})


def desk_json(lying: Lying, timezone: str, person_of: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What lies on a desk, for the pages.

    Args:
        lying: the desk.
        timezone: of the store.
        person_of: entry → person by another rule; entries that it lacks are left out. None: by the log.
    """
    records = lying.desk.whole(vectors=False)
    people = people_of(records)
    named = people.person_of if person_of is None else person_of
    entries = []
    for record in records:
        if isinstance(record, Matched) and record.entry.entry_id in named:
            entry, answer = record.entry, record.answer
            shown = entry_json(entry)
            shown["person_id"] = named[entry.entry_id]
            shown["excluded"] = entry.entry_id in people.excluded
            shown["score"], shown["score2"] = answer.score, answer.score2
            entries.append(shown)
    entries.sort(key=lambda shown: (shown["at"], shown["entry_id"]))
    key = lying.desk.key
    return {
        "name": lying.name,
        "address": lying.address,
        "day_id": key.day_id,
        "store_id": key.store_id,
        "timezone": timezone,
        "number": people.last_number,
        "least_ms": _least_ms(lying.desk.doors, {entry["camera"] for entry in entries}),
        "entries": entries,
        "aliases": people.aliases,
        "notes": people.notes,
        "steps": steps_json(steps_of(records)),
    }


def _least_ms(doors: Doors, cameras: Collection[str]) -> dict[str, dict[str, int]]:
    """The least time between crossings of one person at two cameras, by both."""
    return {
        one: {other: round(1000 * doors.least_s(one, other)) for other in cameras} for one in sorted(cameras)
    }


def steps_json(steps: Steps) -> dict[str, Any]:
    """Where undo and redo stand, for the pages."""
    return {
        "undo": _step(steps.undo, None if steps.undo is None else steps.undo.number),
        "redo": _step(steps.redo, steps.redo_undoes),
    }


def _step(edited: Edited | None, undoes: int | None) -> dict[str, Any] | None:
    if edited is None:
        return None
    edit: Edit = edited.edit
    return {
        "undoes": undoes,
        "kind": edit.kind.value,
        "by": edit.by,
        "entries": len(edit.entries),
        "person": edit.person,
        "other": edit.other,
    }


def _open(body: OpenBody, request: Request) -> dict[str, Any]:
    files = reviews_of(request).files
    allow = partial(require_store, request)
    if body.address is not None:
        opened = files.open_at(body.address, allow)
    else:
        opened = files.open_content(json_of(body.manifest), body.name or "uploaded", allow)
    return _known_json(opened.known)


def _known_json(known: Known) -> dict[str, Any]:
    return {
        "file": known.file_id,
        "name": known.name,
        "day_id": known.day_id,
        "store_id": known.store_id,
        "opened_at": known.opened_at,
        "uploaded": known.address is None,
    }
