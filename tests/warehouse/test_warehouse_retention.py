"""Retention: what is old goes for good, with a receipt, and nothing else does."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
import uuid
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import func, insert, select

from floorwalker.resolutions import Attribute, Resolution
from floorwalker.runs import Recording, Run
from floorwalker.site import Site
from floorwalker.warehouse import Transaction, Warehouse, removing
from floorwalker.warehouse.records import from_us, to_us
from floorwalker.warehouse.schema import (
    anomaly_log,
    day_facts,
    day_versions,
    deliveries,
    events,
    recordings,
    runs,
)
from floorwalker.warehouse.schema import receipts as receipt_table
from floorwalker.warehouse.sweeping import Kind, list_receipts, preview, sweep_store, swept_before_us

ALL = dict.fromkeys(Kind, 2)


def sweep(warehouse, keep=None, store_id="S1"):
    """Sweep to the end; what was taken, by kind."""
    done = {}
    for swept in sweep_store(warehouse.database, warehouse.store(store_id), keep or ALL, warehouse.now()):
        done[swept.kind] = swept
    return done


def times(warehouse, noon, store="S1"):
    seen = warehouse.read(store, noon - timedelta(days=400), noon + timedelta(days=400))
    return [from_us(event.time_us) for event in seen.events]


@pytest.fixture
def five_days(warehouse, make_event, noon):
    """Events at noon of five days, the last of them today; kept are today and two days before."""
    by_day = [[make_event(-86400 * ago + i) for i in range(3)] for ago in (4, 3, 2, 1, 0)]
    for mine in by_day:
        warehouse.add_events(mine, live=False)
    return by_day


def test_old_days_go_and_nothing_newer(warehouse, five_days, noon):
    done = sweep(warehouse)
    assert done["events"].days == {"2026-02-27": 3, "2026-02-28": 3}
    assert times(warehouse, noon) == [event.timestamp for day in five_days[2:] for event in day]


def test_a_swept_event_is_expired_for_ever_and_a_kept_one_a_duplicate(warehouse, five_days, make_event, noon):
    sweep(warehouse)
    again = warehouse.add_events([five_days[0][0], five_days[1][2], five_days[2][0]], live=False)
    assert [(fault.index, fault.code) for fault in again.errors] == [(0, "expired"), (1, "expired")]
    assert (again.inserted, again.duplicates) == (0, 1)
    late = warehouse.add_events([make_event(-86400 * 3 + 77), make_event(-86400 * 2 + 77)], live=False)
    assert (late.inserted, [fault.code for fault in late.errors]) == (1, ["expired"])


def test_even_where_nothing_was_there_the_past_is_closed(warehouse, make_event):
    warehouse.add_events([make_event()])
    assert sweep(warehouse)["events"].removed == 0
    assert [f.code for f in warehouse.add_events([make_event(-86400 * 3)], live=False).errors] == ["expired"]
    assert list_receipts(warehouse.database) == []


def test_only_the_store_that_was_swept_is(warehouse, five_days, make_event, noon):
    other = [msgspec.structs.replace(event, store_id="S2") for day in five_days for event in day]
    warehouse.add_events(other, live=False)
    sweep(warehouse)
    assert len(times(warehouse, noon, "S2")) == 15
    assert warehouse.add_events(other[:1]).duplicates == 1


def test_a_day_is_the_stores_day(warehouse, make_event, noon):
    camera = {"id": "C1", "resolution": [100, 100]}
    stores = [{"id": "S1", "timezone": "Pacific/Auckland", "camera": [camera]}]
    warehouse.register_site(Site.model_validate({"store": stores}))
    store = warehouse.store("S1")
    # It is 18:00 UTC on 3 March, in Auckland 7:00 on the 4th: kept are the 4th, the 3rd and the 2nd.
    midnight = datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert from_us(swept_before_us(store, 2, warehouse.now())) == midnight
    at = (midnight - noon).total_seconds()
    warehouse.add_events([make_event(at - 1), make_event(at)], live=False)
    assert sweep(warehouse)["events"].days == {"2026-03-01": 1}
    assert times(warehouse, noon) == [midnight]


def test_the_receipt_says_what_was_removed_and_its_digest_can_be_recomputed(warehouse, five_days, noon):
    with warehouse.database.read() as connection:
        rows = connection.execute(
            select(events).where(events.c.time_us < to_us(noon - timedelta(days=2, hours=12)))
            .order_by(events.c.time_us, events.c.event_id)
        ).mappings().all()  # fmt: skip
    lines = b"".join(
        json.dumps(dict(row), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        for row in rows
    )
    sweep(warehouse)
    (receipt,) = [r for r in list_receipts(warehouse.database) if r.kind == "events"]
    assert (receipt.store_id, receipt.removed, receipt.swept_at) == ("S1", 6, warehouse.now())
    assert receipt.before == datetime(2026, 3, 1, tzinfo=UTC)
    assert receipt.days == {"2026-02-27": 3, "2026-02-28": 3}
    assert receipt.sha256 == hashlib.sha256(lines).hexdigest()
    sweep(warehouse)
    assert len(list_receipts(warehouse.database)) == 1


def test_the_preview_says_the_same_and_changes_nothing(warehouse, five_days, noon):
    warehouse.add_resolutions([said("VIS_1", noon - timedelta(days=4))])
    warehouse.record_run(*run_of(warehouse, noon - timedelta(days=4)))
    store = warehouse.store("S1")
    expected = {
        s.kind: (s.days, s.before_us) for s in preview(warehouse.database, store, ALL, warehouse.now())
    }
    assert len(times(warehouse, noon)) == 15
    assert list_receipts(warehouse.database) == []
    assert {kind: (s.days, s.before_us) for kind, s in sweep(warehouse).items()} == expected


def said(subject, moment, by="rule:staff"):
    return Resolution("S1", subject, Attribute.IS_STAFF, "true", by, 0.9, moment)


def run_of(warehouse, start, number="1", found=()):
    recording = Recording("S1", "C1", start, 600.0, "ab" * 32)
    return recording, Run(recording.recording_id, "0", "motion", number * 32), list(found)


def test_statements_go_with_the_events_of_their_day(warehouse, five_days, noon):
    warehouse.add_resolutions(
        [said("VIS_1", noon - timedelta(days=4)), said("VIS_1", noon, "person:anna"), said("VIS_2", noon)]
    )
    assert sweep(warehouse)["resolutions"].removed == 1
    again = [said("VIS_1", noon, "person:anna"), said("VIS_2", noon)]
    assert warehouse.add_resolutions(again) == 0  # both still stand
    assert {r.kind for r in list_receipts(warehouse.database)} == {"events", "resolutions"}


def test_sales_go_by_their_own_days_and_stay_away(warehouse, noon):
    sales = [
        Transaction("S1", f"T{ago}", to_us(noon - timedelta(days=ago)), 100, "INR") for ago in (4, 3, 2, 0)
    ]
    warehouse.load_transactions(sales)
    assert sweep(warehouse, {Kind.TRANSACTIONS: 2})["transactions"].removed == 2
    report = warehouse.load_transactions(sales)
    assert (report.inserted, report.duplicates, report.expired) == (0, 2, 2)


def test_a_superseded_run_stays_as_long_as_its_events(warehouse, make_event, noon):
    start = noon - timedelta(days=4)
    at = -86400 * 4
    warehouse.record_run(*run_of(warehouse, start, "1", [make_event(at, "VIS_old")]))
    warehouse.record_run(*run_of(warehouse, start, "2", [make_event(at + 1, "VIS_new")]))
    assert sweep(warehouse, {Kind.RECORDINGS: 2})["recordings"].removed == 0
    assert len(times(warehouse, noon)) == 1  # the superseded event still does not count
    done = sweep(warehouse, {Kind.RECORDINGS: 2, Kind.EVENTS: 2})
    assert (done["events"].removed, done["recordings"].removed) == (2, 1)
    with warehouse.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(runs)) == 0


def test_a_recording_that_reaches_into_kept_time_stays(warehouse, make_event, noon):
    before = datetime(2026, 3, 1, tzinfo=UTC)
    start = before - timedelta(seconds=60)
    at = (start - noon).total_seconds()
    found = [make_event(at), make_event(at + 120)]
    warehouse.record_run(*run_of(warehouse, start, "1", found))
    done = sweep(warehouse)
    assert (done["events"].removed, done["recordings"].removed) == (1, 0)
    with warehouse.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(recordings)) == 1


def test_what_goes_on_or_is_still_to_be_sent_stays(warehouse, make_event, noon):
    warehouse.add_events([make_event()])
    old = to_us(noon - timedelta(days=9))
    anomaly = {
        "store_id": "S1", "type": "DEAD_ZONE", "severity": "INFO", "detected_us": old, "updated_us": old,
        "content": "{}",
    }  # fmt: skip
    message = {"store_id": "S1", "webhook_id": "w", "body": "{}", "due_us": old, "attempts": 1}
    with warehouse.database.write() as connection:
        for name, ended in (("over", old), ("goes on", None)):
            connection.execute(insert(anomaly_log).values(anomaly_id=name, closed_us=ended, **anomaly))
            connection.execute(insert(deliveries).values(delivery_id=name, done_us=ended, **message))
    done = sweep(warehouse)
    assert (done["anomalies"].removed, done["deliveries"].removed) == (1, 1)
    with warehouse.database.read() as connection:
        assert connection.scalars(select(anomaly_log.c.anomaly_id)).all() == ["goes on"]
        assert connection.scalars(select(deliveries.c.delivery_id)).all() == ["goes on"]


def test_facts_of_swept_days_stay_readable(warehouse, five_days, noon):
    fact = {"store_id": "S1", "day": "2026-02-27", "kind": "metrics", "stamp": "7", "computed_us": 1}
    with warehouse.database.write() as connection:
        connection.execute(insert(day_facts).values(content='{"unique_visitors": 1}', **fact))
    days = versions_of_days(warehouse)
    before = warehouse.versions()["S1"]
    sweep(warehouse)
    with warehouse.database.read() as connection:
        assert connection.scalar(select(day_facts.c.content)) == '{"unique_visitors": 1}'
    # Nothing that such a fact rests on has changed, but everybody who watches the store is told.
    assert versions_of_days(warehouse) == days
    assert warehouse.versions()["S1"] > before


def versions_of_days(warehouse):
    with warehouse.database.read() as connection:
        return sorted(tuple(row) for row in connection.execute(select(day_versions)))


def test_a_large_day_goes_in_parts_and_rows_of_one_moment_together(warehouse, make_event, noon, monkeypatch):
    monkeypatch.setattr(removing, "CHUNK", 10)
    together = [make_event(-86400 * 4) for _ in range(25)]
    rest = [make_event(-86400 * 4 + 1 + i) for i in range(30)]
    kept = [make_event(i) for i in range(5)]
    warehouse.add_events([*rest, *together, *kept], live=False)
    counts = []
    store = warehouse.store("S1")
    for swept in sweep_store(warehouse.database, store, {Kind.EVENTS: 2}, warehouse.now()):
        if swept.kind == "events":
            counts.append(swept.removed)
            left = times(warehouse, noon)
            assert len(left) == 60 - swept.removed
            assert min(left) >= from_us(swept.before_us)
    assert counts == [25, 35, 45, 55, 55]
    (receipt,) = list_receipts(warehouse.database)
    assert (receipt.removed, receipt.days) == (55, {"2026-02-27": 55})


def _sweep_and_die(url, now, after):
    removing.CHUNK = 10
    warehouse = Warehouse(url, clock=lambda: now)
    writes = iter(range(after))
    receipt = removing.write_receipt

    def die(connection, swept, now_us):
        receipt(connection, swept, now_us)
        if next(writes, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    removing.write_receipt = die
    sweep(warehouse, {Kind.EVENTS: 2})


def test_killed_in_the_middle_receipt_watermark_and_rows_agree(warehouse, database_url, make_event, noon):
    old = [make_event(-86400 * 4 + i) for i in range(45)]
    kept = [make_event(i) for i in range(5)]
    warehouse.add_events([*old, *kept], live=False)
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=_sweep_and_die, args=(database_url, warehouse.now(), 2))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    left = times(warehouse, noon)
    assert len(left) == 30
    (receipt,) = list_receipts(warehouse.database)
    assert (receipt.removed, receipt.before) == (20, min(left))
    again = warehouse.add_events(old, live=False)
    assert (len(again.errors), again.duplicates) == (20, 25)
    sweep(warehouse, {Kind.EVENTS: 2})
    assert sorted(r.removed for r in list_receipts(warehouse.database)) == [20, 25]
    assert times(warehouse, noon) == [event.timestamp for event in kept]


def test_events_that_arrive_while_their_day_is_swept_are_refused_or_swept(warehouse, make_event, noon):
    warehouse.add_events([make_event(-86400 * 4 + i) for i in range(30)], live=False)
    store = warehouse.store("S1")
    late = []
    for _ in sweep_store(warehouse.database, store, {Kind.EVENTS: 2}, warehouse.now()):
        late.append(warehouse.add_events([make_event(-86400 * 4 + 5), make_event(-86400 * 3)], live=False))
    assert times(warehouse, noon) == []
    assert late[-1].inserted == 0


def test_receipts_are_never_swept(warehouse, five_days):
    sweep(warehouse)
    sweep(warehouse, dict.fromkeys(Kind, 0))
    with warehouse.database.read() as connection:
        kinds = connection.scalars(select(receipt_table.c.kind)).all()
    assert sorted(kinds) == ["events", "events"]
    assert uuid.UUID(list_receipts(warehouse.database)[0].receipt_id)
