"""The log of anomalies, on both databases."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from floorwalker.insights.anomaly import Anomaly
from floorwalker.notify.anomaly_log import Look, open_before, over_without_trace, record
from floorwalker.notify.outbox import CLOSED, OPENED
from floorwalker.warehouse import Warehouse
from floorwalker.warehouse.versions import ensure_stores

NOW = 1_772_539_200_000_000
SPIKE = Anomaly("S", "BILLING_QUEUE_SPIKE", "WARN", NOW - 100, NOW - 100, 6, 4, "m", "a", NOW)
STALE = Anomaly("S", "STALE_FEED", "WARN", NOW - 90, NOW - 80, 12, 10, "m", "a", NOW, camera_id="C1")


@pytest.fixture
def look(warehouse):
    def make(*found, now_us=NOW, **more):
        with warehouse.database.write() as connection:
            ensure_stores(connection, ["S"])
            seen = Look("S", NOW - 1000, NOW + 1000, NOW, found, **more)
            return [(each.kind, each.anomaly["severity"]) for each in record(connection, seen, now_us)]

    return make


def test_an_anomaly_begins_once_changes_and_ends_once(look):
    assert look(SPIKE) == [(OPENED, "WARN")]
    assert look(SPIKE) == []
    assert look(replace(SPIKE, severity="CRITICAL", value=11)) == []
    over = replace(SPIKE, severity="CRITICAL", value=11, ended_us=NOW - 10)
    assert look(over) == [(CLOSED, "CRITICAL")]
    assert look(over) == []


def test_what_was_over_before_anybody_looked_is_told_whole(look):
    assert look(replace(SPIKE, ended_us=NOW - 10)) == [(OPENED, "WARN"), (CLOSED, "WARN")]
    assert look(replace(SPIKE, ended_us=NOW - 10)) == []


def test_what_later_events_disprove_is_taken_back(look, warehouse):
    look(SPIKE)
    with warehouse.database.write() as connection:
        (gone,) = record(connection, Look("S", NOW - 1000, NOW + 1000, NOW, []), NOW + 5)
    assert (gone.kind, gone.anomaly["retracted"], gone.anomaly["active"]) == (CLOSED, True, False)
    assert look() == []


def test_a_slow_look_of_another_server_takes_nothing_back(look):
    assert look(SPIKE, now_us=NOW) == [(OPENED, "WARN")]
    assert look(now_us=NOW - 1) == []  # read before the queue grew, and written only now
    assert look(replace(SPIKE, ended_us=NOW - 10), now_us=NOW - 1) == []
    assert look(SPIKE, now_us=NOW + 1) == []
    assert look(replace(SPIKE, ended_us=NOW + 2), now_us=NOW + 3) == [(CLOSED, "WARN")]
    assert look(SPIKE, now_us=NOW + 2) == []  # and opens nothing again


def test_two_servers_that_find_the_same_in_another_order_do_not_wait_for_each_other(database_url):
    anomalies = [replace(SPIKE, zone_id=f"Z{n}", begun_us=NOW - 100 - n) for n in range(30)]
    opened: list[int] = []
    failed: list[Exception] = []

    def server(found):
        warehouse = Warehouse(database_url)
        for turn in range(15):
            seen = Look("S", NOW - 1000, NOW + 1000, NOW, [replace(each, value=turn) for each in found])
            try:
                with warehouse.database.write() as connection:
                    opened.append(len(record(connection, seen, NOW + turn)))
            except Exception as error:
                failed.append(error)
        warehouse.close()

    threads = [threading.Thread(target=server, args=(found,)) for found in (anomalies, anomalies[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert sum(opened) == 30


def test_a_silent_feed_that_talks_again_is_over_not_taken_back(look, warehouse):
    look(STALE)
    assert look() == [(CLOSED, "WARN")]
    with warehouse.database.read() as connection:
        (over,) = over_without_trace(connection, "S", NOW - 1000, NOW + 1000)
    assert (over["type"], over["active"]) == ("STALE_FEED", False)
    assert "retracted" not in over


def test_nothing_goes_on_when_its_day_is_over(look, warehouse):
    look(SPIKE)
    with warehouse.database.read() as connection:
        assert open_before(connection, "S", NOW) == [SPIKE.detected_us]
    assert look(SPIKE, finished=True) == [(CLOSED, "WARN")]
    with warehouse.database.read() as connection:
        assert open_before(connection, "S", NOW) == []


def test_a_look_at_one_day_says_nothing_of_another(look):
    look(SPIKE)
    elsewhere = replace(SPIKE, begun_us=NOW + 5000, detected_us=NOW + 5000)
    assert look(SPIKE, elsewhere) == [(OPENED, "WARN")]
    assert look(SPIKE) == []  # the other lies outside of what was looked at


def test_names_are_of_store_kind_place_and_beginning():
    names = {
        SPIKE.anomaly_id,
        replace(SPIKE, store_id="T").anomaly_id,
        replace(SPIKE, kind="DEAD_ZONE").anomaly_id,
        replace(SPIKE, zone_id="A").anomaly_id,
        replace(SPIKE, camera_id="A").anomaly_id,
        replace(SPIKE, begun_us=1).anomaly_id,
    }
    assert len(names) == 6
    assert replace(SPIKE, value=99, severity="CRITICAL", ended_us=NOW).anomaly_id == SPIKE.anomaly_id
