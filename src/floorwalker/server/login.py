"""Logging in with a browser: a key for a session, and the end of it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from floorwalker.server.auth import OPEN
from floorwalker.server.errors import ApiError
from floorwalker.server.gate import refusals_of
from floorwalker.server.limits import RateLimit
from floorwalker.server.live_keys import LiveKeys
from floorwalker.server.pages import PAGE_HEADERS, html_page, pages_of
from floorwalker.server.sessions import COOKIE, LIFETIME, Sessions
from floorwalker.server.state import warehouse_of

router = APIRouter(include_in_schema=False, dependencies=[OPEN])

_LONGEST_FORM = 4096
_SAME_SITE_FORM = {
    "Content-Security-Policy": PAGE_HEADERS["Content-Security-Policy"].replace(
        "form-action 'none'", "form-action 'self'"
    ),
    "Cache-Control": "no-store",
}


@router.get("/login")
async def ask(request: Request, next_: Annotated[str, Query(alias="next")] = "/") -> Response:
    """The form that asks for a key."""
    return _form(request, next_)


@router.post("/login")
async def log_in(request: Request) -> Response:
    """Begin a session where the key is good."""
    form = parse_qs((await _read(request)).decode("utf-8", "replace"), keep_blank_values=True)
    secret = form.get("key", [""])[0].strip()
    wanted = form.get("next", ["/"])[0]
    keys: LiveKeys = request.app.state.keys
    sessions: Sessions = request.app.state.sessions
    key = await keys.find(secret)
    now = warehouse_of(request).now()
    state = "unknown" if key is None else key.state(now)
    if key is None or state != "active":
        rates: RateLimit = request.app.state.rates
        rates.take(refusals_of(request.scope))
        return _form(request, wanted, f"This key is {state}.", 401)
    answer = RedirectResponse(_own_page(wanted), 303, headers={"Cache-Control": "no-store"})
    answer.set_cookie(
        COOKIE,
        sessions.begin(key, now),
        max_age=int(LIFETIME.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


@router.post("/logout")
async def log_out(request: Request) -> Response:
    """End the browser's session, for every copy of its cookie."""
    keys: LiveKeys = request.app.state.keys
    sessions: Sessions = request.app.state.sessions
    session = sessions.read(request.headers.get("cookie", ""), await keys.ring())
    if session is not None and warehouse_of(request).now() < session.ends:
        await keys.end_session(session.session_id, session.ends)
    answer = RedirectResponse("/login", 303, headers={"Cache-Control": "no-store"})
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def _form(request: Request, wanted: str, problem: str | None = None, status: int = 200) -> Response:
    html = pages_of(request).login(_own_page(wanted), problem, has_session=COOKIE in request.cookies)
    answer = html_page(html, status)
    answer.headers.update(_SAME_SITE_FORM)
    return answer


def _own_page(wanted: str) -> str:
    """Where to go after logging in: a page of this server, never another's."""
    own = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if own else "/"


async def _read(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LONGEST_FORM:
            raise ApiError(413, "too_large", f"expected at most {_LONGEST_FORM} bytes")
    return body
