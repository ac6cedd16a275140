"""The truth against itself: every file recomputed from floor positions and the site file alone."""

import json
from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
import pytest
from shapely import contains_xy
from shapely.geometry import Polygon

from floorwalker.events import decode_event, parse_utc
from floorwalker.site import load_site


@pytest.fixture(scope="module")
def truth(unfilmed, table):
    people = {row["person_id"]: row for row in table(unfilmed / "people.csv")}
    paths = defaultdict(list)
    for row in table(unfilmed / "positions.csv"):
        paths[row["person_id"]].append((float(row["time_s"]), float(row["x_m"]), float(row["y_m"])))
    described = json.loads((unfilmed / "simulation.json").read_text())
    return {
        "folder": unfilmed,
        "people": people,
        "paths": {name: np.array(path) for name, path in paths.items()},
        "events": [decode_event(line) for line in (unfilmed / "events.jsonl").read_bytes().splitlines()],
        "figures": json.loads((unfilmed / "truth.json").read_text()),
        "store": load_site(unfilmed / "site.toml").stores[0],
        "start": parse_utc(described["start"]),
        "described": described,
        "sales": table(unfilmed / "sales.csv"),
    }


def seconds(truth, event):
    return (event.timestamp - truth["start"]).total_seconds()


def of_type(truth, *kinds):
    return [event for event in truth["events"] if event.event_type in kinds]


def test_door_events_are_the_crossings_of_the_site_files_line(truth):
    """A plain recomputation: side of the projected line before and after, without any flicker rule."""
    camera = truth["store"].camera("CAM_ENTRY_01")
    (x1, y1), (x2, _) = camera.calibrated().to_floor(camera.entry_lines[0].points)
    names = {row["visitor_id"]: name for name, row in truth["people"].items()}
    expected, found = defaultdict(list), defaultdict(list)
    for name, path in truth["paths"].items():
        for before, after in pairwise(path):
            crossed = (before[2] < y1) != (after[2] < y1) and after[0] - before[0] < 0.15
            if crossed and min(x1, x2) < after[1] < max(x1, x2):
                expected[name, "in" if after[2] >= y1 else "out"].append(after[0])
    for event in of_type(truth, "ENTRY", "EXIT", "REENTRY"):
        way = "out" if event.event_type == "EXIT" else "in"
        found[names[event.visitor_id], way].append(seconds(truth, event))
    assert sum(map(len, expected.values())) > 10
    assert expected.keys() == found.keys()
    for key, times in expected.items():
        assert found[key] == pytest.approx(times, abs=0.11)


def test_someone_enters_once_and_then_reenters(truth):
    inside = Counter()
    seen = Counter()
    for event in of_type(truth, "ENTRY", "EXIT", "REENTRY"):
        seen[event.visitor_id, event.event_type] += 1
        inside[event.visitor_id] += -1 if event.event_type == "EXIT" else 1
        if event.event_type == "REENTRY":
            assert seen[event.visitor_id, "EXIT"] >= 1
        if not event.is_staff:
            assert inside[event.visitor_id] in (0, 1)
    assert all(count == 1 for (_, kind), count in seen.items() if kind == "ENTRY")


def stays_by_polygon(truth, camera, zone):
    """Stays recomputed with the zone's picture polygon mapped back to the floor."""
    polygon = Polygon(camera.calibrated().to_floor(zone.polygon)).buffer(0.004)
    stays = []
    for name, path in truth["paths"].items():
        times = path[contains_xy(polygon, path[:, 1], path[:, 2]), 0]
        if len(times) == 0:
            continue
        for part in np.split(times, np.flatnonzero(np.diff(times) > 1.05) + 1):
            if part[-1] - part[0] >= 0.99:
                stays.append((name, float(part[0]), float(part[-1])))
    return stays


