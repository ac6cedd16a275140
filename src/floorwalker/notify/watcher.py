"""The watcher: looks at stores that are live, and sends what is to be sent, while a server runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from floorwalker.events import format_utc
from floorwalker.notify.looking import look_at_store
from floorwalker.notify.outbox import Claimed, Outbox, Patience
from floorwalker.notify.sending import Outcome, Send, Sender
from floorwalker.notify.webhooks import Webhook
from floorwalker.warehouse import DatabaseAway, Warehouse
from floorwalker.warehouse.records import to_us
from floorwalker.warehouse.schema import feeds

LIVE_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Pace:
    """How busy the watcher is.

    Attributes:
        gather_s: after a commit it waits so long for more, so that a burst is one change.
        rest_s: a store that changes is looked at no oftener.
        round_s: a live store that does not change is looked at so often: silence is news too.
        breath_s: between two stores, so that requests come first.
        poll_s: messages of other processes and those that failed are looked for so often.
    """

    gather_s: float = 2.0
    rest_s: float = 30.0
    round_s: float = 60.0
    breath_s: float = 0.05
    poll_s: float = 5.0


class Watcher:
    """Two threads: one looks, one sends. Several servers on one database may each have one.

    Args:
        warehouse: what is watched.
        sender: how messages go out.
        pace: how busy it is.
        patience: how often a message is tried.
        log: takes a line where something fails.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        *,
        sender: Sender | None = None,
        pace: Pace | None = None,
        patience: Patience | None = None,
        log: Callable[[dict[str, Any]], None] = lambda line: None,
    ) -> None:
        self.sender = sender or Sender()
        self._send: Send = self.sender.send
        self._warehouse = warehouse
        self._log = log
        self._pace = pace or Pace()
        self._outbox = Outbox(warehouse.database, patience)
        self._stop = threading.Event()
        self._changed = threading.Event()
        self._mail = threading.Event()
        self._threads: list[threading.Thread] = []
        self._end_listening: Callable[[], None] | None = None
        self._looked: dict[str, tuple[int, float]] = {}  # by live store: its version, and when

    def start(self) -> None:
        """Begin."""
        self._end_listening = self._warehouse.on_commit(self._changed.set)
        for name, work in (("watch", self._watch), ("send", self._deliver)):
            thread = threading.Thread(target=work, name=f"floorwalker-{name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self, within_s: float = 15.0) -> None:
        """End; what is being sent is finished first, or sent again by whoever comes next."""
        self._stop.set()
        self._changed.set()
        self._mail.set()
        if self._end_listening is not None:
            self._end_listening()
            self._end_listening = None
        deadline = time.monotonic() + within_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._threads.clear()

    def look(self) -> int:
        """Look once at every live store that is due.

        Returns:
            How many beginnings and ends were found.
        """
        happened = 0
        versions = self._warehouse.versions()
        watched = self._watched()
        for store_id in [name for name in self._looked if name not in watched]:
            del self._looked[store_id]
        for store_id in sorted(watched):
            if self._stop.is_set():
                break
            if self._is_due(store_id, versions.get(store_id, 0)):
                happened += self._look_at(store_id)
                self._looked[store_id] = (versions.get(store_id, 0), time.monotonic())
                self._stop.wait(self._pace.breath_s)
        if happened:
            self._mail.set()
        return happened

    def deliver(self) -> int:
        """Send what is due.

        Returns:
            How many messages were tried.
        """
        claimed = self._outbox.claim(self._warehouse.now())
        by_hook: dict[str, list[tuple[Claimed, Webhook | None]]] = {}
        for message, hook in claimed:
            by_hook.setdefault(message.webhook_id, []).append((message, hook))
        if by_hook:
            # Side by side: a receiver that does not answer holds up nobody else's message.
            with ThreadPoolExecutor(len(by_hook), "floorwalker-send") as pool:
                list(pool.map(self._send_all, by_hook.values()))
        return len(claimed)

    def _send_all(self, mine: list[tuple[Claimed, Webhook | None]]) -> None:
        for message, hook in mine:
            if hook is None:
                outcome = Outcome(False, True, "the webhook was removed")
            else:
                now_s = int(self._warehouse.now().timestamp())
                outcome = self._send(hook.url, hook.secret, message.delivery_id, message.body, now_s)
            self._outbox.settle(message, outcome, self._warehouse.now())

    def _look_at(self, store_id: str) -> int:
        try:
            return len(look_at_store(self._warehouse, self._warehouse.store(store_id)))
        except DatabaseAway:
            raise
        except Exception as error:  # one store's odd data must not hide all others
            self._failed(error, store_id)
            return 0

    def _watched(self) -> set[str]:
        """Stores with a feed that was live these days."""
        since_us = to_us(self._warehouse.now() - LIVE_FOR)
        query = select(feeds.c.store_id).where(feeds.c.last_live_us >= since_us).distinct()
        with self._warehouse.database.read() as connection:
            return set(connection.scalars(query))

    def _is_due(self, store_id: str, version: int) -> bool:
        looked = self._looked.get(store_id)
        if looked is None:
            return True
        age_s = time.monotonic() - looked[1]
        return age_s >= (self._pace.rest_s if looked[0] != version else self._pace.round_s)

    def _watch(self) -> None:
        while not self._stop.is_set():
            self._guarded(self.look)
            self._changed.wait(min(self._pace.rest_s, self._pace.round_s))
            self._stop.wait(self._pace.gather_s)
            self._changed.clear()

    def _deliver(self) -> None:
        while not self._stop.is_set():
            if not self._guarded(self.deliver):
                self._mail.wait(self._pace.poll_s)
                self._mail.clear()

    def _guarded(self, work: Callable[[], int]) -> int:
        """Do something that must not end the watcher: the next round tries again."""
        try:
            return work()
        except Exception as error:
            self._failed(error, None)
        self._stop.wait(self._pace.poll_s)
        return 0

    def _failed(self, error: Exception, store_id: str | None) -> None:
        now = format_utc(self._warehouse.now())
        message = f"{type(error).__name__}: {error}"[:500]
        self._log({"event": "watch_failed", "timestamp": now, "store_id": store_id, "message": message})
