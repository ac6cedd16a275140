"""Corrections over HTTP: what people say changes the figures, is listed, undone, and told in the history."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from floorwalker.insights.history import Memory, history
from floorwalker.insights.windows import choose_window
from floorwalker.warehouse import Transaction

STORE = "/stores/STORE_BLR_002"
DAY = "2026-03-03"


@pytest.fixture
def shop(house, event, site):
    """Three came in, all seen by the same camera."""
    house.warehouse.register_site(site)

    def walk(who, came, left, zone=None):
        inside = [
            event("ZONE_ENTER", came, who, zone_id=zone),
            event("ZONE_EXIT", left, who, zone_id=zone, dwell_ms=1000),
        ]
        return [event("ENTRY", came, who), *(inside if zone else []), event("EXIT", left, who)]

    house.post(
        *walk("VIS_a", "09:00:00", "09:10:00", "SKINCARE"),
        *walk("VIS_b", "09:20:00", "09:30:00"),
        *walk("VIS_c", "09:05:00", "09:15:00", "SKINCARE"),
    )
    return house


def say(house, *statements, status=201, **more):
    body = {"day": DAY, "by": "asha", "statements": list(statements), **more}
    answer = house.http.post(f"{STORE}/corrections", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def undo(house, made, by="ben"):
    address = f"{STORE}/corrections/{made['correction']['correction_id']}/undo"
    answer = house.http.post(address, json={"by": by})
    assert answer.status_code == 200, answer.text
    return answer.json()


def visitors(house, **query):
    return house.get(f"{STORE}/metrics", day=DAY, **query)["unique_visitors"]


MERGE = {"type": "merge", "visitors": ["VIS_a", "VIS_b"]}
STAFF = {"type": "staff", "visitor": "VIS_c", "value": True}


def test_a_correction_answers_what_changed_and_is_listed_and_undone(shop):
    made = say(shop, MERGE, STAFF, note="came back in another coat")
    assert made["changed"]["unique_visitors"] == {"before": 3, "after": 1}
    assert made["changed"]["staff_excluded"] == {"before": 0, "after": 1}
    assert visitors(shop) == 1
    (listed,) = shop.get(f"{STORE}/corrections", day=DAY)["corrections"]
    assert listed["statements"] == [MERGE, STAFF]
    assert (listed["by"], listed["note"], listed["state"]) == ("asha", "came back in another coat", "holds")
    taken_back = undo(shop, made)
    assert taken_back["changed"]["unique_visitors"] == {"before": 1, "after": 3}
    assert visitors(shop) == 3
    again = undo(shop, made)
    assert (again["repeated"], again["changed"]) == (True, {})
    (listed,) = shop.get(f"{STORE}/corrections", day=DAY)["corrections"]
    assert (listed["state"], listed["undone_by"]) == ("undone", "ben")


def test_a_visitor_whom_a_person_calls_staff_is_in_no_figure(shop):
    say(shop, {**STAFF, "visitor": "VIS_a"}, STAFF)
    assert visitors(shop) == 1
    assert shop.get(f"{STORE}/funnel", day=DAY)["zone_visit"] == 0
    assert shop.get(f"{STORE}/heatmap", day=DAY)["SKINCARE"]["frequency"] == 0


def test_nobody_can_be_at_two_places_at_once_but_by_force(shop):
    both = {"type": "merge", "visitors": ["VIS_a", "VIS_c"]}
    refused = say(shop, both, status=409)["error"]
    assert refused["code"] == "impossible_merge"
    assert {fault["kind"] for fault in refused["details"]} == {"entered_twice", "seen_twice"}
    assert "VIS_c at 14:35:00" in refused["message"]  # the store's own time
    assert visitors(shop) == 3
    made = say(shop, both, force=True)
    assert made["correction"]["forced"] is True
    assert visitors(shop) == 2


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"statements": [{"type": "staff", "visitor": "VIS_x", "value": True}]}, 404, "unknown_visitor"),
        (
            {"statements": [{"type": "purchased", "visitor": "VIS_a", "transaction_id": "T9"}]},
            404,
            "unknown_transaction",
        ),
        ({"statements": [{"type": "split", "visitor": "VIS_a"}]}, 422, "nothing_to_split"),
        ({"statements": [{"type": "merge", "visitors": ["VIS_a"]}]}, 422, "invalid"),
        ({"statements": []}, 422, "invalid"),
        ({"statements": [{"type": "staff", "visitor": "VIS_a", "value": "perhaps"}]}, 422, "invalid"),
        ({"statements": [{"type": "fire", "visitor": "VIS_a"}]}, 422, "invalid"),
        ({"statements": [STAFF], "by": ""}, 422, "invalid"),
        ({"statements": [STAFF], "by": None}, 422, "nobody"),
        ({"statements": [STAFF], "by": "a\ud800"}, 422, "invalid"),
        ({"statements": [STAFF], "day": "yesterday"}, 400, "bad_request"),
        ({"statements": [STAFF], "day": "2026-03-04"}, 404, "unknown_visitor"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(shop, body, status, code):
    # The plain encoder escapes half a surrogate pair, as a careless client does.
    content = json.dumps({"day": DAY, "by": "asha", **body})
    answer = shop.http.post(
        f"{STORE}/corrections", content=content, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert shop.get(f"{STORE}/corrections", day=DAY)["corrections"] == []


@pytest.mark.parametrize("value", ["yes", 1, "true", None])
def test_whether_is_said_with_true_or_false_and_nothing_like_it(shop, value):
    for kind in ("staff", "abandoned"):
        body = {
            "day": "2026-03-03",
            "by": "asha",
            "statements": [{"type": kind, "visitor": "V1", "value": value}],
        }
        answer = shop.http.post(f"{STORE}/corrections", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")


def test_a_body_that_is_no_json_is_400(shop):
    for path in (f"{STORE}/corrections", "/webhooks"):
        answer = shop.http.post(path, content=b"{day", headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "not_json")


def test_a_correction_of_an_unknown_store_or_an_unknown_one_undone_is_not_found(shop):
    answer = shop.http.post(
        "/stores/NOWHERE/corrections", json={"day": DAY, "by": "a", "statements": [STAFF]}
    )
    assert answer.status_code == 404
    answer = shop.http.post(f"{STORE}/corrections/{uuid.uuid4()}/undo", json={"by": "a"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_correction")


def test_a_correction_sent_twice_is_one(shop):
    chosen = str(uuid.uuid4())
    first = say(shop, STAFF, correction_id=chosen)
    again = say(shop, STAFF, correction_id=chosen, status=200)
    assert (again["repeated"], again["changed"]) == (True, first["changed"])
    assert say(shop, MERGE, correction_id=chosen, status=409)["error"]["code"] == "conflict"


def test_the_visitors_of_a_day_can_be_named(shop):
    say(shop, MERGE)
    listed = shop.get(f"{STORE}/visitors", day=DAY)["visitors"]
    assert [(each["visitor_id"], each["observed_ids"], each["zones"]) for each in listed] == [
        ("VIS_a", ["VIS_a", "VIS_b"], ["SKINCARE"]),
        ("VIS_c", ["VIS_c"], ["SKINCARE"]),
    ]
    assert (listed[0]["first_seen"], listed[0]["last_seen"]) == (
        "2026-03-03T09:00:00Z",
        "2026-03-03T09:30:00Z",
    )


def test_the_history_says_when_a_figure_changed_and_why(shop, event):
    night = datetime(2026, 3, 4, 1, tzinfo=UTC)
    shop.clock.now = night
    shop.post(
        event("ENTRY", "16:00:00", "VIS_late", camera_id="CAM_2"), event("EXIT", "16:05:00", "VIS_late")
    )
    shop.clock.now = night + timedelta(hours=7)
    made = say(shop, STAFF, note="the cleaner")
    shop.clock.now = night + timedelta(hours=8)
    undo(shop, made)
    points = shop.get(f"{STORE}/history", day=DAY, metric="unique_visitors")["points"]
    assert [point["changed"]["unique_visitors"]["after"] for point in points] == [3, 4, 3, 4]
    late, corrected, undone = (point["causes"][0] for point in points[1:])
    assert (late["kind"], late["late"], late["cameras"]) == ("events", 2, {"CAM_2": 1, "CAM_ENTRY_01": 1})
    assert (corrected["kind"], corrected["by"], corrected["note"]) == ("correction", "asha", "the cleaner")
    assert (undone["kind"], undone["by"]) == ("undo", "ben")
    # And the figures of each moment can be asked for.
    for moment, expected in ((night - timedelta(seconds=1), 3), (night, 4), (night + timedelta(hours=7), 3)):
        assert visitors(shop, known_at=moment.isoformat()) == expected


def test_a_history_knows_its_figures_only(shop):
    answer = shop.http.get(f"{STORE}/history", params={"day": DAY, "metric": "window"})
    assert answer.status_code == 400
    assert "unique_visitors" in answer.json()["error"]["message"]


def test_a_live_day_is_told_by_the_hour(shop, event):
    for minute in range(0, 180, 7):
        moment = datetime(2026, 3, 3, 15, tzinfo=UTC) + timedelta(minutes=minute)
        shop.clock.now = moment
        shop.post(event("ENTRY", moment.strftime("%H:%M:%S"), f"VIS_{minute}"))
    told = shop.get(f"{STORE}/history", day=DAY)
    assert 3 <= len(told["points"]) <= 5
    assert told["points"][-1]["figures"] == told["figures"]
    short = shop.get(f"{STORE}/history", day=DAY, limit="2")
    assert (len(short["points"]), short["truncated"]) == (2, True)
    assert short["points"][0]["changed"] == told["points"][-2]["changed"]


def test_a_purchase_that_a_person_names_is_one(shop):
    at = datetime(2026, 3, 3, 12, tzinfo=UTC)
    shop.warehouse.load_transactions(
        [Transaction("STORE_BLR_002", "T1", round(at.timestamp() * 1e6), 100, "INR")]
    )
    made = say(shop, {"type": "purchased", "visitor": "VIS_a", "transaction_id": "T1"})
    assert made["changed"]["conversion_matched"]["before"] == 0
    made = say(shop, {"type": "purchased", "visitor": "VIS_a", "transaction_id": False})
    assert made["changed"]["conversion_matched"]["after"] == 0


def test_what_the_history_remembers_of_the_past_stays_true(shop, site):
    """Figures of past moments are kept; a site file that changes gives other ones."""
    made = say(shop, STAFF)
    for _ in range(2):
        told = shop.get(f"{STORE}/history", day=DAY)
        assert told["points"][-1]["figures"] == told["figures"]
    undo(shop, made)
    assert shop.get(f"{STORE}/history", day=DAY)["figures"]["unique_visitors"] == 3
    elsewhere = site.model_copy(
        update={"stores": [site.stores[0].model_copy(update={"timezone": "Pacific/Auckland"})]}
    )
    shop.warehouse.register_site(elsewhere)  # the day ends at 11:00 UTC there
    told = shop.get(f"{STORE}/history", day=DAY)
    assert told["points"][-1]["figures"] == told["figures"]


def test_a_history_asked_for_again_works_out_only_what_is_new(shop):
    store = shop.warehouse.store("STORE_BLR_002")
    window = choose_window(shop.warehouse, store, DAY)
    say(shop, STAFF)
    memory = Memory()
    first = history(shop.warehouse, store, window, memory=memory)
    kept = len(memory)
    assert kept > 0
    assert history(shop.warehouse, store, window, memory=memory) == first
    assert len(memory) == kept
    shop.clock.now += timedelta(hours=1)
    say(shop, MERGE)
    told = history(shop.warehouse, store, window, memory=memory)
    assert len(memory) == kept + 1
    assert told["points"][-1]["figures"] == told["figures"]


def test_only_so_much_is_remembered():
    memory = Memory(limit=3)
    for key in (1, 2, 3, 1, 4, 5):
        assert memory.figures(key, lambda key=key: {"n": key}) == {"n": key}
    assert len(memory) == 3
    assert memory.figures(1, lambda: {"n": "anew"}) == {"n": 1}
    assert memory.figures(2, lambda: {"n": "anew"}) == {"n": "anew"}
