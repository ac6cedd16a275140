"""Images of entries, small: one of a burst, or the whole burst as a strip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from floorwalker.adapters.image_places import ImageError
from floorwalker.adapters.strips import strip_of
from floorwalker.adapters.thumbnails import Thumbnail
from floorwalker.identity.matching.entry import Entry
from floorwalker.server.auth import VIEWER
from floorwalker.server.errors import ApiError
from floorwalker.server.parameters import ONLY_KNOWN_PARAMETERS
from floorwalker.server.review_desks import (
    DayId,
    FileId,
    Reviews,
    StoreId,
    bench_at,
    lying_at,
    reviews_of,
)

router = APIRouter(include_in_schema=False, dependencies=[VIEWER, ONLY_KNOWN_PARAMETERS])

_AT_ONCE = 8
# A crop never changes, but it goes when its day's video does: no longer than a day.
_KEPT = "private, max-age=86400"
_STATUS = {"refused": 403, "missing": 404, "too_large": 413, "no_image": 415, "unreachable": 502}


@router.get("/api/image")
async def image(
    request: Request,
    entry: Annotated[str, Query(max_length=200, description="The entry.")],
    n: Annotated[int | None, Query(ge=0, le=999, description="Which of its images; default: all.")] = None,
    h: Annotated[int, Query(ge=16, le=512, description="Height in pixels.")] = 96,
    most: Annotated[int, Query(ge=1, le=16, description="Of a strip, images at most.")] = 5,
    file: FileId = None,
    day_id: DayId = None,
    store_id: StoreId = None,
) -> Response:
    """An image of an entry that lies on a desk; nothing else can be asked for."""

    def make() -> Thumbnail:
        found = _entry(request, entry, file, day_id, store_id)
        try:
            return _thumbnail(reviews_of(request), found.images, n, h, most)
        except ImageError as error:
            raise ApiError(_STATUS.get(error.code, 502), f"image_{error.code}", str(error)) from error

    thumbnail = await to_thread.run_sync(make, limiter=_limiter(request))
    headers = {"Cache-Control": _KEPT, "ETag": f'"{thumbnail.etag}"', "X-Content-Type-Options": "nosniff"}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(thumbnail.content, media_type=thumbnail.media_type, headers=headers)


def _limiter(request: Request) -> CapacityLimiter:
    """Images from afar may be slow: those that wait for one leave the other routes their threads."""
    state = request.app.state
    if not hasattr(state, "image_limiter"):
        state.image_limiter = CapacityLimiter(_AT_ONCE)
    limiter: CapacityLimiter = state.image_limiter
    return limiter


def _thumbnail(reviews: Reviews, uris: Sequence[str], n: int | None, height_px: int, most: int) -> Thumbnail:
    if not uris or (n is not None and n >= len(uris)):
        raise ApiError(404, "no_image", "the entry has no such image")
    if n is not None:
        return reviews.images.get(_whole(uris[n], reviews.image_base), height_px)
    step = max(1, -(-len(uris) // most))  # of a long burst, images from all of it
    return strip_of([reviews.images.get(_whole(uri, reviews.image_base), height_px) for uri in uris[::step]])


def _entry(request: Request, name: str, file: str | None, day_id: str | None, store_id: str | None) -> Entry:
    if (file, day_id, store_id) == (None, None, None):
        bench, _ = bench_at(request, None, None, None)
        found = bench.entries.get(name)
    else:
        found = lying_at(request, file, day_id, store_id).desk.find(name)
    if found is None:
        raise ApiError(404, "unknown_entry", "there is no such entry here")
    return found


def _whole(uri: str, base: str | None) -> str:
    """The image's address, with the base in front of a relative one."""
    if base is None or "://" in uri or uri.startswith("/"):
        return uri
    return f"{base.rstrip('/')}/{uri}"
