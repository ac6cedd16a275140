"""What a chain's year costs a BI tool: the views over a mart of many stores, on ClickHouse's own engine.

The rows are made inside the engine (every day of every store pushed once, and one day in ten pushed twice),
so this shows what the views cost over the tables they rest on, not how the rows came there. The peer is
the same question put to the table, where nothing was ever replaced.

    python benchmarks/mart_views.py [--quick] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import clickhouse_connect

from floorwalker.mart.opening import open_mart

VISITS_A_DAY = 100
QUESTIONS = {
    "a month of one store": (
        "SELECT sum(unique_visitors) FROM {days} WHERE store_id = 'S7' AND day BETWEEN '2026-03-01' AND "
        "'2026-03-28'"
    ),
    "a year of the chain by day": "SELECT day, sum(unique_visitors) FROM {days} GROUP BY day",
    "visits of one store's month": (
        "SELECT count() FROM {visits} WHERE store_id = 'S7' AND day BETWEEN '2026-03-01' AND '2026-03-28'"
    ),
    "visits of one day by store": (
        "SELECT store_id, count() FROM {visits} WHERE day = '2026-03-03' GROUP BY store_id"
    ),
}


def fill(client: Any, stores: int, days: int) -> None:
    """Make a mart; every tenth day is there in an earlier push too."""
    store = f"'S' || toString(intDiv(n, {days}))"
    day = f"toDate('2026-01-01') + n % {days}"
    for first, source in (
        (1, f"SELECT number AS n FROM numbers({stores * days})"),
        (1 << 40, f"SELECT number * 10 AS n FROM numbers({stores * days // 10})"),
    ):
        push = f"{first} + n"
        client.command(
            "INSERT INTO mart_parts (store_id, part, push_id, epoch, store_version, stamp, facts, pushed_at) "
            f"SELECT {store}, toString({day}), {push}, 0, {first}, 'x', {VISITS_A_DAY}, now64(3) "
            f"FROM ({source})"
        )
        client.command(
            f"INSERT INTO fact_days (store_id, day, unique_visitors, push_id) "
            f"SELECT {store}, {day}, {VISITS_A_DAY}, {push} FROM ({source})"
        )
        client.command(
            f"INSERT INTO fact_visits (store_id, day, visitor_id, counted, push_id) "
            f"SELECT {store}, {day}, toString(v), true, {push} FROM ({source}) "
            f"ARRAY JOIN range({VISITS_A_DAY}) AS v"
        )
    for table in ("fact_days", "fact_visits"):
        client.command(f"CREATE TABLE bare_{table} AS {table}")
        client.command(f"INSERT INTO bare_{table} SELECT * FROM v_{table[5:]}_rows")


def seconds(client: Any, question: str) -> float:
    """Median of five answers."""
    found = []
    for _ in range(5):
        begin = time.perf_counter()
        client.query(question).result_rows  # noqa: B018  (reading it is the work)
        found.append(time.perf_counter() - begin)
    return median(found)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="50 stores with 60 days")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    arguments = parser.parse_args()
    stores, days = (50, 90) if arguments.quick else (1000, 365)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as scratch:
        path = str(Path(scratch) / "chdb")
        sink = open_mart(f"chdb://{path}?database=mart")
        sink.prepare()
        client = clickhouse_connect.get_client(interface="chdb", path=path, database="mart")
        for table in ("fact_days", "fact_visits"):
            client.command(
                f"CREATE VIEW v_{table[5:]}_rows AS SELECT * FROM {table} "
                "WHERE push_id IN (SELECT push_id FROM mart_parts FINAL)"
            )
        fill(client, stores, days)
        rows = []
        for name, question in QUESTIONS.items():
            view_s = seconds(client, question.format(days="v_days", visits="v_visits"))
            bare_s = seconds(client, question.format(days="bare_fact_days", visits="bare_fact_visits"))
            rows.append({"question": name, "view_s": view_s, "table_s": bare_s})
        client.close()
        sink.close()
    if arguments.json:
        print(json.dumps({"load": load, "stores": stores, "days": days, "rows": rows}))
        return
    print(f"load before: {load:.1f}; {stores} stores, {days} days, {stores * days * VISITS_A_DAY:,} visits")
    for row in rows:
        print(f"{row['question']:<28} view {row['view_s']:.3f} s, bare table {row['table_s']:.3f} s")


if __name__ == "__main__":
    main()
