"""The application: routes, errors and the request log around one warehouse."""

from __future__ import annotations

from asyncio import create_task, to_thread
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import Depends, FastAPI

from floorwalker import __version__
from floorwalker.identity.matching.calibration import Calibration
from floorwalker.identity.matching.matcher import Matcher
from floorwalker.insights.history import Memory
from floorwalker.notify.sending import Sender
from floorwalker.notify.watcher import Watcher
from floorwalker.server import (
    anomalies,
    catalogue,
    corrections,
    description,
    figures,
    health,
    history,
    ingest,
    login,
    manifest,
    matching,
    pages,
    probes,
    prometheus,
    recent,
    recordings,
    reid_edits,
    review_clusters,
    review_images,
    review_manifest,
    review_pairs,
    stores,
    stream,
    webhooks,
)
from floorwalker.server.auth import Declared
from floorwalker.server.day_clusters import DayClusters
from floorwalker.server.errors import install_error_handlers
from floorwalker.server.gate import AccessPolicy, Gate
from floorwalker.server.limits import LimitRequests, Limits, RateLimit
from floorwalker.server.live_keys import LiveKeys
from floorwalker.server.making_matcher import plain_matcher
from floorwalker.server.matching_start import read_today
from floorwalker.server.probes import database_standing
from floorwalker.server.prometheus import Measurements
from floorwalker.server.request_log import LogSink, RequestLog, log_to_stderr
from floorwalker.server.review_desks import Reviews, reviews_from
from floorwalker.server.sessions import Sessions, fresh_seal_key
from floorwalker.settings import Settings
from floorwalker.warehouse import DatabaseAway, Warehouse
from floorwalker.warehouse.migrating import Standing


def create_app(
    warehouse: Warehouse,
    *,
    log: LogSink = log_to_stderr,
    matcher: Matcher | None = None,
    stopping: Callable[[], bool] = lambda: False,
    policy: AccessPolicy | None = None,
    seal_key: bytes | None = None,
    limits: Limits | None = None,
    watcher: Watcher | None = None,
    reviews: Reviews | None = None,
    calibration: Calibration | None = None,
) -> FastAPI:
    """Build the application.

    Args:
        warehouse: where everything is kept; closing it is the caller's.
        log: takes one line a request.
        matcher: tells entries at the door apart into persons; default: by the mean of their vectors.
        stopping: tells whether the server is about to end, so that open streams end with it.
        policy: who needs a key; default: everybody as soon as there is one.
        seal_key: seals the sessions of browsers; default: one that ends with the application.
        limits: how much may be asked.
        watcher: looks for anomalies and sends to webhooks while the application runs; None: nobody does.
        reviews: what the review pages work on; default: what the settings name.
        calibration: what a cosine of the matcher's encoder is worth; default: as is assumed at its threshold.

    Returns:
        The application; its state holds `warehouse`, `matcher`, `stopping`, `keys`, `sessions`,
        `rates` and `measurements` for the routes. A route that does not say who may ask it answers 403.
    """
    app = FastAPI(
        title="Floorwalker",
        version=__version__,
        description="A store's events in, its numbers out.",
        openapi_url=None,  # these three would be routes that nobody may declare anything of
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(Declared())],
        lifespan=lambda app: _running(app, watcher, log),
    )
    app.state.warehouse = warehouse
    app.state.sender = watcher.sender if watcher else Sender()
    app.state.matcher = matcher or plain_matcher(warehouse)
    app.state.clusters = DayClusters(app.state.matcher, calibration)
    app.state.stopping = stopping
    app.state.keys = LiveKeys(warehouse)
    app.state.sessions = Sessions(seal_key or fresh_seal_key())
    app.state.history = Memory()
    app.state.reviews = reviews or reviews_from(Settings.load())
    app.state.reviews.join(app.state.matcher, calibration)
    app.state.measurements = Measurements(lambda: _gauges(app))
    for part in (
        ingest,
        stores,
        figures,
        catalogue,
        anomalies,
        corrections,
        history,
        recent,
        recordings,
        health,
        webhooks,
        matching,
        manifest,
        reid_edits,
        stream,
        login,
        probes,
        prometheus,
        review_manifest,
        review_clusters,
        review_pairs,
        review_images,
        description,
        pages,
    ):
        app.include_router(part.router)
    install_error_handlers(app, pages.problem_page)
    limits = limits or Limits()
    app.state.rates = RateLimit(limits)
    app.add_middleware(
        Gate,
        api=app,
        warehouse=warehouse,
        keys=app.state.keys,
        sessions=app.state.sessions,
        policy=policy or AccessPolicy(),
        rates=app.state.rates,
    )
    app.add_middleware(LimitRequests, limits=limits)
    app.add_middleware(RequestLog, sink=log, measurements=app.state.measurements)  # around all others
    return app


def _running(app: FastAPI, watcher: Watcher | None, log: LogSink) -> AbstractAsyncContextManager[None]:
    """The time in which the application runs, and what runs beside its requests."""

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        state = app.state
        reading = create_task(to_thread(read_today, state.matcher, state.warehouse, state.stopping, log))
        if watcher is not None:
            watcher.start()
        try:
            yield
        finally:
            if watcher is not None:
                await to_thread(watcher.stop)
            await reading

    return lifespan()


def _gauges(app: FastAPI) -> Iterator[tuple[str, str, float]]:
    """What Prometheus is told beside the counts."""
    try:
        is_up = database_standing(app.state.warehouse) is Standing.CURRENT
    except DatabaseAway:
        is_up = False
    yield "floorwalker_database_up", "Whether the database answers with this program's tables.", float(is_up)
    watch = getattr(app.state, "change_watch", None)
    yield "floorwalker_open_streams", "Pages that listen for changes.", float(watch.count if watch else 0)
