"""Running the application on a socket: patience with slow callers, and an end in good order."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

import uvicorn
from fastapi import FastAPI

from floorwalker.stopping import terminated_as_interrupted

HEADERS_S = 15.0  # a request's head must be here by then


class Server(uvicorn.Server):
    """Uvicorn's server that stops quietly, and for which the long-lived is out of the collector's way."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        gc.collect()
        gc.freeze()  # modules, routes and schemas stay for ever: a full collection need not walk them


def serve_app(
    make_app: Callable[[Callable[[], bool]], FastAPI],
    listener: socket.socket,
    *,
    grace_s: int,
    headers_s: float = HEADERS_S,
) -> None:
    """Serve an application on a bound socket until SIGTERM or Ctrl-C.

    Then nothing new is taken, requests at work are finished, open streams end, and this returns.

    Args:
        make_app: makes the application; it is handed a function that tells whether the end is near.
        listener: listens already.
        grace_s: how long requests at work may still take; then they are cut off.
        headers_s: how long a caller may take to send a request's head.
    """
    servers: list[Server] = []
    app = make_app(lambda: any(server.should_exit for server in servers))
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        http=_protocol(headers_s),
        timeout_graceful_shutdown=grace_s,
    )
    servers.append(Server(config))
    # The interrupt is raised again by the server after it has stopped in good order.
    with terminated_as_interrupted(), suppress(KeyboardInterrupt):
        servers[0].run(sockets=[listener])


def _protocol(headers_s: float) -> Any:
    """Uvicorn's protocol on httptools with a limit of time for a request's head; without httptools, its own.

    Uvicorn itself waits for ever for the rest of a head that is sent byte by byte.
    """
    if find_spec("httptools") is None:
        return "auto"
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class PatientProtocol(HttpToolsProtocol):
        _patience: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            self._calm()
            super().connection_lost(exc)

        def on_message_begin(self) -> None:
            super().on_message_begin()
            if self._patience is None:  # a further request of the same connection
                self._wait()

        def on_headers_complete(self) -> None:
            self._calm()
            super().on_headers_complete()

        def _wait(self) -> None:
            self._patience = self.loop.call_later(headers_s, self.transport.close)

        def _calm(self) -> None:
            if self._patience is not None:
                self._patience.cancel()
                self._patience = None

    return PatientProtocol
