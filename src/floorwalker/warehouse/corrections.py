"""Corrections: what people say of a day's visitors, made, listed and undone."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from floorwalker.errors import InputError
from floorwalker.warehouse.expressing import Asked, Judge, Statements, asked_from, asked_to
from floorwalker.warehouse.loading import append_statements
from floorwalker.warehouse.log import FOR_EVER_US, Statement, StoreLog
from floorwalker.warehouse.log_reading import read_log
from floorwalker.warehouse.records import StoreView, to_us
from floorwalker.warehouse.resolving import PERSON, in_force
from floorwalker.warehouse.schema import corrections as correction_table
from floorwalker.warehouse.schema import resolutions as resolution_table
from floorwalker.warehouse.versions import ensure_stores, touch
from floorwalker.warehouse.warehouse import Warehouse


class CorrectionRefused(InputError):
    """A correction that cannot be made.

    Attributes:
        code: short reason for programs: `unknown_visitor`, `unknown_transaction`, `unknown_correction`,
            `nothing_to_split`, `impossible_merge`, `conflict`.
        details: what exactly is wrong, as JSON values.
    """

    def __init__(self, code: str, message: str, details: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.details = details


@dataclass(frozen=True, slots=True)
class Stretch:
    """A store's local day as a stretch of time.

    Attributes:
        store_id: whose day.
        day: for example `2026-03-03`.
        from_us: its beginning.
        to_us: its end, itself not in it.
    """

    store_id: str
    day: str
    from_us: int
    to_us: int


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asks to be corrected.

    Attributes:
        by: the person's name, as they gave it.
        note: why, in their words.
        asked: the statements; each sees what those before it changed.
        force: make merges that seem impossible.
        correction_id: a UUID that the client chose, so that sending it twice makes one correction; None:
            one is made.
        key_name: whose key was shown; None: none was needed.
    """

    by: str
    note: str
    asked: tuple[Asked, ...]
    force: bool = False
    correction_id: str | None = None
    key_name: str | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction as it was made."""

    correction_id: str
    day: str
    by: str
    note: str
    asked: tuple[Asked, ...]
    forced: bool
    made_us: int
    undone_us: int | None
    undone_by: str | None
    key_name: str | None = None
    undone_key_name: str | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """A correction that was made or undone, and the day before and after it.

    Attributes:
        correction: as it is now.
        before: the day's view before.
        after: the day's view after.
        repeated: whether nothing was left to do.
    """

    correction: Correction
    before: StoreView
    after: StoreView
    repeated: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """A correction with what became of it.

    Attributes:
        correction: what was asked.
        statements: what follows from it for the runs that count or counted, undone ones too.
        in_force: versions of those statements that hold now: not undone, nor replaced by a later word.
        open: statements that reach nobody any more, because a later run names its visitors anew and nobody
            of it is clearly the one who was meant.
    """

    correction: Correction
    statements: tuple[Statement, ...]
    in_force: frozenset[int]
    open: tuple[Statement, ...]


class Corrections:
    """Makes, lists and undoes corrections; what it returns is committed.

    Two people at the same time are taken one after the other, in the order in which their corrections land.

    Args:
        warehouse: where the day is.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self._database = warehouse.database
        self._now: Callable[[], datetime] = warehouse.now

    def make(self, place: Stretch, wish: Wish, judge: Judge) -> Changed:
        """Write what a person says of a day's visitors, all of it or nothing.

        Args:
            place: the day.
            wish: what they say.
            judge: given a view and visitors that are to be one person, says why they cannot be.

        Raises:
            CorrectionRefused: somebody or something it names is not there that day, or it cannot be.
        """
        with self._database.write() as connection:
            ensure_stores(connection, [place.store_id])
            earlier = _read_one(connection, place.store_id, wish.correction_id)
            log = read_log(connection, place.store_id, place.from_us, place.to_us)
            if earlier is not None:
                return _again(earlier, log, place, wish)
            now_us = to_us(self._now())
            said = Statements(log, place.store_id, PERSON + wish.by)
            for asked in wish.asked:
                unlikely = said.add(asked, judge if not wish.force else None)
                if unlikely:
                    raise CorrectionRefused(*unlikely)
            correction = Correction(
                wish.correction_id or str(uuid.uuid4()),
                place.day, wish.by, wish.note, wish.asked, wish.force, now_us, None, None,
                wish.key_name,
            )  # fmt: skip
            connection.execute(insert(correction_table), [_row(place.store_id, correction)])
            ids = [correction.correction_id] * len(said.new)
            new = append_statements(connection, place.store_id, said.new, now_us, ids)
        after = replace(log, statements=[*log.statements, *new])
        return Changed(correction, log.view(FOR_EVER_US), after.view(FOR_EVER_US), repeated=False)

    def undo(
        self,
        store_id: str,
        correction_id: str,
        by: str,
        stretch: Callable[[str], Stretch],
        *,
        key_name: str | None = None,
    ) -> Changed:
        """Take a correction back: what held before it, other people's words too, holds again.

        Args:
            store_id: whose.
            correction_id: which.
            by: who takes it back.
            stretch: gives the stretch of a local day.
            key_name: whose key was shown; None: none was needed.

        Raises:
            CorrectionRefused: there is no such correction.
        """
        table = resolution_table.c
        with self._database.write() as connection:
            ensure_stores(connection, [store_id])
            correction = _read_one(connection, store_id, correction_id)
            if correction is None:
                raise CorrectionRefused(
                    "unknown_correction", f"there is no correction {correction_id!r} here"
                )
            place = stretch(correction.day)
            log = read_log(connection, store_id, place.from_us, place.to_us)
            before = log.view(FOR_EVER_US)
            if correction.undone_us is not None:
                return Changed(correction, before, before, repeated=True)
            now_us = to_us(self._now())
            undone = {"undone_us": now_us, "undone_by": PERSON + by}
            decided_us = connection.scalars(
                update(resolution_table)
                .where(table.store_id == store_id, table.correction_id == correction_id)
                .where(table.undone_us.is_(None))
                .values(**undone)
                .returning(table.decided_us)
            ).all()
            connection.execute(
                update(correction_table)
                .where(correction_table.c.store_id == store_id)
                .where(correction_table.c.correction_id == correction_id)
                .values(undone_us=now_us, undone_by=by, undone_key_name=key_name)
            )
            touch(connection, store_id, [*decided_us, place.from_us], now_us)
        gone = replace(correction, undone_us=now_us, undone_by=by, undone_key_name=key_name)
        kept = [each for each in log.statements if each.correction_id != correction_id]
        return Changed(gone, before, replace(log, statements=kept).view(FOR_EVER_US), repeated=False)

    def of_day(self, place: Stretch) -> list[Listed]:
        """The corrections of a local day in the order in which they were made."""
        table = correction_table.c
        with self._database.read() as connection:
            log = read_log(connection, place.store_id, place.from_us, place.to_us)
            rows = connection.execute(
                select(correction_table)
                .where(table.store_id == place.store_id, table.day == place.day)
                .order_by(table.made_us, table.correction_id)
            ).all()
        standing = {id(each.resolution): each for each in log.statements if each.undone_us is None}
        said = log.days.said(each.resolution for each in standing.values())
        holding = [each for of_day in said.values() for each in in_force(of_day).values()]
        held = frozenset(standing[id(resolution)].version for resolution in holding)
        left_open = open_statements(log)
        found = []
        for row in rows:
            correction = _correction(row)
            mine = tuple(each for each in log.statements if each.correction_id == correction.correction_id)
            versions = frozenset(each.version for each in mine)
            still_open = tuple(each for each in left_open if each.version in versions)
            found.append(Listed(correction, mine, held & versions, still_open))
        return sorted(found, key=_first_version)


