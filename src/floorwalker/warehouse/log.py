"""Everything recorded of a stretch of a store's time, and what was known of it at any moment since."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, select

from floorwalker.resolutions import Attribute, Resolution
from floorwalker.warehouse.records import StoreView, Transaction, from_us
from floorwalker.warehouse.resolving import Resolver
from floorwalker.warehouse.schema import (
    clock_offsets,
    events,
    recordings,
    resolutions,
    run_activations,
    runs,
    transactions,
)

# A visitor_id is of one visit day, and so is what is said of it: a statement's moment lies in the store's
# local day. A day lasts up to 25 hours; statements further from a window than this say nothing of it.
REACH_US = 36 * 3600 * 1_000_000
FOR_EVER_US = 2**62  # later than anything that is recorded: what is known then is what is known now
_CHUNK = 400

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


@dataclass(frozen=True, slots=True)
class Statement:
    """A resolution as it is kept.

    Attributes:
        version: its place in the order of all that was said of the store.
        resolution: what is said.
        recorded_us: when it was written, by the clock on the wall.
        undone_us: when it was taken back; None: it stands.
        undone_by: who took it back.
        correction_id: the correction that it is part of, where a person made one.
        carried_from: the version of the person's statement that it says again of a later run's visitor.
    """

    version: int
    resolution: Resolution
    recorded_us: int
    undone_us: int | None
    undone_by: str | None
    correction_id: str | None
    carried_from: int | None

    @property
    def named(self) -> frozenset[str]:
        """The visitors whom it names."""
        said = self.resolution
        return frozenset(
            {said.subject, said.value} if said.attribute is Attribute.SAME_AS else {said.subject}
        )

    def stood(self, known_us: int) -> bool:
        """Whether it was written by then, and not undone."""
        return self.recorded_us <= known_us and (self.undone_us is None or self.undone_us > known_us)


@dataclass(frozen=True, slots=True)
class Activation:
    """From when on a run was the one of its recording that counts."""

    recording_id: str
    version: int
    run_id: str
    activated_us: int


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run as it is kept."""

    run_id: str
    recording_id: str
    active: bool
    recorded_us: int
    camera_id: str


@dataclass(frozen=True, slots=True)
class Offset:
    """An offset of the till's clock that a person applied: till minus camera."""

    version: int
    offset_us: int
    applied_us: int
    applied_by: str | None
    withdrawn_us: int | None

    def held(self, known_us: int) -> bool:
        """Whether it was applied by then, and not withdrawn."""
        return self.applied_us <= known_us and (self.withdrawn_us is None or self.withdrawn_us > known_us)


