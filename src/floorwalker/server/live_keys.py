"""The keys as a running server sees them: looked up in memory, reread every second."""

from __future__ import annotations

import asyncio
import time
from asyncio import to_thread
from contextlib import suppress
from datetime import datetime

from anyio import to_thread as in_thread

from floorwalker.warehouse import DatabaseAway, Warehouse
from floorwalker.warehouse.keys import ApiKey, KeyRing, Keys

FRESH_S = 1.0  # so long a key that was revoked elsewhere may still work
_NEW_KEY_S = 0.1  # an unknown secret is looked for again, but not more often than this
_PATIENCE_S = 2.0  # then what was read last holds, if anything was
_NOTE_EVERY_S = 60.0


class LiveKeys:
    """The keys of a warehouse; all methods belong to one event loop.

    While the database is away, what was read last holds.

    Args:
        warehouse: whose keys.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._keys = Keys(warehouse.database)
        self._ring: KeyRing | None = None
        self._read_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None
        self._noting: asyncio.Task[None] | None = None
        self._used: dict[str, datetime] = {}  # not written yet; bounded by the keys there are
        self._noted: dict[str, float] = {}

    async def ring(self) -> KeyRing:
        """The keys, at most a second old.

        Raises:
            DatabaseAway: they were never read, and cannot be.
        """
        if self._ring is not None and time.monotonic() - self._read_at < FRESH_S:
            return self._ring
        return await self._reread()

    async def find(self, secret: str) -> ApiKey | None:
        """The key of a secret, whatever its state; one made a moment ago is found."""
        ring = await self.ring()
        key = ring.find(secret)
        if key is None and time.monotonic() - self._read_at > _NEW_KEY_S:
            key = (await self._reread()).find(secret)
        return key

    async def end_session(self, session_id: str, ends: datetime) -> None:
        """Have a session refused from now on; here at once, elsewhere within a second.

        Raises:
            DatabaseAway: it goes on.
        """
        await in_thread.run_sync(self._keys.end_session, session_id, ends, self._warehouse.now())
        self._read_at = float("-inf")
        if self._reading is not None and not self._reading.done():
            await asyncio.wait([self._reading])  # what it reads may be older
            self._read_at = float("-inf")

    def note_use(self, key: ApiKey) -> None:
        """Remember that a key was used; it is written down at most once a minute."""
        if time.monotonic() - self._noted.get(key.key_id, float("-inf")) > _NOTE_EVERY_S:
            self._used[key.key_id] = self._warehouse.now()

    async def _reread(self) -> KeyRing:
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
        await asyncio.wait([self._reading], timeout=_PATIENCE_S if self._ring is not None else None)
        if self._reading.done():
            self._reading.result()  # what went wrong, beyond a database that is away
        if self._ring is None:
            raise DatabaseAway("the keys could not be read")
        if self._used and (self._noting is None or self._noting.done()):
            self._noting = asyncio.create_task(self._note())
        return self._ring

    async def _read(self) -> None:
        try:
            self._ring = await to_thread(self._keys.ring)
        except DatabaseAway:
            if self._ring is None:
                raise
        finally:
            self._read_at = time.monotonic()

    async def _note(self) -> None:
        used, self._used = self._used, {}
        self._noted.update(dict.fromkeys(used, time.monotonic()))
        with suppress(DatabaseAway):  # the next use will be noted
            await to_thread(self._keys.note_use, used, max(used.values()))
