"""Server-sent events that tell a page when its store's data has changed."""

from __future__ import annotations

import asyncio
from asyncio import to_thread
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from anyio import to_thread as in_thread
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import StreamingResponse

from floorwalker.server.auth import VIEWER, caller_of
from floorwalker.server.live_keys import LiveKeys
from floorwalker.server.sessions import Sessions
from floorwalker.warehouse import DatabaseAway, Warehouse

router = APIRouter(dependencies=[VIEWER])

MAX_STREAMS = 200
HEARTBEAT_S = 10.0
LIFETIME_S = 3600.0
_POLL_S = 1.0
_SHORTEST_GAP_S = 0.2


class ChangeWatch:
    """Watches the stores' versions for all open streams of one app together.

    A commit of this process is seen at once, one of another process within a second. Nothing runs while
    nobody listens. All methods belong to one event loop.

    Args:
        warehouse: whose stores.
        stopping: tells whether the server is about to end; then all streams end.
    """

    def __init__(self, warehouse: Warehouse, stopping: Callable[[], bool]) -> None:
        self._warehouse = warehouse
        self._stopping = stopping
        self._changed = asyncio.Condition()
        self._committed = asyncio.Event()
        self._versions: dict[str, int] | None = None  # None: not known, so streams end
        self._task: asyncio.Task[None] | None = None
        self._listening = 0

    @property
    def full(self) -> bool:
        """Whether as many listen as may."""
        return self._listening >= MAX_STREAMS

    @property
    def count(self) -> int:
        """How many listen."""
        return self._listening

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Keep the watch going while the block lasts."""
        self._listening += 1
        try:
            if self._task is None:
                self._versions = await to_thread(self._warehouse.versions)
                if self._task is None:  # another stream may have begun meanwhile
                    self._task = asyncio.create_task(self._watch())
            yield
        finally:
            self._listening -= 1
            if self._listening == 0 and self._task is not None:
                self._task.cancel()
                self._task = None

    async def wait(self, store_id: str, known: int | None, timeout_s: float) -> int | None:
        """The store's version as soon as it is another one than the one known.

        Args:
            store_id: the store.
            known: the version seen last.
            timeout_s: how long to wait.

        Returns:
            The version now, the known one after the time is out.

        Raises:
            EOFError: the server ends, or the database is away: the stream is over.
        """
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                while self._current(store_id) == known:
                    await self._changed.wait()
        except TimeoutError:
            pass
        return self._current(store_id)

    def _current(self, store_id: str) -> int | None:
        if self._versions is None or self._stopping():
            raise EOFError
        return self._versions.get(store_id)

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        end = self._warehouse.on_commit(lambda: _from_thread(loop, self._committed.set))
        try:
            while self._versions is not None and not self._stopping():
                await self._look()
                await asyncio.sleep(_SHORTEST_GAP_S)  # a burst of commits is one change
                try:
                    await asyncio.wait_for(self._committed.wait(), _POLL_S - _SHORTEST_GAP_S)
                except TimeoutError:
                    continue
        finally:
            end()
            self._task = None if self._task is asyncio.current_task() else self._task
            async with self._changed:
                self._changed.notify_all()

    async def _look(self) -> None:
        self._committed.clear()
        try:
            versions = await to_thread(self._warehouse.versions)
        except DatabaseAway:
            versions = None
        if versions != self._versions:
            async with self._changed:
                self._versions = versions
                self._changed.notify_all()


def _from_thread(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(call)


@router.get("/stores/{store_id}/stream")
async def stream(request: Request, store_id: str) -> StreamingResponse:
    """Tell when the store's data changes: an event `version` at once and at each change, else `heartbeat`.

    Each stream ends after an hour, at most eleven seconds after its key was revoked, and when the server
    does; a browser opens it again by itself.
    """
    warehouse: Warehouse = request.app.state.warehouse
    await in_thread.run_sync(warehouse.store, store_id)  # an unknown store is an error, not an empty stream
    watch = _watch_of(request)
    if watch.full:
        raise HTTPException(503, f"{MAX_STREAMS} pages listen already; this one can ask every few seconds")
    return StreamingResponse(
        _messages(watch, store_id, _still_allowed(request)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _still_allowed(request: Request) -> Callable[[], Awaitable[bool]]:
    """Tells whether the key that opened a stream, and the browser's session, are good still."""
    caller = caller_of(request)
    keys: LiveKeys = request.app.state.keys
    sessions: Sessions = request.app.state.sessions
    warehouse: Warehouse = request.app.state.warehouse
    cookies = request.headers.get("cookie", "")

    async def ask() -> bool:
        if caller.key_id is None:
            return True
        ring, now = await keys.ring(), warehouse.now()
        key = sessions.key_of(cookies, ring, now) if caller.by_cookie else ring.by_id(caller.key_id)
        return key is not None and key.state(now) == "active"

    return ask


async def _messages(
    watch: ChangeWatch, store_id: str, still_allowed: Callable[[], Awaitable[bool]]
) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    end = loop.time() + LIFETIME_S
    known: int | None = None
    yield "retry: 2000\n\n"
    try:
        async with watch.listening():
            while loop.time() < end:
                version = await watch.wait(store_id, known, HEARTBEAT_S)
                if not await still_allowed():
                    return
                yield (
                    "event: heartbeat\ndata: -\n\n"
                    if version == known
                    else f"event: version\ndata: {version}\n\n"
                )
                known = version
    except (EOFError, DatabaseAway):
        return


def _watch_of(request: Request) -> ChangeWatch:
    state = request.app.state
    if not hasattr(state, "change_watch"):
        stopping: Callable[[], bool] = getattr(state, "stopping", lambda: False)
        state.change_watch = ChangeWatch(state.warehouse, stopping)
    watch: ChangeWatch = state.change_watch
    return watch
