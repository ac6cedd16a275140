"""One JSON line a request, a trace id in and out, and an answer even where the program failed."""

from __future__ import annotations

import re
import sys
import time
import traceback
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from floorwalker.events import format_utc
from floorwalker.server.errors import error_body
from floorwalker.server.prometheus import Measurements

LogSink = Callable[[dict[str, Any]], None]
_TRACE_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
_SECRET = re.compile(r"\b(whsec_|fw_)[A-Za-z0-9+/=_-]{8,}")
_PASSWORD = re.compile(r"(\w://[^\s:/@]*:)[^\s/@]+@")
_QUIET_COUNTS = {"received": 0, "inserted": 0, "duplicates": 0, "rejected": 0}


def without_secrets(text: str) -> str:
    """A text with every secret of a webhook, of a key and in a database's address taken out."""
    return _PASSWORD.sub(r"\1…@", _SECRET.sub(r"\1…", text))


def log_to_stderr(line: dict[str, Any]) -> None:
    """Write a line of the log to the error stream."""
    sys.stderr.write(msgspec.json.encode(line).decode() + "\n")
    sys.stderr.flush()


class RequestLog:
    """ASGI middleware that logs and counts `request_complete` when an answer is finished.

    Args:
        app: the application.
        sink: takes each line.
        measurements: counts each request.
    """

    def __init__(self, app: ASGIApp, sink: LogSink, measurements: Measurements) -> None:
        self._app = app
        self._sink = sink
        self._measurements = measurements

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        trace_id = _trace_id(scope)
        state = scope.setdefault("state", {})
        state["trace_id"] = trace_id
        status: list[int] = []
        is_noted = False

        def note() -> None:
            nonlocal is_noted
            if not is_noted:
                is_noted = True
                self._note(scope, trace_id, status[0] if status else 499, time.perf_counter() - began)

        async def send_traced(message: Message) -> None:
            if message["type"] == "http.response.start":
                status.append(message["status"])
                message = {
                    **message,
                    "headers": [*message.get("headers", []), (b"x-trace-id", trace_id.encode())],
                }
            await send(message)
            if state.get("is_late") and not message.get("more_body", message["type"].endswith("start")):
                note()  # its work may go on for long

        try:
            await self._app(scope, receive, send_traced)
        except Exception:
            state["failure"] = without_secrets(traceback.format_exc())
            if not status:
                body = error_body("internal", "the server failed; the trace id finds it in the log", trace_id)
                await JSONResponse(body, status_code=500)(scope, receive, send_traced)
        finally:
            note()

    def _note(self, scope: Scope, trace_id: str, status: int, seconds: float) -> None:
        state = scope["state"]
        endpoint = getattr(scope.get("route"), "path", None)
        self._measurements.request(scope["method"], endpoint, status, seconds)
        if "event_counts" in state:
            self._measurements.events(state["event_counts"], state.get("rejected", {}))
        self._sink(_line(scope, trace_id, status, seconds, endpoint))


def _line(scope: Scope, trace_id: str, status: int, seconds: float, endpoint: str | None) -> dict[str, Any]:
    state = scope["state"]
    caller = state.get("caller")
    line = {
        "event": "request_complete",
        "timestamp": format_utc(datetime.now(UTC)),
        "trace_id": trace_id,
        "store_id": state.get("store_id") or scope.get("path_params", {}).get("store_id"),
        "endpoint": endpoint or scope["path"],
        "method": scope["method"],
        "status_code": status,
        "latency_ms": round(seconds * 1000, 2),
        "event_counts": state.get("event_counts", _QUIET_COUNTS),
        "key_id": caller.key_id if caller else None,
    }
    for told in ("reason", "failure"):
        if told in state:
            line[told] = state[told]
    return line


def _trace_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-trace-id":
            given: str = value.decode("latin-1")
            if _TRACE_ID.fullmatch(given):
                return given
    return uuid.uuid4().hex
