from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from floorwalker.events import EventType, encode_events
from floorwalker.journeys import camera_events
from floorwalker.journeys.dwell import dwell_marks
from floorwalker.journeys.staff import (
    BEHIND_COUNTER,
    CLOSED,
    LONGEST_IN_VIEW,
    OUTLASTING,
    STEPPED_BEHIND,
    UNIFORM,
    Presence,
    StaffSettings,
    judge_staff,
)
from floorwalker.journeys.staff_finding import Look, find_staff

scripted = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def of(events, *kinds):
    return [event for event in events if event.event_type in kinds]


def zone_events(events, zone):
    return [event for event in events if event.zone_id == zone]


def seconds(event, context):
    return (event.timestamp - context.recording.start_utc).total_seconds()


def browse(walk, number, start_s, stay_s, x=2.0):
    """Comes from above into SHELF, stays, leaves."""
    return walk(
        number,
        [
            (start_s, x, 1.9),
            (start_s + 1, x, 0.9),
            (start_s + 1 + stay_s, x, 0.9),
            (start_s + 2 + stay_s, x, 1.9),
        ],
    )


def test_a_stay_gives_enter_and_exit_with_its_length(walk, context_of):
    context = context_of("CAM_TILL")
    enter, leave = camera_events([browse(walk, 1, 10, 12)], context)
    assert (enter.event_type, leave.event_type) == (EventType.ZONE_ENTER, EventType.ZONE_EXIT)
    assert (enter.zone_id, enter.dwell_ms, enter.metadata["sku_zone"]) == ("SHELF", 0, "tea")
    assert seconds(enter, context) == pytest.approx(10.4, abs=0.11)
    assert leave.dwell_ms == pytest.approx(13_200, abs=200)
    assert [event.metadata["session_seq"] for event in (enter, leave)] == [1, 2]


def test_dwell_at_thirty_seconds_and_every_thirty_after(walk, context_of):
    context = context_of("CAM_TILL")
    events = of(camera_events([browse(walk, 1, 10, 70)], context), EventType.ZONE_DWELL)
    assert [event.dwell_ms for event in events] == [30_000, 60_000]
    assert [seconds(event, context) for event in events] == pytest.approx([40.4, 70.4], abs=0.11)
    assert dwell_marks(0.0, 29.9) == []
    assert dwell_marks(0.0, 30.0) == [(30.0, 30_000)]


def test_a_step_out_is_bridged_and_a_walk_through_is_no_stay(walk, context_of):
    stepping = walk(
        1, [(5, 2, 0.9), (15, 2, 1.4), (15.3, 2, 1.62), (15.6, 2, 1.4), (25, 2, 0.9), (27, 2, 2.5)]
    )
    through = walk(2, [(40, 2, 1.9), (40.9, 2.6, 1.4), (41.8, 3.2, 1.9)])
    counts = Counter(event.event_type for event in camera_events([stepping, through], context_of("CAM_TILL")))
    assert counts == {EventType.ZONE_ENTER: 1, EventType.ZONE_EXIT: 1}


def test_overlapping_zones_count_one_at_a_time_the_smaller_first(walk, context_of):
    along = walk(1, [(5, 1.0, 0.9), (25, 9.0, 0.9), (26, 9.0, 2.5)])
    events = camera_events([along], context_of("CAM_TILL"))
    assert [(e.event_type.value, e.zone_id) for e in events] == [
        ("ZONE_ENTER", "SHELF"),
        ("ZONE_EXIT", "SHELF"),
        ("ZONE_ENTER", "NICHE"),
        ("ZONE_EXIT", "NICHE"),
        ("ZONE_ENTER", "SHELF"),
        ("ZONE_EXIT", "SHELF"),
    ]


def test_who_is_still_there_at_the_end_has_not_left(walk, context_of):
    staying = walk(1, [(80, 2, 1.9), (81, 2, 0.9), (120, 2, 0.9)])
    events = camera_events([staying], context_of("CAM_TILL", duration_s=120))
    assert [event.event_type for event in events] == [EventType.ZONE_ENTER, EventType.ZONE_DWELL]


