"""Facts of whole days, kept for as long as nothing that they rest on has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec
from sqlalchemy import Connection, case, func, select

from floorwalker.warehouse.log import REACH_US
from floorwalker.warehouse.reading import applied_offset_us, store_info
from floorwalker.warehouse.records import StoreInfo
from floorwalker.warehouse.schema import (
    day_facts,
    day_versions,
    feeds,
    receipts,
    recordings,
    resolutions,
    run_activations,
    stores,
    transactions,
)
from floorwalker.warehouse.versions import upsert, utc_day

# Coverage asks which cameras were recorded in the month before a day, which itself reaches a day back.
MONTH_US = 33 * 86_400_000_000
LATE_SALE_US = 5 * 60 * 1_000_000  # so long after it a sale may still be of a day's visits
_LONGEST_DAY_US = 25 * 3600 * 1_000_000
_RESTED_ON = ("events", "resolutions", "transactions", "recordings")


@dataclass(frozen=True, slots=True)
class DaySpan:
    """One whole local day: its name, its beginning and its end."""

    day: str
    from_us: int
    to_us: int


class Ground:
    """What the facts of a store rest on, as one transaction sees it.

    A stamp has three parts: the store's version when it was made, what holds for all days (the site file,
    the applied offset of the till, who was live by then), and what holds for the day itself. While no day
    near it has a newer version than the first part, and the second is the same, nothing has changed, and
    that is known without looking at the day. Else the third part decides.

    Args:
        connection: a reading transaction; facts made of what it reads carry its stamps.
        store_id: whose.
        code: changes when what is kept is computed in another way.
        spans: the days in question, in order.
    """

    def __init__(self, connection: Connection, store_id: str, code: str, spans: Sequence[DaySpan]) -> None:
        self._connection = connection
        self._store_id = store_id
        self._code = code
        self._spans = spans
        row = connection.execute(select(stores).where(stores.c.store_id == store_id)).one()
        self._row = row
        self._version = int(row.version)
        self._swept = [("watermark", int(row.swept_before_us), 0), *_swept(connection, store_id)]
        self._offset_us = applied_offset_us(connection, store_id)
        self._setting = (code, row.timezone, row.registered, row.config, self._offset_us)
        self._live = {
            feed.camera_id: feed.last_live_us
            for feed in connection.execute(
                select(feeds.c.camera_id, feeds.c.last_live_us)
                .where(feeds.c.store_id == store_id, feeds.c.last_live_us.is_not(None))
                .order_by(feeds.c.camera_id)
            )
        }

    def may_have_data(self, span: DaySpan) -> bool:
        """Whether anything was ever written of a day, or of another that shares a UTC day with it."""
        days = range(
            utc_day(span.from_us - abs(self._offset_us)), utc_day(span.to_us - 1 + abs(self._offset_us)) + 1
        )
        return any(day in self._versions for day in days)

    def is_of(self, store: StoreInfo) -> bool:
        """Whether a store, read earlier, is still described as it is here: its time zone, its site file.

        Where not, spans and figures made with it are not what a stamp of this ground would call them.
        """
        if store.version == self._version:
            return True
        here = store_info(self._row)
        return (store.timezone, store.registered, store.site) == (here.timezone, here.registered, here.site)

    def stamp(self, span: DaySpan) -> str:
        """The stamp of facts that are made of a day now."""
        return f"{self._version}.{self._common(span)}.{self._own(span)}"

    def holds(self, stamp: str, span: DaySpan) -> bool:
        """Whether facts of this stamp still say what would be computed now."""
        version, _, rest = stamp.partition(".")
        common, _, own = rest.partition(".")
        if common != self._common(span) or not version.isdigit():
            return False
        return self._newest_near(span) <= int(version) or own == self._own(span)

    @cached_property
    def _versions(self) -> dict[int, int]:
        if not self._spans:
            return {}
        first, last = self._spans[0].from_us - MONTH_US, self._spans[-1].to_us + REACH_US
        rows = self._connection.execute(
            select(day_versions.c.day, day_versions.c.version).where(
                day_versions.c.store_id == self._store_id,
                day_versions.c.day.between(utc_day(first), utc_day(last)),
            )
        ).all()
        return {row[0]: row[1] for row in rows}

    def _newest_near(self, span: DaySpan) -> int:
        days = range(utc_day(span.from_us - MONTH_US), utc_day(span.to_us + REACH_US) + 1)
        return max((self._versions.get(day, 0) for day in days), default=0)

    def _common(self, span: DaySpan) -> str:
        # Of later days only that they came counts: a feed that is live still was live then.
        live = [(camera, min(last_us, span.to_us)) for camera, last_us in self._live.items()]
        end_us = span.to_us + REACH_US
        swept = [
            (kind, min(before_us, end_us), removed)
            for kind, before_us, removed in self._swept
            if before_us > span.from_us - (MONTH_US if kind == "recordings" else REACH_US)
        ]
        return _digest([*self._setting, live, swept])

    def _own(self, span: DaySpan) -> str:
        """Digest of all that the day's figures are made of."""
        day = range(utc_day(span.from_us), utc_day(span.to_us - 1) + 1)
        return _digest(
            [
                [self._versions.get(each, 0) for each in day],
                self._said(span),
                self._sold(span),
                self._after(span),
                self._ran(span),
            ]
        )

    def _said(self, span: DaySpan) -> list[int]:
        table = resolutions.c
        undone = func.sum(case((table.undone_us.is_not(None), 1), else_=0))
        return self._numbers(
            select(func.count(), func.max(table.version), undone).where(
                table.store_id == self._store_id,
                table.decided_us >= span.from_us - REACH_US,
                table.decided_us < span.to_us + REACH_US,
            )
        )

    def _sold(self, span: DaySpan) -> list[int]:
        if not self._offset_us:
            return []  # then they lie in the day's own versions
        table = transactions.c
        return self._numbers(
            select(func.count(), func.max(table.received_us)).where(
                table.store_id == self._store_id,
                table.time_us >= span.from_us + self._offset_us,
                table.time_us < span.to_us + self._offset_us,
            )
        )

    def _after(self, span: DaySpan) -> list[int]:
        """The sales just after midnight, and where there are any that day, which decides whose they are."""
        table = transactions.c
        late = self._numbers(
            select(func.count(), func.max(table.received_us)).where(
                table.store_id == self._store_id,
                table.time_us >= span.to_us + self._offset_us,
                table.time_us < span.to_us + self._offset_us + LATE_SALE_US,
            )
        )
        if not late[0]:
            return late
        next_day = range(utc_day(span.to_us), utc_day(span.to_us + _LONGEST_DAY_US) + 1)
        return [*late, *(self._versions.get(each, 0) for each in next_day)]

    def _ran(self, span: DaySpan) -> list[int]:
        table = run_activations.c
        joined = run_activations.join(
            recordings,
            (recordings.c.store_id == table.store_id) & (recordings.c.recording_id == table.recording_id),
        )
        return self._numbers(
            select(func.count(), func.max(table.version), func.sum(table.version))
            .select_from(joined)
            .where(
                recordings.c.store_id == self._store_id,
                recordings.c.start_us >= span.from_us - MONTH_US,
                recordings.c.start_us < span.to_us,
            )
        )

    def _numbers(self, statement: object) -> list[int]:
        row = self._connection.execute(statement).one()  # type: ignore[call-overload]
        return [int(value or 0) for value in row]


