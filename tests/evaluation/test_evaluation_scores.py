from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from typer.testing import CliRunner

from floorwalker.cli import app
from floorwalker.errors import InputError
from floorwalker.evaluation.boxes import match_boxes, score_boxes, score_frame
from floorwalker.evaluation.events_match import match_events, score_events, total
from floorwalker.evaluation.identities import resolved_visitors, score_identities
from floorwalker.evaluation.truth import TrueBoxes, read_boxes, read_events
from floorwalker.events import Event, EventType, encode_events
from floorwalker.resolutions import Attribute, Resolution
from floorwalker.video.frame import Frame

START = datetime(2026, 3, 3, 4, 30, tzinfo=UTC)


def event(kind, second, visitor="VIS_a", zone=None, camera="C1"):
    return Event(
        event_id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{kind} {second} {visitor} {zone} {camera}")),
        store_id="S1",
        camera_id=camera,
        visitor_id=visitor,
        event_type=EventType(kind),
        timestamp=START + timedelta(seconds=second),
        zone_id=zone,
    )


def test_a_scored_case_by_hand():
    true = [event("ENTRY", 10), event("ENTRY", 11), event("EXIT", 30), event("EXIT", 60)]
    measured = [event("ENTRY", 10.5), event("ENTRY", 20), event("EXIT", 31.5), event("REENTRY", 60)]
    scores = {score.name: score for score in score_events(measured, true)}
    entry, leave = scores["ENTRY"], scores["EXIT"]
    assert (entry.matched, entry.measured, entry.true) == (1, 2, 2)
    assert (entry.precision, entry.recall, entry.f1) == (0.5, 0.5, 0.5)
    assert (entry.net_error, entry.gross_error) == (0, 2)
    assert (leave.precision, leave.recall, leave.f1) == (1.0, 0.5, pytest.approx(2 / 3))
    assert leave.mean_offset_s == pytest.approx(1.5)
    assert (scores["REENTRY"].f1, scores["REENTRY"].true) == (0.0, 0)
    assert total(list(scores.values())).gross_error == 2 + 1 + 1


def test_as_many_pairs_as_possible_come_before_near_ones():
    # The near pair (12, 12) would leave 10 and 13.9 alone.
    true = [event("ENTRY", 10.0), event("ENTRY", 12.0)]
    measured = [event("ENTRY", 12.0), event("ENTRY", 13.9)]
    assert match_events(measured, true) == [(0, 0), (1, 1)]


def test_one_measured_event_is_no_match_for_two_true_ones():
    assert len(match_events([event("ENTRY", 10)], [event("ENTRY", 10), event("ENTRY", 10.1)])) == 1


def test_the_tolerance_is_inclusive_and_zones_must_agree():
    assert len(match_events([event("EXIT", 2)], [event("EXIT", 0)], 2.0)) == 1
    assert match_events([event("EXIT", 2.01)], [event("EXIT", 0)], 2.0) == []
    assert match_events([event("ZONE_ENTER", 0, zone="A")], [event("ZONE_ENTER", 0, zone="B")]) == []


def test_pooled_inbound_forgives_a_mistaken_identity():
    true, measured = [event("REENTRY", 10)], [event("ENTRY", 10)]
    assert [score.f1 for score in score_events(measured, true)] == [0.0, 0.0]
    (pooled,) = score_events(measured, true, pool_inbound=True)
    assert (pooled.name, pooled.f1) == ("INBOUND", 1.0)


def test_nothing_to_find_and_nothing_found_is_no_fault():
    assert score_events([], []) == []
    assert total([]).f1 == 1.0


def test_boxes_by_hand():
    true = np.array([[0, 0, 10, 10], [20, 0, 30, 10]], dtype=float)
    measured = np.array([[0, 0, 10, 9], [21, 0, 31, 10], [50, 50, 60, 60]], dtype=float)
    score = score_frame(measured, true)
    assert (score.matched, score.measured, score.true) == (2, 3, 2)
    assert (score.precision, score.recall) == (pytest.approx(2 / 3), 1.0)
    both = score_boxes([(measured, true), (np.zeros((0, 4)), true)])
    assert (both.matched, both.measured, both.true) == (2, 3, 4)
    assert match_boxes(np.zeros((0, 4)), true) == []


def test_one_box_on_two_people_finds_one_of_them():
    true = np.array([[0, 0, 10, 10], [1, 0, 11, 10]], dtype=float)
    assert score_frame(np.array([[0, 0, 10, 10]], dtype=float), true).recall == 0.5


