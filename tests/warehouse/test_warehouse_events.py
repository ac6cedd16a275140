from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import create_engine, func, select

from floorwalker.errors import InputError
from floorwalker.events import decode_event, encode_event
from floorwalker.warehouse import DatabaseAway, Warehouse
from floorwalker.warehouse.schema import events


def everything(warehouse, noon, store="S1"):
    return warehouse.read(store, noon - timedelta(days=400), noon + timedelta(days=400)).events


def test_the_same_event_counts_once_for_ever(warehouse, make_event, noon):
    event = make_event()
    first = warehouse.add_events([event, event])
    again = warehouse.add_events([event])
    assert (first.inserted, first.duplicates) == (1, 1)
    assert (again.inserted, again.duplicates) == (0, 1)
    assert len(everything(warehouse, noon)) == 1


def test_the_same_id_with_other_content_is_a_conflict_and_changes_nothing(warehouse, make_event, noon):
    event = make_event()
    warehouse.add_events([event])
    other = msgspec.structs.replace(event, visitor_id="VIS_2")
    report = warehouse.add_events([other, other])
    assert [(fault.index, fault.code) for fault in report.errors] == [(0, "conflict"), (1, "conflict")]
    assert [e.visitor_id for e in everything(warehouse, noon)] == ["VIS_1"]


def test_a_conflict_within_one_batch_keeps_the_first(warehouse, make_event, noon):
    event = make_event()
    report = warehouse.add_events([event, msgspec.structs.replace(event, confidence=0.5)])
    assert report.inserted == 1
    assert [(fault.index, fault.code) for fault in report.errors] == [(1, "conflict")]


def test_the_order_of_metadata_keys_is_no_other_content(warehouse, make_event):
    event = make_event(metadata={"a": 1, "b": 2})
    turned = msgspec.structs.replace(event, metadata={"b": 2, "a": 1})
    assert warehouse.add_events([event, turned]).duplicates == 1


def test_an_event_read_back_from_a_file_is_the_same_event(warehouse, make_event):
    event = make_event(at_s=1.2345678)
    warehouse.add_events([event])
    assert warehouse.add_events([decode_event(encode_event(event))]).duplicates == 1


def test_two_stores_may_use_one_id(warehouse, make_event, noon):
    event = make_event()
    report = warehouse.add_events([event, msgspec.structs.replace(event, store_id="S2")])
    assert report.inserted == 2
    assert len(everything(warehouse, noon, "S2")) == 1


def test_the_future_is_refused_event_by_event(warehouse, make_event, noon):
    now_s = 6 * 3600
    report = warehouse.add_events([make_event(now_s + 299), make_event(now_s + 301), make_event(0)])
    assert report.inserted == 2
    assert [(fault.index, fault.code) for fault in report.errors] == [(1, "future")]


def test_a_batch_larger_than_one_query(warehouse, make_event, noon):
    batch = [make_event(i) for i in range(1500)]
    assert warehouse.add_events(batch).inserted == 1500
    assert warehouse.add_events([*batch[:-1], make_event(9000)]).duplicates == 1499


def test_two_writers_with_one_batch_insert_it_once(warehouse, make_event):
    batch = [make_event(i) for i in range(500)]
    reports = []
    threads = [threading.Thread(target=lambda: reports.append(warehouse.add_events(batch))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report.inserted for report in reports) == [0, 0, 0, 500]
    assert all(report.inserted + report.duplicates == 500 for report in reports)


def test_what_was_reported_is_committed(warehouse, database_url, make_event):
    warehouse.add_events([make_event()])
    other = create_engine(database_url)  # another connection, the first one still open
    with other.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(events)) == 1
        if other.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    other.dispose()


def test_a_locked_database_is_away(database_url, make_event, monkeypatch, locked_by_another):
    monkeypatch.setattr("floorwalker.warehouse.engine._BUSY_TIMEOUT_S", 0.05)
    warehouse = Warehouse(database_url)
    warehouse.add_events([make_event()])
    with locked_by_another(database_url), pytest.raises(DatabaseAway, match="lock"):
        warehouse.add_events([make_event()])
    assert warehouse.add_events([make_event()]).inserted == 1
    warehouse.close()


def test_a_full_disk_is_away_and_loses_nothing_acknowledged(tmp_path, make_event, noon):
    warehouse = Warehouse(f"sqlite:///{tmp_path / 'w.db'}")
    kept = warehouse.add_events([make_event(i) for i in range(10)]).inserted
    with warehouse.database._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")  # this pooled connection is full now
    with pytest.raises(DatabaseAway, match="full"):
        warehouse.add_events([make_event(i, metadata={"x": "y" * 500}) for i in range(2000)])
    assert len(everything(warehouse, noon)) == kept
    warehouse.close()


def test_a_file_that_is_no_database_is_away(tmp_path):
    (tmp_path / "w.db").write_bytes(b"this is no database at all" * 100)
    with pytest.raises(DatabaseAway):
        Warehouse(f"sqlite:///{tmp_path / 'w.db'}")


def test_an_unknown_kind_of_database_is_the_users_mistake():
    with pytest.raises(InputError, match="sqlite"):
        Warehouse("nosuchthing://x")


def test_a_commit_is_told_and_raises_the_version(warehouse, make_event):
    told = []
    end = warehouse.on_commit(lambda: told.append(1))
    event = make_event()
    warehouse.add_events([event])
    before = warehouse.versions()["S1"]
    warehouse.add_events([event])
    assert (told, warehouse.versions()["S1"]) == ([1], before)
    warehouse.add_events([make_event(event_id=str(uuid.uuid4()))])
    assert warehouse.versions()["S1"] > before
    end()
    warehouse.add_events([make_event()])
    assert len(told) == 2