def test_who_is_lost_inside_left_at_the_last_sighting(walk, context_of):
    context = context_of("CAM_TILL")
    events = camera_events([walk(1, [(10, 2, 1.9), (11, 2, 0.9), (20, 2, 0.9)])], context)
    assert [event.event_type for event in events] == [EventType.ZONE_ENTER, EventType.ZONE_EXIT]
    assert seconds(events[1], context) == pytest.approx(20.0, abs=0.01)


@scripted
@given(seed=st.integers(0, 10_000), jitter=st.floats(0, 0.3))
def test_enters_minus_exits_is_none_or_one_and_stays_never_overlap(walk, context_of, seed, jitter):
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(1, 8, 12))
    points = [(t, *rng.uniform([0.3, 0.3], [9, 5.7])) for t in times]
    events = camera_events([walk(1, points, jitter_m=jitter, seed=seed)], context_of("CAM_TILL"))
    inside = None
    for event in of(events, EventType.ZONE_ENTER, EventType.ZONE_EXIT):
        if event.event_type is EventType.ZONE_ENTER:
            assert inside is None
            inside = event.zone_id
        else:
            assert inside == event.zone_id
            inside = None
    for zone in {event.zone_id for event in events}:
        kinds = Counter(event.event_type for event in zone_events(events, zone))
        assert kinds[EventType.ZONE_ENTER] - kinds[EventType.ZONE_EXIT] in (0, 1)


def queue_up(walk, number, start_s, wait_s, served_s, *, y=3.0, x=5.0):
    """Comes from the right into TILL, waits, is served at the counter unless 0 s, leaves."""
    t = start_s
    points = [(t, 8.0, y), (t + 2, x, y), (t + 2 + wait_s, x, y)]
    t += 2 + wait_s
    if served_s:
        points += [(t + 2, 2.5, y), (t + 2 + served_s, 2.5, y), (t + 5 + served_s, 8.0, y)]
    else:
        points += [(t + 2, 8.0, y)]
    return walk(number, points)


def test_who_comes_second_joins_a_queue_and_who_comes_first_does_not(walk, context_of):
    tracks = [queue_up(walk, 1, 5, 2, 30, y=2.5), queue_up(walk, 2, 15, 22, 10, y=3.0)]
    tracks.append(queue_up(walk, 3, 20, 30, 10, y=3.5))
    context = context_of("CAM_TILL")
    events = camera_events(tracks, context)
    joins = of(events, EventType.BILLING_QUEUE_JOIN)
    assert [(join.metadata["track_id"], join.metadata["queue_depth"]) for join in joins] == [(2, 1), (3, 2)]
    assert of(events, EventType.BILLING_QUEUE_ABANDON) == []
    assert len(of(zone_events(events, "TILL"), EventType.ZONE_ENTER, EventType.ZONE_EXIT)) == 6


def test_who_joined_and_left_without_standing_at_the_counter_gave_up(walk, context_of):
    tracks = [queue_up(walk, 1, 5, 2, 40, y=2.5), queue_up(walk, 2, 15, 20, 0)]
    (gave_up,) = of(camera_events(tracks, context_of("CAM_TILL")), EventType.BILLING_QUEUE_ABANDON)
    assert gave_up.metadata["track_id"] == 2
    assert gave_up.metadata["evidence"] == "place"
    assert gave_up.metadata["at_counter_s"] < 1.0
    assert gave_up.dwell_ms > 20_000


def test_who_was_alone_at_the_till_joined_nothing_and_gave_up_nothing(walk, context_of):
    events = camera_events([queue_up(walk, 1, 5, 20, 0)], context_of("CAM_TILL"))
    assert of(events, EventType.BILLING_QUEUE_JOIN, EventType.BILLING_QUEUE_ABANDON) == []


def test_who_goes_with_someone_served_has_not_given_up(walk, context_of):
    tracks = [
        queue_up(walk, 1, 5, 2, 40, y=2.2),
        queue_up(walk, 2, 15, 40, 10, y=3.0),
        walk(3, [(16, 8, 3.4), (18, 5, 3.4), (68, 5, 3.4), (70, 8, 3.4)]),
    ]
    events = camera_events(tracks, context_of("CAM_TILL"))
    assert len(of(events, EventType.BILLING_QUEUE_JOIN)) == 2
    assert of(events, EventType.BILLING_QUEUE_ABANDON) == []