def test_zone_stays_are_those_of_the_site_files_polygons(truth):
    names = {row["visitor_id"]: name for name, row in truth["people"].items()}
    total = wrong = 0
    for camera in truth["store"].cameras:
        for zone in camera.zones:
            expected = sorted((name, start) for name, start, _ in stays_by_polygon(truth, camera, zone))
            found = sorted(
                (names[event.visitor_id], seconds(truth, event))
                for event in of_type(truth, "ZONE_ENTER")
                if event.zone_id == zone.id and event.camera_id == camera.id
            )
            total += len(expected)
            wrong += abs(len(expected) - len(found))
            pairs = zip(expected, found, strict=False) if len(expected) == len(found) else ()
            wrong += sum(abs(a[1] - b[1]) > 0.31 or a[0] != b[0] for a, b in pairs)
    assert total > 40
    assert wrong <= 0.03 * total  # the last millimetres of rounding


def test_dwell_comes_every_thirty_seconds_of_a_stay(truth):
    enters = {(e.visitor_id, e.zone_id, seconds(truth, e)) for e in of_type(truth, "ZONE_ENTER")}
    dwells = of_type(truth, "ZONE_DWELL")
    assert dwells
    for event in dwells:
        assert event.dwell_ms % 30_000 == 0
        began = round(seconds(truth, event) - event.dwell_ms / 1000, 3)
        assert (event.visitor_id, event.zone_id, began) in enters
    for event in of_type(truth, "ZONE_EXIT"):
        began = round(seconds(truth, event) - event.dwell_ms / 1000, 3)
        count = sum(
            (d.visitor_id, d.zone_id) == (event.visitor_id, event.zone_id)
            and began <= seconds(truth, d) <= seconds(truth, event)
            for d in dwells
        )
        assert count == event.dwell_ms // 30_000


def test_queue_joins_and_abandons_follow_from_stays_and_sales(truth):
    camera = truth["store"].camera("CAM_TILL_01")
    zone = next(zone for zone in camera.zones if zone.kind == "billing")
    customers = {name for name, row in truth["people"].items() if row["role"] == "customer"}
    stays = [stay for stay in stays_by_polygon(truth, camera, zone) if stay[0] in customers]
    joined = {}
    for name, start, end in stays:
        ahead = {other for other, s, e in stays if other != name and s < start <= e}
        if ahead:
            joined[truth["people"][name]["visitor_id"], round(start, 1)] = (len(ahead), name, start, end)
    events = of_type(truth, "BILLING_QUEUE_JOIN")
    assert {(e.visitor_id, round(seconds(truth, e), 1)) for e in events} == set(joined)
    for event in events:
        depth = joined[event.visitor_id, round(seconds(truth, event), 1)][0]
        assert event.metadata["queue_depth"] == depth
    gave_up = Counter()
    for _, name, start, end in joined.values():
        group = truth["people"][name]["group_id"]
        paid = any(
            (sale["buyer"] == name or (group and sale["group_id"] == group))
            and start <= float(sale["time_s"]) <= end + 300
            for sale in truth["sales"]
        )
        if not paid and end < truth["described"]["duration_s"] - 0.15:
            gave_up[truth["people"][name]["visitor_id"]] += 1
    assert Counter(e.visitor_id for e in of_type(truth, "BILLING_QUEUE_ABANDON")) == gave_up


def test_events_are_in_order_unique_and_numbered(truth):
    events = truth["events"]
    keys = [(event.timestamp, event.camera_id, event.event_id) for event in events]
    assert keys == sorted(keys)
    assert len({event.event_id for event in events}) == len(events)
    numbers = Counter()
    for event in events:
        numbers[event.visitor_id] += 1
        assert event.metadata["session_seq"] == numbers[event.visitor_id]
    staff = {row["visitor_id"] for row in truth["people"].values() if row["role"] != "customer"}
    assert all(event.is_staff == (event.visitor_id in staff) for event in events)


