"""A small chain, and a mart of each engine: ClickHouse inside this process, a throw-away PostgreSQL."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from floorwalker.events import Event, EventType
from floorwalker.mart.opening import open_mart
from floorwalker.mart.parts import Sink
from floorwalker.mart.sync import SyncReport, plan_sync, sync
from floorwalker.runs import Recording, Run
from floorwalker.site import Site
from floorwalker.warehouse import Transaction, Warehouse
from floorwalker.warehouse.records import to_us

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def site(**timezones: str) -> Site:
    """Stores of these names and time zones, each with a door, a shelf and a till."""
    zones = [
        {"id": "SKINCARE", "kind": "product", "polygon": [[0, 0], [9, 0], [9, 9]], "sku_zone": "skin"},
        {"id": "BILLING", "kind": "billing", "polygon": [[20, 0], [29, 0], [29, 9]]},
    ]
    camera = {
        "id": "C1",
        "resolution": [100, 100],
        "entry_line": [{"id": "door", "points": [[0, 50], [99, 50]], "inward": [50, 10]}],
        "zone": zones,
    }
    stores = [
        {"id": name, "name": f"Shop {name}", "timezone": zone, "currency": "EUR", "camera": [camera]}
        for name, zone in timezones.items()
    ]
    return Site.model_validate({"store": stores})


@dataclass
class Chain:
    """A warehouse with a present that tests can move, and words to fill it."""

    warehouse: Warehouse
    now: datetime = NOW
    url: str = ""
    _number: int = 0

    def register(self, **timezones: str) -> None:
        self.warehouse.register_site(site(**timezones))

    def event(self, store: str, visitor: str, kind: str, at: datetime, **more: Any) -> Event:
        self._number += 1
        return Event(
            event_id=str(uuid.uuid5(uuid.NAMESPACE_OID, str(self._number))),
            store_id=store,
            camera_id="C1",
            visitor_id=visitor,
            event_type=EventType(kind),
            timestamp=at,
            **{"metadata": {"queue_depth": None, "sku_zone": None, "session_seq": 1}} | more,
        )

    def shopper(
        self,
        store: str,
        visitor: str,
        at: datetime,
        *,
        buys: bool = False,
        gives_up: bool = False,
        staff: bool = False,
    ) -> None:
        """Somebody comes in, looks at the shelf, perhaps queues, perhaps pays, and goes."""

        def do(kind: str, after_s: float, zone: str | None = None, **more: Any) -> Event:
            moment = at + timedelta(seconds=after_s)
            return self.event(store, visitor, kind, moment, zone_id=zone, is_staff=staff, **more)

        events = [
            do("ENTRY", 0),
            do("ZONE_ENTER", 10, "SKINCARE"),
            do("ZONE_EXIT", 70, "SKINCARE", dwell_ms=60_000),
        ]
        if buys or gives_up:
            events += [do("ZONE_ENTER", 100, "BILLING")]
            events += [
                do("BILLING_QUEUE_JOIN", 100, "BILLING", metadata={"queue_depth": 1, "session_seq": 1})
            ]
            events += [do("ZONE_EXIT", 160, "BILLING", dwell_ms=60_000)]
        if gives_up:
            events += [do("BILLING_QUEUE_ABANDON", 160, "BILLING")]
        events.append(do("EXIT", 200))
        self.add(events)
        if buys:
            self.sale(store, f"T-{visitor}-{at:%Y%m%d%H%M}", at + timedelta(seconds=150), 1999)

    def add(self, events: list[Event]) -> None:
        report = self.warehouse.add_events(events, live=False)
        assert report.inserted == len(events), report

    def sale(self, store: str, name: str, at: datetime, minor: int, kind: str = "sale") -> None:
        sold = Transaction(store, name, to_us(at), minor, "EUR", kind, ("anna", "ben"))
        assert self.warehouse.load_transactions([sold]).inserted == 1

    def record_empty_morning(self, store: str, at: datetime) -> None:
        """A camera watched for an hour, and nobody came."""
        recording = Recording(store, "C1", at, 3600.0, "0" * 64, ())
        run = Run(recording.recording_id, "1", "motion", "0" * 64)
        self.warehouse.record_run(recording, run, [])

    def sync(self, sink: Sink, *, full: bool = False) -> SyncReport:
        names = [store.store_id for store in self.warehouse.stores()]
        return sync(self.warehouse, sink, plan_sync(self.warehouse, sink, names, full=full))


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    """An empty chain."""
    made = Chain(Warehouse(f"sqlite:///{tmp_path / 'w.db'}", clock=lambda: made.now))
    yield made
    made.warehouse.close()


@pytest.fixture
def two_days(chain: Chain) -> Chain:
    """A shop in India and one in New York, two days each, with all that a day can hold."""
    fill(chain)
    return chain


def fill(chain: Chain) -> None:
    """Two shops with two days each."""
    chain.register(IND="Asia/Kolkata", NYC="America/New_York")
    for store, hour in (("IND", 5), ("NYC", 15)):
        for day in (3, 4):
            at = datetime(2026, 3, day, hour, tzinfo=UTC)
            for minutes in range(0, 60, 10):
                chain.shopper(
                    store, f"VIS_{minutes}", at + timedelta(minutes=minutes), buys=minutes % 20 == 0
                )
            chain.shopper(store, "VIS_STAFF", at + timedelta(minutes=3), staff=True)
            chain.shopper(store, "VIS_LEAVER", at + timedelta(minutes=33), gives_up=True)
            chain.sale(store, f"BACK-{day}", at + timedelta(hours=2), -500, "return")
    chain.shopper("NYC", "VIS_ONE_MORE", datetime(2026, 3, 4, 20, tzinfo=UTC))


@pytest.fixture
def two_days_served(postgres: Any) -> Iterator[Chain]:
    """The same in a warehouse on PostgreSQL."""
    url = postgres.new_database()
    made = Chain(Warehouse(url, clock=lambda: made.now), url=url)
    fill(made)
    yield made
    made.warehouse.close()


@dataclass
class Mart:
    """One mart: its address, and what its views show."""

    url: str
    engine: str
    _sinks: list[Sink] = field(default_factory=list, init=False)
    _reader: Any = field(default=None, init=False)

    def sink(self) -> Sink:
        opened = open_mart(self.url)
        opened.prepare()
        self._sinks.append(opened)
        return opened

    def execute(self, statement: str) -> None:
        """Run a statement; `{m}` is where the mart is."""
        if self.engine == "clickhouse":
            self._client().command(statement.format(m=self.url.rpartition("/")[2]))
        else:
            with self._connection() as connection:
                connection.execute(statement.format(m="mart"))

    def query(self, statement: str) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Names of the columns, and rows, times in UTC without their zone; `{m}` is where the views are."""
        if self.engine == "clickhouse":
            answer = self._client().query(statement.format(m=self.url.rpartition("/")[2]))
            return tuple(answer.column_names), [tuple(map(_plain, row)) for row in answer.result_rows]
        with self._connection() as connection:
            cursor = connection.execute(statement.format(m="mart"))
            names = tuple(column.name for column in cursor.description or ())
            return names, [tuple(map(_plain, row)) for row in cursor.fetchall()]

    def _client(self) -> Any:
        import clickhouse_connect

        if self._reader is None:
            self._reader = clickhouse_connect.get_client(interface="chdb")
        return self._reader

    def _connection(self) -> Any:
        import psycopg

        return psycopg.connect(self.url.replace("+psycopg", ""))

    def view(self, name: str, where: str = "") -> list[dict[str, Any]]:
        """A view's rows, in the order of their content."""
        names, rows = self.query(f"SELECT * FROM {{m}}.{name}" + (f" WHERE {where}" if where else ""))
        return [dict(zip(names, row, strict=True)) for row in sorted(rows, key=repr)]

    def close(self) -> None:
        for opened in (*self._sinks, *([self._reader] if self._reader else [])):
            opened.close()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


@pytest.fixture
def make_mart(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Mart]]:
    """Makes an empty mart of an engine."""
    made: list[Mart] = []

    def make(engine: str) -> Mart:
        if engine == "clickhouse":
            pytest.importorskip(
                "chdb", reason="not run on ClickHouse: its engine has no package for this machine"
            )
            mart = Mart(f"chdb://memory/mart_{uuid.uuid4().hex}", engine)
        else:
            mart = Mart(request.getfixturevalue("postgres").new_database(), engine)
        made.append(mart)
        return mart

    yield make
    for mart in made:
        mart.close()


@pytest.fixture(params=["clickhouse", "postgres"])
def mart(request: pytest.FixtureRequest, make_mart: Callable[[str], Mart]) -> Mart:
    """An empty mart, once of each engine."""
    return make_mart(request.param)
