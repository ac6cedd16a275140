"""Warehouses of any size, quickly: believable store-days, written into the tables in bulk.

A few days are made visitor by visitor and then shifted to other stores and dates, so that all store-days
hold the same number of events and the same kinds of visits.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from floorwalker.insights.windows import day_start
from floorwalker.site import Site
from floorwalker.warehouse import Warehouse
from floorwalker.warehouse.records import to_us
from floorwalker.warehouse.schema import day_versions, events, feeds, resolutions, stores, transactions
from floorwalker.warehouse.versions import utc_day

EVENTS_A_DAY = 4167
FIRST_DAY = date(2026, 3, 2)
_ZONES = ("SKINCARE", "HAIRCARE", "MAKEUP", "PERFUME", "BATH", "WELLNESS")
_TIMEZONES = ("Asia/Kolkata", "UTC", "America/New_York", "Europe/London")
_TEMPLATES = 7
_CHUNK = 20_000
_SECOND = 1_000_000

Row = tuple[Any, ...]
EVENT_COLUMNS = (
    "store_id", "time_us", "event_id", "camera_id", "visitor_id", "event_type", "zone_id", "dwell_ms",
    "is_staff", "confidence", "queue_depth", "group_id", "metadata", "run_id", "received_us",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a warehouse is: so many stores, each with so many days from `FIRST_DAY` on."""

    stores: int
    days: int

    @property
    def rows(self) -> int:
        """Events in all."""
        return self.stores * self.days * EVENTS_A_DAY

    @property
    def last_day(self) -> date:
        """The last day that holds events."""
        return FIRST_DAY + timedelta(days=self.days - 1)


@dataclass(frozen=True, slots=True)
class Seen:
    """One event of a template: seconds since local midnight, and what is in its row."""

    at_s: float
    camera_id: str
    person: int
    kind: str
    zone_id: str | None = None
    dwell_ms: int = 0
    is_staff: bool = False
    queue_depth: int | None = None


def store_name(ordinal: int) -> str:
    """The name of a store by its number."""
    return f"STORE_{ordinal:03d}"


def timezone_of(ordinal: int) -> ZoneInfo:
    """The time zone of a store by its number."""
    return ZoneInfo(_TIMEZONES[ordinal % len(_TIMEZONES)])


def make_site(count: int) -> Site:
    """A site file's content: shops with three cameras, six product zones and a till, open 10 to 22."""
    triangle = [[0, 0], [100, 0], [100, 100]]
    floor = [{"id": zone, "kind": "product", "polygon": triangle} for zone in _ZONES]
    hours = {"opens": "10:00", "closes": "22:00"}
    cameras = [
        {
            "id": "DOOR",
            "resolution": [1280, 720],
            "entry_line": [{"id": "in", "points": [[0, 9], [9, 9]], "inward": [5, 5]}],
        },
        {"id": "FLOOR", "resolution": [1280, 720], "zone": floor},
        {
            "id": "TILL",
            "resolution": [1280, 720],
            "zone": [{"id": "BILLING", "kind": "billing", "polygon": triangle}],
        },
    ]
    return Site.model_validate(
        {
            "store": [
                {
                    "id": store_name(ordinal),
                    "timezone": str(timezone_of(ordinal)),
                    "opening_hours": dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), hours),
                    "camera": cameras,
                }
                for ordinal in range(count)
            ]
        }
    )


def template(seed: int) -> tuple[list[Seen], list[float]]:
    """One day: its events by time, and the times of its sales."""
    chance = random.Random(seed)
    seen: list[Seen] = []
    sales: list[float] = []
    person = 0
    while len(seen) < EVENTS_A_DAY - 24:
        if person < 4:
            for _ in range(20):
                seen += _stay(chance, person, chance.uniform(36000, 78000), chance.choice(_ZONES), staff=True)
        else:
            seen += _visit(chance, person, sales)
        person += 1
    while len(seen) < EVENTS_A_DAY:  # passers-by, until the day is full
        seen.append(Seen(chance.uniform(36000, 78000), "DOOR", person, "ENTRY"))
        person += 1
    seen = sorted(seen[:EVENTS_A_DAY], key=lambda event: event.at_s)
    return seen, sorted(sales)


def _visit(chance: random.Random, person: int, sales: list[float]) -> list[Seen]:
    at_s = min(78000.0, max(36000.0, chance.gauss(59000, 11000)))
    found = [Seen(at_s, "DOOR", person, "ENTRY")]
    for _ in range(chance.randint(1, 3)):
        found += _stay(chance, person, at_s + 20, chance.choice(_ZONES))
        at_s = found[-1].at_s
    if chance.random() < 0.45:
        found += _stay(chance, person, at_s + 15, "BILLING", depth=chance.choice((None, 0, 1, 1, 2, 3)))
        at_s = found[-1].at_s
        if chance.random() < 0.8:
            sales.append(at_s + chance.uniform(-40, 5))
    return [*found, Seen(at_s + 25, "DOOR", person, "EXIT")]


