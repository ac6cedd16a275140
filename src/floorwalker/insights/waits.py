"""Waiting against being served at the till."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import numpy as np
from sqlalchemy import select

from floorwalker.insights.picture import Picture
from floorwalker.warehouse.engine import Database
from floorwalker.warehouse.records import to_us
from floorwalker.warehouse.schema import events


class ToldWait(msgspec.Struct, frozen=True):
    """What an event's metadata says of waiting, in seconds.

    Attributes:
        wait_s: from joining the queue to being served.
        service_s: from being served to leaving; None where not told.
    """

    wait_s: float
    service_s: float | None = None


@dataclass(frozen=True, slots=True)
class Waits:
    """Waiting and being served at the till in a window.

    Attributes:
        wait_ms: of each customer who was served, in milliseconds.
        service_ms: likewise.
        basis: `told` (by the feed), `estimated` (first come, first served) or None where nothing can be
            known.
    """

    wait_ms: tuple[int, ...]
    service_ms: tuple[int, ...]
    basis: str | None

    def answer(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Both as an answer gives them."""
        return _summary(self.wait_ms, self.basis), _summary(self.service_ms, self.basis)


def read_told_waits(
    database: Database, store_id: str, from_utc: datetime, to_utc: datetime
) -> dict[str, ToldWait]:
    """What the events of a store say of waiting, by event id, where they say something."""
    table = events.c
    with database.read() as connection:
        rows = connection.execute(
            select(table.event_id, table.metadata)
            .where(
                table.store_id == store_id, table.time_us >= to_us(from_utc), table.time_us < to_us(to_utc)
            )
            .where(table.event_type == "ZONE_EXIT")
            .where(table.metadata.like('%"wait_s"%'))
        ).all()
    told: dict[str, ToldWait] = {}
    for row in rows:
        try:
            wait = msgspec.json.decode(row.metadata, type=ToldWait)
        except msgspec.ValidationError:
            continue
        if wait.wait_s >= 0 and (wait.service_s is None or wait.service_s >= 0):
            told[row.event_id] = wait
    return told


def waits_of(picture: Picture, told: Mapping[str, ToldWait]) -> Waits:
    """How long customers who left the till in the window had waited, and how long they were served.

    Where the feed tells it, that holds. Else it is estimated from the stays: who comes while others stand
    there is served when the last of those who came before has left. That is true of one till that serves
    in order of arrival; with several tills it says too much waiting.

    Args:
        picture: the store.
        told: what events say of it, by event id.
    """
    gave_up = {(visit.visitor_id, at_us) for visit in picture.customers for at_us in visit.abandons_us}
    heard = [
        told[event.event_id]
        for event in picture.events
        if event.event_type == "ZONE_EXIT"
        and event.event_id in told
        and not event.is_staff
        and picture.holds(event.time_us)
        and (event.visitor_id, event.time_us) not in gave_up
    ]
    if heard:
        service = [wait.service_s for wait in heard if wait.service_s is not None]
        return Waits(_ms([wait.wait_s for wait in heard]), _ms(service), "told")
    return _estimated(picture)


def _estimated(picture: Picture) -> Waits:
    stays: dict[str, list[tuple[int, int]]] = {}
    parties = picture.outcome.parties
    by_party: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for visit in picture.customers:
        if (visit.day, visit.visitor_id) in picture.outcome.abandoned:
            continue
        for stay in visit.stays:
            if stay.zone_id in picture.billing and stay.dwell_ms is not None and stay.left:
                party = parties.get(visit.visitor_id, visit.visitor_id)
                by_party.setdefault((stay.zone_id, party), []).append((stay.start_us, stay.last_us))
    for (zone_id, _), mine in by_party.items():
        stays.setdefault(zone_id, []).extend(_joined(mine))
    waits: list[int] = []
    services: list[int] = []
    for mine in stays.values():
        free_us = 0
        for start_us, end_us in sorted(mine):
            served_us = min(max(start_us, free_us), end_us)
            free_us = max(free_us, end_us)
            if picture.holds(end_us):
                waits.append((served_us - start_us) // 1000)
                services.append((end_us - served_us) // 1000)
    return Waits(tuple(waits), tuple(services), "estimated" if waits else None)


def _joined(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """A party's stays, those that overlap as one."""
    found: list[tuple[int, int]] = []
    for start_us, end_us in sorted(spans):
        if found and start_us < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end_us))
        else:
            found.append((start_us, end_us))
    return found


def _ms(seconds: Sequence[float]) -> tuple[int, ...]:
    return tuple(round(length * 1000) for length in seconds)


def _summary(lengths_ms: Sequence[int], basis: str | None) -> dict[str, Any]:
    values = np.asarray(lengths_ms, dtype=np.int64)
    some = len(values) > 0
    return {
        "mean_ms": round(float(values.mean())) if some else None,
        "median_ms": round(float(np.median(values))) if some else None,
        "p90_ms": round(float(np.quantile(values, 0.9))) if some else None,
        "n": len(values),
        "basis": basis if some else None,
    }
