"""A PostgreSQL that is set up in another way than the tests' own, and what a failure tells of rows."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError

from floorwalker.warehouse import DatabaseAway, Warehouse


@pytest.fixture
def set_default(postgres):
    """A PostgreSQL database whose own defaults a test changes."""
    url = postgres.new_database()
    Warehouse(url).close()

    def change(name, value):
        warehouse = Warehouse(url)
        with warehouse.database.write() as connection:
            database = make_url(url).database
            connection.execute(text(f"ALTER DATABASE {database} SET {name} = '{value}'"))
        warehouse.close()
        return url

    yield change
    postgres.drop_database(url)


def test_a_database_that_takes_no_writing_now_is_away(set_default):
    warehouse = Warehouse(set_default("application_name", "any"))

    def write():
        with warehouse.database.write() as connection:
            connection.execute(text("SET TRANSACTION READ ONLY"))  # as on a server that changes over
            connection.execute(text("UPDATE stores SET version = 0"))

    with pytest.raises(DatabaseAway, match="read-only"):
        write()
    warehouse.close()


def test_writers_wait_for_one_another_whatever_the_servers_default_is(set_default, make_event):
    url = set_default("default_transaction_isolation", "repeatable read")
    batches = [[make_event(100 * n + i) for i in range(5)] for n in range(20)]
    inserted, failed = [], []

    def send():
        warehouse = Warehouse(url, clock=lambda: batches[-1][-1].timestamp)
        for batch in batches:
            try:
                inserted.append(warehouse.add_events(batch).inserted)
            except Exception as error:
                failed.append(error)
        warehouse.close()

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert sum(inserted) == 100


def test_a_failure_shows_no_values_of_a_row(warehouse):
    row = ("S1", "VIS_secret")
    with pytest.raises(IntegrityError) as failure, warehouse.database.write() as connection:
        connection.execute(
            text("INSERT INTO feeds (store_id, camera_id, last_event_us) VALUES (:store, :camera, NULL)"),
            {"store": row[0], "camera": row[1]},
        )
    assert "parameters hidden" in str(failure.value)
