from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from floorwalker.events import EventType, encode_events
from floorwalker.journeys import camera_events
from floorwalker.journeys.line_geometry import locate
from floorwalker.tracking.track import Track

scripted = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
IN = [(1.0, 4.5, 0.3), (4.0, 4.5, 4.0)]
OUT = [(10.0, 5.0, 4.0), (13.0, 5.0, 0.3)]


def kinds(events):
    return Counter(event.event_type for event in events)


def thin(track: Track, keep: np.ndarray) -> Track:
    return Track(
        track.track_id,
        track.time_s[keep],
        track.xyxy[keep],
        track.foot_px[keep],
        track.floor_m[keep],
        track.confidence[keep],
        track.appearance,
    )


def test_in_and_out_at_the_moment_the_line_is_crossed(walk, context_of):
    events = camera_events([walk(1, IN), walk(2, OUT)], context_of("CAM_DOOR"))
    assert [event.event_type for event in events] == [EventType.ENTRY, EventType.EXIT]
    # 0.3 m to 2.0 m at 3.7 m in 3 s; half a frame either way.
    seconds = [
        (event.timestamp - context_of("CAM_DOOR").recording.start_utc).total_seconds() for event in events
    ]
    assert seconds == pytest.approx([1 + 1.7 / 3.7 * 3, 10 + 2.0 / 3.7 * 3], abs=0.06)
    assert all(event.zone_id is None and event.metadata["session_seq"] == 1 for event in events)


def test_a_group_of_three_gives_three_entries(walk, context_of):
    group = [walk(i, [(t, x + 0.5 * i, y) for t, x, y in IN]) for i in (1, 2, 3)]
    events = camera_events(group, context_of("CAM_DOOR"))
    assert kinds(events) == {EventType.ENTRY: 3}
    assert len({event.visitor_id for event in events}) == 3


@scripted
@given(seed=st.integers(0, 10_000), jitter=st.floats(0.0, 0.19), offset=st.floats(-0.05, 0.05))
def test_jitter_within_the_band_gives_no_event(walk, context_of, seed, jitter, offset):
    still = (
        walk(
            1, [(2.0, 4.5, 2.0 + offset), (40.0, 4.5, 2.0 + offset)], jitter_m=jitter - abs(offset), seed=seed
        )
        if jitter > abs(offset)
        else walk(1, [(2.0, 4.5, 2.0 + offset), (40.0, 4.5, 2.0 + offset)])
    )
    assert camera_events([still], context_of("CAM_DOOR")) == []


@scripted
@given(
    x=st.floats(3.2, 5.8),
    speed=st.floats(0.5, 1.8),
    inward=st.booleans(),
    jitter=st.floats(0, 0.05),
    seed=st.integers(0, 99),
)
def test_a_mirrored_line_swaps_entry_and_exit(walk, context_of, x, speed, inward, jitter, seed):
    ends = (0.2, 4.2) if inward else (4.2, 0.2)
    track = walk(1, [(2.0, x, ends[0]), (2.0 + 4.0 / speed, x, ends[1])], jitter_m=jitter, seed=seed)
    there = kinds(camera_events([track], context_of("CAM_DOOR")))
    mirrored = kinds(camera_events([track], context_of("CAM_DOOR", inward_y_m=0.5)))
    expected = EventType.ENTRY if inward else EventType.EXIT
    assert there == {expected: 1}
    assert mirrored == {EventType.EXIT if inward else EventType.ENTRY: 1}


@scripted
@given(data=st.data(), speed=st.floats(0.5, 1.3), seed=st.integers(0, 99))
def test_fewer_or_dropped_frames_do_not_change_the_counts(walk, context_of, data, speed, seed):
    track = walk(
        1,
        [
            (2.0, 4.0, 0.2),
            (2.0 + 4 / speed, 4.0, 4.2),
            (12.0 + 4 / speed, 4.2, 4.2),
            (12.0 + 8 / speed, 4.5, 0.2),
        ],
        jitter_m=0.03,
        seed=seed,
    )
    whole = kinds(camera_events([track], context_of("CAM_DOOR")))
    assert whole == {EventType.ENTRY: 1, EventType.EXIT: 1}
    halved = thin(track, np.arange(0, len(track.time_s), 2))
    assert kinds(camera_events([halved], context_of("CAM_DOOR"))) == whole
    keep = np.random.default_rng(data.draw(st.integers(0, 999))).random(len(track.time_s)) < 0.6
    keep[[0, -1]] = True
    assert kinds(camera_events([thin(track, keep)], context_of("CAM_DOOR"))) == whole


@scripted
@given(order=st.permutations(range(6)))
def test_the_order_of_tracks_does_not_matter(walk, context_of, order):
    tracks = [
        walk(i + 1, [(t + 1.3 * i, x + 0.2 * i, y) for t, x, y in (IN if i % 2 else OUT)]) for i in range(6)
    ]
    straight = encode_events(camera_events(tracks, context_of("CAM_DOOR")))
    assert encode_events(camera_events([tracks[i] for i in order], context_of("CAM_DOOR"))) == straight


