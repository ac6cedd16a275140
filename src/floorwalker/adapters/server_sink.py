"""A Floorwalker server as the one who takes what a live camera tells."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import msgspec

from floorwalker import __version__
from floorwalker.errors import InputError
from floorwalker.events import event_to_dict
from floorwalker.pipeline.delivery import Away, Item, Refusal, StretchItem
from floorwalker.site.addresses import masked

_TIMEOUT_S = 20.0
_LONGEST_PAUSE_S = 60.0
# Whatever else is refused is refused for what it is, and would be for ever.
_LATER = frozenset({401, 403, 408, 421, 425, 429})


class _Problem(msgspec.Struct):
    index: int
    code: str
    message: str


class _Answer(msgspec.Struct):
    errors: list[_Problem] = []


class ServerSink:
    """Posts events to `/events/ingest` and stretches to `/recordings`; implements `Sink`.

    Args:
        url: the server's address, `http://127.0.0.1:8642`.
        key: an API key of it, of an operator; None: none is sent.
        timeout_s: how long connecting or waiting may each take.

    Raises:
        InputError: not an http address.
    """

    def __init__(self, url: str, key: str | None = None, *, timeout_s: float = _TIMEOUT_S) -> None:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise InputError(f"--url: expected an address such as http://127.0.0.1:8642, got {masked(url)!r}")
        self._url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._headers = {"Content-Type": "application/json", "User-Agent": f"floorwalker/{__version__}"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"

    @property
    def name(self) -> str:
        """The server's address, without a password that may stand in it."""
        return masked(self._url)

    def send(self, item: Item) -> list[Refusal]:
        """Post an item.

        Raises:
            Away: no answer, the database behind it is away, or the key is not taken.
        """
        if isinstance(item, StretchItem):
            whole = msgspec.json.encode(
                {"recording": item.recording, "run": item.run, "resolutions": item.resolutions}
            )
            return self._post("/recordings", whole, [msgspec.Raw(whole)])
        events = [msgspec.Raw(msgspec.json.encode(event_to_dict(event))) for event in item.events]
        return self._post("/events/ingest", msgspec.json.encode({"events": events}), events)

    def _post(self, path: str, body: bytes, things: Sequence[msgspec.Raw]) -> list[Refusal]:
        request = urllib.request.Request(self._url + path, data=body, headers=self._headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_s) as response:
                content: bytes = response.read()
        except urllib.error.HTTPError as error:
            reason = _reason(error)
            if error.code in _LATER or error.code >= 500:
                raise Away(f"{error.code} {reason}", _asked_pause_s(error)) from error
            return [Refusal(f"http {error.code}", reason, thing) for thing in things]
        except (urllib.error.URLError, HTTPException, OSError) as error:
            raise Away(f"no answer: {getattr(error, 'reason', None) or error}") from error
        try:
            answer = msgspec.json.decode(content, type=_Answer)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise Away("the answer is not a Floorwalker server's") from error
        return [Refusal(p.code, p.message, things[p.index]) for p in answer.errors if p.index < len(things)]


def _reason(error: urllib.error.HTTPError) -> str:
    try:
        body: Any = msgspec.json.decode(error.read())
        return str(body["error"]["message"])
    except (msgspec.DecodeError, UnicodeError, KeyError, TypeError, OSError):
        return str(error.reason)


def _asked_pause_s(error: urllib.error.HTTPError) -> float:
    try:
        return min(max(float(error.headers.get("Retry-After", "0")), 0.0), _LONGEST_PAUSE_S)
    except ValueError:  # a date
        return 1.0
