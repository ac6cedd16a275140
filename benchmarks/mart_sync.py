"""Pushing store-days to a mart, against a bare insert of the same rows in the same run.

The mart is ClickHouse's own engine inside this process, in a folder; with `--postgres` a PostgreSQL of its
own too. A sync reads each store-day, computes its figures and pushes them; the peer holds the rows in
memory already and only inserts them, table by table. Beside it: a sync where nothing changed, and one
after a late event, which is what a mart does most of the time.

    python benchmarks/mart_sync.py [--quick] [--json] [--postgres]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from _store_days import FIRST_DAY, Shape, fill, store_name
from floorwalker.events import Event, EventType
from floorwalker.mart.clickhouse import in_columns
from floorwalker.mart.clickhouse_ddl import columns_of
from floorwalker.mart.columns import Table
from floorwalker.mart.opening import open_mart
from floorwalker.mart.parts import Part, Sink, Stamp
from floorwalker.mart.sync import SyncReport, plan_sync, sync
from floorwalker.mart.tables import TABLES
from floorwalker.warehouse import Warehouse

NOW = datetime(2026, 12, 1, tzinfo=UTC)


@dataclass
class Watch:
    """A mart that notes how long pushing took, and keeps what was pushed for the peer."""

    inner: Sink
    push_s: float = 0.0
    parts: list[Part] = field(default_factory=list)

    @property
    def place(self) -> str:
        return self.inner.place

    def prepare(self) -> None:
        self.inner.prepare()

    def known(self, store_id: str) -> dict[str, Stamp]:
        return self.inner.known(store_id)

    def push(self, parts: Sequence[Part]) -> None:
        begin = time.perf_counter()
        self.inner.push(parts)
        self.push_s += time.perf_counter() - begin
        self.parts += parts

    def compact(self, before: datetime) -> int:
        return self.inner.compact(before)

    def close(self) -> None:
        self.inner.close()


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what came of it."""
    begin = time.perf_counter()
    found = work()
    return time.perf_counter() - begin, found


def run_sync(warehouse: Warehouse, sink: Sink) -> SyncReport:
    """One whole sync of all stores."""
    names = [store.store_id for store in warehouse.stores()]
    return sync(warehouse, sink, plan_sync(warehouse, sink, names))


def late_event(store_id: str) -> Event:
    """Somebody who comes to light long after their day."""
    return Event(
        event_id="00000000-0000-4000-8000-00000000aaaa",
        store_id=store_id,
        camera_id="DOOR",
        visitor_id="VIS_LATE",
        event_type=EventType("ENTRY"),
        timestamp=datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, 12, tzinfo=UTC),
        metadata={"queue_depth": None, "sku_zone": None, "session_seq": 1},
    )


def bare_insert(path: Path, parts: Sequence[Part]) -> float:
    """Seconds for the same rows into tables of the same columns, each table at once, nothing checked."""
    import clickhouse_connect

    client = clickhouse_connect.get_client(interface="chdb", path=str(path), database="mart")
    held = []
    for table in TABLES:
        client.command(f"CREATE TABLE bare_{table.name} AS {table.name}")
        rows = rows_of(table, parts)
        columns = columns_of(table)
        held.append((table.name, columns, in_columns(columns, rows)))
    begin = time.perf_counter()
    for name, columns, values in held:
        client.insert(
            f"bare_{name}",
            values,
            column_names=[column.name for column in columns],
            column_type_names=[column.clickhouse_type for column in columns],
            column_oriented=True,
        )
    seconds = time.perf_counter() - begin
    client.close()
    return seconds


def rows_of(table: Table, parts: Sequence[Part]) -> list[tuple[Any, ...]]:
    """All rows of a table as they are stored."""
    return [(*row, part.push_id, part.pushed_at) for part in parts for row in part.rows.get(table.name, ())]