@dataclass(frozen=True)
class StoreLog:
    """Everything recorded of a stretch of a store's time, also what no longer counts.

    Attributes:
        from_us: beginning of the stretch.
        to_us: its end, itself not in it.
        rows: events by time: `EVENT_COLUMNS`, then run_id, then received_us.
        statements: what was said of it, in order of version.
        runs: the runs of `rows`, and those that had their recordings before or after them.
        activations: of those runs' recordings, in order of version.
        sales: transactions as the till said them, each with the moment it was received, by time.
        offsets: of the till's clock, as far as they were ever applied, in order of version.
    """

    from_us: int
    to_us: int
    rows: Sequence[Any]
    statements: Sequence[Statement]
    runs: Mapping[str, RunRecord]
    activations: Sequence[Activation]
    sales: Sequence[tuple[Transaction, int]]
    offsets: Sequence[Offset]

    def view(self, known_us: int) -> StoreView:
        """The resolved view as it was known at a moment of the clock on the wall.

        Args:
            known_us: what was recorded later is left out, and what was taken back later still stands.
        """
        resolver = Resolver(self.standing(known_us))
        return StoreView(
            resolver.resolve(self.counted(known_us)),
            self.transactions(known_us),
            resolver.corrections,
            self.offset_us(known_us) / 1e6,
        )

    def state(self, known_us: int) -> tuple[Hashable, ...]:
        """What tells one view of a moment from another one of it: something of it may be swept since."""
        return (
            len(self.counted(known_us)),
            tuple(each.version for each in self.statements if each.stood(known_us)),
            len(self.transactions(known_us)),
            self.offset_us(known_us),
        )

    def standing(self, known_us: int) -> list[Resolution]:
        """The statements that stood, in order of version."""
        return [each.resolution for each in self.statements if each.stood(known_us)]

    def counted(self, known_us: int) -> list[Any]:
        """The rows of events that counted."""
        stepped_back = self._stepped_back(known_us)
        rows = [row for row in self.rows if row[-1] <= known_us]
        if not stepped_back:
            return rows
        return [row for row in rows if row[-2] not in stepped_back or self._came_without(row, known_us)]

    def transactions(self, known_us: int) -> tuple[Transaction, ...]:
        """The transactions that were known, their time by the cameras' clock as it was known."""
        shift_us = self.offset_us(known_us)
        here = (
            (shifted(sale, shift_us), received_us)
            for sale, received_us in self.sales
            if received_us <= known_us
        )
        return tuple(sale for sale, _ in here if self.from_us <= sale.time_us < self.to_us)

    def offset_us(self, known_us: int) -> int:
        """How far the till's clock was taken to be ahead of the cameras'."""
        return next((each.offset_us for each in reversed(self.offsets) if each.held(known_us)), 0)

    @cached_property
    def _by_recording(self) -> dict[str, list[Activation]]:
        found: dict[str, list[Activation]] = {}
        for activation in self.activations:
            found.setdefault(activation.recording_id, []).append(activation)
        return found

    def _stepped_back(self, known_us: int) -> frozenset[str]:
        """Runs that did not count: others of their recordings did."""
        back = set()
        for run in self.runs.values():
            activations = self._by_recording.get(run.recording_id)
            if activations is None:
                counts = run.active
            else:
                last = [each.run_id for each in activations if each.activated_us <= known_us][-1:]
                counts = last == [run.run_id]
            if not counts:
                back.add(run.run_id)
        return frozenset(back)

    def _came_without(self, row: Any, known_us: int) -> bool:
        """Whether an event that a run found too counted then by itself: it was there before that run."""
        recorded_us = self.runs[row[-2]].recorded_us
        return bool(row[-1] < recorded_us and known_us < recorded_us)


def shifted(sale: Transaction, shift_us: int) -> Transaction:
    """A sale at the cameras' time."""
    if not shift_us:
        return sale
    return Transaction(
        sale.store_id,
        sale.transaction_id,
        sale.time_us - shift_us,
        sale.amount_minor,
        sale.currency,
        sale.kind,
        sale.salespeople,
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
    shifts = [0, *(offset.offset_us for offset in offsets)]
    return StoreLog(
        from_us,
        to_us,
        rows,
        read_statements(connection, store_id, from_us, to_us),
        found,
        _read_activations(connection, store_id, {run.recording_id for run in found.values()}),
        _read_sales(connection, store_id, from_us + min(shifts), to_us + max(shifts)),
        offsets,
    )


def statements_near(store_id: str, from_us: int, to_us: int) -> Select[Any]:
    """The rows of what was said of a stretch of time, in order of version."""
    table = resolutions.c
    return (
        select(resolutions)
        .where(table.store_id == store_id)
        .where(table.decided_us >= from_us - REACH_US, table.decided_us < to_us + REACH_US)
        .order_by(table.version)
    )


def read_statements(connection: Connection, store_id: str, from_us: int, to_us: int) -> list[Statement]:
    """What was said of a stretch of time, undone or not, in order of version."""
    return [statement_of(row) for row in connection.execute(statements_near(store_id, from_us, to_us))]


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
    named = _in_chunks(connection, query, table.run_id, run_ids)
    rows = _in_chunks(connection, query, table.recording_id, {row.recording_id for row in named})
    return {row.run_id: RunRecord(*row) for row in rows}


def _read_activations(connection: Connection, store_id: str, recordings: set[str]) -> list[Activation]:
    table = run_activations.c
    query = select(table.recording_id, table.version, table.run_id, table.activated_us).where(
        table.store_id == store_id
    )
    rows = _in_chunks(connection, query, table.recording_id, recordings)
    return sorted((Activation(*row) for row in rows), key=lambda each: each.version)


def _in_chunks(
    connection: Connection, query: Select[Any], column: ColumnElement[str], values: set[str]
) -> list[Any]:
    ordered = sorted(values)
    return [
        row
        for start in range(0, len(ordered), _CHUNK)
        for row in connection.execute(query.where(column.in_(ordered[start : start + _CHUNK])))
    ]
