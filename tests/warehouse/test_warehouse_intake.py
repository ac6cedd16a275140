"""Batches of several callers that go into SQLite together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select

from floorwalker.events import columns_of
from floorwalker.warehouse import DatabaseAway, Warehouse
from floorwalker.warehouse import intake as module
from floorwalker.warehouse.schema import events


@pytest.fixture
def warehouse(tmp_path, noon) -> Iterator[Warehouse]:
    opened = Warehouse(f"sqlite:///{tmp_path / 'w.db'}", clock=lambda: noon + timedelta(hours=6))
    yield opened
    opened.close()


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@contextmanager
def held_back(warehouse: Warehouse, callers: list[Callable[[], Any]]) -> Iterator[list[Any]]:
    """Let all callers come while another one writes, so that they gather; then let go and wait for them."""
    results: list[Any] = [None] * len(callers)

    def call(place: int) -> None:
        try:
            results[place] = callers[place]()
        except Exception as error:
            results[place] = error

    threads = [threading.Thread(target=call, args=(place,)) for place in range(len(callers))]
    with warehouse.database.write():
        threads[0].start()
        wait_until(lambda: warehouse.intake._turn.locked() and not warehouse.intake._queue)
        for thread in threads[1:]:
            thread.start()
        wait_until(lambda: len(warehouse.intake._queue) == len(callers) - 1)
        yield results
    for thread in threads:
        thread.join(30)


def taking(warehouse, batch, **options):
    return lambda: warehouse.intake.take(columns_of(batch), **options)


def told(outcome):
    return (outcome.inserted, outcome.duplicates, [(fault.index, fault.code) for fault in outcome.faults])


def commits(warehouse):
    seen = []
    warehouse.on_commit(lambda: seen.append(1))
    return seen


def test_batches_that_gather_share_a_commit_and_each_is_told_of_its_own(warehouse, make_event):
    one, two, three = make_event(1), make_event(2), make_event(3)
    seen = commits(warehouse)
    batches = [
        [make_event(0)],
        [one, two, make_event(7 * 3600)],
        [two, msgspec.structs.replace(one, dwell_ms=4), three],
        [one],
    ]
    with held_back(warehouse, [taking(warehouse, batch) for batch in batches]) as results:
        pass
    assert len(seen) == 2
    assert sum(outcome.inserted for outcome in results) == 4
    for batch, outcome in zip(batches, results, strict=True):
        assert outcome.inserted + len(outcome.duplicates) + len(outcome.faults) == len(batch)
    # Whoever comes in first may be any of them, but nobody is told more than happened.
    assert sorted(fault.code for outcome in results for fault in outcome.faults) == ["conflict", "future"]
    assert told(results[1])[2][-1] == (2, "future")
    assert len(warehouse.intake._queue) == 0


def test_a_batch_that_fails_takes_no_other_with_it(warehouse, make_event, monkeypatch):
    poison = make_event(visitor="POISON")
    take_in = module.take_in

    def fragile(connection, batch, arrival):
        if "POISON" in batch.visitor_id:
            raise ValueError("poison")
        return take_in(connection, batch, arrival)

    monkeypatch.setattr(module, "take_in", fragile)
    batches = [[make_event(0)], [make_event(1)], [poison], [make_event(2), make_event(3)]]
    with held_back(warehouse, [taking(warehouse, batch) for batch in batches]) as results:
        pass
    assert isinstance(results[2], ValueError)
    assert [outcome.inserted for outcome in results if not isinstance(outcome, ValueError)] == [1, 1, 2]
    assert warehouse.add_events([make_event(9)]).inserted == 1


def test_where_the_database_is_away_all_are_told_at_once(warehouse, make_event, monkeypatch):
    tries = []

    def away(connection, batch, arrival):
        tries.append(len(batch))
        raise DatabaseAway("the database is away")

    monkeypatch.setattr(module, "take_in", away)
    callers = [taking(warehouse, [make_event(i)]) for i in range(5)]
    with held_back(warehouse, callers) as results:
        pass
    assert all(isinstance(result, DatabaseAway) for result in results)
    assert len(tries) == 2
    assert sum(tries) == 5


def test_live_batches_and_files_do_not_mix_and_none_grows_without_end(warehouse, make_event):
    seen = commits(warehouse)
    callers = [taking(warehouse, [make_event(i)], live=bool(i % 2)) for i in range(6)]
    callers += [taking(warehouse, [make_event(1000 * n + i) for i in range(900)]) for n in range(1, 4)]
    with held_back(warehouse, callers) as results:
        pass
    assert sum(outcome.inserted for outcome in results) == 6 + 2700
    assert 3 <= len(seen) <= 6


def test_many_callers_lose_nothing(warehouse, make_event):
    shared = [make_event(i) for i in range(40)]
    own = [[make_event(100 + 20 * place + i) for i in range(20)] for place in range(8)]
    outcomes: list[Any] = []

    def send(place: int) -> None:
        for _ in range(5):
            outcomes.append(warehouse.intake.take(columns_of([*own[place], *shared])))

    threads = [threading.Thread(target=send, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(outcomes) == 40
    assert sum(outcome.inserted for outcome in outcomes) == 200
    assert sum(len(outcome.duplicates) for outcome in outcomes) == 40 * 60 - 200
    with warehouse.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(events)) == 200


def test_equal_batches_that_gather_are_told_apart(warehouse, make_event):
    batch = [make_event(i) for i in range(3)]
    callers = [taking(warehouse, list(batch)) for _ in range(6)]
    with held_back(warehouse, callers) as results:
        warehouse.intake._queue.reverse()  # whoever is next need not be who came first
    assert sorted(outcome.inserted for outcome in results) == [0, 0, 0, 0, 0, 3]
    assert sorted(len(outcome.duplicates) for outcome in results) == [0, 3, 3, 3, 3, 3]
    assert len(warehouse.intake._queue) == 0