def open_statements(log: StoreLog) -> list[Statement]:
    """People's standing words that reach nobody: whom they name only runs that no longer count show.

    Args:
        log: of the day, or of more.
    """
    here = {row[3] for row in log.counted(FOR_EVER_US)}
    lost = {row[3] for row in log.rows} - here
    families: dict[int, list[Statement]] = {}
    for each in log.statements:
        if each.undone_us is None and each.resolution.reason.startswith(PERSON):
            families.setdefault(each.carried_from or each.version, []).append(each)
    return [family[0] for family in families.values() if all(lost & each.named for each in family)]


def _again(earlier: Correction, log: StoreLog, place: Stretch, wish: Wish) -> Changed:
    """The answer to a correction that was sent before."""
    same = (earlier.day, earlier.by, earlier.note, earlier.asked)
    if same != (place.day, wish.by, wish.note, wish.asked):
        raise CorrectionRefused(
            "conflict", f"a correction {earlier.correction_id} with other content is here already"
        )
    mine = [each for each in log.statements if each.correction_id != earlier.correction_id]
    without = replace(log, statements=mine)
    known_us = earlier.made_us
    return Changed(earlier, without.view(known_us), log.view(known_us), repeated=True)


def _first_version(listed: Listed) -> tuple[int, int]:
    """In order of what was written; a correction whose statements retention took comes by its time."""
    first = min((each.version for each in listed.statements), default=0)
    return listed.correction.made_us, first


def _read_one(connection: Connection, store_id: str, correction_id: str | None) -> Correction | None:
    if correction_id is None:
        return None
    table = correction_table.c
    row = connection.execute(
        select(correction_table).where(table.store_id == store_id, table.correction_id == correction_id)
    ).first()
    return None if row is None else _correction(row)


def _correction(row: Any) -> Correction:
    return Correction(
        row.correction_id,
        row.day,
        row.made_by,
        row.note,
        tuple(asked_from(each) for each in msgspec.json.decode(row.statements)),
        row.forced,
        row.made_us,
        row.undone_us,
        row.undone_by,
        row.key_name,
        row.undone_key_name,
    )


def _row(store_id: str, correction: Correction) -> dict[str, object]:
    return {
        "store_id": store_id,
        "correction_id": correction.correction_id,
        "day": correction.day,
        "made_by": correction.by,
        "key_name": correction.key_name,
        "note": correction.note,
        "statements": msgspec.json.encode([asked_to(each) for each in correction.asked]).decode(),
        "forced": correction.forced,
        "made_us": correction.made_us,
    }
