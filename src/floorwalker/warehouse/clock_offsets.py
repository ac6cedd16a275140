"""Offsets between the till's clock and the cameras': kept, shown, and applied by a person only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from floorwalker.errors import InputError
from floorwalker.warehouse.reading import applied_offset_us as offset_us_at
from floorwalker.warehouse.schema import clock_offsets, transactions
from floorwalker.warehouse.versions import ensure_stores, touch

__all__ = [
    "OffsetRecord",
    "add_offset",
    "apply_offset",
    "offset_us_at",
    "read_offset_records",
    "withdraw_offset",
]


@dataclass(frozen=True, slots=True)
class OffsetRecord:
    """One estimate, and what people did with it.

    Attributes:
        store_id: whose till.
        version: 1, 2, … within the store.
        offset_s: till minus camera.
        p_value: how often chance alone agrees as well; None where nobody asked.
        evidence: what it rests on.
        computed_us: when it was computed.
        applied_us: when a person applied it; None: it is shown only.
        applied_by: who did.
        withdrawn_us: when it stopped to hold; None: it holds, where it was applied.
        withdrawn_by: who withdrew it, or applied another.
    """

    store_id: str
    version: int
    offset_s: float
    p_value: float | None
    evidence: dict[str, Any]
    computed_us: int
    applied_us: int | None
    applied_by: str | None
    withdrawn_us: int | None
    withdrawn_by: str | None

    @property
    def holds(self) -> bool:
        """Whether the till's times are read with it."""
        return self.applied_us is not None and self.withdrawn_us is None


def read_offset_records(connection: Connection, store_id: str) -> list[OffsetRecord]:
    """All estimates of a store, by version."""
    table = clock_offsets.c
    rows = connection.execute(
        select(clock_offsets).where(table.store_id == store_id).order_by(table.version)
    ).mappings()
    return [OffsetRecord(**(dict(row) | {"evidence": msgspec.json.decode(row["evidence"])})) for row in rows]


def add_offset(
    connection: Connection,
    store_id: str,
    offset_s: float,
    p_value: float | None,
    evidence: dict[str, Any],
    now_us: int,
) -> OffsetRecord:
    """Keep an estimate; one that says the same as the latest is that one.

    Args:
        connection: a writing transaction.
        store_id: whose till.
        offset_s: till minus camera.
        p_value: how often chance alone agrees as well.
        evidence: what it rests on, as JSON values.
        now_us: the clock's time.
    """
    ensure_stores(connection, [store_id])
    known = read_offset_records(connection, store_id)
    told: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(evidence))
    if known and (known[-1].offset_s, known[-1].p_value, known[-1].evidence) == (offset_s, p_value, told):
        return known[-1]
    return _append(connection, store_id, known, (offset_s, p_value, told), now_us)


def apply_offset(connection: Connection, store_id: str, version: int, by: str, now_us: int) -> OffsetRecord:
    """Have the till's times read with an estimate from now on, in place of one applied before.

    One that was withdrawn is applied again as a new version, so that what held when stays known.

    Args:
        connection: a writing transaction.
        store_id: whose till.
        version: of the estimate.
        by: the person who says so.
        now_us: the clock's time.

    Raises:
        InputError: no such version, or nobody's name.
    """
    person = _person(by)
    ensure_stores(connection, [store_id])
    known = read_offset_records(connection, store_id)
    chosen = next((record for record in known if record.version == version), None)
    if chosen is None:
        have = ", ".join(str(record.version) for record in known) or "none"
        raise InputError(f"store {store_id} has no offset of version {version}; it has: {have}")
    if chosen.holds:
        return chosen
    before_us = offset_us_at(connection, store_id)
    if chosen.applied_us is not None:
        content = (chosen.offset_s, chosen.p_value, chosen.evidence)
        chosen = _append(connection, store_id, known, content, now_us)
    _end(connection, store_id, person, now_us)
    connection.execute(
        update(clock_offsets)
        .where(clock_offsets.c.store_id == store_id, clock_offsets.c.version == chosen.version)
        .values(applied_us=now_us, applied_by=person)
    )
    _touch_sales(connection, store_id, (before_us, offset_us_at(connection, store_id)), now_us)
    return read_offset_records(connection, store_id)[chosen.version - 1]


def withdraw_offset(connection: Connection, store_id: str, by: str, now_us: int) -> OffsetRecord | None:
    """Have the till's times read as they are again.

    Args:
        connection: a writing transaction.
        store_id: whose till.
        by: the person who says so.
        now_us: the clock's time.

    Returns:
        What held until now, or None where nothing did.

    Raises:
        InputError: nobody's name.
    """
    person = _person(by)
    ensure_stores(connection, [store_id])
    held = next((record for record in read_offset_records(connection, store_id) if record.holds), None)
    if held is None:
        return None
    before_us = offset_us_at(connection, store_id)
    _end(connection, store_id, person, now_us)
    _touch_sales(connection, store_id, (before_us, 0), now_us)
    return held


def _person(by: str) -> str:
    name = by.strip()
    if not name:
        raise InputError("an offset is applied or withdrawn by a person: say who with --by NAME")
    return name[:200]


def _append(
    connection: Connection,
    store_id: str,
    known: Sequence[OffsetRecord],
    content: tuple[float, float | None, dict[str, Any]],
    now_us: int,
) -> OffsetRecord:
    offset_s, p_value, evidence = content
    version = known[-1].version + 1 if known else 1
    connection.execute(
        insert(clock_offsets).values(
            store_id=store_id,
            version=version,
            offset_s=offset_s,
            p_value=p_value,
            evidence=msgspec.json.encode(evidence).decode(),
            computed_us=now_us,
        )
    )
    return OffsetRecord(store_id, version, offset_s, p_value, evidence, now_us, None, None, None, None)


def _end(connection: Connection, store_id: str, person: str, now_us: int) -> None:
    table = clock_offsets.c
    connection.execute(
        update(clock_offsets)
        .where(table.store_id == store_id, table.applied_us.is_not(None), table.withdrawn_us.is_(None))
        .values(withdrawn_us=now_us, withdrawn_by=person)
    )


def _touch_sales(connection: Connection, store_id: str, offsets_us: Sequence[int], now_us: int) -> None:
    """Every day in which a sale lies or lay changes."""
    table = transactions.c
    times_us = connection.scalars(select(table.time_us).where(table.store_id == store_id)).all()
    touch(connection, store_id, [at_us - shift for at_us in times_us for shift in offsets_us], now_us)
