"""Everything recorded of a stretch of a store's time, and what was known of it at any moment since."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from floorwalker.resolutions import Attribute, Resolution
from floorwalker.warehouse.records import StoreView, Transaction
from floorwalker.warehouse.resolving import DayResolver
from floorwalker.warehouse.store_days import StoreDays

# A visitor_id is of one visit day, and so is what is said of it: a statement's moment lies in that local
# day of the store. A day lasts up to 25 hours: from whichever zone it is looked at, statements further from
# a time than this are of other days.
REACH_US = 36 * 3600 * 1_000_000
FOR_EVER_US = 2**62  # later than anything that is recorded: what is known then is what is known now


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
        rows: events by time: `log_reading.EVENT_COLUMNS`, then run_id, then received_us.
        statements: what was said of the local days that it touches, in order of version.
        runs: the runs of `rows`, and those that had their recordings before or after them.
        activations: of those runs' recordings, in order of version.
        sales: transactions as the till said them, each with the moment it was received, by time.
        offsets: of the till's clock, as far as they were ever applied, in order of version.
        days: the store's local days.
    """

    from_us: int
    to_us: int
    rows: Sequence[Any]
    statements: Sequence[Statement]
    runs: Mapping[str, RunRecord]
    activations: Sequence[Activation]
    sales: Sequence[tuple[Transaction, int]]
    offsets: Sequence[Offset]
    days: StoreDays

    def view(self, known_us: int) -> StoreView:
        """The resolved view as it was known at a moment of the clock on the wall.

        Args:
            known_us: what was recorded later is left out, and what was taken back later still stands.
        """
        resolver = DayResolver(self.standing(known_us), self.days)
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
        return [row for row in rows if row[-2] not in stepped_back]

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
