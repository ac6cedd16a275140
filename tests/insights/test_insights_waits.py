"""Waiting against being served."""

from __future__ import annotations

from floorwalker.insights.metrics import metrics
from floorwalker.insights.waits import ToldWait


def at_till(seen, visitor, start_s, end_s, group=None, gave_up=False):
    length_ms = round((end_s - start_s) * 1000)
    events = [seen("ENTRY", start_s - 30, visitor, group=group)]
    events.append(seen("ZONE_ENTER", start_s, visitor, "BILLING"))
    if gave_up:
        events.append(seen("BILLING_QUEUE_JOIN", start_s, visitor, "BILLING", depth=1))
        events.append(seen("BILLING_QUEUE_ABANDON", end_s, visitor, "BILLING"))
    return [*events, seen("ZONE_EXIT", end_s, visitor, "BILLING", dwell_ms=length_ms)]


def waits(shop, told=None):
    found = metrics(shop, told)
    return found["queue_wait"], found["queue_service"]


def test_first_come_first_served(picture, seen):
    # a is served for 60 s; b comes 20 s in and waits 40 s, then is served for 50 s; c waits 30 s of 40 s.
    events = at_till(seen, "a", 0, 60) + at_till(seen, "b", 20, 110) + at_till(seen, "c", 80, 120)
    wait, service = waits(picture(events))
    assert (wait["n"], wait["basis"]) == (3, "estimated")
    assert (wait["mean_ms"], wait["median_ms"]) == (round(70_000 / 3), 30_000)
    assert (service["mean_ms"], service["median_ms"]) == (40_000, 50_000)


def test_companions_wait_and_are_served_as_one(picture, seen):
    events = at_till(seen, "a", 0, 60, "g") + at_till(seen, "b", 2, 62, "g")
    wait, service = waits(picture(events))
    assert (wait["n"], wait["mean_ms"], service["mean_ms"]) == (1, 0, 62_000)


def test_who_gave_up_was_not_served(picture, seen):
    events = at_till(seen, "a", 0, 60) + at_till(seen, "b", 20, 40, gave_up=True)
    wait, service = waits(picture(events))
    assert (wait["n"], wait["mean_ms"], service["mean_ms"]) == (1, 0, 60_000)


def test_what_the_feed_tells_holds(picture, seen):
    events = at_till(seen, "a", 0, 60) + at_till(seen, "b", 20, 110)
    told = {event.event_id: ToldWait(8.0, 52.0) for event in events if event.event_type == "ZONE_EXIT"}
    wait, service = waits(picture(events), told)
    assert (wait["mean_ms"], wait["n"], wait["basis"]) == (8_000, 2, "told")
    assert service["mean_ms"] == 52_000


def test_where_nobody_is_seen_to_leave_nothing_is_known(picture, seen):
    events = [seen("ENTRY", 0), seen("BILLING_QUEUE_JOIN", 10, zone="BILLING", depth=2)]
    wait, _ = waits(picture(events))
    assert wait == {"mean_ms": None, "median_ms": None, "p90_ms": None, "n": 0, "basis": None}
