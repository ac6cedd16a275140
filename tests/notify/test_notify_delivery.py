"""From an anomaly to a receiver, over real HTTP, on both databases."""

from __future__ import annotations

import socket
import threading
import time
from datetime import timedelta

import pytest

from floorwalker.errors import InputError
from floorwalker.notify.looking import look_at_day
from floorwalker.notify.outbox import Outbox, Patience
from floorwalker.notify.sending import Sender
from floorwalker.notify.signing import verify
from floorwalker.notify.watcher import Pace, Watcher
from floorwalker.notify.webhooks import Webhooks
from floorwalker.warehouse import DatabaseAway, Warehouse

OPENED, CLOSED = "anomaly.opened", "anomaly.closed"
SPIKE = "BILLING_QUEUE_SPIKE"
QUICK = Pace(gather_s=0.02, rest_s=0.05, round_s=0.1, breath_s=0.0, poll_s=0.05)


@pytest.fixture
def hooks(warehouse):
    return Webhooks(warehouse.database)


@pytest.fixture
def watcher(warehouse, sender):
    return Watcher(warehouse, sender=sender, pace=Pace(rest_s=0, round_s=0, breath_s=0))


def until(condition, seconds=15.0):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def test_a_spike_is_told_signed_and_its_end_too(warehouse, hooks, watcher, receiver, clock, queue):
    warehouse.add_events(queue(6, minutes_ago=5))
    made = hooks.add(receiver.url, None, clock())
    watcher.look()
    watcher.deliver()
    (opened,) = receiver.got
    verify(made.secret, opened.headers, opened.body, clock().timestamp())
    with pytest.raises(InputError):
        verify(made.secret, opened.headers, opened.body, clock().timestamp() + 400)
    assert opened.headers["content-type"] == "application/json"
    anomaly = opened.message["data"]["anomaly"]
    assert (anomaly["type"], anomaly["active"], anomaly["value"]) == (SPIKE, True, 6)
    clock.now += timedelta(minutes=2)
    warehouse.add_events([e for e in queue(6, 5, leave_after=6) if e.event_type == "ZONE_EXIT"])
    watcher.look()
    watcher.deliver()
    assert receiver.types() == [(OPENED, SPIKE), (CLOSED, SPIKE)]
    closed = receiver.got[1].message["data"]["anomaly"]
    assert (closed["anomaly_id"], closed["active"]) == (anomaly["anomaly_id"], False)
    assert closed["ended_at"] is not None


def test_a_restart_tells_nothing_twice(
    warehouse, hooks, watcher, receiver, clock, queue, sender, database_url
):
    warehouse.add_events(queue(6, minutes_ago=5))
    hooks.add(receiver.url, None, clock())
    watcher.look()
    watcher.deliver()
    again = Warehouse(database_url, clock=clock)
    second = Watcher(again, sender=sender)
    second.look()
    assert second.deliver() == 0
    again.close()
    assert receiver.types() == [(OPENED, SPIKE)]


def test_a_failure_is_tried_again_with_the_same_name_until_it_is_taken(
    warehouse, hooks, watcher, receiver, clock, queue
):
    receiver.answers = [500, 503, 204]
    warehouse.add_events(queue(6, minutes_ago=5))
    hooks.add(receiver.url, None, clock())
    watcher.look()
    waits = []
    while Outbox(warehouse.database).next_due() is not None:
        due = Outbox(warehouse.database).next_due()
        waits.append((due - clock()).total_seconds())
        assert watcher.deliver() == (0 if waits[-1] > 0 else 1)
        clock.now = max(clock.now, due)
    assert len(receiver.got) == 3
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1
    assert len({got.headers["webhook-timestamp"] for got in receiver.got}) == 3
    assert [3.7 < wait < 6.3 or 14.9 < wait < 25.1 for wait in waits if wait > 0] == [True, True]
    (shown,) = Outbox(warehouse.database).log()
    assert (shown["state"], shown["attempts"], shown["outcome"]) == ("done", 3, "answered 204")


def test_trying_has_an_end(warehouse, hooks, receiver, clock, queue, sender):
    receiver.answers = [500]
    watcher = Watcher(warehouse, sender=sender, patience=Patience(attempts=3, first_s=1))
    warehouse.add_events(queue(6, minutes_ago=5))
    hooks.add(receiver.url, None, clock())
    watcher.look()
    for _ in range(6):
        watcher.deliver()
        clock.now += timedelta(minutes=1)
    assert len(receiver.got) == 3
    (shown,) = Outbox(warehouse.database).log()
    assert shown["outcome"] == "given up after 3 attempts: answered 500"


@pytest.mark.parametrize(("status", "tries"), [(301, 2), (307, 2), (404, 2), (410, 1), (200, 1)])
def test_a_redirect_is_not_followed_and_who_is_gone_is_not_asked_again(
    warehouse, hooks, receiver, clock, queue, sender, status, tries
):
    receiver.answers, receiver.location = [status], receiver.url.replace("/hook", "/elsewhere")
    watcher = Watcher(warehouse, sender=sender, patience=Patience(attempts=2, first_s=1))
    warehouse.add_events(queue(6, minutes_ago=5))
    hooks.add(receiver.url, None, clock())
    watcher.look()
    for _ in range(4):
        watcher.deliver()
        clock.now += timedelta(minutes=1)
    assert len(receiver.got) == tries