def test_figures_are_the_events_added_up(truth):
    figures = truth["figures"]
    customers = [event for event in truth["events"] if not event.is_staff]
    counts = Counter(event.event_type for event in customers)
    assert figures["entries"] == counts["ENTRY"] == figures["unique_visitors"]
    assert (figures["exits"], figures["reentries"]) == (counts["EXIT"], counts["REENTRY"])
    assert figures["queue_joins"] == counts["BILLING_QUEUE_JOIN"]
    assert figures["queue_abandons"] == counts["BILLING_QUEUE_ABANDON"]
    for zone, mean_ms in figures["avg_dwell_ms"].items():
        lengths = [e.dwell_ms for e in customers if e.event_type == "ZONE_EXIT" and e.zone_id == zone]
        assert mean_ms == pytest.approx(sum(lengths) / len(lengths), abs=1)
        assert figures["zone_stays"][zone] == len(lengths)
    assert figures["conversion_rate"] == pytest.approx(
        figures["converted_visitors"] / figures["unique_visitors"]
    )
    assert figures["staff_count"] == sum(row["role"] != "customer" for row in truth["people"].values())
    assert figures["staff_entries"] == 1


def test_who_pays_stands_at_the_counter(truth):
    camera = truth["store"].camera("CAM_TILL_01")
    zone = next(zone for zone in camera.zones if zone.kind == "billing")
    counter = Polygon(camera.calibrated().to_floor(zone.counter))
    assert truth["sales"]
    for sale in truth["sales"]:
        path = truth["paths"][sale["buyer"]]
        _, x, y = path[np.argmin(np.abs(path[:, 0] - float(sale["time_s"])))]
        assert contains_xy(counter, x, y)


def test_talks_happen_within_earshot(truth, table):
    talks = table(truth["folder"] / "interactions.csv")
    assert talks
    for talk in talks:
        moment = float(talk["start_s"]) + 1
        places = [
            path[np.argmin(np.abs(path[:, 0] - moment)), 1:]
            for path in (truth["paths"][talk["seller"]], truth["paths"][talk["customer"]])
        ]
        assert np.linalg.norm(places[0] - places[1]) < 1.7
        assert truth["people"][talk["seller"]]["role"] == "seller"


def test_boxes_agree_with_the_calibration(truth, table):
    """Feet lie where the floor position projects; boxes are as tall as the person there."""
    for camera in truth["store"].cameras:
        calibration = camera.calibrated()
        width, height = camera.resolution
        ratios, checked = [], 0
        for row in table(truth["folder"] / f"{camera.id}.boxes.csv"):
            path = truth["paths"][row["person_id"]]
            near = np.argmin(np.abs(path[:, 0] - float(row["time_s"])))
            assert abs(path[near, 0] - float(row["time_s"])) < 0.051
            foot = calibration.to_image([path[near, 1:]])[0]
            assert np.allclose(foot, [float(row["foot_x"]), float(row["foot_y"])], atol=0.2)
            x1, y1, x2, y2 = (float(row[key]) for key in ("x1", "y1", "x2", "y2"))
            assert 0 <= x1 < x2 <= width
            assert 0 <= y1 < y2 <= height
            assert 0.05 <= float(row["visible"]) <= 1.0
            if x1 > 0 and y1 > 0 and x2 < width and y2 < height:
                tall = float(truth["people"][row["person_id"]]["height_m"])
                expected = calibration.person_boxes([path[near, 1:]], tall, 0.3)[0]
                ratios.append((y2 - y1) / (expected[3] - expected[1]))
                checked += 1
        assert checked > 50
        assert np.median(ratios) == pytest.approx(1.0, abs=0.06)
        assert np.percentile(ratios, 2) > 0.7  # bending to a shelf
        assert np.percentile(ratios, 98) < 1.25


def test_pos_rows_are_the_sales_in_utc(truth, table):
    rows = table(truth["folder"] / "pos.csv")
    assert list(rows[0]) == ["store_id", "transaction_id", "timestamp", "basket_value_inr"]
    for row, sale in zip(rows, truth["sales"], strict=True):
        late = (parse_utc(row["timestamp"]) - truth["start"]).total_seconds()
        assert -1 < late - float(sale["time_s"]) <= 0
        assert row["basket_value_inr"] == sale["basket_value_inr"]
