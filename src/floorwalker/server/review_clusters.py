"""The cluster editor: edits of who is who, and what comes out of them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from floorwalker.files import whole_file
from floorwalker.identity.matching.bucket_log import Edit, EditKind, Matched
from floorwalker.identity.matching.cluster_truth import encode_truth, read_truth, truth_of
from floorwalker.identity.matching.manifest import Manifest, manifest_of
from floorwalker.identity.matching.manifest_json import encode_manifest
from floorwalker.identity.review.changes import Change, change_since, make_edit
from floorwalker.identity.review.desk import Desk
from floorwalker.identity.review.truth_edits import take_over
from floorwalker.server.auth import OPERATOR, VIEWER
from floorwalker.server.matching import refusals
from floorwalker.server.pages import html_page, pages_of
from floorwalker.server.parameters import ONLY_KNOWN_PARAMETERS
from floorwalker.server.review_bodies import EditBody, TruthBody
from floorwalker.server.review_desks import DayId, FileId, StoreId, json_of, lying_at, reviewer, reviews_of
from floorwalker.server.review_manifest import steps_json
from floorwalker.server.state import warehouse_of

router = APIRouter(include_in_schema=False)

TRUTH_NAME, MANIFEST_NAME = "multicluster_gt.json", "entry_manifest.json"


@router.get("/review/clusters", dependencies=[VIEWER])
async def page(request: Request) -> Response:
    """The editor, which fetches what it shows itself."""
    return html_page(pages_of(request).review("clusters"))


@router.post("/review/edits", dependencies=[OPERATOR, ONLY_KNOWN_PARAMETERS], status_code=201)
async def edit(
    body: EditBody, request: Request, file: FileId = None, day_id: DayId = None, store_id: StoreId = None
) -> dict[str, Any]:
    """Make an edit; answers what is different from what the page had seen."""

    def make() -> Change:
        desk = lying_at(request, file, day_id, store_id).desk
        wish = Edit(
            EditKind(body.kind),
            reviewer(body.by, request),
            warehouse_of(request).now(),
            tuple(dict.fromkeys(body.entries)),
            body.person,
            body.other,
            body.text,
            body.undoes,
        )
        with refusals():
            return make_edit(desk, wish, body.seen)

    return change_json(await to_thread.run_sync(make))


@router.get("/review/changes", dependencies=[VIEWER, ONLY_KNOWN_PARAMETERS])
def changes(
    request: Request,
    seen: Annotated[int, Query(description="Number of the last record that is known.")],
    file: FileId = None,
    day_id: DayId = None,
    store_id: StoreId = None,
) -> dict[str, Any]:
    """What others changed after a record."""
    return change_json(change_since(lying_at(request, file, day_id, store_id).desk, seen))


@router.get(f"/review/{TRUTH_NAME}", dependencies=[VIEWER, ONLY_KNOWN_PARAMETERS])
def truth(request: Request, file: FileId = None, day_id: DayId = None, store_id: StoreId = None) -> Response:
    """Who is who, as people put it right."""
    desk = lying_at(request, file, day_id, store_id).desk
    content = encode_truth(truth_of(_manifest(desk, vectors=False)))
    return Response(content, media_type="application/json", headers=_download(TRUTH_NAME))


@router.get(f"/review/{MANIFEST_NAME}", dependencies=[VIEWER, ONLY_KNOWN_PARAMETERS])
def manifest(
    request: Request, file: FileId = None, day_id: DayId = None, store_id: StoreId = None
) -> Response:
    """The manifest with the persons as they are now, and the vectors that it has."""
    desk = lying_at(request, file, day_id, store_id).desk
    parts = encode_manifest(_manifest(desk, vectors=True))
    return StreamingResponse(parts, media_type="application/json", headers=_download(MANIFEST_NAME))


@router.post("/review/save", dependencies=[OPERATOR, ONLY_KNOWN_PARAMETERS], status_code=201)
async def save(
    request: Request, file: FileId = None, day_id: DayId = None, store_id: StoreId = None
) -> dict[str, Any]:
    """Write both files into the state folder, for programs of the same machine."""

    def write() -> dict[str, Any]:
        lying = lying_at(request, file, day_id, store_id)
        folder = reviews_of(request).files.folder / "saved" / _folder_name(lying.desk)
        folder.mkdir(parents=True, exist_ok=True)
        whole = _manifest(lying.desk, vectors=False)
        _write(folder / TRUTH_NAME, encode_truth(truth_of(whole)))
        _write(folder / MANIFEST_NAME, b"".join(encode_manifest(whole)))
        return {"saved": [str(folder / TRUTH_NAME), str(folder / MANIFEST_NAME)]}

    return await to_thread.run_sync(write)


@router.post("/review/truth", dependencies=[OPERATOR, ONLY_KNOWN_PARAMETERS], status_code=201)
async def load(
    body: TruthBody, request: Request, file: FileId = None, day_id: DayId = None, store_id: StoreId = None
) -> dict[str, Any]:
    """Take the persons of a `multicluster_gt.json` over, as edits that can be undone."""

    def make() -> dict[str, Any]:
        desk = lying_at(request, file, day_id, store_id).desk
        read = read_truth(json_of(body.truth))
        taken = take_over(desk, read, reviewer(body.by, request), warehouse_of(request).now())
        return {"edits": taken.edits, "unknown": taken.unknown, "refused": taken.refused[:20]}

    return await to_thread.run_sync(make)


def change_json(change: Change) -> dict[str, Any]:
    """What became different, for the pages."""
    return {
        "number": change.number,
        "moved": change.moved,
        "aliases": change.aliases,
        "notes": change.notes,
        "excluded": change.excluded,
        "steps": steps_json(change.steps),
    }


def _manifest(desk: Desk, *, vectors: bool) -> Manifest:
    records = desk.whole(vectors=vectors)
    has_vectors = any(isinstance(record, Matched) and record.entry.embeddings.size for record in records)
    return manifest_of(desk.key, records, embeddings=vectors and has_vectors)


def _folder_name(desk: Desk) -> str:
    """Any store id makes a folder's name: what is no letter or figure is a dash, a digest tells apart."""
    plain = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in desk.key.store_id)[:40]
    digest = hashlib.sha256(desk.key.store_id.encode()).hexdigest()[:8]
    return f"{desk.key.day_id}-{plain}-{digest}"


def _write(path: Path, content: bytes) -> None:
    with whole_file(path) as temporary:
        temporary.write_bytes(content)


def _download(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
