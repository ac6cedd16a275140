"""`POST /match`, `POST /rebuild`, `GET /compare`: who came in at the door."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import msgspec
import numpy as np
import numpy.typing as npt
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from floorwalker.events import format_utc
from floorwalker.identity.matching.bucket_log import Matched
from floorwalker.identity.matching.entry import Entry, Vectors
from floorwalker.identity.matching.matcher import BucketBusy, Matcher, Outcome
from floorwalker.identity.matching.refusing import MatchRefused
from floorwalker.identity.matching.vectors import VectorError
from floorwalker.server.auth import OPERATOR, VIEWER, allowed_stores, may_see, require_store
from floorwalker.server.errors import ApiError
from floorwalker.server.ingest_body import form_of, gunzip, read_body
from floorwalker.server.matching_body import check_key, entry_of, read_match
from floorwalker.server.parameters import ONLY_KNOWN_PARAMETERS
from floorwalker.server.state import warehouse_of

router = APIRouter(tags=["re-entry"])

_AT_ONCE = 8  # entries at work; those that wait for a bucket leave the other routes their threads
_NOT_FOUND = frozenset({"unknown_entry", "unknown_person", "unknown_edit"})
_UNPROCESSABLE = frozenset({"bad_edit", "wrong_dimension", "too_large"})


class Named(msgspec.Struct, frozen=True):
    """A person whom an entry may be."""

    person_id: str
    entry_id: str
    score: float


class MatchAnswer(msgspec.Struct, frozen=True):
    """The answer of `/match`."""

    ok: bool
    entry_id: str
    timestamp: str
    direction: str
    camera: str
    images: tuple[str, ...]
    embeddings: list[list[float]]
    status: str
    match_id: str | None
    person_id: str
    score: float
    score2: float
    reason: str | None
    candidates: list[Named]


class RebuildBody(BaseModel):
    """Which day is read again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"day_id": "2026-03-03"}})

    day_id: str = Field(description="The stores' local day, 2026-03-03.")


@router.post("/match", summary="Who an entry is", dependencies=[OPERATOR], response_class=Response)
async def match(request: Request) -> Response:
    """Compare a crossing of a door with all others of the store's day, decide, and keep it, as one step.

    `match`: a person seen today; `new`: nobody of them; `review`: a human has to say, and `person_id` is a
    new one until then. The same `entry_id` again changes nothing and gets the first answer, with
    `X-Repeated: true`.
    """
    form = form_of(request)
    if form.is_lines:
        raise ApiError(415, "unsupported_media_type", "expected Content-Type: application/json")
    body = await read_body(request)
    matcher, now = matcher_of_app(request), warehouse_of(request).now()

    def work() -> tuple[Outcome, bytes]:
        sent = read_match(gunzip(body) if form.is_gzip else body)
        entry = entry_of(sent, now)
        require_store(request, sent.store_id)
        with refusals():
            outcome = matcher.match(entry, topk=sent.topk, persist=sent.persist)
        return outcome, msgspec.json.encode(_told(outcome))

    outcome, answer = await to_thread.run_sync(work, limiter=_limiter(request))
    request.state.store_id = outcome.entry.key.store_id
    headers = {"X-Repeated": "true"} if outcome.repeated else None
    return Response(answer, media_type="application/json", headers=headers)


@router.post("/rebuild", summary="Read a day's entries again", dependencies=[OPERATOR])
async def rebuild(request: Request, body: RebuildBody) -> dict[str, Any]:
    """Encode the persisted entries of a day anew; persons and answers stay as they were.

    `count` is how many were encoded, `swept` how many have no vectors any more because retention took them.
    """
    check_key(body.day_id)
    matcher, stores = matcher_of_app(request), allowed_stores(request)
    with refusals():
        done = await to_thread.run_sync(matcher.rebuild, body.day_id, stores)
    return {"ok": True, "count": done.count, "swept": done.swept, "buckets": done.buckets}


