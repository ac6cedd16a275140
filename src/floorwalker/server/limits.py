"""How much may be asked: of one caller in a second, at one time, of one request."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

from anyio import CancelScope
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from floorwalker.server.errors import ApiError, send_error

PROBES = frozenset({"/livez", "/readyz"})
_LOG_INS = frozenset({"/login", "/logout"})
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_ONCE = frozenset({"/events/ingest", "/match"})  # what is sent there twice counts once
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
        log_ins_at_once: log-ins at work at one time, which are counted apart.
        log_in_s: as `answer_s`, for a log-in.
    """

    rate_per_s: float = 100.0
    rate_burst: int = 300
    at_once: int = 400
    answer_s: float = 60.0
    body_bytes: int = 8_000_000
    log_ins_at_once: int = 20
    log_in_s: float = 5.0


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


@dataclass(slots=True)
class _Lane:
    """Requests that count together.

    Attributes:
        most: how many may be at work; also those that were answered late and whose work goes on.
        answer_s: seconds until an answer must begin.
        running: how many are at work.
    """

    most: int
    answer_s: float
    running: int = 0


class LimitRequests:
    """ASGI middleware: how many at once, how long, how large.

    A request that is answered 504 is no more waited for, but it counts until its work has ended: what a
    thread does cannot be cut off. What only waits for a thread is given up.

    Args:
        app: the application.
        limits: what holds.
    """

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits
        self._lane = _Lane(limits.at_once, limits.answer_s)
        # Anybody may begin to log in, so whoever does it slowly must not hold up those with a key.
        self._log_ins = _Lane(
            min(limits.log_ins_at_once, limits.at_once), min(limits.log_in_s, limits.answer_s)
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] in PROBES:
            await self._app(scope, receive, send)
            return
        is_log_in = scope["path"] in _LOG_INS and scope["method"] == "POST"
        lane = self._log_ins if is_log_in else self._lane
        if lane.running >= lane.most:
            message = f"{lane.running} requests are at work; come again"
            busy = ApiError(503, "busy", message, headers={"Retry-After": "1"})
            await send_error(busy, scope, receive, send)
            return
        lane.running += 1
        try:
            await self._serve(lane, scope, receive, send)
        finally:
            lane.running -= 1

    async def _serve(self, lane: _Lane, scope: Scope, receive: Receive, send: Send) -> None:
        most = self._limits.body_bytes
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit() and int(value) > most:
                error = ApiError(413, "too_large", f"expected at most {most} bytes")
                await send_error(error, scope, receive, send)
                return
        size = 0
        is_reading = False
        late: asyncio.Task[None] | None = None
        loop = asyncio.get_running_loop()

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
            if late is None:
                timer.cancel()  # a stream may last
                await send(message)

        def expire() -> None:
            nonlocal late
            scope.setdefault("state", {})["is_late"] = True
            error = _too_slow(lane.answer_s, scope, is_reading)
            late = loop.create_task(send_error(error, scope, receive, send))
            work.cancel()

        # Not asyncio's timeout: that would stop waiting for a thread, and nobody would count it any more.
        timer = loop.call_later(lane.answer_s, expire)
        try:
            with CancelScope() as work:
                await self._app(scope, receive_counted, send_begun)
        finally:
            timer.cancel()
            if late is not None:
                await late


def _too_slow(seconds: float, scope: Scope, is_reading: bool) -> ApiError:
    limit = f"within {seconds:g} s"
    if is_reading:
        headers = {"Connection": "close"}
        return ApiError(408, "request_timeout", f"the request was not sent {limit}", headers=headers)
    if scope["method"] in _READING or scope["path"] in _ONCE:
        advice = "the same request again does no harm"
    else:
        advice = "it may still be done: look before the same request is sent again"
    return ApiError(504, "timeout", f"there was no answer {limit}; {advice}", headers={"Retry-After": "5"})
