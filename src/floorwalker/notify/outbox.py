"""What is still to be sent: each message is one process's at a time, and comes to an end."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, select, update

from floorwalker.events import format_utc
from floorwalker.notify.sending import Outcome
from floorwalker.notify.webhooks import Webhook, standing
from floorwalker.warehouse.engine import Database
from floorwalker.warehouse.records import from_us, to_us
from floorwalker.warehouse.schema import deliveries
from floorwalker.warehouse.versions import upsert

_NAMESPACE = uuid.UUID("0d7e4b0e-2b6a-5f55-9c46-4e2f0c8b8f10")
_LEASE_US = 120 * 1_000_000  # far longer than an attempt takes; after it another process may try
_SECOND = 1_000_000
OPENED, CLOSED = "anomaly.opened", "anomaly.closed"


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a message is tried.

    Attributes:
        attempts: at most so many.
        first_s: wait after the first failure; each later wait is four times as long.
        longest_s: no wait is longer.
    """

    attempts: int = 8
    first_s: float = 5.0
    longest_s: float = 7200.0

    def wait_s(self, attempts: int, chance: Callable[[], float] = random.random) -> float:
        """How long to wait after so many failed attempts: a quarter more or less, so that messages that
        failed together do not come together again."""
        whole = min(self.longest_s, self.first_s * 4.0 ** (attempts - 1))
        return whole * (0.75 + 0.5 * chance())


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this process sends now."""

    store_id: str
    delivery_id: str
    webhook_id: str
    body: bytes
    attempts: int


def put(
    connection: Connection, hook: Webhook, kind: str, store_id: str, anomaly: dict[str, Any], now_us: int
) -> bool:
    """Have a webhook told of an anomaly; of each beginning and each end it is told once, for ever.

    Args:
        connection: the transaction in which the anomaly is recorded.
        hook: whom.
        kind: `anomaly.opened` or `anomaly.closed`.
        store_id: whose anomaly.
        anomaly: as the API says it.
        now_us: the clock's time.

    Returns:
        Whether it was not told before.
    """
    delivery_id = delivery_name(hook.webhook_id, kind, anomaly["anomaly_id"])
    body = {"type": kind, "timestamp": format_utc(from_us(now_us)), "data": {"anomaly": anomaly}}
    found = connection.execute(
        upsert(connection, deliveries)
        .values(
            store_id=store_id,
            delivery_id=delivery_id,
            webhook_id=hook.webhook_id,
            body=msgspec.json.encode(body).decode(),
            due_us=now_us,
            attempts=0,
        )
        .on_conflict_do_nothing()
        .returning(deliveries.c.delivery_id)
    )
    return found.first() is not None


def was_put(connection: Connection, hook: Webhook, kind: str, store_id: str, anomaly_id: str) -> bool:
    """Whether a webhook is, or was, to be told of something."""
    name = delivery_name(hook.webhook_id, kind, anomaly_id)
    table = deliveries.c
    query = select(table.delivery_id).where(table.store_id == store_id, table.delivery_id == name)
    return connection.scalar(query) is not None


def delivery_name(webhook_id: str, kind: str, anomaly_id: str) -> str:
    """The name of a message, the same in every process."""
    return str(uuid.uuid5(_NAMESPACE, f"{webhook_id} {kind} {anomaly_id}"))


class Outbox:
    """The messages of one database that are not done.

    Args:
        database: where they are kept.
        patience: how often one is tried.
    """

    def __init__(self, database: Database, patience: Patience | None = None) -> None:
        self._database = database
        self._patience = patience or Patience()

    def claim(self, now: datetime, most: int = 8) -> list[tuple[Claimed, Webhook | None]]:
        """Take messages that are due; nobody else has them for two minutes.

        Args:
            now: the present.
            most: at most so many.

        Returns:
            The messages and their webhooks; None where it was removed.
        """
        now_us, table = to_us(now), deliveries.c
        with self._database.read() as connection:
            due = connection.execute(
                select(deliveries)
                .where(table.done_us.is_(None), table.due_us <= now_us)
                .order_by(table.due_us)
                .limit(most)
            ).all()
        if not due:
            return []
        claimed = []
        with self._database.write() as connection:
            hooks = {hook.webhook_id: hook for hook in standing(connection)}
            # An opening and an end that are due at one moment go out in this order.
            for row in sorted(due, key=lambda row: (row.due_us, OPENED not in row.body[:60])):
                # Whoever was quicker has moved the time at which it is due.
                mine = connection.execute(
                    update(deliveries)
                    .where(table.store_id == row.store_id, table.delivery_id == row.delivery_id)
                    .where(table.done_us.is_(None), table.due_us == row.due_us)
                    .values(due_us=now_us + _LEASE_US, attempts=row.attempts + 1)
                )
                if mine.rowcount:
                    message = Claimed(
                        row.store_id, row.delivery_id, row.webhook_id, row.body.encode(), row.attempts + 1
                    )
                    claimed.append((message, hooks.get(row.webhook_id)))
        return claimed

    def settle(self, message: Claimed, outcome: Outcome, now: datetime) -> None:
        """Write down what became of an attempt, and when the next one is due."""
        done, text = outcome.ok or outcome.final, outcome.text
        if not done and message.attempts >= self._patience.attempts:
            done, text = True, f"given up after {message.attempts} attempts: {text}"
        wait_us = 0 if done else round(self._patience.wait_s(message.attempts) * _SECOND)
        now_us = to_us(now)
        with self._database.write() as connection:
            connection.execute(
                update(deliveries)
                .where(
                    deliveries.c.store_id == message.store_id,
                    deliveries.c.delivery_id == message.delivery_id,
                    deliveries.c.done_us.is_(None),
                )
                .values(done_us=now_us if done else None, due_us=now_us + wait_us, outcome=text)
            )

    def next_due(self) -> datetime | None:
        """When the next message is due; None: there is none."""
        with self._database.read() as connection:
            due_us = connection.scalar(
                select(deliveries.c.due_us)
                .where(deliveries.c.done_us.is_(None))
                .order_by(deliveries.c.due_us)
                .limit(1)
            )
        return None if due_us is None else from_us(due_us)

    def log(self, webhook_id: str | None = None, most: int = 100) -> Sequence[dict[str, Any]]:
        """What was and is to be sent, the newest first.

        Args:
            webhook_id: to whom; None: to all.
            most: at most so many.
        """
        table = deliveries.c
        query = select(deliveries).order_by(table.due_us.desc(), table.delivery_id).limit(most)
        if webhook_id is not None:
            query = query.where(table.webhook_id == webhook_id)
        with self._database.read() as connection:
            return [_shown(row) for row in connection.execute(query)]


def _shown(row: Any) -> dict[str, Any]:
    body = msgspec.json.decode(row.body)
    anomaly = body["data"]["anomaly"]
    state = "waiting" if row.done_us is None else "done"
    return {
        "delivery_id": row.delivery_id,
        "webhook_id": row.webhook_id,
        "store_id": row.store_id,
        "type": body["type"],
        "anomaly_id": anomaly["anomaly_id"],
        "anomaly_type": anomaly["type"],
        "state": state,
        "attempts": row.attempts,
        "outcome": row.outcome,
        "next_attempt_at": format_utc(from_us(row.due_us)) if state == "waiting" else None,
        "done_at": None if row.done_us is None else format_utc(from_us(row.done_us)),
    }
