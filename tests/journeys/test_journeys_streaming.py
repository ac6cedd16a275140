"""Live journeys: the same events as of the whole recording, each once, in bounded memory."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import walkers

from floorwalker.events import EventType
from floorwalker.journeys import camera_events
from floorwalker.journeys.explaining import explain
from floorwalker.journeys.streaming import LiveJourneys, StreamSettings, live_rules
from floorwalker.resolutions import Attribute
from floorwalker.tracking.holding import HoldingRules, TrackHolder
from floorwalker.vision.detections import Detections


def frames_of(tracks):
    """By time, what a tracker would say of these people."""
    found = {}
    for track in tracks:
        for at, time_s in enumerate(track.time_s.tolist()):
            found.setdefault(time_s, []).append((track, at))
    for time_s, seen in sorted(found.items()):
        ids = np.array([track.track_id for track, _ in seen])
        detections = Detections(
            np.stack([track.xyxy[at] for track, at in seen]),
            np.array([track.confidence[at] for track, at in seen], np.float32),
            np.stack([track.foot_px[at] for track, at in seen]),
        )
        looks = [
            track.appearance[0] if len(track.appearance) else np.zeros(4, np.float32) for track, _ in seen
        ]
        yield time_s, ids, detections, np.stack(looks)


def run_live(tracks, context, end_s, settings=None):
    live, events, known = LiveJourneys(context, settings=settings), [], []
    told_at = {}

    def note(told, now_s):
        events.extend(told.events)
        known.extend(told.resolutions)
        told_at.update({event.event_id: now_s for event in told.events})

    for time_s, ids, detections, looks in frames_of(tracks):
        live.add(ids, detections, time_s, lambda _: True, looks)
        note(live.look(time_s), time_s)
    note(live.finish(end_s), end_s)
    return events, known, told_at, live


def shape(events):
    return sorted(
        (
            event.timestamp,
            event.event_type.value,
            event.zone_id or "",
            event.metadata["track_id"],
            event.dwell_ms,
        )
        for event in events
    )


def test_the_door_gives_the_same_events_live_and_as_a_whole(context_of, walk):
    context = context_of("CAM_DOOR", duration_s=120)
    tracks = [
        walk(1, [(2, 4.5, 0.5), (8, 4.5, 4.5)]),
        walk(2, [(5, 4.0, 4.5), (12, 4.0, 0.5)]),
        walk(3, [(20, 5.0, 0.5), (24, 5.0, 1.9), (30, 5.0, 0.5)]),
        walk(4, [(40, 4.5, 0.5), (46, 4.5, 4.5), (60, 4.5, 4.5), (70, 4.5, 0.4)]),
    ]
    events, known, told_at, live = run_live(tracks, context, 120)
    whole = camera_events(tracks, context, live_rules())
    assert len(whole) >= 4
    assert shape(events) == shape(whole)
    assert len({event.event_id for event in events}) == len(events)
    assert not known
    assert live.held == 0
    start = context.recording.start_utc
    delays = [told_at[event.event_id] - (event.timestamp - start).total_seconds() for event in events]
    assert min(delays) > 0
    assert max(delays[:3]) < 30  # the frames end at 70 s, so the last ones only come out at the end


def test_zones_and_queue_give_the_same_events_live_and_as_a_whole(context_of, walk):
    context = context_of("CAM_TILL", duration_s=300)
    tracks = [
        walk(1, [(0, 1.0, 0.5), (4, 4.0, 2.5), (20, 2.5, 3.0), (80, 2.5, 3.0), (90, 9.0, 1.8)]),
        walk(2, [(10, 8.5, 1.8), (16, 5.0, 3.0), (50, 5.0, 3.2), (58, 9.0, 1.8)]),
        walk(3, [(30, 1.0, 1.0), (110, 1.2, 1.0), (116, 0.3, 1.9)]),
    ]
    events, _, _, _ = run_live(tracks, context, 300)
    assert shape(events) == shape(camera_events(tracks, context, live_rules()))
    assert {"BILLING_QUEUE_JOIN", "BILLING_QUEUE_ABANDON"} <= {event.event_type.value for event in events}


def test_ids_depend_on_the_run_alone_and_not_on_when_one_looks(context_of, walk):
    context = context_of("CAM_DOOR")
    tracks = [walk(1, [(2, 4.5, 0.5), (8, 4.5, 4.5)]), walk(2, [(20, 4.0, 4.5), (27, 4.0, 0.5)])]
    first, _, _, _ = run_live(tracks, context, 60)
    second, _, _, _ = run_live(tracks, context, 60, StreamSettings(look_s=0.7))
    assert first == second
    assert Counter(event.event_type.value for event in first) == {"ENTRY": 1, "EXIT": 1}


def test_a_person_broken_in_two_fragments_is_one_visitor(context_of, walk):
    context = context_of("CAM_TILL", duration_s=60)
    tracks = [
        walk(1, [(0, 8.5, 1.8), (5, 5.0, 3.0)]),
        walk(2, [(6.5, 4.0, 3.3), (20, 3.9, 3.2), (26, 8.8, 1.8)]),
    ]
    events, _, _, _ = run_live(tracks, context, 60)
    assert Counter(event.event_type.value for event in events) == {"ZONE_ENTER": 1, "ZONE_EXIT": 1}
    assert len({event.visitor_id for event in events}) == 1


@pytest.fixture
def looks():
    rng = np.random.default_rng(3)
    vectors = rng.random((40, 558)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def dressed(track, look):
    return type(track)(
        track.track_id, track.time_s, track.xyxy, track.foot_px, track.floor_m, track.confidence, look[None]
    )


def test_who_left_and_comes_back_long_after_is_the_same_visitor(context_of, walk, looks):
    context = context_of("CAM_DOOR", duration_s=400)
    distinct = np.eye(40, 558, dtype=np.float32)
    tracks = [
        dressed(walk(1, [(2, 4.5, 4.5), (8, 4.5, 0.5)]), distinct[0]),
        dressed(walk(2, [(20, 4.0, 0.5), (27, 4.0, 4.5)]), distinct[1]),
        dressed(walk(3, [(110, 4.5, 0.5), (116, 4.5, 4.5)]), distinct[0]),
    ]
    events, _, _, _ = run_live(tracks, context, 400)
    kinds = [(event.event_type.value, event.metadata["track_id"]) for event in events]
    assert kinds == [("EXIT", 1), ("ENTRY", 2), ("REENTRY", 3)]
    assert events[0].visitor_id == events[2].visitor_id != events[1].visitor_id
    assert events[2].metadata["why"]["returned"]["away_s"] == pytest.approx(106.5, abs=1)
    assert events[2].metadata["why"]["signs"]["who"] == events[2].metadata["why"]["returning"] > 0.5
    assert "returned" not in events[1].metadata["why"]
    assert "track 1" in " ".join(explain(events[2]))
    assert [event.metadata["session_seq"] for event in events if event.metadata["track_id"] == 3] == [1]


def on_one_track(first, second):
    """What a tracker makes of two people of whom it lost the first where the second appears."""
    both = [getattr(first, name) for name in ("time_s", "xyxy", "foot_px", "floor_m", "confidence")]
    more = [getattr(second, name) for name in ("time_s", "xyxy", "foot_px", "floor_m", "confidence")]
    parts = [np.concatenate(pair) for pair in zip(both, more, strict=True)]
    return type(first)(first.track_id, *parts, first.appearance)


def test_who_comes_in_on_the_track_of_somebody_lost_outside_is_somebody_else(context_of, walk):
    context = context_of("CAM_DOOR", duration_s=60)
    track = on_one_track(walk(1, [(2, 4.5, 4.5), (8, 4.5, 0.5)]), walk(1, [(11, 4.6, 0.6), (17, 4.5, 4.5)]))
    events, _, _, _ = run_live([track], context, 60)
    assert [event.event_type.value for event in events] == ["EXIT", "ENTRY"]
    assert events[0].visitor_id != events[1].visitor_id
    assert events[1].metadata["session_seq"] == 1


def test_who_turns_round_in_sight_is_the_same_visitor(context_of, walk):
    context = context_of("CAM_DOOR", duration_s=60)
    events, _, _, _ = run_live([walk(1, [(2, 4.5, 4.5), (8, 4.5, 0.5), (14, 4.5, 4.5)])], context, 60)
    assert [event.event_type.value for event in events] == ["EXIT", "REENTRY"]
    assert events[0].visitor_id == events[1].visitor_id


def test_who_stays_for_an_hour_is_told_of_every_thirty_seconds_once(context_of, walk):
    context = context_of("CAM_TILL", duration_s=3600)
    stay = walk(1, [(0, 8.5, 1.8), (8, 5.0, 3.0), (3590, 4.8, 3.1)], fps=2)
    rules = StreamSettings(look_s=10, holding=HoldingRules(most_moments=300, detail_s=30))
    live, events, most = LiveJourneys(context, settings=rules), [], 0
    for time_s, ids, detections, looks_ in frames_of([stay]):
        live.add(ids, detections, time_s, lambda _: True, looks_)
        events.extend(live.look(time_s).events)
        most = max(most, live.moments)
    events.extend(live.finish(3600).events)
    dwells = [event.dwell_ms for event in events if event.event_type.value == "ZONE_DWELL"]
    assert dwells == [30_000 * k for k in range(1, len(dwells) + 1)]
    assert len(dwells) in (118, 119)
    assert Counter(event.event_type.value for event in events)["ZONE_ENTER"] == 1
    assert most <= 2 * 300 + 60


def test_staff_found_out_later_is_said_of_the_visitor(context_of, walk):
    context = context_of("CAM_TILL", duration_s=200)
    tracks = [walk(1, [(0, 1.0, 0.8), (20, 1.2, 0.9), (30, 3.0, 5.0), (120, 3.0, 5.0), (130, 8.9, 5.1)])]
    events, known, _, _ = run_live(tracks, context, 200)
    assert not events[0].is_staff
    assert events[-1].is_staff
    assert [(said.attribute, said.value, said.subject) for said in known] == [
        (Attribute.IS_STAFF, "true", events[0].visitor_id)
    ]
    assert known[0].reason == "rule:staff-only-zone"


def test_memory_is_bounded_by_who_is_there_and_not_by_who_was(context_of, walk):
    context = context_of("CAM_DOOR", duration_s=4000)
    live, most, events = LiveJourneys(context, settings=StreamSettings(look_s=4)), 0, 0
    path = walk(1, [(0, 4.5, 0.5), (4, 4.5, 4.5)], fps=5)
    for person in range(1, 301):
        for at, time_s in enumerate(path.time_s + 10 * person):
            one = Detections(path.xyxy[at : at + 1], path.confidence[at : at + 1], path.foot_px[at : at + 1])
            live.add(np.array([person]), one, float(time_s), lambda _: True)
            events += len(live.look(float(time_s)).events)
        most = max(most, live.held)
    events += len(live.finish(3100).events)
    assert events == 300
    assert most <= 4
    assert live.names_held == 0


def test_unconfirmed_tracks_leave_and_say_nothing(context_of, walk):
    context = context_of("CAM_DOOR")
    live = LiveJourneys(context)
    for time_s, ids, detections, looks_ in frames_of([walk(1, [(0, 4.5, 0.5), (6, 4.5, 4.5)])]):
        live.add(ids, detections, time_s, lambda _: False, looks_)
        assert live.look(time_s).events == ()
    assert live.held == 1
    live.look(30.0)
    assert live.held == 0
    assert live.finish(40.0).events == ()


def test_the_holder_keeps_changes_of_place_when_it_thins():
    holder = TrackHolder(
        None,
        HoldingRules(detail_s=10, coarse_s=5, most_moments=200),
        lambda feet: (feet[:, 0] > 50).astype(int),
    )
    for at in range(3000):
        x = 80.0 if at % 700 == 350 else 20.0
        one = Detections.from_boxes([[x, 0, x, 40]], [0.9])
        holder.add(np.array([1]), one, at / 10, lambda _: True)
        holder.tidy(at / 10)
    track = holder.tracks()[0]
    assert len(track.time_s) <= 200
    assert np.all(np.diff(track.time_s) > 0)
    assert track.start_s == 0.0
    assert {35.0, 105.0, 175.0, 245.0} <= set(track.time_s[track.foot_px[:, 0] > 50].tolist())


ZONES = {
    "SHELF": {"polygon": [(1.0, 2.5), (8.0, 2.5), (8.0, 4.0), (1.0, 4.0)]},
    "NICHE": {"polygon": [(4.0, 2.5), (5.5, 2.5), (5.5, 4.0), (4.0, 4.0)]},
}


@pytest.mark.parametrize("seed", [11, 19, 34])
def test_what_is_told_of_a_zone_holds_together_though_the_rules_think_better_of_it(seed):
    rng, view, tracks = np.random.default_rng(seed), walkers.VIEWS[seed % 4], []
    for number in range(1, 4):
        places = np.column_stack([rng.integers(5, 31, 6), rng.integers(2, 20, 6)]) / 4 + 0.125
        script = [(rng.uniform(1.5, 20.0), *places[0])]
        for before, after in pairwise(places):
            arrival = script[-1][0] + max(float(np.hypot(*(after - before))), 0.3)
            script += [(arrival, *after), (arrival + rng.uniform(0.1, 12.0), *after)]
        track = walkers.walker(number, script, view, fps=5.0, jitter_m=0.02, seed=seed)
        tracks.append(replace(track, time_s=np.round(track.time_s * 5) / 5))
    where = walkers.context(view, zones=ZONES)
    events, *_ = run_live(tracks, where, 200.0)
    inside = dict.fromkeys(range(1, 4))
    for event in sorted(events, key=lambda event: event.metadata["session_seq"]):
        who = event.metadata["track_id"]
        if event.event_type is EventType.ZONE_ENTER:
            assert inside[who] is None
            inside[who] = event.zone_id
        elif event.event_type is EventType.ZONE_EXIT:
            assert inside[who] == event.zone_id
            inside[who] = None
    assert any(event.zone_id for event in events)