def read_kept(
    connection: Connection, ground: Ground, store_id: str, kind: str, spans: Sequence[DaySpan]
) -> dict[str, str]:
    """The facts that still hold, by day.

    Args:
        connection: the ground's transaction.
        ground: what facts rest on.
        store_id: whose.
        kind: which facts.
        spans: of which days, in order.
    """
    if not spans:
        return {}
    wanted = {span.day: span for span in spans}
    table = day_facts.c
    rows = connection.execute(
        select(table.day, table.stamp, table.content).where(
            table.store_id == store_id, table.kind == kind, table.day.in_(sorted(wanted))
        )
    ).all()
    return {day: content for day, stamp, content in rows if ground.holds(stamp, wanted[day])}


def keep(
    connection: Connection, store_id: str, kind: str, stamped: Mapping[str, tuple[str, str]], now_us: int
) -> None:
    """Keep facts in place of what was kept of their days.

    Args:
        connection: a writing transaction.
        store_id: whose.
        kind: which facts.
        stamped: stamp and content by day.
        now_us: the clock's time.
    """
    if not stamped:
        return
    statement = upsert(connection, day_facts)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["store_id", "day", "kind"],
            set_={name: statement.excluded[name] for name in ("stamp", "content", "computed_us")},
        ),
        [
            {
                "store_id": store_id, "day": day, "kind": kind, "stamp": stamp, "content": content,
                "computed_us": now_us,
            }
            for day, (stamp, content) in stamped.items()
        ],
    )  # fmt: skip


def _swept(connection: Connection, store_id: str) -> list[tuple[str, int, int]]:
    """Up to which time what kinds of rows were taken out, and how many in all."""
    table = receipts.c
    rows = connection.execute(
        select(table.kind, func.max(table.before_us), func.sum(table.removed))
        .where(table.store_id == store_id, table.kind.in_(_RESTED_ON))
        .group_by(table.kind)
        .order_by(table.kind)
    )
    return [(row[0], int(row[1]), int(row[2])) for row in rows]


def _digest(parts: object) -> str:
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:16]
