"""The gate before all routes: who asks, and whether a browser was talked into asking."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from re import Pattern
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from floorwalker.server.auth import Caller, declared
from floorwalker.server.errors import ApiError, database_is_away, send_error
from floorwalker.server.limits import RateLimit
from floorwalker.server.live_keys import LiveKeys
from floorwalker.server.sessions import Sessions
from floorwalker.warehouse import DatabaseAway, Warehouse
from floorwalker.warehouse.keys import ApiKey, Role

ANYBODY = Caller(None, "no key needed", Role.ADMIN)
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_WANTED = frozenset(
    {b"authorization", b"x-api-key", b"cookie", b"origin", b"host", b"accept", b"sec-fetch-site"}
)


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """Who needs a key.

    As soon as a key was ever made, everybody does; revoking the last one opens nothing.

    Args:
        always: whether a key is needed even where none was made: other machines reach the server.
        loopback_open: whether callers of this machine need none even where there are keys.
        hosts: the names by which a caller without a key may ask, so that no foreign page can have its own
            name lead here; None: any.
    """

    always: bool = False
    loopback_open: bool = False
    hosts: frozenset[str] | None = None


class Gate:
    """ASGI middleware that names the caller, or answers 401 where a route is not open to anybody.

    Args:
        app: the application behind it.
        api: the FastAPI application, whose routes say which are open.
        warehouse: whose keys and clock.
        keys: the keys.
        sessions: of browsers.
        policy: who needs a key.
        rates: how often each may ask.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        api: FastAPI,
        warehouse: Warehouse,
        keys: LiveKeys,
        sessions: Sessions,
        policy: AccessPolicy,
        rates: RateLimit,
    ) -> None:
        self._app = app
        self._api = api
        self._warehouse = warehouse
        self._keys = keys
        self._sessions = sessions
        self._policy = policy
        self._rates = rates
        self._open: list[Pattern[str]] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = _wanted(scope["headers"])
        try:
            if scope["method"] not in _READING:
                _refuse_foreign_page(headers)
            caller = None
            if not self._is_open(scope["path"]):
                caller = scope.setdefault("state", {})["caller"] = await self._caller(scope, headers)
            self._take_turn(caller, scope)
        except (ApiError, DatabaseAway) as error:
            await self._refuse(error, headers, scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _take_turn(self, caller: Caller | None, scope: Scope) -> None:
        if caller is not None and caller.key_id is not None:
            self._rates.take(caller.key_id)
            return
        address = _address(scope)
        if not _is_loopback(address):  # who is on this machine and needs no key can do worse
            self._rates.take(address)

    async def _caller(self, scope: Scope, headers: Mapping[bytes, str]) -> Caller:
        try:
            return await self._find_caller(scope, headers)
        except ApiError as error:
            if error.status == 401:
                self._count_refusal(headers, scope)
            raise

    def _count_refusal(self, headers: Mapping[bytes, str], scope: Scope) -> None:
        """Who shows what is no key is slowed down, of this machine too, where a proxy may stand; whoever
        shows a good one from the same address is not."""
        if _shows_something(headers):
            self._rates.take(refusals_of(scope))
        else:
            self._take_turn(None, scope)

    async def _find_caller(self, scope: Scope, headers: Mapping[bytes, str]) -> Caller:
        secret = _secret(headers)
        if secret is not None:
            key = await self._keys.find(secret)
            caller = self._caller_by(key, by_cookie=False)
        elif await self._needs_key(scope):
            ring = await self._keys.ring()
            key = self._sessions.key_of(headers.get(b"cookie", ""), ring, self._warehouse.now())
            if key is None:
                raise _unauthorized(
                    "a key is needed: send Authorization: Bearer fw_…, or log in with a browser"
                )
            caller = self._caller_by(key, by_cookie=True)
        else:
            self._check_host(headers)
            caller = ANYBODY
        return caller

    def _caller_by(self, key: ApiKey | None, *, by_cookie: bool) -> Caller:
        state = "unknown" if key is None else key.state(self._warehouse.now())
        if key is None or state != "active":
            raise _unauthorized(f"the key is {state}")
        self._keys.note_use(key)
        return Caller(key.key_id, key.name, key.role, key.stores, by_cookie)

    async def _needs_key(self, scope: Scope) -> bool:
        if self._policy.loopback_open and _is_loopback((scope.get("client") or ("",))[0]):
            return False
        return self._policy.always or len(await self._keys.ring()) > 0

    def _check_host(self, headers: Mapping[bytes, str]) -> None:
        if self._policy.hosts is None:
            return
        name = urlsplit("//" + headers.get(b"host", "")).hostname
        if name not in self._policy.hosts:
            raise ApiError(421, "misdirected_request", f"without keys this server is not asked as {name!r}")

    def _is_open(self, path: str) -> bool:
        if self._open is None:
            self._open = [
                route.path_regex
                for route in iter_route_contexts(self._api.routes)
                if any(needs.role is None for needs in declared(route.original_route))
            ]
        return any(pattern.match(path) for pattern in self._open)

    async def _refuse(
        self,
        error: ApiError | DatabaseAway,
        headers: Mapping[bytes, str],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        if isinstance(error, DatabaseAway):
            error = database_is_away(error, scope)
        if error.status == 401 and scope["method"] == "GET" and "text/html" in headers.get(b"accept", ""):
            query = scope["query_string"].decode("latin-1")
            wanted = quote(scope["path"] + (f"?{query}" if query else ""), safe="")
            answer = RedirectResponse(f"/login?next={wanted}", 303, headers={"Cache-Control": "no-store"})
            await answer(scope, receive, send)
            return
        await send_error(error, scope, receive, send)


def refusals_of(scope: Scope) -> str:
    """The bucket of what an address shows that is no key."""
    return f"refused {_address(scope)}"


def _address(scope: Scope) -> str:
    return str((scope.get("client") or ("nowhere",))[0])


def _shows_something(headers: Mapping[bytes, str]) -> bool:
    return any(name in headers for name in (b"authorization", b"x-api-key", b"cookie"))


def _wanted(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, str]:
    return {name: value.decode("latin-1") for name, value in headers if name in _WANTED}


def _secret(headers: Mapping[bytes, str]) -> str | None:
    """The secret that a caller shows; None where they show none."""
    scheme, _, value = headers.get(b"authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme:
        raise _unauthorized(f"expected Authorization: Bearer fw_…, got the scheme {scheme[:20]!r}")
    return headers.get(b"x-api-key")


def _refuse_foreign_page(headers: Mapping[bytes, str]) -> None:
    """Refuse a change that a browser sends by itself for a page of another site.

    Browsers say with every such request where it comes from. Who says nothing is no browser; then a
    cookie is worth nothing, and a caller with a key of their own, or who needs none, is taken.
    """
    origin, site = headers.get(b"origin"), headers.get(b"sec-fetch-site")
    if origin is not None:
        same = urlsplit(origin).netloc == headers.get(b"host", "")
    elif site is not None:
        same = site in ("same-origin", "none")
    else:
        same = b"cookie" not in headers or _secret(headers) is not None
    if not same:
        raise ApiError(403, "foreign_page", "the request comes from a page of another site")


def _is_loopback(address: Any) -> bool:
    try:
        return ipaddress.ip_address(str(address)).is_loopback
    except ValueError:
        return False


def _unauthorized(message: str) -> ApiError:
    return ApiError(401, "unauthorized", message, headers={"WWW-Authenticate": 'Bearer realm="floorwalker"'})
