"""Which store-days the mart has to hear of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from floorwalker import __version__
from floorwalker.errors import WorkError
from floorwalker.insights.windows import day_start
from floorwalker.mart.parts import STORE_PART, Stamp
from floorwalker.mart.tables import MART_VERSION
from floorwalker.warehouse import UnknownStore, Warehouse
from floorwalker.warehouse.facts import DaySpan, Ground
from floorwalker.warehouse.records import from_us, to_us
from floorwalker.warehouse.schema import day_versions, receipts, stores

# Another program may compute a fact otherwise; the last number goes up when this one does.
_CODE = f"{__version__}/mart {MART_VERSION}/4"
_YEARS = (1971, 2148)  # days that every engine's DATE can hold
_FIGURES_REST_ON = ("events", "resolutions", "transactions", "recordings")
_DAY = timedelta(days=1)
_EMPTY = "empty "


@dataclass(frozen=True, slots=True)
class Standing:
    """How the mart stands to a store.

    Attributes:
        changed: parts that have to be pushed: the store itself first, then days in order.
        unchanged: days that the mart shows as they are.
        kept: days that retention swept in the warehouse: the mart keeps what it has of them.
    """

    changed: tuple[str, ...]
    unchanged: int
    kept: int


def compare(
    warehouse: Warehouse, store_id: str, known: Mapping[str, Stamp], *, full: bool = False
) -> Standing:
    """Compare a store as the warehouse has it with what the mart holds.

    Args:
        warehouse: the truth; read after `known` was, so that it is never behind the mart.
        store_id: which store.
        known: stamp of each part that the mart holds.
        full: name all parts that can be computed.

    Raises:
        UnknownStore: nobody named it yet.
        WorkError: the mart holds a later state of the store than the warehouse has.
    """
    now = warehouse.now()
    with warehouse.database.read() as connection:
        row = _store_row(connection, store_id)
        if not full:
            _refuse_older(row, known)
        zone = ZoneInfo(row.timezone)
        days = _days(connection, row, now) | {date.fromisoformat(p) for p in known if p != STORE_PART}
        spans = [_span(day, zone) for day in sorted(days)]
        ground = Ground(connection, store_id, _CODE, spans)
        gone_until_us = int(row.swept_before_us)
        partly_until_us = _partly_until_us(connection, row)
        changed = (
            [STORE_PART] if full or STORE_PART not in known or known[STORE_PART].text != _about(row) else []
        )
        unchanged = kept = 0
        for span in spans:
            there = known.get(span.day)
            # A day of which only sales or recordings were swept is told of as far as it is known, unless
            # the mart knows more: it would lose what it has.
            has = there is not None and not there.text.startswith(_EMPTY)
            if span.from_us < (max(gone_until_us, partly_until_us) if has else gone_until_us):
                kept += 1
            elif there is None and not ground.may_have_data(span):
                continue
            elif full or there is None or not _holds(ground, there.text, span, now):
                changed.append(span.day)
            else:
                unchanged += not there.text.startswith(_EMPTY)
    return Standing(tuple(changed), unchanged, kept)


def stamp_now(warehouse: Warehouse, store_id: str, part: str, epoch: int) -> Stamp:
    """What a part's facts rest on now; taken before the facts, so that it never says more than they do.

    Args:
        warehouse: the truth.
        store_id: which store.
        part: the local day as 2026-03-03, or `store`.
        epoch: of the push.
    """
    now = warehouse.now()
    with warehouse.database.read() as connection:
        row = _store_row(connection, store_id)
        if part == STORE_PART:
            return Stamp(row.version, _about(row), epoch)
        span = _span(date.fromisoformat(part), ZoneInfo(row.timezone))
        ground = Ground(connection, store_id, _CODE, [span])
        return Stamp(row.version, f"{_phase(span, now)} {ground.stamp(span)}", epoch)


def of_nothing(stamp: Stamp) -> Stamp:
    """The stamp of a day of which nothing was recorded: the mart keeps in mind that it looked."""
    return replace(stamp, text=_EMPTY + stamp.text)


def _store_row(connection: Connection, store_id: str) -> Any:
    row = connection.execute(select(stores).where(stores.c.store_id == store_id)).first()
    if row is None:
        raise UnknownStore(store_id)
    return row


def _refuse_older(row: Any, known: Mapping[str, Stamp]) -> None:
    newest = max((stamp.store_version for stamp in known.values()), default=0)
    if newest > row.version:
        raise WorkError(
            f"the mart knows store {row.store_id} up to version {newest}, the database only to "
            f"{row.version}: was it restored from a backup, or is it another one? "
            "With --full everything is pushed anew"
        )


def _days(connection: Connection, row: Any, now: datetime) -> set[date]:
    """The local days of which something may be known, as far as they have begun."""
    zone = ZoneInfo(row.timezone)
    touched: Iterable[int] = connection.scalars(
        select(day_versions.c.day).where(day_versions.c.store_id == row.store_id)
    )
    found: set[date] = set()
    for day in touched:
        begin = from_us(day * 86_400_000_000)
        # A day to either side: a sale may be taken to lie there, for a clock that is set apart.
        found |= {(begin + shift * _DAY).astimezone(zone).date() for shift in (-1, 0, 1, 2)}
    return {d for d in found if _YEARS[0] <= d.year <= _YEARS[1] and day_start(d, zone) <= now}


def _span(day: date, zone: ZoneInfo) -> DaySpan:
    return DaySpan(day.isoformat(), to_us(day_start(day, zone)), to_us(day_start(day + _DAY, zone)))


def _partly_until_us(connection: Connection, row: Any) -> int:
    """The moment before which retention may have taken part of what figures rest on."""
    table = receipts.c
    swept = connection.scalar(
        select(func.max(table.before_us)).where(
            table.store_id == row.store_id, table.kind.in_(_FIGURES_REST_ON)
        )
    )
    return int(swept or 0)


def _about(row: Any) -> str:
    """Digest of what is known of the store itself."""
    told: Sequence[str] = (_CODE, row.name, row.timezone, str(row.registered), row.config or "")
    return hashlib.sha256("\0".join(told).encode()).hexdigest()[:16]


def _phase(span: DaySpan, now: datetime) -> str:
    # A day that goes on is told of once more when it is over, even if nothing more happens.
    return "over" if span.to_us <= to_us(now) else "open"


def _holds(ground: Ground, text: str, span: DaySpan, now: datetime) -> bool:
    phase, _, stamp = text.removeprefix(_EMPTY).partition(" ")
    return phase == _phase(span, now) and ground.holds(stamp, span)
