"""Writing resolutions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, func, insert, select, update

from floorwalker.resolutions import Resolution
from floorwalker.warehouse.log import Statement
from floorwalker.warehouse.log_reading import statements_of
from floorwalker.warehouse.records import to_us
from floorwalker.warehouse.schema import resolutions as resolution_table
from floorwalker.warehouse.store_days import read_store_days
from floorwalker.warehouse.versions import ensure_stores, touch

T = TypeVar("T")

_CHUNK = 400


def add_resolutions(connection: Connection, said: Sequence[Resolution], now_us: int) -> int:
    """Append statements that do not hold already.

    Args:
        connection: a writing transaction.
        said: of any stores; one is skipped where the last one of its subject and attribute, and the same
            reason, says the same of that local day.
        now_us: the clock's time.

    Returns:
        How many were written.
    """
    by_store: dict[str, list[Resolution]] = {}
    for resolution in said:
        by_store.setdefault(resolution.store_id, []).append(resolution)
    written = 0
    ensure_stores(connection, by_store)
    for store_id, mine in sorted(by_store.items()):
        decided_us = [to_us(resolution.decided_utc) for resolution in mine]
        days = read_store_days(connection, store_id)
        near = statements_of(store_id, days, min(decided_us), max(decided_us) + 1)
        latest = {
            (days.day(row.decided_us), row.subject, row.attribute): (row.value, row.reason)
            for row in connection.execute(near.where(resolution_table.c.undone_us.is_(None)))
        }
        new = []
        for resolution, at_us in zip(mine, decided_us, strict=True):
            key = (days.day(at_us), resolution.subject, resolution.attribute.value)
            if latest.get(key) != (resolution.value, resolution.reason):
                latest[key] = (resolution.value, resolution.reason)
                new.append(resolution)
        append_statements(connection, store_id, new, now_us)
        written += len(new)
    return written


def append_statements(
    connection: Connection,
    store_id: str,
    said: Sequence[Resolution],
    now_us: int,
    correction_ids: Sequence[str | None] = (),
    carried_from: Sequence[int | None] = (),
) -> list[Statement]:
    """Append statements, whether they hold already or not.

    Args:
        connection: a writing transaction that holds the store.
        store_id: whose.
        said: all of this store.
        now_us: the clock's time.
        correction_ids: of each, the correction that it is part of; empty: of none.
        carried_from: of each, the version of the statement that it says again; empty: of none.

    Returns:
        The statements as they are kept.
    """
    if not said:
        return []
    table = resolution_table.c
    top = connection.scalar(select(func.max(table.version)).where(table.store_id == store_id)) or 0
    new = [
        Statement(top + turn, resolution, now_us, None, None, correction_id, carried)
        for turn, (resolution, correction_id, carried) in enumerate(
            zip(
                said,
                correction_ids or [None] * len(said),
                carried_from or [None] * len(said),
                strict=True,
            ),
            start=1,
        )
    ]
    connection.execute(insert(resolution_table), [_statement_row(statement) for statement in new])
    touch(connection, store_id, [to_us(each.decided_utc) for each in said], now_us)
    return new


def undo_resolutions(
    connection: Connection,
    store_id: str,
    subjects: Collection[str],
    reasons: Sequence[str],
    kept: Sequence[Resolution],
    now_us: int,
) -> int:
    """Undo what rules said of some visitors, as far as it is not said again.

    Args:
        connection: a writing transaction.
        store_id: whose.
        subjects: the observed visitors that the rules looked at anew.
        reasons: the rules' reasons.
        kept: statements that stay.
        now_us: the clock's time.

    Returns:
        How many were undone.
    """
    ensure_stores(connection, [store_id])
    table = resolution_table.c
    days = read_store_days(connection, store_id)
    again = {(days.day(to_us(r.decided_utc)), r.subject, r.attribute.value, r.value, r.reason) for r in kept}
    gone = {
        row.version: row.decided_us
        for chunk in _chunks(sorted(subjects))
        for row in connection.execute(
            _standing(store_id).where(table.subject.in_(chunk), table.reason.in_(reasons))
        )
        if (days.day(row.decided_us), row.subject, row.attribute, row.value, row.reason) not in again
    }
    for versions in _chunks(list(gone)):
        connection.execute(
            update(resolution_table)
            .where(table.store_id == store_id, table.version.in_(versions))
            .values(undone_us=now_us, undone_by="rules")
        )
    if gone:
        touch(connection, store_id, gone.values(), now_us)
    return len(gone)


def _chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]


def _standing(store_id: str) -> Select[Any]:
    table = resolution_table.c
    return (
        select(resolution_table)
        .where(table.store_id == store_id, table.undone_us.is_(None))
        .order_by(table.version)
    )


def _statement_row(statement: Statement) -> dict[str, object]:
    said = statement.resolution
    return {
        "store_id": said.store_id,
        "version": statement.version,
        "subject": said.subject,
        "attribute": said.attribute.value,
        "value": said.value,
        "reason": said.reason,
        "confidence": said.confidence,
        "decided_us": to_us(said.decided_utc),
        "recorded_us": statement.recorded_us,
        "correction_id": statement.correction_id,
        "carried_from": statement.carried_from,
    }