def test_who_is_lost_in_the_queue_has_not_given_up(walk, context_of):
    lost = walk(2, [(15, 8, 3), (17, 5, 3), (40, 5, 3)])
    events = camera_events([queue_up(walk, 1, 5, 2, 40, y=2.5), lost], context_of("CAM_TILL"))
    assert len(of(events, EventType.BILLING_QUEUE_JOIN)) == 1
    assert of(events, EventType.BILLING_QUEUE_ABANDON) == []


def test_staff_neither_queue_nor_are_ahead_of_anybody(walk, context_of):
    cashier = walk(1, [(0, 4, 5), (30, 4, 5), (33, 4, 3), (90, 4, 3), (95, 4, 5), (120, 4, 5)])
    customer = queue_up(walk, 2, 40, 5, 20)
    events = camera_events([cashier, customer], context_of("CAM_TILL"))
    assert of(events, EventType.BILLING_QUEUE_JOIN) == []
    staff = {event.metadata["track_id"]: event.metadata["staff_rule"] for event in events if event.is_staff}
    assert staff == {1: BEHIND_COUNTER}


def test_the_signs_of_staff_add_up_and_each_is_told():
    rules = StaffSettings()

    def verdict(*args, **signs):
        found = judge_staff(Presence(*args, **signs), rules)
        return found.rule if found.is_staff else None

    assert verdict(30.0, 200.0, 600.0) == BEHIND_COUNTER
    assert verdict(2.0, 200.0, 600.0) is None
    assert verdict(0.0, 500.0, 600.0) == LONGEST_IN_VIEW
    assert verdict(0.0, 55.0, 60.0) is None
    assert verdict(0.0, 200.0, 600.0, closed_s=90.0) == CLOSED
    assert verdict(0.0, 200.0, 600.0, closed_s=20.0) is None
    # Some customers wear the uniform's colour: it needs another sign beside it, which alone is not enough.
    assert verdict(0.0, 60.0, 600.0, uniform=rules.uniform.most) is None
    assert verdict(9.0, 90.0, 600.0) is None
    assert verdict(9.0, 90.0, 600.0, uniform=2.0) == STEPPED_BEHIND  # the one that says most
    assert verdict(0.0, 150.0, 600.0, outlasted=0.001) is None
    assert verdict(0.0, 150.0, 600.0, outlasted=0.05, uniform=rules.uniform.most) == UNIFORM
    assert verdict(0.0, 150.0, 600.0, outlasted=0.45, uniform=rules.uniform.most) is None
    assert verdict(0.0, 6.0, 600.0, outlasted=0.05, uniform=rules.uniform.most) is None
    assert verdict(0.0, 150.0, 600.0, outlasted=0.05, uniform=rules.uniform.most, served=True) is None
    both = judge_staff(Presence(30.0, 200.0, 600.0, uniform=2.0, joined=True), rules)
    assert set(both.signs) == {BEHIND_COUNTER, UNIFORM, "joined a queue"}
    assert both.probability == pytest.approx(1 / (1 + np.exp(-(rules.beforehand + sum(both.signs.values())))))


def test_the_uniform_is_learned_from_those_who_are_sure_to_be_staff():
    def dressed(colour, share):
        looks = np.zeros((3, 4), dtype=np.float32)
        looks[:, colour], looks[:, 3] = np.sqrt(1 - share**2), share
        return looks

    sure, same, other = dressed(0, 0.0), dressed(0, 0.1), dressed(1, 0.0)
    presence = {1: Presence(60.0, 90.0, 600.0), 2: Presence(9.0, 90.0, 600.0), 3: Presence(9.0, 90.0, 600.0)}
    looks = {1: [Look(sure, 90.0, True)], 2: [Look(same, 90.0, False)], 3: [Look(other, 90.0, False)]}
    found = find_staff(presence, looks, StaffSettings())
    assert {who for who, verdict in found.items() if verdict.is_staff} == {1, 2}
    assert UNIFORM in found[2].signs
    # A track that proves nothing by itself teaches nothing.
    unproven = {**looks, 1: [Look(sure, 90.0, False)]}
    assert not find_staff(presence, unproven, StaffSettings())[2].is_staff


