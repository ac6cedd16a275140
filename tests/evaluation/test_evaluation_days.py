from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from floorwalker.errors import InputError
from floorwalker.evaluation.attribution import Attribution, TruePerson, read_people
from floorwalker.evaluation.day_view import DayView
from floorwalker.evaluation.losses import losses
from floorwalker.evaluation.reliability import reliability
from floorwalker.evaluation.returns import score_returns
from floorwalker.evaluation.staff_found import score_staff
from floorwalker.evaluation.truth import BoxTable
from floorwalker.events import DOOR_EVENTS, Event, EventType
from floorwalker.tracking.track import Track

START = datetime(2026, 3, 3, 4, 30, tzinfo=UTC)
# Where people stand, by person and time: each has a lane of their own.
LANES = {"P1": 100.0, "P2": 300.0, "P3": 500.0, "NOBODY": 700.0}


def boxes_at(lane, times):
    x = LANES[lane]
    return np.tile(np.array([[x, 100.0, x + 60.0, 300.0]], dtype=np.float32), (len(times), 1))


def times(start_s, end_s):
    return np.round(np.arange(start_s, end_s + 1e-9, 0.1), 3)


def truth(**present):
    """Who is in the picture from when to when."""
    rows = [(t, who) for who, (start, end) in present.items() for t in times(start, end)]
    rows.sort()
    t = np.array([row[0] for row in rows])
    who = np.array([row[1] for row in rows])
    xyxy = np.vstack([boxes_at(person, [0]) for person in who])
    feet = np.column_stack([(xyxy[:, 0] + xyxy[:, 2]) / 2, xyxy[:, 3]])
    return BoxTable(t, who, xyxy, feet, np.ones(len(t), dtype=np.float32))


def track(track_id, *parts):
    """A track that stays in one lane after the other: (lane, start_s, end_s)."""
    t = np.concatenate([times(start, end) for _, start, end in parts])
    xyxy = np.vstack([boxes_at(lane, times(start, end)) for lane, start, end in parts])
    feet = np.column_stack([(xyxy[:, 0] + xyxy[:, 2]) / 2, xyxy[:, 3]]).astype(np.float32)
    nowhere = np.full((len(t), 2), np.nan)
    looks = np.zeros((0, 0), dtype=np.float32)
    return Track(track_id, t, xyxy, feet, nowhere, np.ones(len(t), dtype=np.float32), looks)


def event(kind, time_s, visitor, track_id=0, *, staff=False, camera="C"):
    return Event(
        event_id=f"{kind}-{time_s}-{visitor}",
        store_id="S",
        camera_id=camera,
        visitor_id=visitor,
        event_type=EventType(kind),
        timestamp=START + timedelta(seconds=time_s),
        is_staff=staff,
        metadata={"track_id": track_id, "time_s": time_s},
    )


PEOPLE = {
    name: TruePerson(name, f"V-{name}", is_staff, None)
    for name, is_staff in (("P1", False), ("P2", False), ("P3", True))
}


def view(measured, true, tracks, table):
    return DayView(measured, measured, true, PEOPLE, {"C": Attribution(tracks, table)})


def test_a_track_shows_whom_its_boxes_meet_moment_by_moment():
    shown = Attribution(
        [track(1, ("P1", 0, 5), ("P2", 5.1, 7)), track(2, ("NOBODY", 0, 3))], truth(P1=(0, 9), P2=(0, 9))
    )
    assert shown.person(1) == "P1"
    assert shown.person(1, 6.5) == "P2"
    assert shown.person(2) is None
    assert shown.person(1, 30.0) is None
    assert shown.seconds(1) == pytest.approx({"P1": 5.1, "P2": 2.0})
    assert shown.tracks_of("P1", 0, 5) == pytest.approx({1: 1.0})
    assert shown.tracks_of("P1", 7, 9) == {}


