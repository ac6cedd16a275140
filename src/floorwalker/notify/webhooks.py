"""Webhooks: who wants to be told, of which stores, under which address."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from floorwalker.errors import InputError
from floorwalker.events import why_no_store_id
from floorwalker.notify.addresses import parse_address
from floorwalker.notify.signing import new_secret
from floorwalker.warehouse.engine import Database
from floorwalker.warehouse.records import from_us, to_us
from floorwalker.warehouse.schema import stores, webhooks

MOST = 100


@dataclass(frozen=True, slots=True)
class Webhook:
    """One webhook.

    Attributes:
        webhook_id: its id.
        url: where messages go.
        stores: of which stores; None: all.
        created: UTC.
        secret: signs its messages; never shown again after it was made.
    """

    webhook_id: str
    url: str
    stores: frozenset[str] | None
    created: datetime
    secret: str

    def wants(self, store_id: str) -> bool:
        """Whether it is told of a store."""
        return self.stores is None or store_id in self.stores


class Webhooks:
    """The webhooks of one database.

    Args:
        database: where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, url: str, store_ids: Collection[str] | None, now: datetime, *, later_stores: bool = False
    ) -> Webhook:
        """Make a webhook with a fresh secret.

        Args:
            url: http or https; where it leads is looked at when something is sent.
            store_ids: of which stores; None: all, later ones too.
            now: the present.
            later_stores: whether stores that nobody knows yet may be named.

        Raises:
            InputError: not an address, no or unknown stores, or there are 100 webhooks already.
        """
        parse_address(url)
        wanted = None if store_ids is None else sorted(set(store_ids))
        if wanted is not None and not wanted:
            raise InputError("expected at least one store, or none named at all for every store")
        for name in wanted or ():
            if reason := why_no_store_id(name):
                raise InputError(f"a store's id {reason}")
        made = Webhook(
            str(uuid.uuid4()), url, None if wanted is None else frozenset(wanted), now, new_secret()
        )
        with self._database.write() as connection:
            if len(standing(connection)) >= MOST:
                raise InputError(f"there are {MOST} webhooks already; remove one first")
            if wanted is not None and not later_stores:
                known = set(
                    connection.scalars(select(stores.c.store_id).where(stores.c.store_id.in_(wanted)))
                )
                missing = [name for name in wanted if name not in known]
                if missing:
                    raise InputError(f"no store {', '.join(map(repr, missing[:5]))} is known here")
            connection.execute(
                insert(webhooks).values(
                    webhook_id=made.webhook_id,
                    stores=None if wanted is None else msgspec.json.encode(wanted).decode(),
                    url=url,
                    secret=made.secret,
                    created_us=to_us(now),
                )
            )
        return made

    def all(self) -> list[Webhook]:
        """Those that are not removed, the oldest first."""
        with self._database.read() as connection:
            return standing(connection)

    def find(self, webhook_id: str) -> Webhook | None:
        """One that is not removed."""
        return next((each for each in self.all() if each.webhook_id == webhook_id), None)

    def remove(self, webhook_id: str, now: datetime) -> bool:
        """Send nothing more to a webhook; its deliveries stay to be seen.

        Returns:
            Whether there was such a webhook.
        """
        with self._database.write() as connection:
            removed = connection.execute(
                update(webhooks)
                .where(webhooks.c.webhook_id == webhook_id, webhooks.c.removed_us.is_(None))
                .values(removed_us=to_us(now))
            )
            return removed.rowcount > 0


def standing(connection: Connection) -> list[Webhook]:
    """The webhooks that are not removed, the oldest first."""
    rows = connection.execute(
        select(webhooks)
        .where(webhooks.c.removed_us.is_(None))
        .order_by(webhooks.c.created_us, webhooks.c.webhook_id)
    )
    return [_webhook(row) for row in rows]


def _webhook(row: Any) -> Webhook:
    wanted = None if row.stores is None else frozenset(msgspec.json.decode(row.stores, type=list[str]))
    return Webhook(row.webhook_id, row.url, wanted, from_us(row.created_us), row.secret)
