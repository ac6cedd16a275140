"""The application: routes, errors and the request log around one warehouse."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI

from floorwalker import __version__
from floorwalker.server import figures, health, ingest, pages, stores, stream
from floorwalker.server.errors import install_error_handlers
from floorwalker.server.health import MatcherStatus
from floorwalker.server.request_log import LogSink, RequestLog, log_to_stderr
from floorwalker.warehouse import Warehouse


def create_app(
    warehouse: Warehouse,
    *,
    log: LogSink = log_to_stderr,
    matcher: MatcherStatus | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> FastAPI:
    """Build the application.

    Args:
        warehouse: where everything is kept; closing it is the caller's.
        log: takes one line a request.
        matcher: what `/health` says of re-entry matching.
        stopping: tells whether the server is about to end, so that open streams end with it.

    Returns:
        The application; its state holds `warehouse`, `matcher` and `stopping` for the routes.
    """
    app = FastAPI(
        title="Floorwalker",
        version=__version__,
        description="A store's events in, its numbers out.",
        docs_url=None,  # FastAPI's documentation pages load scripts from elsewhere
        redoc_url=None,
    )
    app.state.warehouse = warehouse
    app.state.matcher = matcher or MatcherStatus()
    app.state.stopping = stopping
    for part in (ingest, stores, figures, health, stream, pages):
        app.include_router(part.router)
    install_error_handlers(app)
    app.add_middleware(RequestLog, sink=log)
    return app