@router.get("/compare", summary="How alike two entries are", dependencies=[VIEWER, ONLY_KNOWN_PARAMETERS])
def compare(
    request: Request,
    entry_a: Annotated[str, Query(description="An entry's id.")],
    entry_b: Annotated[str, Query(description="Another entry's id.")],
) -> dict[str, Any]:
    """The cosine of two persisted entries, of whatever days and stores, with what is known of both."""
    matcher = matcher_of_app(request)
    with refusals():
        for entry_id in (entry_a, entry_b):
            found = matcher.store.find(entry_id)
            if found is None or not may_see(request, found.entry.key.store_id):
                raise MatchRefused("unknown_entry", f"no entry {entry_id[:200]!r} is known here")
        compared = matcher.compare(entry_a, entry_b)
    return {
        "ok": True,
        "cosine": compared.cosine,
        "agreement": None if math.isnan(compared.agreement) else compared.agreement,
        "entry_a": _described(compared.one),
        "entry_b": _described(compared.other),
    }


def matcher_of_app(request: Request) -> Matcher:
    """The application's matcher."""
    matcher: Matcher = request.app.state.matcher
    return matcher


@contextmanager
def refusals() -> Iterator[None]:
    """Tell what the matcher refuses, each with its code.

    Raises:
        ApiError: 404 not known, 409 contradicts what is known, 422 can never be, 503 busy.
    """
    try:
        yield
    except VectorError as error:
        raise ApiError(422, error.code, str(error)) from error
    except BucketBusy as error:
        raise ApiError(503, "busy", str(error), headers={"Retry-After": "1"}) from error
    except MatchRefused as error:
        status = 404 if error.code in _NOT_FOUND else 422 if error.code in _UNPROCESSABLE else 409
        raise ApiError(status, error.code, str(error)) from error


def _told(outcome: Outcome) -> MatchAnswer:
    entry, answer = outcome.entry, outcome.answer
    return MatchAnswer(
        ok=True,
        entry_id=entry.entry_id,
        timestamp=format_utc(entry.timestamp),
        direction=entry.direction.value,
        camera=entry.camera,
        images=entry.images,
        embeddings=shortest(entry.embeddings).tolist(),
        status=answer.status.value,
        match_id=answer.match_id,
        person_id=answer.person_id,
        score=answer.score,
        score2=answer.score2,
        reason=answer.reason,
        candidates=[Named(*candidate) for candidate in answer.candidates],
    )


def shortest(vectors: Vectors) -> npt.NDArray[np.float64]:
    """Numbers of 32 bits with as few decimals as tell them apart: 0.9 stays 0.9 on its way through.

    Args:
        vectors: any shape, finite.

    Returns:
        The same shape; in 32 bits they are what they were.
    """
    exact = vectors.astype(np.float64)
    found = exact.copy()
    open_ = np.ones(exact.shape, np.bool_)
    magnitude = np.floor(np.log10(np.abs(exact), where=exact != 0, out=np.zeros_like(exact)))
    for digits in (7, 8, 9):
        scale = 10.0 ** (digits - 1 - magnitude)
        rounded = np.round(exact * scale) / scale
        fits = open_ & (rounded.astype(np.float32) == vectors)
        found[fits] = rounded[fits]
        open_ &= ~fits
        if not open_.any():
            break
    return found


def _described(matched: Matched) -> dict[str, Any]:
    entry, answer = matched.entry, matched.answer
    return {
        **_meta(entry),
        "status": answer.status.value,
        "match_id": answer.match_id,
        "person_id": answer.person_id,
        "score": answer.score,
        "score2": answer.score2,
    }


def _meta(entry: Entry) -> dict[str, Any]:
    return {
        "entry_id": entry.entry_id,
        "day_id": entry.key.day_id,
        "store_id": entry.key.store_id,
        "timestamp": format_utc(entry.timestamp),
        "direction": entry.direction.value,
        "camera": entry.camera,
        "alert_id": entry.alert_id,
        "images": entry.images,
        "attrs": entry.attrs,
        "vectors": entry.embeddings.shape[0],
        "dimension": entry.embeddings.shape[1],
    }


def _limiter(request: Request) -> CapacityLimiter:
    state = request.app.state
    if not hasattr(state, "match_limiter"):
        state.match_limiter = CapacityLimiter(_AT_ONCE)
    limiter: CapacityLimiter = state.match_limiter
    return limiter
