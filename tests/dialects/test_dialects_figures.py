"""What the figures make of events that came in the second schema."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from floorwalker.dialects import decode_shipped
from floorwalker.insights.funnel import funnel
from floorwalker.insights.metrics import metrics
from floorwalker.insights.picture import take_picture
from floorwalker.insights.windows import window_of_day
from floorwalker.warehouse import Transaction, Warehouse
from floorwalker.warehouse.directory import WarehouseStores
from floorwalker.warehouse.records import to_us

KOLKATA = ZoneInfo("Asia/Kolkata")
NOON = datetime(2026, 3, 8, 12)


def at(seconds):
    return (NOON + timedelta(seconds=seconds)).isoformat()


def door(kind, token, seconds, **more):
    row = {"event_type": kind, "id_token": token, "store_code": "store_1076", "camera_id": "cam1"}
    return row | {"event_timestamp": at(seconds), "is_staff": False} | more


def zone(kind, track, seconds, name="Z1"):
    row = {"event_type": kind, "track_id": track, "store_id": "ST1076", "camera_id": "CAM2", "zone_id": name}
    return row | {"zone_type": "SHELF", "event_time": at(seconds)}


def queue(track, joined, served, left, position):
    return {
        "queue_event_id": f"q{track}",
        "event_type": "queue_abandoned" if served is None else "queue_completed",
        "track_id": track,
        "store_id": "ST1076",
        "camera_id": "CAM6",
        "zone_id": "Z_TILL",
        "queue_join_ts": at(joined),
        "queue_served_ts": None if served is None else at(served),
        "queue_exit_ts": at(left),
        "queue_position_at_join": position,
        "abandoned": served is None,
    }


ROWS = [
    door("entry", "A", 0),
    door("entry", "B", 5),
    door("exit", "A", 300),
    door("entry", "A", 600),  # the same token the same day: came back
    door("entry", "C", 10, is_staff=True),
    zone("zone_entered", 1, 20),
    zone("zone_exited", 1, 50),
    zone("zone_entered", 2, 20),
    zone("zone_exited", 2, 80),
    queue(1, 100, 130, 190, 2),
    queue(2, 110, None, 170, 3),
]


@pytest.fixture
def figures(database_url):
    warehouse = Warehouse(database_url)
    sale = datetime(2026, 3, 8, 12, 3, 5, tzinfo=KOLKATA)  # track 1 leaves the till 5 seconds later
    warehouse.load_transactions(
        [Transaction("ST1076", "T1", to_us(sale), 100, "INR")], timezone="Asia/Kolkata"
    )
    stores = WarehouseStores(warehouse.database)
    for row in ROWS:
        events = decode_shipped(msgspec.json.encode(row), stores)
        assert warehouse.add_events(events, live=False).inserted == len(events)
        assert warehouse.add_events(events, live=False).duplicates == len(events)
    picture = take_picture(warehouse, warehouse.store("ST1076"), window_of_day(NOON.date(), KOLKATA))
    yield picture
    warehouse.close()


def test_visitors_come_from_the_door_and_the_rest_from_the_zones(figures):
    found = metrics(figures)
    assert found["basis"] == "unlinked"
    assert (found["unique_visitors"], found["entries"], found["reentries"], found["exits"]) == (2, 2, 1, 1)
    assert found["staff_excluded"] == 1
    zones = found["zones"]
    assert (zones["Z1"]["avg_dwell_ms"], zones["Z1"]["completed_stays"]) == (45_000, 2)
    assert (zones["Z_TILL"]["kind"], zones["Z_TILL"]["avg_dwell_ms"]) == ("billing", 75_000)
    assert zones["Z_TILL"]["completed_stays"] == 2


def test_who_was_served_bought_and_who_gave_up_did_not(figures):
    found = metrics(figures)
    assert (found["queue_joins"], found["queue_abandons"], found["abandonment_rate"]) == (2, 1, 0.5)
    assert list(figures.outcome.purchased) == [(NOON.date(), "VIS_floor_20260308_1")]
    counts = funnel(figures)
    assert [counts[step] for step in ("entry", "zone_visit", "billing_queue", "purchased")] == [2, 2, 2, 1]


def test_the_queue_is_as_long_as_the_join_says(figures):
    noon_us = to_us(datetime(2026, 3, 8, 12, tzinfo=KOLKATA).astimezone(UTC))
    assert sorted((at_us - noon_us) // 1_000_000 for at_us, _, _ in figures.depths) == [100, 110]
    assert sorted(depth for _, _, depth in figures.depths) == [1, 2]