def test_a_return_counts_only_with_the_right_person_before_it():
    tracks = [track(1, ("P1", 0, 5)), track(2, ("P2", 0, 5)), track(3, ("P1", 20, 25))]
    table = truth(P1=(0, 30), P2=(0, 30))
    true = [event("EXIT", 4, "V-P1"), event("EXIT", 4.5, "V-P2"), event("REENTRY", 22, "V-P1")]
    gone = [event("EXIT", 4, "a", 1), event("EXIT", 4.5, "b", 2)]
    right = score_returns(view([*gone, event("REENTRY", 22.5, "a", 3)], true, tracks, table))
    assert (right.matched, right.measured, right.true) == (1, 1, 1)
    wrong = score_returns(view([*gone, event("REENTRY", 22.5, "b", 3)], true, tracks, table))
    assert (wrong.matched, wrong.precision, wrong.recall) == (0, 0.0, 0.0)
    late = score_returns(view([*gone, event("REENTRY", 25, "a", 3)], true, tracks, table))
    assert late.matched == 0
    assert (right + wrong).measured == 2


def test_staff_is_counted_by_person_not_by_track():
    tracks = [
        track(1, ("P3", 0, 20)),
        track(2, ("P3", 21, 25)),
        track(3, ("P1", 0, 9)),
        track(4, ("NOBODY", 0, 5)),
    ]
    table = truth(P1=(0, 30), P3=(0, 30))

    def found(*staff):
        names = {1: "s", 2: "s2", 3: "c", 4: "g"}
        events = [event("ZONE_ENTER", n, names[n], n, staff=n in staff) for n in names]
        score = score_staff(view(events, [], tracks, table))
        return score.matched, score.measured, score.true

    assert found(1) == (1, 1, 1)
    assert found(2) == (0, 0, 1)
    assert found(1, 2, 3) == (1, 2, 1)
    assert found(1, 4) == (1, 2, 1)


@pytest.mark.parametrize(
    ("measured", "tracks", "lost"),
    [
        ([], [track(2, ("P2", 0, 9))], {("missed", "unseen"): 1}),
        ([], [track(1, ("P1", 0, 5)), track(2, ("P1", 5.1, 9))], {("missed", "broken track"): 1}),
        ([], [track(1, ("P1", 0, 9))], {("missed", "rule"): 1}),
        (
            [event("REENTRY", 5, "a", 1)],
            [track(1, ("P1", 0, 9))],
            {("missed", "identity"): 1, ("invented", "identity"): 1},
        ),
        (
            [event("ENTRY", 5, "a", 1), event("EXIT", 8, "b", 2)],
            [track(1, ("P1", 0, 9)), track(2, ("NOBODY", 6, 9))],
            {("invented", "ghost"): 1},
        ),
        (
            [event("ENTRY", 5, "a", 1), event("EXIT", 7, "b", 2)],
            [track(1, ("P1", 0, 9)), track(2, ("P2", 2, 6.5), ("P3", 6.6, 9))],
            {("invented", "mixed track"): 1},
        ),
    ],
)
def test_what_was_lost_is_laid_to_its_cause(measured, tracks, lost):
    table = truth(P1=(0, 9), P2=(0, 9), P3=(0, 9))
    day = view(measured, [event("ENTRY", 5, "V-P1")], tracks, table)
    assert dict(losses(day, measured, DOOR_EVENTS)) == lost


def test_confidences_are_held_against_what_came_true():
    honest = reliability([0.85] * 10 + [0.25] * 4, [True] * 8 + [False] * 2 + [True] + [False] * 3)
    assert [(part.count, part.right) for part in honest.bins] == [(4, 0.25), (10, 0.8)]
    assert honest.error == pytest.approx(10 / 14 * 0.05)
    assert honest.brier < honest.base_brier
    boastful = reliability([1.0] * 4, [True, False, False, False])
    assert boastful.brier == 0.75
    assert boastful.bins[-1].high == 1.0
    assert reliability([], []).bins == ()


def test_people_are_read_and_a_wrong_table_is_refused(tmp_path):
    table = tmp_path / "people.csv"
    table.write_text("person_id,visitor_id,role,group_id\nP1,V1,customer,G1\nP2,V2,cashier,\n")
    people = read_people(table)
    assert people["P1"] == TruePerson("P1", "V1", False, "G1")
    assert people["P2"].is_staff
    assert people["P2"].group_id is None
    table.write_text("person_id\nP1\n")
    with pytest.raises(InputError, match="no table of people"):
        read_people(table)
    with pytest.raises(InputError, match="no such file"):
        read_people(tmp_path / "none.csv")