def test_a_receiver_that_never_answers_is_left():
    sender = Sender(private=True, step_s=1.0, whole_s=2.0)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        begun = time.monotonic()
        outcome = sender.send(f"http://127.0.0.1:{silent.getsockname()[1]}/", "whsec_AAAA", "m", b"{}", 1)
        assert not outcome.ok
        assert not outcome.final
        assert time.monotonic() - begun < 10
    refused = sender.send("http://127.0.0.1:1/", "whsec_AAAA", "m", b"{}", 1)
    assert refused.text.startswith("no answer")


def test_an_answer_byte_by_byte_is_cut_off():
    sender = Sender(private=True, step_s=1.0, whole_s=2.0)

    def drip(listener):
        peer, _ = listener.accept()
        with peer:
            for _ in range(100):
                try:
                    peer.sendall(b"H")
                except OSError:
                    return
                time.sleep(0.1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,), daemon=True)
        thread.start()
        begun = time.monotonic()
        outcome = sender.send(f"http://127.0.0.1:{listener.getsockname()[1]}/", "whsec_AAAA", "m", b"{}", 1)
        assert (outcome.ok, time.monotonic() - begun < 8) == (False, True)
        thread.join(15)


def test_days_loaded_afterwards_are_no_news_unless_somebody_asks(
    warehouse, hooks, watcher, receiver, clock, queue
):
    hooks.add(receiver.url, None, clock())
    warehouse.add_events(queue(6, minutes_ago=180, leave_after=9), live=False)
    warehouse.add_events(queue(1, minutes_ago=2, start=50))
    watcher.look()
    watcher.deliver()
    assert receiver.got == []
    look_at_day(warehouse, warehouse.store("S"), clock().date(), old_news=True)
    assert watcher.deliver() == 0  # it is in the log already: what nobody was told of stays untold
    day = clock().date() - timedelta(days=1)
    warehouse.add_events(queue(6, minutes_ago=60 * 26, leave_after=9, start=100), live=False)
    look_at_day(warehouse, warehouse.store("S"), day, old_news=True)
    watcher.deliver()
    assert receiver.types() == [(OPENED, SPIKE), (CLOSED, SPIKE)]


def test_a_webhook_of_one_store_hears_of_no_other_and_a_removed_one_of_none(
    warehouse, hooks, watcher, receiver, clock, queue
):
    warehouse.add_events(queue(6, 5) + queue(6, 5, store="T"))
    mine = hooks.add(receiver.url, ["T"], clock())
    gone = hooks.add(receiver.url + "&gone=1", None, clock())
    watcher.look()
    assert hooks.remove(gone.webhook_id, clock())
    assert not hooks.remove(gone.webhook_id, clock())
    watcher.deliver()
    assert [got.message["data"]["anomaly"]["store_id"] for got in receiver.got] == ["T"]
    assert {row["outcome"] for row in Outbox(warehouse.database).log(gone.webhook_id)} == {
        "the webhook was removed"
    }
    assert hooks.find(mine.webhook_id).secret.startswith("whsec_")
    with pytest.raises(InputError):
        hooks.add(receiver.url, ["NOBODY"], clock())
    with pytest.raises(InputError):
        hooks.add(receiver.url, [], clock())


def test_two_servers_tell_once(warehouse, hooks, receiver, clock, queue, sender, database_url):
    hooks.add(receiver.url, None, clock())
    warehouse.add_events([event for n in range(4) for event in queue(6, 5, store=f"S{n}")])
    houses = [Warehouse(database_url, clock=clock) for _ in range(2)]
    watchers = [Watcher(house, sender=sender, pace=QUICK) for house in houses]
    for each in watchers:
        each.start()
    try:
        assert until(lambda: len(receiver.got) >= 4)
        warehouse.add_events(
            [e for n in range(4) for e in queue(6, 5, leave_after=4.8, store=f"S{n}") if e.zone_id]
        )
        assert until(lambda: len(receiver.got) >= 8)
        time.sleep(0.3)
    finally:
        for each in watchers:
            each.stop()
        for house in houses:
            house.close()
    told = [(got.message["type"], got.message["data"]["anomaly"]["store_id"]) for got in receiver.got]
    assert sorted(told) == sorted((kind, f"S{n}") for kind in (OPENED, CLOSED) for n in range(4))


def test_a_watcher_ends_at_once_and_survives_a_database_that_is_away(warehouse, sender, queue, monkeypatch):
    lines = []
    watcher = Watcher(warehouse, sender=sender, pace=QUICK, log=lines.append)
    versions = warehouse.versions
    monkeypatch.setattr(warehouse, "versions", _away)
    watcher.start()
    assert until(lambda: lines)
    monkeypatch.setattr(warehouse, "versions", versions)
    warehouse.add_events(queue(6, 5))
    assert until(lambda: watcher._looked)
    begun = time.monotonic()
    watcher.stop()
    assert time.monotonic() - begun < 5
    assert lines[0]["event"] == "watch_failed"


def _away():
    raise DatabaseAway("the database cannot be used")
