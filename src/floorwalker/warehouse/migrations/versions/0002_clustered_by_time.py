"""Events clustered by store and time, two times of a resolution, versions by day, and tables for what is new.

Every table is made anew and filled from the earlier one: on PostgreSQL names are sorted by bytes from here
on, and a column cannot change that while others point at it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import sqlalchemy as sa
from alembic import op

from floorwalker.site.names import canonical_store_id
from floorwalker.warehouse.migrations import tables_0002 as new

revision = "0002"
down_revision = "0001"

_INDEXES = {
    "recordings": ["recordings_by_time"],
    "runs": ["runs_by_recording"],
    "events": ["events_by_time"],
    "resolutions": ["resolutions_by_time"],
    "transactions": ["transactions_by_time"],
}
# Parents before children.
_EARLIER = (
    "stores", "floor_images", "cameras", "zones", "feeds",
    "recordings", "runs", "events", "resolutions", "transactions",
)  # fmt: skip
_DAY_US = 86_400_000_000
_CHUNK = 2_000

Days = dict[str, set[int]]


def upgrade() -> None:
    """Rename the earlier tables, make the new ones, move every row, drop the earlier ones."""
    connection = op.get_bind()
    _step_aside(connection)
    new.metadata.create_all(connection)
    for name in _EARLIER:
        if name != "events":
            _copy(connection, new.metadata.tables[name])
    days: Days = {}
    _copy_events(connection, days)
    for table, column in ((new.transactions, "time_us"), (new.recordings, "start_us")):
        for store_id, time_us in connection.execute(sa.select(table.c.store_id, table.c[column])):
            days.setdefault(store_id, set()).add(time_us // _DAY_US)
    _note_days(connection, days)
    _note_activations(connection)
    _note_names(connection)
    for name in reversed(_EARLIER):
        op.drop_table(f"old_{name}")


def _step_aside(connection: sa.Connection) -> None:
    for name in _EARLIER:
        for index in _INDEXES.get(name, ()):
            op.drop_index(index, table_name=name)
        op.rename_table(name, f"old_{name}")
        if connection.dialect.name == "postgresql":
            op.execute(f"ALTER INDEX {name}_pkey RENAME TO old_{name}_pkey")


def _copy(connection: sa.Connection, table: sa.Table) -> None:
    earlier = _earlier(connection, table.name)
    filled: dict[str, sa.ColumnElement[Any]] = {}
    if table.name == "resolutions":
        # When something was said or undone was not kept: as if it had always been as it is now.
        undone = earlier.c.undone.is_(True)
        filled["recorded_us"] = earlier.c.decided_us
        filled["undone_us"] = sa.case((undone, earlier.c.decided_us))
        filled["undone_by"] = sa.case((undone, sa.literal("rules")))
    elif table.name == "transactions":
        filled["received_us"] = earlier.c.time_us
    filled |= {column.name: column for column in earlier.c if column.name in table.c}
    connection.execute(sa.insert(table).from_select(list(filled), sa.select(*filled.values())))


def _copy_events(connection: sa.Connection, days: Days) -> None:
    columns = _earlier(connection, "events").c
    kept = [column for column in columns if column.name != "digest"]
    rows = connection.execute(
        sa.select(*kept).order_by(columns.store_id, columns.time_us, columns.event_id),
        execution_options={"yield_per": _CHUNK},
    )
    for chunk in rows.mappings().partitions():
        connection.execute(sa.insert(new.events), list(_event_rows(chunk, days)))


def _event_rows(chunk: Any, days: Days) -> Iterator[dict[str, Any]]:
    for row in chunk:
        days.setdefault(row["store_id"], set()).add(row["time_us"] // _DAY_US)
        evidence = msgspec.json.decode(row["metadata"])
        group = evidence.get("group_id")
        yield {
            **row,
            "queue_depth": evidence.get("queue_depth"),
            "group_id": None if group is None else str(group).replace("\0", "")[:200],
        }


def _earlier(connection: sa.Connection, name: str) -> sa.Table:
    return sa.Table(f"old_{name}", sa.MetaData(), autoload_with=connection, resolve_fks=False)


def _note_days(connection: sa.Connection, days: Days) -> None:
    stores = connection.execute(sa.select(new.stores.c.store_id, new.stores.c.version)).all()
    events = new.events.c
    received = sa.select(events.store_id, sa.func.max(events.received_us)).group_by(events.store_id)
    latest = {row.store_id: row[1] for row in connection.execute(received)}
    rows = [
        {"store_id": store_id, "day": day, "version": version, "changed_us": latest.get(store_id, 0)}
        for store_id, version in stores
        for day in sorted(days.get(store_id, ()))
    ]
    if rows:
        connection.execute(sa.insert(new.day_versions), rows)


def _note_activations(connection: sa.Connection) -> None:
    """Each run counted from when it was recorded on; the one that counts now came last."""
    runs = connection.execute(
        sa.select(new.runs).order_by(
            new.runs.c.store_id, new.runs.c.recording_id, new.runs.c.active, new.runs.c.recorded_us
        )
    )
    rows: list[dict[str, Any]] = []
    for run in runs:
        before = rows[-1] if rows else None
        again = before is not None and (
            (before["store_id"], before["recording_id"]) == (run.store_id, run.recording_id)
        )
        rows.append(
            {
                "store_id": run.store_id,
                "recording_id": run.recording_id,
                "version": before["version"] + 1 if before and again else 1,
                "run_id": run.run_id,
                "activated_us": max(run.recorded_us, before["activated_us"] if before and again else 0),
            }
        )
    if rows:
        connection.execute(sa.insert(new.run_activations), rows)


def _note_names(connection: sa.Connection) -> None:
    stores = connection.scalars(
        sa.select(new.stores.c.store_id)
        .where(new.stores.c.registered.is_(True))
        .order_by(new.stores.c.store_id)
    ).all()
    owners = {name: name for name in stores}
    for name in stores:
        owners.setdefault(canonical_store_id(name), name)
    if owners:
        connection.execute(
            sa.insert(new.store_names),
            [{"name": name, "store_id": store_id} for name, store_id in sorted(owners.items())],
        )