def bare_copy(url: str, parts: Sequence[Part]) -> float:
    """The same for PostgreSQL: COPY into tables of the same columns, one transaction."""
    import psycopg

    with psycopg.connect(url.replace("+psycopg", "")) as connection, connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"CREATE TABLE bare_{table.name} (LIKE mart.{table.name})")
        begin = time.perf_counter()
        for table in TABLES:
            with cursor.copy(f"COPY bare_{table.name} FROM STDIN") as copy:
                for row in rows_of(table, parts):
                    copy.write_row(row)
        connection.commit()
        return time.perf_counter() - begin


def measure(shape: Shape, url: str, folder: Path, bare: Callable[[Sequence[Part]], float]) -> dict[str, Any]:
    """All figures of one engine."""
    folder = Path(tempfile.mkdtemp(dir=folder))
    warehouse = Warehouse(f"sqlite:///{folder / 'w.db'}", clock=lambda: NOW)
    fill(warehouse, shape)
    sink = Watch(open_mart(url))
    sink.prepare()
    whole_s, report = timed(lambda: run_sync(warehouse, sink))
    push_s, parts = sink.push_s, list(sink.parts)
    idle_s, idle = timed(lambda: run_sync(warehouse, sink))
    assert idle.pushed == 0
    warehouse.add_events([late_event(store_name(0))], live=False)
    late_s, late = timed(lambda: run_sync(warehouse, sink))
    bare_s = bare(parts)
    sink.close()
    warehouse.close()
    days = sum(bool(part.rows) and part.name != "store" for part in parts)
    return {
        "store_days": days,
        "rows": report.rows,
        "store_days_a_second": days / whole_s,
        "rows_a_second_pushing": report.rows / push_s,
        "rows_a_second_bare": report.rows / bare_s,
        "pushing_of_bare": bare_s / push_s,
        "pushing_of_the_sync": push_s / whole_s,
        "idle_sync_s": idle_s,
        "late_event_sync_s": late_s,
        "late_event_pushed": late.pushed,
    }


def engines(folder: Path, *, postgres: bool) -> Iterator[tuple[str, str, Callable[[Sequence[Part]], float]]]:
    """Name, address and peer of each engine."""
    url = f"chdb://{folder / 'chdb'}?database=mart"
    yield "ClickHouse", url, lambda parts: bare_insert(folder / "chdb", parts)
    if postgres:
        from _postgres import throwaway_cluster

        with throwaway_cluster(durable=True) as cluster:
            address = cluster.new_database()
            yield "PostgreSQL", address, lambda parts: bare_copy(address, parts)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="two stores with five days")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--postgres", action="store_true", help="PostgreSQL too")
    arguments = parser.parse_args()
    shape = Shape(2, 5) if arguments.quick else Shape(8, 15)
    before = os.getloadavg()[0]
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name, url, bare in engines(Path(scratch), postgres=arguments.postgres):
            print(f"{name}: {shape.stores} stores, {shape.days} days …", file=sys.stderr)
            found[name] = measure(shape, url, Path(scratch), bare)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if arguments.json:
        print(json.dumps({"load": before, "peak_mb": peak_mb, "engines": found}))
        return
    print(f"load before: {before:.1f}; most memory: {peak_mb:.0f} MB")
    for name, row in found.items():
        print(
            f"{name:<11}{row['store_days']} store-days, {row['rows']} rows: "
            f"{row['store_days_a_second']:.1f} store-days a second; pushing "
            f"{row['rows_a_second_pushing']:,.0f} rows a second, {row['pushing_of_bare']:.2f} of the bare "
            f"insert ({row['rows_a_second_bare']:,.0f}) and {row['pushing_of_the_sync']:.0%} of the sync; "
            f"nothing changed: {row['idle_sync_s']:.2f} s; one late event: {row['late_event_sync_s']:.2f} s "
            f"for {row['late_event_pushed']} store-days"
        )


if __name__ == "__main__":
    main()
