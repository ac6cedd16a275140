"""Writing transactions: each order of the tills once."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import Connection, func, insert, select

from floorwalker.warehouse.directory import tell_timezone
from floorwalker.warehouse.reading import applied_offset_us
from floorwalker.warehouse.records import LoadReport, Transaction
from floorwalker.warehouse.rows import rows_among
from floorwalker.warehouse.schema import receipts, transactions
from floorwalker.warehouse.versions import ensure_stores, touch

Row = dict[str, object]


def add_transactions(
    connection: Connection, batch: Sequence[Transaction], timezone: str | None, now_us: int
) -> LoadReport:
    """Add the transactions that are new.

    Args:
        connection: a writing transaction.
        batch: of any stores; their times are kept as the till said them.
        timezone: IANA name for stores that no site file describes; None leaves theirs as it is.
        now_us: the clock's time.

    Returns:
        Counts; a known transaction_id with other content is a conflict and stays as it was, one of days
        that retention swept is expired.
    """
    by_store: dict[str, list[Transaction]] = {}
    for sale in batch:
        by_store.setdefault(sale.store_id, []).append(sale)
    ensure_stores(connection, by_store)
    inserted = duplicates = expired = 0
    conflicts: list[str] = []
    for store_id, mine in sorted(by_store.items()):
        swept_us = _swept_before_us(connection, store_id)
        known = _known(connection, store_id, {sale.transaction_id for sale in mine})
        new: dict[str, Row] = {}
        times_us: list[int] = []
        for sale in mine:
            row = _row(sale)
            earlier = known.get(sale.transaction_id) or new.get(sale.transaction_id)
            if earlier is None and sale.time_us < swept_us:
                expired += 1
            elif earlier is None:
                new[sale.transaction_id] = row
                times_us.append(sale.time_us)
            elif all(earlier[name] == value for name, value in row.items()):
                duplicates += 1
            else:
                conflicts.append(sale.transaction_id)
        if new:
            connection.execute(insert(transactions), [row | {"received_us": now_us} for row in new.values()])
            # By the cameras' clock a sale may lie in another day than by the till's.
            shift_us = applied_offset_us(connection, store_id)
            touch(connection, store_id, [*times_us, *(at_us - shift_us for at_us in times_us)], now_us)
        inserted += len(new)
    if timezone and by_store:
        tell_timezone(connection, sorted(by_store), timezone, now_us)
    return LoadReport(inserted, duplicates, tuple(conflicts), expired)


def _swept_before_us(connection: Connection, store_id: str) -> int:
    """Sales before this were swept away, and may not come in again by the same file."""
    table = receipts.c
    latest: int | None = connection.scalar(
        select(func.max(table.before_us)).where(table.store_id == store_id, table.kind == "transactions")
    )
    return latest or 0


def _known(connection: Connection, store_id: str, ids: Collection[str]) -> dict[str, Row]:
    table = transactions.c
    statement = select(transactions).where(table.store_id == store_id)
    rows = rows_among(connection, statement, table.transaction_id, ids)
    return {row.transaction_id: dict(row._mapping) for row in rows}


def _row(sale: Transaction) -> Row:
    return {
        "store_id": sale.store_id,
        "transaction_id": sale.transaction_id,
        "time_us": sale.time_us,
        "amount_minor": sale.amount_minor,
        "currency": sale.currency,
        "kind": sale.kind,
        "salespeople": msgspec.json.encode(sale.salespeople).decode(),
    }
