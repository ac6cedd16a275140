"""Reading the log: what was recorded of a stretch of a store's time, also what no longer counts."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Select, select

from floorwalker.resolutions import Attribute, Resolution
from floorwalker.warehouse.log import REACH_US, Activation, Offset, RunRecord, Statement, StoreLog
from floorwalker.warehouse.records import Transaction, from_us
from floorwalker.warehouse.rows import rows_among
from floorwalker.warehouse.schema import (
    clock_offsets,
    events,
    recordings,
    resolutions,
    run_activations,
    runs,
    transactions,
)
from floorwalker.warehouse.store_days import StoreDays, read_store_days

EVENT_COLUMNS = (
    events.c.time_us,
    events.c.event_id,
    events.c.camera_id,
    events.c.visitor_id,
    events.c.event_type,
    events.c.zone_id,
    events.c.dwell_ms,
    events.c.is_staff,
    events.c.queue_depth,
    events.c.group_id,
)


def read_log(connection: Connection, store_id: str, from_us: int, to_us: int) -> StoreLog:
    """Everything recorded of a store from one time up to, not including, another."""
    table = events.c
    rows = connection.execute(
        select(*EVENT_COLUMNS, table.run_id, table.received_us)
        .where(table.store_id == store_id, table.time_us >= from_us, table.time_us < to_us)
        .order_by(table.time_us, table.event_id)
    ).all()
    found = _read_runs(connection, store_id, {row[-2] for row in rows} - {None})
    offsets = read_offsets(connection, store_id)
    days = read_store_days(connection, store_id)
    shifts = [0, *(offset.offset_us for offset in offsets)]
    return StoreLog(
        from_us,
        to_us,
        rows,
        read_statements(connection, store_id, days, from_us, to_us),
        found,
        _read_activations(connection, store_id, {run.recording_id for run in found.values()}),
        _read_sales(connection, store_id, from_us + min(shifts), to_us + max(shifts)),
        offsets,
        days,
    )


def statements_of(store_id: str, days: StoreDays, from_us: int, to_us: int) -> Select[Any]:
    """The rows of what was said of the local days that a stretch of time touches, in order of version."""
    begin_us, end_us = days.whole(from_us, to_us)
    table = resolutions.c
    return (
        select(resolutions)
        .where(table.store_id == store_id)
        .where(table.decided_us >= begin_us, table.decided_us < end_us)
        .order_by(table.version)
    )


def statements_near(store_id: str, from_us: int, to_us: int) -> Select[Any]:
    """The rows of what was said around a stretch of time, whichever its local days are; by version."""
    table = resolutions.c
    return (
        select(resolutions)
        .where(table.store_id == store_id)
        .where(table.decided_us >= from_us - REACH_US, table.decided_us < to_us + REACH_US)
        .order_by(table.version)
    )


def read_statements(
    connection: Connection, store_id: str, days: StoreDays, from_us: int, to_us: int
) -> list[Statement]:
    """What was said of the local days that a stretch of time touches, undone or not, by version."""
    return [statement_of(row) for row in connection.execute(statements_of(store_id, days, from_us, to_us))]


def statement_of(row: Any) -> Statement:
    """A row of `resolutions` as a value."""
    return Statement(
        row.version,
        resolution_of(row),
        row.recorded_us,
        row.undone_us,
        row.undone_by,
        row.correction_id,
        row.carried_from,
    )


def resolution_of(row: Any) -> Resolution:
    """What a row of `resolutions` says."""
    return Resolution(
        row.store_id,
        row.subject,
        Attribute(row.attribute),
        row.value,
        row.reason,
        row.confidence,
        from_us(row.decided_us),
    )


def read_offsets(connection: Connection, store_id: str) -> list[Offset]:
    """The offsets of a store's till that were ever applied, in the order in which they were."""
    table = clock_offsets.c
    rows = connection.execute(
        select(table.version, table.offset_s, table.applied_us, table.applied_by, table.withdrawn_us)
        .where(table.store_id == store_id, table.applied_us.is_not(None))
        .order_by(table.applied_us, table.version)
    )
    return [Offset(row[0], round(row[1] * 1e6), row[2], row[3], row[4]) for row in rows]


def sales_between(store_id: str, from_us: int, to_us: int) -> Select[Any]:
    """The rows of transactions from one time of the till up to, not including, another, by time."""
    table = transactions.c
    return (
        select(transactions)
        .where(table.store_id == store_id, table.time_us >= from_us, table.time_us < to_us)
        .order_by(table.time_us, table.transaction_id)
    )


def transaction_of(row: Any) -> Transaction:
    """A row of `transactions` as a value."""
    return Transaction(
        row.store_id,
        row.transaction_id,
        row.time_us,
        row.amount_minor,
        row.currency,
        row.kind,
        tuple(msgspec.json.decode(row.salespeople, type=list[str])),
    )


def _read_sales(
    connection: Connection, store_id: str, from_us: int, to_us: int
) -> list[tuple[Transaction, int]]:
    return [
        (transaction_of(row), row.received_us)
        for row in connection.execute(sales_between(store_id, from_us, to_us))
    ]


def _read_runs(connection: Connection, store_id: str, run_ids: set[str]) -> dict[str, RunRecord]:
    """The runs named, and all others of their recordings."""
    table = runs.c
    film = recordings.c
    query = (
        select(table.run_id, table.recording_id, table.active, table.recorded_us, film.camera_id)
        .join_from(
            runs,
            recordings,
            (table.store_id == film.store_id) & (table.recording_id == film.recording_id),
        )
        .where(table.store_id == store_id)
    )
    named = rows_among(connection, query, table.run_id, run_ids)
    rows = rows_among(connection, query, table.recording_id, {row.recording_id for row in named})
    return {row.run_id: RunRecord(*row) for row in rows}


def _read_activations(connection: Connection, store_id: str, recordings: set[str]) -> list[Activation]:
    table = run_activations.c
    query = select(table.recording_id, table.version, table.run_id, table.activated_us).where(
        table.store_id == store_id
    )
    rows = rows_among(connection, query, table.recording_id, recordings)
    return sorted((Activation(*row) for row in rows), key=lambda each: each.version)