def test_who_is_in_view_for_longer_than_customers_stay_is_told_by_the_day_itself():
    customers = {number: Presence(0, 30.0, 3600.0, inside_s=60.0 + number) for number in range(20)}
    judged = {
        seconds: find_staff({**customers, 99: Presence(0, seconds, 3600.0)}, {}, StaffSettings())[99]
        for seconds in (50.0, 75.0, 200.0)
    }
    weight = {seconds: verdict.signs.get(OUTLASTING, 0.0) for seconds, verdict in judged.items()}
    assert weight[50.0] == 0 < weight[75.0] < weight[200.0]
    few = dict(list(customers.items())[:3])
    assert (
        OUTLASTING not in find_staff({**few, 99: Presence(0, 200.0, 3600.0)}, {}, StaffSettings())[99].signs
    )


def test_a_step_just_beside_a_zone_does_not_end_a_stay(walk, context_of):
    context = context_of("CAM_TILL")

    def enters(aside_m):
        way = [(0, 1.8), (1, 1.2), (10, 1.2), (11, aside_m), (20, aside_m), (21, 1.2), (30, 1.2), (31, 1.8)]
        track = walk(1, [(time_s, 4.5, y_m) for time_s, y_m in way])
        return len(of(camera_events([track], context), EventType.ZONE_ENTER))

    assert enters(1.65) == 1
    assert enters(1.95) == 2


def test_a_stay_goes_on_over_the_tracks_that_show_it(walk, context_of):
    context = context_of("CAM_TILL")
    first = walk(1, [(0, 4.5, 4.3), (2, 4.5, 3.0), (20, 4.5, 3.0)])
    second = walk(2, [(23, 4.6, 3.0), (40, 4.6, 3.0), (42, 4.6, 4.3)])
    stranger = walk(3, [(23, 6.6, 3.0), (40, 6.6, 3.0), (42, 6.6, 4.3)])
    events = camera_events([first, second], context)
    (enter,), (leave,) = of(events, EventType.ZONE_ENTER), of(events, EventType.ZONE_EXIT)
    assert enter.visitor_id == leave.visitor_id
    assert leave.dwell_ms == pytest.approx(41_000, abs=300)
    assert leave.metadata["tracks"] == [1, 2]
    assert len({event.visitor_id for event in camera_events([first, stranger], context)}) == 2


def test_two_cameras_never_share_visitors(walk, context_of):
    tracks = [browse(walk, 1, 10, 12), walk(2, [(1, 4.5, 0.3), (4, 4.5, 4.0)])]
    door = {event.visitor_id for event in camera_events(tracks, context_of("CAM_DOOR"))}
    till = {event.visitor_id for event in camera_events(tracks, context_of("CAM_TILL"))}
    assert door
    assert till
    assert not door & till


def test_all_zone_events_obey_the_schema_and_the_order_of_tracks_is_free(walk, context_of):
    tracks = [queue_up(walk, 1, 5, 2, 40, y=2.5), queue_up(walk, 2, 15, 20, 0), browse(walk, 3, 10, 40)]
    events = camera_events(tracks, context_of("CAM_TILL"))
    assert encode_events(events) == encode_events(camera_events(tracks[::-1], context_of("CAM_TILL")))
    assert [(e.timestamp, e.event_id) for e in events] == sorted((e.timestamp, e.event_id) for e in events)
    assert all(
        {"queue_depth", "sku_zone", "session_seq", "track_id", "run_id"} <= e.metadata.keys() for e in events
    )
    assert len({event.event_id for event in events}) == len(events)


def test_a_stay_whose_way_in_was_not_seen_or_in_a_crowd_is_less_sure(walk, context_of):
    context = context_of("CAM_TILL")

    def confidence(way, others=()):
        events = camera_events([walk(1, way), *others], context)
        (enter,) = [e for e in of(events, EventType.ZONE_ENTER) if e.metadata["track_id"] == 1]
        return enter.confidence, enter.metadata["why"]["signs"]

    way = [(5, 8.0, 3.0), (8, 8.0, 1.0), (40, 8.0, 1.0)]
    seen, signs = confidence(way)
    assert signs["entered"] == signs["alone"] == 1.0
    noticed, _ = confidence([(7.25, 8.0, 1.4), *way[1:]])
    crowd = [walk(n, [(2, 7.3 + 0.3 * n, 1.4), (45, 7.3 + 0.3 * n, 1.4)]) for n in (2, 3)]
    pressed, signs = confidence(way, crowd)
    assert signs["alone"] < 0.5
    assert max(noticed, pressed) < seen
