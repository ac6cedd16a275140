"""`/reid/edits`: what people say of the persons of a store's day; appended, never changed."""

from __future__ import annotations

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from floorwalker.events import format_utc
from floorwalker.identity.matching.bucket_log import Edit, Edited, EditKind
from floorwalker.identity.matching.editing import MOST_ENTRIES
from floorwalker.identity.matching.entry import BucketKey
from floorwalker.identity.matching.people import undone_of
from floorwalker.server.auth import OPERATOR, VIEWER, caller_of, require_store
from floorwalker.server.correction_bodies import Person, Visitor
from floorwalker.server.errors import ApiError
from floorwalker.server.matching import matcher_of_app, refusals
from floorwalker.server.matching_body import check_key
from floorwalker.server.parameters import ONLY_KNOWN_PARAMETERS
from floorwalker.server.state import warehouse_of

router = APIRouter(dependencies=[ONLY_KNOWN_PARAMETERS], tags=["re-entry"])


class EditBody(BaseModel):
    """What a person did."""

    model_config = ConfigDict(
        extra="forbid",
        str_strip_whitespace=True,
        json_schema_extra={
            "example": {
                "day_id": "2026-03-03",
                "store_id": "nc0009",
                "kind": "merge",
                "by": "asha",
                "person": "nc0009-0001",
                "other": "nc0009-0002",
            }
        },
    )

    day_id: str = Field(description="The store's local day.")
    store_id: str = Field(description="The store.")
    kind: EditKind = Field(
        description="`move` puts `entries` to `person`, `split` to a new one, `merge` all of `other` to "
        "`person`; `alias` and `note` set `text` of `person`; `exclude` and `include` say of `entries` or of "
        "`person` whether ground truth has them; `same`, `different` and `unsure` are verdicts on two "
        "`entries`; `undo` takes back the edit numbered `undoes`."
    )
    by: Person | None = Field(None, description="Who says so; default: the key's name.")
    entries: list[Visitor] = Field([], max_length=MOST_ENTRIES)
    person: Visitor | None = None
    other: Visitor | None = None
    text: str | None = Field(None, max_length=2000)
    undoes: int | None = Field(None, ge=1, le=2**53)


@router.post("/reid/edits", summary="Correct who is who", dependencies=[OPERATOR], status_code=201)
async def make_edit(request: Request, body: EditBody) -> dict[str, Any]:
    """Move, split, merge, name, judge, or undo; later entries are matched accordingly.

    404 where an entry, a person or an edit is not there; 409 `two_places` with the reason where one person
    would have been at two places at once.
    """
    check_key(body.day_id, body.store_id)
    require_store(request, body.store_id)
    caller = caller_of(request)
    by = body.by or (caller.name if caller.key_id is not None else None)
    if by is None:
        raise ApiError(422, "nobody", "by: say who corrects; without a key nobody else can tell")
    edit = Edit(
        body.kind,
        by,
        warehouse_of(request).now(),
        tuple(body.entries),
        body.person,
        body.other,
        None if body.text is None else body.text.replace("\0", ""),
        body.undoes,
    )
    matcher, key = matcher_of_app(request), BucketKey(body.day_id, body.store_id)
    with refusals():
        edited = await to_thread.run_sync(matcher.edit, key, edit)
    return {"ok": True, **_told(edited, undone=False)}


@router.get("/reid/edits", summary="What people said of a day's persons", dependencies=[VIEWER])
def list_edits(
    request: Request,
    day_id: Annotated[str, Query(description="The store's local day, 2026-03-03.")],
    store_id: Annotated[str, Query(description="The store.")],
) -> dict[str, Any]:
    """The edits of a store's day in the order in which they were made, undone ones too."""
    check_key(day_id, store_id)
    require_store(request, store_id)
    records = matcher_of_app(request).store.records(BucketKey(day_id, store_id), vectors=False)
    undone = undone_of(records)
    edits = [
        _told(record, undone=record.number in undone) for record in records if isinstance(record, Edited)
    ]
    return {"ok": True, "day_id": day_id, "store_id": store_id, "edits": edits}


def _told(edited: Edited, *, undone: bool) -> dict[str, Any]:
    edit = edited.edit
    return {
        "number": edited.number,
        "kind": edit.kind.value,
        "by": edit.by,
        "at": format_utc(edit.at),
        "entries": list(edit.entries),
        "person": edit.person,
        "other": edit.other,
        "text": edit.text,
        "undoes": edit.undoes,
        "undone": undone,
    }