def test_hidden_people_are_neither_right_nor_wrong():
    true = np.array([[0, 0, 10, 10], [20, 0, 30, 10]], dtype=float)
    counts = np.array([True, False])
    found = score_frame(true, true, counts=counts)
    assert (found.precision, found.recall, found.ignored) == (1.0, 1.0, 1)
    assert score_frame(true[:1], true, counts=counts).recall == 1.0


def test_identities_by_hand():
    true = [event("ENTRY", 0, "A"), event("ZONE_ENTER", 5, "A", "Z"), event("ENTRY", 9, "B")]
    measured = [event("ENTRY", 0, "x"), event("ZONE_ENTER", 5, "y", "Z"), event("ENTRY", 9, "z")]
    pairs = match_events(measured, true)
    apart = score_identities(measured, true, pairs, {})
    assert (apart.precision, apart.recall) == (1.0, pytest.approx((0.5 + 0.5 + 1) / 3))
    links = [Resolution("S1", "y", Attribute.SAME_AS, "x", "rule:handover", 0.9, START)]
    assert score_identities(measured, true, pairs, resolved_visitors(links)).f1 == 1.0
    wrong = [Resolution("S1", "z", Attribute.SAME_AS, "x", "rule:handover", 0.9, START)]
    assert score_identities(measured, true, pairs, resolved_visitors(wrong)).precision == pytest.approx(2 / 3)


def test_links_are_followed_and_circles_end():
    def same(a, b):
        return Resolution("S1", a, Attribute.SAME_AS, b, "rule:handover", 0.9, START)

    assert resolved_visitors([same("c", "b"), same("b", "a")])["c"] == "a"
    assert set(resolved_visitors([same("a", "b"), same("b", "a")])) == {"a", "b"}


BOXES = """frame,time_s,person_id,x1,y1,x2,y2,foot_x,foot_y,visible
0,0.0,P1,10,20,40,110,25,108,1.0
0,0.0,P2,50,20,80,110,65,108,0.2
2,0.2,P1,12,20,42,110,27,108,0.9
1,0.1,P1,11,20,41,110,26,108,0.95
"""


def test_true_boxes_are_those_of_the_nearest_frame_that_can_be_seen(tmp_path):
    path = tmp_path / "C1.boxes.csv"
    path.write_text(BOXES)
    truth = TrueBoxes(path)
    image = np.zeros((120, 160, 3), dtype=np.uint8)
    assert truth.detect(Frame(image, 0.0, 0)).xyxy.tolist() == [[10, 20, 40, 110]]
    assert truth.detect(Frame(image, 0.22, 2)).foot_px.tolist() == [[27, 108]]
    assert len(truth.detect(Frame(image, 5.0, 50))) == 0
    assert len(TrueBoxes(path, least_visible=0.1).at(0.0)) == 2
    assert truth.fingerprint != TrueBoxes(path, least_visible=0.1).fingerprint
    assert read_boxes(path).time_s.tolist() == [0.0, 0.0, 0.1, 0.2]


def test_bad_truth_is_explained(tmp_path):
    path = tmp_path / "C1.boxes.csv"
    with pytest.raises(InputError, match="no such file"):
        TrueBoxes(path)
    path.write_text("frame,time_s\n0,0\n")
    with pytest.raises(InputError, match="missing"):
        read_boxes(path)
    path.write_text(BOXES + "3,much,P1,1,2,3,4,5,6,7\n")
    with pytest.raises(InputError, match="line 6"):
        read_boxes(path)


def test_evaluate_events_prints_a_table_and_json(tmp_path):
    true, measured = tmp_path / "truth.jsonl", tmp_path / "measured.jsonl"
    true.write_bytes(encode_events([event("ENTRY", 10), event("EXIT", 20), event("EXIT", 20, camera="C2")]))
    measured.write_bytes(encode_events([event("ENTRY", 11), event("EXIT", 40)]))
    runner = CliRunner()
    shown = runner.invoke(app, ["evaluate", "events", str(measured), str(true)])
    assert shown.exit_code == 0
    assert "ENTRY" in shown.output
    as_json = runner.invoke(
        app,
        ["evaluate", "events", str(measured), str(true), "--camera", "C1", "--tolerance", "30", "--json"],
    )
    assert '"f1": 1.0' in as_json.output
    assert '"true": 2' in as_json.output


def test_a_line_that_is_no_event_is_named(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(encode_events([event("ENTRY", 10)]) + b'{"event_id": 1}\n')
    with pytest.raises(InputError, match="line 2"):
        read_events(path)
