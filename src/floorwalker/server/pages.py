"""The routes of the pages: the list of stores, a store's overview, what they load."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from floorwalker.server.auth import OPEN, VIEWER, may_see
from floorwalker.server.errors import ApiError, database_is_away
from floorwalker.warehouse import DatabaseAway, StoreInfo, UnknownStore, Warehouse
from floorwalker.web import PREFIX, Assets, Pages

router = APIRouter(include_in_schema=False)

# Plotly writes style attributes; everything else comes from this server and nowhere else.
PAGE_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_FOR_EVER = "public, max-age=31536000, immutable"


@router.get("/", dependencies=[VIEWER])
async def home(request: Request, all: bool = False) -> Response:
    """The list of stores; where there is only one, its overview, unless the list is asked for."""
    try:
        stores = await to_thread.run_sync(_visible_stores, request)
    except DatabaseAway as error:
        return _away(request, error)
    if len(stores) == 1 and not all:
        address = "/ui/stores/" + quote(stores[0].store_id, safe="")
        return RedirectResponse(address, 307, headers={"Cache-Control": "no-store"})
    return html_page(pages_of(request).stores(stores))


@router.get("/ui/stores/{store_id:path}/corrections", dependencies=[VIEWER])
async def corrections(request: Request, store_id: str) -> Response:
    """A store's days to be corrected, and how their figures came about."""
    return await _store_page(request, store_id, pages_of(request).corrections)


@router.get("/ui/stores/{store_id:path}", dependencies=[VIEWER])
async def overview(request: Request, store_id: str) -> Response:
    """A store's overview."""
    return await _store_page(request, store_id, pages_of(request).overview)


async def _store_page(request: Request, store_id: str, render: Callable[[StoreInfo], str]) -> Response:
    try:
        return html_page(render(await to_thread.run_sync(_warehouse(request).store, store_id)))
    except UnknownStore:
        message = f"No store {store_id!r} is known here. Its id may be misspelt, or its data not loaded yet."
        return await _not_found(request, "unknown_store", "No such store", message)
    except DatabaseAway as error:
        return _away(request, error)


@router.get(PREFIX + "/{version}/{name:path}", dependencies=[OPEN])
async def asset(request: Request, version: str, name: str) -> Response:
    """A style sheet, script or picture of the pages."""
    found = await to_thread.run_sync(_assets(request).find, version, name)
    if found is None:
        html = pages_of(request).problem(
            404, "not_found", "No such page", f"There is nothing at {name!r}.", trace_id=_trace_id(request)
        )
        return html_page(html, 404)  # anybody may ask, so it names no store
    file, current = found
    headers = {
        "Cache-Control": _FOR_EVER if current else "no-cache",
        "ETag": file.etag,
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    if file.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if file.compressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(file.compressed, media_type=file.media_type, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)


@router.get("/ui", dependencies=[VIEWER])
@router.get("/ui/{rest:path}", dependencies=[VIEWER])
async def nowhere(request: Request, rest: str = "") -> Response:
    """Any other address of the pages: a page that says so."""
    return await _not_found(request, "not_found", "No such page", f"There is no page /ui/{rest}.")


def problem_page(request: Request, error: ApiError, title: str | None = None) -> Response:
    """A page in place of the API's error body, for a browser that asked for a page."""
    title = title or {403: "Not with this key"}.get(error.status, "This cannot be shown")
    html = pages_of(request).problem(
        error.status, error.code, title, error.message, trace_id=_trace_id(request)
    )
    return html_page(html, error.status)


def _visible_stores(request: Request) -> list[StoreInfo]:
    return [store for store in _warehouse(request).stores() if may_see(request, store.store_id)]


async def _not_found(request: Request, code: str, title: str, message: str) -> Response:
    try:
        stores = await to_thread.run_sync(_visible_stores, request)
    except DatabaseAway as error:
        return _away(request, error)
    html = pages_of(request).problem(404, code, title, message, trace_id=_trace_id(request), stores=stores)
    return html_page(html, 404)


def _away(request: Request, error: DatabaseAway) -> Response:
    return problem_page(request, database_is_away(error, request.scope), "The database is away")


def html_page(html: str, status: int = 200) -> Response:
    """A page as an answer, with the rules for what it may load."""
    return HTMLResponse(html, status, headers=PAGE_HEADERS)


def _trace_id(request: Request) -> str | None:
    return getattr(request.state, "trace_id", None)


def _warehouse(request: Request) -> Warehouse:
    warehouse: Warehouse = request.app.state.warehouse
    return warehouse


def _assets(request: Request) -> Assets:
    """The app's files, read when first asked for; only the event loop's thread comes here."""
    state = request.app.state
    if not hasattr(state, "assets"):
        state.assets = Assets()
        state.pages = Pages(state.assets)
    assets: Assets = state.assets
    return assets


def pages_of(request: Request) -> Pages:
    """The app's pages, made when first asked for."""
    _assets(request)
    pages: Pages = request.app.state.pages
    return pages
