"""The log of anomalies: each one begins once, changes, and ends once, whoever looks and however often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, select, update

from floorwalker.events import format_utc
from floorwalker.insights.anomaly import Anomaly
from floorwalker.notify.outbox import CLOSED, OPENED
from floorwalker.warehouse.records import from_us
from floorwalker.warehouse.schema import anomaly_log
from floorwalker.warehouse.versions import ensure_stores, upsert

_FORGOTTEN_US = 14 * 86_400_000_000
# What is known by the clock on the wall only: when the feed talks again, the data show no trace of it.
_WITHOUT_TRACE = ("STALE_FEED",)


@dataclass(frozen=True, slots=True)
class Transition:
    """Something that happened to an anomaly.

    Attributes:
        kind: `anomaly.opened` or `anomaly.closed`.
        anomaly: as the API says it.
        detected_us: when it could first be known.
    """

    kind: str
    anomaly: dict[str, Any]
    detected_us: int


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a stretch of a store's time.

    Attributes:
        store_id: the store.
        from_us: beginning of the stretch.
        to_us: its end, itself not in it.
        as_of_us: up to where the data reached.
        found: all that stands out there.
        finished: whether the stretch is over, so that nothing of it goes on.
    """

    store_id: str
    from_us: int
    to_us: int
    as_of_us: int
    found: Sequence[Anomaly]
    finished: bool = False


def record(connection: Connection, look: Look, now_us: int) -> list[Transition]:
    """Bring the log up to what a look found; the same look again changes nothing.

    Several processes may record at the same moment, one after the other: each beginning and each end is
    told by one of them. A slow one that looked before another did changes nothing of what that one wrote.

    Args:
        connection: a writing transaction.
        look: what was found.
        now_us: the clock's time just before the data were read.
    """
    ensure_stores(connection, [look.store_id])
    table = anomaly_log.c
    rows = {
        row.anomaly_id: row
        for row in connection.execute(
            select(anomaly_log).where(
                table.store_id == look.store_id,
                table.detected_us >= look.from_us,
                table.detected_us < look.to_us,
            )
        )
    }
    happened: list[Transition] = []
    found_ids = set()
    for anomaly in look.found:
        answer, ended_us = anomaly.answer(), anomaly.ended_us
        if look.finished and ended_us is None:
            ended_us = look.as_of_us
            answer |= {"active": False, "ended_at": format_utc(from_us(ended_us))}
        found_ids.add(anomaly.anomaly_id)
        happened += _bring_up(connection, anomaly, answer, ended_us, now_us)
    for anomaly_id, row in rows.items():
        if anomaly_id in found_ids or row.closed_us is not None or row.updated_us > now_us:
            continue
        answer = msgspec.json.decode(row.content)
        answer |= {"active": False, "ended_at": format_utc(from_us(now_us))}
        if row.type not in _WITHOUT_TRACE:
            # Later events or a person's correction show that it was not so.
            answer |= {"retracted": True}
        if _close(connection, look.store_id, anomaly_id, answer, now_us, now_us):
            happened.append(Transition(CLOSED, answer, row.detected_us))
    return happened


def _bring_up(
    connection: Connection, anomaly: Anomaly, answer: dict[str, Any], ended_us: int | None, now_us: int
) -> list[Transition]:
    table = anomaly_log.c
    content = _encoded(answer)
    fresh = connection.execute(
        upsert(connection, anomaly_log)
        .values(
            store_id=anomaly.store_id,
            anomaly_id=anomaly.anomaly_id,
            type=anomaly.kind,
            severity=anomaly.severity,
            detected_us=anomaly.detected_us,
            updated_us=now_us,
            closed_us=ended_us,
            content=content,
        )
        .on_conflict_do_nothing()
        .returning(table.anomaly_id)
    )
    if fresh.first() is not None:
        happened = [Transition(OPENED, answer, anomaly.detected_us)]
        if ended_us is not None:  # it was over before anybody looked
            happened.append(Transition(CLOSED, answer, anomaly.detected_us))
        return happened
    if ended_us is not None and _close(
        connection, anomaly.store_id, anomaly.anomaly_id, answer, ended_us, now_us
    ):
        return [Transition(CLOSED, answer, anomaly.detected_us)]
    # Open with other figures, or known as over and going on by what came since.
    connection.execute(
        update(anomaly_log)
        .where(
            table.store_id == anomaly.store_id,
            table.anomaly_id == anomaly.anomaly_id,
            table.content != content,
            table.updated_us <= now_us,
        )
        .values(
            severity=anomaly.severity,
            detected_us=anomaly.detected_us,
            updated_us=now_us,
            closed_us=ended_us,
            content=content,
        )
    )
    return []


def _close(
    connection: Connection, store_id: str, anomaly_id: str, answer: dict[str, Any], ended_us: int, now_us: int
) -> bool:
    closed = connection.execute(
        update(anomaly_log)
        .where(
            anomaly_log.c.store_id == store_id,
            anomaly_log.c.anomaly_id == anomaly_id,
            anomaly_log.c.closed_us.is_(None),
            anomaly_log.c.updated_us <= now_us,
        )
        .values(closed_us=ended_us, updated_us=now_us, content=_encoded(answer))
    )
    return closed.rowcount > 0


def open_before(connection: Connection, store_id: str, before_us: int) -> list[int]:
    """When those anomalies were detected that still go on though they began before a time, in two weeks."""
    table = anomaly_log.c
    return list(
        connection.scalars(
            select(table.detected_us)
            .where(table.store_id == store_id, table.closed_us.is_(None))
            .where(table.detected_us < before_us, table.detected_us >= before_us - _FORGOTTEN_US)
            .order_by(table.detected_us)
        )
    )


def over_without_trace(
    connection: Connection, store_id: str, from_us: int, to_us: int
) -> list[dict[str, Any]]:
    """Anomalies of a stretch of time that are over and that its data no longer show: silent feeds."""
    table = anomaly_log.c
    rows = connection.scalars(
        select(table.content)
        .where(
            table.store_id == store_id,
            table.detected_us >= from_us,
            table.detected_us < to_us,
            table.closed_us.is_not(None),
            table.type.in_(_WITHOUT_TRACE),
        )
        .order_by(table.detected_us)
    )
    return [msgspec.json.decode(content) for content in rows]


def _encoded(answer: dict[str, Any]) -> str:
    # When it was looked at is no part of what changed.
    return msgspec.json.encode({name: value for name, value in answer.items() if name != "as_of"}).decode()
