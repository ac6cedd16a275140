"""How much may be asked: of one caller in a second, at one time, of one request."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from floorwalker.server.errors import ApiError, send_error

PROBES = frozenset({"/livez", "/readyz"})
_MOST_BUCKETS = 10_000


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits that hold.

    Attributes:
        rate_per_s: requests a second of one key, or of one address that shows none, in the long run.
        rate_burst: requests that may come at once after a rest.
        at_once: requests at work at one time; further ones are told to come again.
        answer_s: seconds until an answer must begin, the sending of the request included.
        body_bytes: of one request.
    """

    rate_per_s: float = 100.0
    rate_burst: int = 300
    at_once: int = 400
    answer_s: float = 60.0
    body_bytes: int = 8_000_000


class BodyTooLarge(HTTPException):
    """The body is longer than it may be; what reads it need not know of it."""

    def __init__(self, most: int) -> None:
        super().__init__(413, f"expected at most {most} bytes")


@dataclass(slots=True)
class RateLimit:
    """A bucket of tokens for each caller: one a request, refilled steadily.

    Of the callers seen longest ago the buckets are forgotten, which gives them a full one.

    Args:
        limits: tokens a second, and how many a bucket holds.
        clock: monotonic seconds.
    """

    limits: Limits
    clock: Callable[[], float] = time.monotonic
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, caller: str) -> None:
        """Take a token.

        Args:
            caller: whose bucket.

        Raises:
            ApiError: 429 `too_many_requests`: it is empty; `Retry-After` says how long.
        """
        now = self.clock()
        burst, rate = float(self.limits.rate_burst), self.limits.rate_per_s
        tokens, since = self._buckets.pop(caller, (burst, now))
        tokens = min(burst, tokens + (now - since) * rate)
        enough = tokens >= 1.0
        self._buckets[caller] = (tokens - 1.0 if enough else tokens, now)
        if len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)
        if not enough:
            wait_s = ceil((1.0 - tokens) / rate)
            raise ApiError(
                429,
                "too_many_requests",
                f"more than {rate:g} requests a second; come again in {wait_s} s",
                headers={
                    "Retry-After": str(wait_s),
                    "RateLimit-Limit": f"{rate:g}",
                    "RateLimit-Remaining": "0",
                    "RateLimit-Reset": str(wait_s),
                },
            )


class LimitRequests:
    """ASGI middleware: how many at once, how long, how large.

    Args:
        app: the application.
        limits: what holds.
    """

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] in PROBES:
            await self._app(scope, receive, send)
            return
        if self._running >= self._limits.at_once:
            busy = ApiError(
                503,
                "busy",
                f"{self._running} requests are at work; come again",
                headers={"Retry-After": "1"},
            )
            await send_error(busy, scope, receive, send)
            return
        self._running += 1
        try:
            await self._serve(scope, receive, send)
        finally:
            self._running -= 1

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        most = self._limits.body_bytes
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit() and int(value) > most:
                error = ApiError(413, "too_large", f"expected at most {most} bytes")
                await send_error(error, scope, receive, send)
                return
        size = 0
        is_reading = has_begun = False

        async def receive_counted() -> Message:
            nonlocal size, is_reading
            is_reading = True
            message = await receive()
            is_reading = False
            size += len(message.get("body", b""))
            if size > most:
                raise BodyTooLarge(most)
            return message

        async def send_begun(message: Message) -> None:
            nonlocal has_begun
            if not has_begun:
                has_begun = True
                clock.reschedule(None)  # a stream may last
            await send(message)

        try:
            async with asyncio.timeout(self._limits.answer_s) as clock:
                await self._app(scope, receive_counted, send_begun)
        except TimeoutError:
            if has_begun or not clock.expired():
                raise
            await send_error(self._too_slow(is_reading), scope, receive, send)

    def _too_slow(self, is_reading: bool) -> ApiError:
        limit = f"within {self._limits.answer_s:g} s"
        if is_reading:
            headers = {"Connection": "close"}
            return ApiError(408, "request_timeout", f"the request was not sent {limit}", headers=headers)
        message = f"there was no answer {limit}; the same request again does no harm"
        return ApiError(504, "timeout", message, headers={"Retry-After": "5"})
