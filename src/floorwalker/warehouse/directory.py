"""Which store a name means, and what its clock shows: the warehouse's stores by all their names."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, insert, select, update

from floorwalker.dialects import StoreIdentity
from floorwalker.errors import InputError
from floorwalker.site import Store
from floorwalker.site.names import canonical_store_id
from floorwalker.warehouse.engine import Database
from floorwalker.warehouse.schema import store_names, stores
from floorwalker.warehouse.versions import ensure_stores, touch

NO_ZONE = "UTC"  # what stands in `stores.timezone` where nobody told it


class WarehouseStores:
    """The stores of a warehouse for the reader of a dialect.

    Each name is looked up once: make one directory a batch or file, and what a site file says holds for
    the next batch at once.

    Args:
        database: where the stores are.
        zone: for stores of which nobody told the time zone; None: theirs stays unknown.
    """

    def __init__(self, database: Database, zone: ZoneInfo | None = None) -> None:
        self._database = database
        self._zone = zone
        self._found: dict[tuple[str, str], StoreIdentity] = {}

    def find(self, name: str) -> StoreIdentity:
        """The store that a name means; one that nobody knows has its canonical name."""
        return self._find(name, canonical_store_id(name))

    def find_as_written(self, name: str) -> StoreIdentity:
        """The store that a till's file means; one that nobody knows is called as the file writes it."""
        return self._find(name, name)

    def _find(self, name: str, otherwise: str) -> StoreIdentity:
        identity = self._found.get((name, otherwise))
        if identity is None:
            with self._database.read() as connection:
                store_id, timezone = _look_up(connection, name, otherwise)
            zone = self._zone if timezone is None else ZoneInfo(timezone)
            identity = self._found[(name, otherwise)] = StoreIdentity(store_id, zone)
        return identity


def _look_up(connection: Connection, name: str, otherwise: str) -> tuple[str, str | None]:
    """The store's id and time zone, the zone None where nobody told it."""
    forms = [name, canonical_store_id(name)]
    owners = {
        row.name: row.store_id
        for row in connection.execute(
            select(store_names.c.name, store_names.c.store_id).where(store_names.c.name.in_(forms))
        )
    }
    seen = set(connection.scalars(select(stores.c.store_id).where(stores.c.store_id.in_(forms))))
    named = [owners[form] for form in forms if form in owners]
    # A store that no site file describes has its own name only.
    named += [form for form in (otherwise, forms[1]) if form in seen]
    store_id = next(iter(named), otherwise)
    row = connection.execute(
        select(stores.c.timezone, stores.c.registered).where(stores.c.store_id == store_id)
    ).first()
    told = row is not None and (row.registered or row.timezone != NO_ZONE)
    return store_id, row.timezone if row is not None and told else None


def write_names(connection: Connection, described: Sequence[Store]) -> None:
    """Write all names of a site file's stores; what the file no longer says goes.

    Args:
        connection: a writing transaction.
        described: the stores, which are known already.

    Raises:
        InputError: a name belongs to a store of another site file.
    """
    owner = {name: store.id for store in described for name in store.all_names}
    connection.execute(delete(store_names).where(store_names.c.store_id.in_({s.id for s in described})))
    for row in connection.execute(select(store_names).where(store_names.c.name.in_(owner))):
        raise InputError(
            f"store {owner[row.name]} is also named {row.name}, as store {row.store_id} is already; "
            "give each name to one store"
        )
    connection.execute(
        insert(store_names), [{"name": name, "store_id": mine} for name, mine in sorted(owner.items())]
    )


def tell_timezone(connection: Connection, store_ids: Sequence[str], timezone: str, now_us: int) -> None:
    """Note the time zone of stores that no site file describes; their days are other ones from then on."""
    ensure_stores(connection, store_ids)
    changed = connection.scalars(
        update(stores)
        .where(stores.c.store_id.in_(store_ids), stores.c.registered.is_(False))
        .where(stores.c.timezone != timezone)
        .values(timezone=timezone)
        .returning(stores.c.store_id)
    ).all()
    for store_id in sorted(changed):
        touch(connection, store_id, (), now_us)
