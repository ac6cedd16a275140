"""Calls of services that take JSON and answer JSON, tried again while they are away."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import msgspec

from floorwalker import __version__
from floorwalker.errors import InputError, WorkError
from floorwalker.site.addresses import masked

_LATER = frozenset({408, 425, 429, 502, 503, 504})
_LONGEST_PAUSE_S = 60.0
_MOST_BYTES = 64_000_000


class Refused(WorkError):
    """A service said no, and would again.

    Attributes:
        code: its short reason, or `http_404`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Away(WorkError):
    """A service did not answer, however often it was asked."""


@dataclass(frozen=True, slots=True)
class JsonService:
    """A service at an address of the operator's own choice; may be called from several threads.

    Args:
        url: where requests go.
        key: sent as a bearer; None: none is.
        timeout_s: how long connecting or waiting may each take.
        attempts: how often it is asked while it is away; being told to wait is no attempt.
        sleep: waits so many seconds.

    Raises:
        InputError: not an http address.
    """

    url: str
    key: str | None = None
    timeout_s: float = 30.0
    attempts: int = 5
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError(f"expected an address such as http://127.0.0.1:8642, got {self.name!r}")

    @property
    def name(self) -> str:
        """The address, without a password that may stand in it."""
        return masked(self.url)

    def call(self, body: bytes) -> Any:
        """Post JSON.

        Args:
            body: JSON.

        Returns:
            The answer as JSON values.

        Raises:
            Refused: it said no.
            Away: it does not answer.
        """
        failures = 0
        while True:
            try:
                return self._once(body)
            except urllib.error.HTTPError as error:
                with error:
                    if error.code not in _LATER:
                        raise _refusal(error, self.name) from error
                    failures += error.code != 429
                    reason, pause_s = f"{error.code} {error.reason}", _asked_pause_s(error)
            except (urllib.error.URLError, HTTPException, OSError) as error:
                failures += 1
                reason, pause_s = str(getattr(error, "reason", None) or error), 0.0
            if failures >= self.attempts:
                raise Away(f"{self.name} does not answer: {reason}")
            self.sleep(pause_s or 0.25 * 2**failures)

    def _once(self, body: bytes) -> Any:
        headers = {"Content-Type": "application/json", "User-Agent": f"floorwalker/{__version__}"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        request = urllib.request.Request(self.url, data=body, headers=headers, method="POST")
        with urllib.request.urlopen(request, timeout=self.timeout_s) as response:
            content: bytes = response.read(_MOST_BYTES)
        try:
            return msgspec.json.decode(content)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise Refused("no_json", f"{self.name} did not answer JSON: {error}") from error


def _refusal(error: urllib.error.HTTPError, name: str) -> Refused:
    code, message = f"http_{error.code}", str(error.reason)
    try:
        told: Any = msgspec.json.decode(error.read())["error"]
        code, message = str(told["code"]), str(told["message"])
    except (msgspec.DecodeError, UnicodeError, KeyError, TypeError, OSError):
        pass  # not the error body of a Floorwalker server
    return Refused(code, f"{name} answered {error.code}: {message}")


def _asked_pause_s(error: urllib.error.HTTPError) -> float:
    """The pause that a service asks for, bounded; 0 where it asks for none."""
    try:
        return min(max(float(error.headers.get("Retry-After", "0")), 0.0), _LONGEST_PAUSE_S)
    except ValueError:  # a date
        return 1.0
