"""Where `floorwalker top` looks: a server, or the API over the database, inside this process."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any, Protocol
from urllib.parse import quote, unquote, urlencode, urlsplit

import msgspec
from starlette.types import Message

from floorwalker.errors import InputError, WorkError
from floorwalker.server.app import create_app
from floorwalker.server.gate import AccessPolicy
from floorwalker.warehouse import Warehouse

_TIMEOUT_S = 20
_PARTS = {
    "store": "",
    "metrics": "/metrics",
    "anomalies": "/anomalies",
    "events": "/events",
}


class Source(Protocol):
    """Answers a call of the API."""

    name: str

    def get(self, path: str, query: Mapping[str, str]) -> Any:
        """The answer's JSON."""


class ServerSource:
    """A running server.

    Args:
        url: its address.
        key: an API key of it; None: none is sent.

    Raises:
        InputError: not an http address.
    """

    def __init__(self, url: str, key: str | None) -> None:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise InputError(f"--url: expected an address such as http://127.0.0.1:8642, got {url!r}")
        self.name = url.rstrip("/")
        self._headers = {"Accept": "application/json"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"

    def get(self, path: str, query: Mapping[str, str]) -> Any:
        """Ask the server."""
        request = urllib.request.Request(self.name + _address(path, query), headers=self._headers)
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:
                return _decoded(response.read(), response.status, self.name)
        except urllib.error.HTTPError as error:
            return _decoded(error.read(), error.code, self.name)
        except (urllib.error.URLError, HTTPException, OSError) as error:
            raise WorkError(
                f"{self.name} cannot be reached: {getattr(error, 'reason', None) or error}"
            ) from error


class DatabaseSource:
    """The application over the configured database; nothing is listened on.

    Args:
        warehouse: the database.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self.name = warehouse.database.place
        # Whoever can open the database needs no key to read it.
        self._app = create_app(warehouse, log=lambda _: None, policy=AccessPolicy(loopback_open=True))

    def get(self, path: str, query: Mapping[str, str]) -> Any:
        """Ask the application."""
        status, body = asyncio.run(self._ask(path, urlencode(query).encode()))
        return _decoded(body, status, self.name)

    async def _ask(self, path: str, query: bytes) -> tuple[int, bytes]:
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query,
            "root_path": "",
            "headers": [(b"host", b"localhost"), (b"accept", b"application/json")],
            "client": ("127.0.0.1", 0),
            "server": ("127.0.0.1", 0),
            "state": {},
        }
        await self._app(scope, receive, send)
        status = next(message["status"] for message in sent if "status" in message)
        return status, b"".join(message.get("body", b"") for message in sent)


def read_frame(source: Source, store_id: str, day: str | None) -> dict[str, Any]:
    """All that one picture of a store shows.

    Args:
        source: where to ask.
        store_id: the store.
        day: its local day; None: today there, or the last day with events.

    Returns:
        `store`, `metrics`, `anomalies`, `events`, `health` as the API answers them.

    Raises:
        InputError: the API refuses the call; its message says why.
        WorkError: no answer, or the database is away.
    """
    place = f"/stores/{quote(store_id, safe='')}"
    query = {"day": day} if day else {}
    asked = {"metrics": query, "anomalies": query, "events": {"limit": "20"}}
    frame = {name: source.get(place + path, asked.get(name, {})) for name, path in _PARTS.items()}
    health = source.get("/health", {})
    return {**frame, "health": health["stores"].get(store_id, {})}


def _address(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def _decoded(body: bytes, status: int, name: str) -> Any:
    try:
        content = msgspec.json.decode(body)
        if status < 400:
            return content
        message = f"{name} answers {status}: {content['error']['message']}"
    except (msgspec.DecodeError, UnicodeError, KeyError, TypeError) as error:
        raise InputError(f"{name} is not a Floorwalker server (it answers {status})") from error
    raise (WorkError if status in (429, 502, 503, 504) else InputError)(message)