def test_a_flicker_and_a_quick_peek_are_no_crossing(walk, context_of):
    flicker = walk(1, [(2, 4.5, 0.5), (4, 4.5, 1.7), (4.3, 4.5, 2.35), (4.6, 4.5, 1.7), (8, 4.5, 0.5)])
    assert camera_events([flicker], context_of("CAM_DOOR")) == []


def test_a_deep_or_long_visit_is_two_crossings(walk, context_of):
    deep = walk(1, [(2, 4.5, 0.5), (5, 4.5, 3.4), (8, 4.5, 0.5)])
    assert kinds(camera_events([deep], context_of("CAM_DOOR"))) == {EventType.ENTRY: 1, EventType.EXIT: 1}


def test_walking_past_the_lines_end_does_not_count(walk, context_of):
    past = walk(1, [(2, 7.5, 0.5), (5, 7.5, 3.5)])
    assert camera_events([past], context_of("CAM_DOOR")) == []


def test_without_calibration_heights_stand_for_metres(walk, context_of):
    context = context_of("CAM_DOOR")
    camera = context.camera.model_copy(update={"calibration": None})
    bare = type(context)(context.store, camera, context.recording, context.run)
    events = camera_events([walk(1, IN, calibrated=False), walk(2, OUT, calibrated=False)], bare)
    assert kinds(events) == {EventType.ENTRY: 1, EventType.EXIT: 1}


def test_a_late_detection_just_behind_the_line_is_an_entry_of_low_confidence(walk, context_of):
    late = walk(1, [(5, 4.5, 2.3), (8, 4.5, 5.0)])
    events = camera_events([late], context_of("CAM_DOOR"))
    assert kinds(events) == {EventType.ENTRY: 1}
    seen = camera_events([walk(1, [(2, 4.5, 0.3), (8, 4.5, 5.0)])], context_of("CAM_DOOR"))
    assert events[0].confidence < 0.7 < 0.9 < seen[0].confidence
    assert events[0].metadata["seen"] == "appeared behind"


def test_who_appears_outside_and_comes_in_was_not_seen_to_leave(walk, context_of):
    turning = walk(1, [(5, 4.5, 1.6), (7, 4.5, 0.2), (12, 4.5, 0.3), (16, 4.5, 4.0)])
    leaving = walk(2, [(40, 4.5, 1.6), (42, 4.5, 0.2)])
    events = camera_events([turning, leaving], context_of("CAM_DOOR"))
    assert [(e.event_type, e.metadata["track_id"]) for e in events] == [
        (EventType.ENTRY, 1),
        (EventType.EXIT, 2),
    ]


def test_someone_who_was_there_from_the_start_or_far_inside_did_not_enter(walk, context_of):
    from_start = walk(1, [(0, 4.5, 2.3), (3, 4.5, 5.0)])
    far_inside = walk(2, [(20, 4.5, 3.5), (22, 4.5, 5.0)])
    standing = walk(3, [(40, 4.5, 2.5), (60, 4.5, 2.55)])
    assert camera_events([from_start, far_inside, standing], context_of("CAM_DOOR")) == []


def test_a_gap_at_the_line_is_one_entry_not_two(walk, context_of):
    before = walk(1, [(5, 4.5, 0.4), (6.2, 4.5, 1.7)])
    after = walk(2, [(6.8, 4.5, 2.4), (8, 4.5, 4.0)])
    assert kinds(camera_events([before, after], context_of("CAM_DOOR"))) == {EventType.ENTRY: 1}


def test_a_fragment_behind_someone_already_counted_is_no_second_entry(walk, context_of):
    counted = walk(1, [(5, 4.5, 0.4), (6.8, 4.5, 2.5)])
    rest = walk(2, [(7.3, 4.5, 2.7), (9, 4.5, 4.8)])
    assert kinds(camera_events([counted, rest], context_of("CAM_DOOR"))) == {EventType.ENTRY: 1}


def test_a_line_of_several_segments_has_one_side_at_its_corners():
    bent = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0]])
    inside = np.array([[1.0, 0.5], [1.5, 1.0], [1.9, 0.1], [1.0, 5.0]])
    outside = np.array([[1.0, -0.5], [2.5, 1.0], [2.1, -0.1], [3.0, -1.0]])
    assert (locate(inside, bent)[0] > 0).all()
    assert (locate(outside, bent)[0] < 0).all()
    across, beyond = locate(np.array([[-1.0, 0.3], [1.0, 0.3], [2.2, 3.0]]), bent)
    assert beyond == pytest.approx([1.0, 0.0, 1.0])
    assert across == pytest.approx([0.3, 0.3, -0.2])


def test_the_same_run_gives_the_same_ids_and_another_configuration_others(walk, context_of):
    context = context_of("CAM_DOOR")
    first = camera_events([walk(1, IN)], context)
    assert first == camera_events([walk(1, IN)], context)
    other = camera_events([walk(1, IN)], context_of("CAM_DOOR", content="bb"))
    assert first[0].event_id != other[0].event_id
    assert first[0].visitor_id != other[0].visitor_id
    assert first[0].visitor_id.startswith("VIS_")
    assert len(first[0].visitor_id) == 14