def _stay(
    chance: random.Random, person: int, at_s: float, zone: str, *, staff: bool = False,
    depth: int | None = None,
) -> list[Seen]:  # fmt: skip
    camera = "TILL" if zone == "BILLING" else "FLOOR"
    length_s = chance.expovariate(1 / 70) + 4
    found = [Seen(at_s, camera, person, "ZONE_ENTER", zone, 0, staff)]
    if depth:
        found.append(Seen(at_s, camera, person, "BILLING_QUEUE_JOIN", zone, 0, staff, depth))
    for half in range(1, int(length_s // 30) + 1):
        found.append(Seen(at_s + 30 * half, camera, person, "ZONE_DWELL", zone, 30_000 * half, staff))
    found.append(Seen(at_s + length_s, camera, person, "ZONE_EXIT", zone, round(length_s * 1000), staff))
    return found


def event_rows(shape: Shape) -> Iterator[Row]:
    """All events of a warehouse, in order of its key."""
    templates = [template(seed)[0] for seed in range(_TEMPLATES)]
    chance = random.Random(1)
    for ordinal in range(shape.stores):
        store_id, zone = store_name(ordinal), timezone_of(ordinal)
        for number in range(shape.days):
            midnight_us = to_us(day_start(FIRST_DAY + timedelta(days=number), zone))
            for seen in templates[(ordinal + number) % _TEMPLATES]:
                time_us = midnight_us + round(seen.at_s * 1000) * 1000
                event_id = str(uuid.UUID(int=chance.getrandbits(128)))
                yield (
                    store_id, time_us, event_id, seen.camera_id, f"VIS_{number:03d}_{seen.person:05d}",
                    seen.kind, seen.zone_id, seen.dwell_ms, seen.is_staff, 0.9, seen.queue_depth, None,
                    '{"session_seq":1}', None, time_us + _SECOND,
                )  # fmt: skip


def fill(warehouse: Warehouse, shape: Shape) -> None:
    """Write stores, events, sales and resolutions; the warehouse is as if all had come in the common way."""
    warehouse.register_site(make_site(shape.stores))
    with warehouse.database.write() as connection:
        raw: Any = connection.connection.dbapi_connection
        columns = ", ".join(EVENT_COLUMNS)
        if connection.dialect.name == "postgresql":
            with raw.cursor() as cursor, cursor.copy(f"COPY events ({columns}) FROM STDIN") as copy:
                for row in event_rows(shape):
                    copy.write_row(row)
        else:
            marks = ", ".join("?" * len(EVENT_COLUMNS))
            raw.executemany(f"INSERT INTO events ({columns}) VALUES ({marks})", event_rows(shape))
    with warehouse.database.write() as connection:
        for ordinal in range(shape.stores):
            rows = _small_rows(ordinal, shape)
            for table, mine in rows.items():
                connection.execute(table.insert(), mine)
            connection.execute(
                stores.update().where(stores.c.store_id == store_name(ordinal)).values(version=10)
            )
    with warehouse.database._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _small_rows(ordinal: int, shape: Shape) -> dict[Any, list[dict[str, Any]]]:
    store_id, zone = store_name(ordinal), timezone_of(ordinal)
    days: set[int] = set()
    sales: list[dict[str, Any]] = []
    said: list[dict[str, Any]] = []
    last_us = 0
    for number in range(shape.days):
        seen, sold = template((ordinal + number) % _TEMPLATES)
        midnight_us = to_us(day_start(FIRST_DAY + timedelta(days=number), zone))
        last_us = midnight_us + round(seen[-1].at_s * 1000) * 1000
        days |= {utc_day(midnight_us + round(seen[0].at_s * _SECOND)), utc_day(last_us)}
        for place, at_s in enumerate(sold):
            sales.append(
                {
                    "store_id": store_id, "transaction_id": f"T{number:03d}{place:05d}",
                    "time_us": midnight_us + round(at_s * _SECOND), "amount_minor": 49900, "currency": "INR",
                    "kind": "sale", "salespeople": "[]", "received_us": last_us,
                }
            )  # fmt: skip
        for person in range(4, 16, 2):  # found out afterwards: these two were one
            said.append(
                {
                    "store_id": store_id, "version": len(said) + 1,
                    "subject": f"VIS_{number:03d}_{person + 1:05d}", "attribute": "same_as",
                    "value": f"VIS_{number:03d}_{person:05d}", "reason": "rule:handover", "confidence": 0.8,
                    "decided_us": last_us, "recorded_us": last_us,
                }
            )  # fmt: skip
    heard = [
        {"store_id": store_id, "camera_id": camera, "last_event_us": last_us, "last_live_us": None}
        for camera in ("DOOR", "FLOOR", "TILL")
    ]
    versions = [{"store_id": store_id, "day": d, "version": 10, "changed_us": last_us} for d in sorted(days)]
    return {transactions: sales, resolutions: said, feeds: heard, day_versions: versions}


def fresh_batch(shape: Shape, number: int, size: int = 500) -> bytes:
    """A batch for `POST /events/ingest`: events of the day after the last, of all stores in turn."""
    chance = random.Random(number)
    store_id = store_name(number % shape.stores)
    begin = datetime.combine(shape.last_day + timedelta(days=1), datetime.min.time(), UTC)
    parts = []
    for place in range(size):
        at = begin + timedelta(seconds=number % 36_000, milliseconds=place)
        parts.append(
            f'{{"event_id":"{uuid.UUID(int=chance.getrandbits(128))}","store_id":"{store_id}",'
            f'"camera_id":"DOOR","visitor_id":"VIS_{number}_{place}","event_type":"ENTRY",'
            f'"timestamp":"{at.isoformat().replace("+00:00", "Z")}","zone_id":null,"dwell_ms":0,'
            '"is_staff":false,"confidence":0.9,"metadata":{"session_seq":1}}'
        )
    return f'{{"events":[{",".join(parts)}]}}'.encode()


# Named here so that a changed table is noticed where rows are written past the recorder.
assert set(EVENT_COLUMNS) <= {column.name for column in events.columns}
