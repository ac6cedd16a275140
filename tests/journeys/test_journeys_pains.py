"""What hurts people who run counters in shops, each with a test; docs/pains.md lists all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from walkers import CEILING, DOOR, SLANTED, VIEWS, View, context, route, walker

from floorwalker.events import DOOR_EVENTS, EventType
from floorwalker.journeys import camera_events
from floorwalker.tracking.bytetrack import ByteTrack
from floorwalker.tracking.collect import TrackCollector
from floorwalker.tracking.stitch import stitch_tracks
from floorwalker.tracking.track import Track
from floorwalker.vision.detections import Detections

ENTRY, EXIT, REENTRY = EventType.ENTRY, EventType.EXIT, EventType.REENTRY
ZONE = {"SHELF": {"polygon": [(1.0, 2.5), (8.0, 2.5), (8.0, 4.0), (1.0, 4.0)]}}


def told(events):
    return [(event.event_type, event.metadata["track_id"]) for event in events]


def moved(track: Track, view: View, at: Callable[[float], tuple[float, float]]) -> Track:
    """The track with the detector's error added: metres by which the feet are off at each moment."""
    off = np.array([at(moment) for moment in track.time_s])
    middle = np.array([4.5, 2.0])
    shift = (view.pixels(off + middle) - view.pixels(middle[None])).astype(np.float32)
    return replace(
        track,
        xyxy=track.xyxy + np.tile(shift, 2),
        foot_px=track.foot_px + shift,
        floor_m=track.floor_m + off,
    )


def followed(frames: list[tuple[float, Detections]]) -> list[Track]:
    """Detections on their way through tracker and collector."""
    tracker, collector = ByteTrack(), TrackCollector(None)
    for time_s, detections in frames:
        collector.add(tracker.update(detections, time_s), detections, time_s, tracker.confirmed)
    return stitch_tracks(collector.finish())


def detected(track: Track, keep: Callable[[float], bool] = lambda time_s: True):
    return [
        (float(t), Detections.from_boxes(box[None], conf[None]) if keep(t) else Detections.empty())
        for t, box, conf in zip(track.time_s, track.xyxy, track.confidence, strict=True)
    ]


# A flicker across the line, counted in the opposite direction.


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
@pytest.mark.parametrize("depth_m", [0.3, 0.4])
@pytest.mark.parametrize("lasts_s", [0.1, 0.3, 0.8])
def test_who_comes_in_while_the_box_jumps_back_came_in_once(view, depth_m, lasts_s):
    track = walker(1, [(3, 4.5, 0.4), (5, 4.5, 2.6), (15, 4.5, 2.6), (17, 4.5, 4.5)], view, jitter_m=0.03)
    # Now and then the box of one who stands 0.6 m inside falls back over the line.
    jumps = moved(track, view, lambda t: (0.0, -0.6 - depth_m if t % 4 < lasts_s and 7 < t < 14 else 0.0))
    assert told(camera_events([jumps], context(view))) == [(ENTRY, 1)]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_who_stands_before_the_line_and_flickers_over_it_did_nothing(view):
    track = walker(1, [(3, 4.5, 0.4), (5, 4.5, 1.6), (25, 4.5, 1.6), (27, 4.5, 0.4)], view, jitter_m=0.03)
    jumps = moved(track, view, lambda t: (0.0, 0.75 if t % 3 < 0.35 and 7 < t < 24 else 0.0))
    assert camera_events([jumps], context(view)) == []


# Events from tracks that were never confirmed.


def test_a_flash_over_the_line_gives_no_event():
    flash = walker(1, route(3.0, 3.5, (4.5, 1.3), (4.5, 2.7)), fps=10.0)
    assert flash.end_s - flash.start_s < 0.5
    assert followed([*detected(flash), (9.0, Detections.empty())]) == []
    slow = walker(1, route(3.0, 1.2, (4.5, 0.4), (4.5, 4.5)), fps=10.0)
    believed = followed(detected(slow))
    bare = context(CEILING.uncalibrated())
    assert told(camera_events(believed, bare)) == [(ENTRY, 1)]


# A line at the picture's edge.


def cut_off(track: Track, view: View) -> Track:
    """What a detector sees of somebody who walks out of the picture: the part that is left."""
    limit = np.array([*view.resolution, *view.resolution], dtype=np.float32)
    boxes = np.clip(track.xyxy, 0, limit)
    whole, left = (np.prod(part[:, 2:] - part[:, :2], axis=1) for part in (track.xyxy, boxes))
    keep = left > 0.15 * whole
    feet = np.column_stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]])
    floor = context(view).camera.calibrated().to_floor(feet) if view.calibrated else track.floor_m
    return replace(
        track,
        time_s=track.time_s[keep],
        xyxy=boxes[keep],
        foot_px=feet[keep].astype(np.float32),
        floor_m=floor[keep],
        confidence=track.confidence[keep],
    )


def at_the_edge(
    view: View, edge_px: float, side: str
) -> tuple[View, list[tuple[float, float]], tuple, tuple]:
    """A view that ends some pixels beyond a line, the line, a place inside, and one out of the picture."""
    if side == "below":
        towards_us = view.name.startswith(SLANTED.name)
        line_y, inside_y, gone_y = (5.0, 1.5, 8.5) if towards_us else (2.0, 5.0, -1.5)
        line = [(3.0, line_y), (6.0, line_y)]
        height = round(float(view.pixels(np.array([[4.5, line_y]]))[0, 1] + edge_px))
        seen = replace(view, resolution=(view.resolution[0], height))
        return seen, line, (4.5, inside_y), (4.5, gone_y)
    line = [(7.0, 1.5), (7.0, 4.5)]
    width = round(float(view.pixels(np.array(line))[:, 0].max() + edge_px))
    return replace(view, resolution=(width, view.resolution[1])), line, (3.0, 3.0), (9.5, 3.0)


@pytest.mark.parametrize(
    ("view", "side"), [*((view, "below") for view in VIEWS), *((view, "beside") for view in VIEWS[:2])]
)
@pytest.mark.parametrize("edge_px", [9, 15, 30, 60])
def test_a_line_at_the_pictures_edge_counts_both_ways(view, edge_px, side):
    seen, line, inside, gone = at_the_edge(view, edge_px, side)
    wide = view.moved(1.0, 4000, 4000)
    wide = replace(wide, resolution=(20_000, 20_000))
    tracks = []
    for number, script in enumerate([route(3.0, 1.2, inside, gone), route(30.0, 1.2, gone, inside)], start=1):
        whole = walker(number, script, wide, jitter_m=0.02)
        shifted = replace(whole, xyxy=whole.xyxy - 4000, foot_px=whole.foot_px - 4000)
        tracks.append(cut_off(shifted, seen))
    events = camera_events(tracks, context(seen, lines={"edge": (line, inside)}))
    assert told(events) == [(EXIT, 1), (ENTRY, 2)]


# An id that changes at the line, counted again.


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
@pytest.mark.parametrize("gap_s", [0.1, 0.5, 1.2])
@pytest.mark.parametrize("at", [0.3, 0.41, 0.5, 0.6])
@pytest.mark.parametrize("inward", [True, False])
def test_an_id_that_changes_at_the_line_is_counted_once(view, gap_s, at, inward):
    places = [(4.5, 0.4), (4.5, 4.4)] if inward else [(4.5, 4.4), (4.5, 0.4)]
    script = route(4.0, 1.0, *places)
    whole = walker(1, script, view, jitter_m=0.03, seed=3)
    change = script[0][0] + (at if inward else 1 - at) * 4.0
    halves = [
        replace(
            whole,
            track_id=number,
            time_s=whole.time_s[part],
            xyxy=whole.xyxy[part],
            foot_px=whole.foot_px[part],
            floor_m=whole.floor_m[part],
            confidence=whole.confidence[part],
        )
        for number, part in (
            (1, whole.time_s < change - gap_s / 2),
            (2, whole.time_s >= change + gap_s / 2),
        )
    ]
    events = camera_events(halves, context(view))
    assert [event.event_type for event in events] == [ENTRY if inward else EXIT]


# The middle of the box, where the feet matter.


@pytest.mark.parametrize("view", [SLANTED, SLANTED.uncalibrated()], ids=lambda view: view.name)
def test_the_feet_count_and_not_the_middle_of_the_box(view):
    stands_outside = walker(1, [(3, 3.5, 0.4), (4, 3.5, 1.4), (20, 3.5, 1.4), (21, 3.5, 0.4)], view)
    line_px = view.pixels(np.array(DOOR))[:, 1]
    far_line = context(view, lines={"door": ([(3.0, 4.0), (6.0, 4.0)], (4.5, 5.0))})
    walks_before = walker(2, [(3, 4.0, 3.2), (23, 5.0, 3.2)], view)
    assert camera_events([stands_outside], context(view)) == []
    assert camera_events([walks_before], far_line) == []
    # Feet that cross while the middle of the box stays far above the line do count.
    crosses = walker(3, route(3.0, 1.0, (4.5, 1.2), (4.5, 3.0)), view)
    middle = (crosses.xyxy[:, 1] + crosses.xyxy[:, 3]) / 2
    assert (middle < line_px.min()).all()
    assert told(camera_events([crosses], context(view))) == [(ENTRY, 3)]


# Counts of frames used as time where frames drop.


def test_times_and_stays_come_from_presentation_time_where_frames_drop():
    script = [(5.0, 2.0, 5.0), (6.0, 2.0, 3.2), (76.0, 2.0, 3.2), (77.0, 2.0, 5.0)]
    whole = walker(1, script, fps=25.0)
    # Half a minute of overload: one frame in two seconds, then all of them again.
    slow = (whole.time_s > 20) & (whole.time_s < 50)
    keep = np.flatnonzero(~slow | (np.arange(len(slow)) % 50 == 0))
    thin = replace(
        whole,
        **{
            name: getattr(whole, name)[keep]
            for name in ("time_s", "xyxy", "foot_px", "floor_m", "confidence")
        },
    )
    where = context(CEILING, lines={}, zones=ZONE)
    full, part = camera_events([whole], where), camera_events([thin], where)
    assert [event.event_type for event in full] == [
        EventType.ZONE_ENTER, EventType.ZONE_DWELL, EventType.ZONE_DWELL, EventType.ZONE_EXIT,
    ]  # fmt: skip
    told = [(e.event_id, e.event_type, e.timestamp, e.zone_id, e.dwell_ms, e.visitor_id) for e in full]
    assert [
        (e.event_id, e.event_type, e.timestamp, e.zone_id, e.dwell_ms, e.visitor_id) for e in part
    ] == told


# One person in two places: a re-entry of somebody who is still in view.


def test_nobody_comes_back_who_is_still_in_view():
    looks = np.tile(np.eye(40, dtype=np.float32)[:1], (6, 1))
    leaves = walker(
        1, [*route(20.0, 1.2, (4.0, 4.5), (4.0, 0.4)), (60.0, 4.2, 0.4)], appearance=looks, jitter_m=0.02
    )
    comes = walker(
        2, [(10.0, 5.5, 0.4), (30.0, 5.5, 0.5), *route(31.0, 1.2, (5.5, 0.5), (5.5, 4.5))],
        appearance=looks, jitter_m=0.02,
    )  # fmt: skip
    events = camera_events([leaves, comes], context(CEILING))
    assert told(events) == [(EXIT, 1), (ENTRY, 2)]
    assert len({event.visitor_id for event in events}) == 2
    # The same looks, and the first one had gone: that one came back.
    gone = walker(1, route(20.0, 1.2, (4.0, 4.5), (4.0, 0.4)), appearance=looks, jitter_m=0.02)
    back = walker(2, route(60.0, 1.2, (5.5, 0.4), (5.5, 4.5)), appearance=looks, jitter_m=0.02)
    events = camera_events([gone, back], context(CEILING))
    assert told(events) == [(EXIT, 1), (REENTRY, 2)]
    assert len({event.visitor_id for event in events}) == 1


# A poster in the picture, a mannequin by the door.


def test_a_figure_that_never_moves_is_no_visitor():
    poster = walker(1, [(0.0, 3.0, 3.2), (600.0, 3.0, 3.2)], jitter_m=0.02, fps=2.0)
    events = camera_events([poster], context(CEILING, zones=ZONE, duration_s=600.0))
    assert not [event for event in events if event.event_type in DOOR_EVENTS]
    assert all(event.is_staff for event in events)
    assert Counter(event.event_type for event in events)[EventType.ZONE_EXIT] == 0


def test_who_is_cut_off_by_the_lower_edge_stands_in_the_zone_drawn_up_to_it():
    view = replace(CEILING.uncalibrated(), resolution=(900, 420))
    counter = {"COUNTER": {"polygon": [(3.0, 1.8), (6.0, 1.8), (6.0, 3.5), (3.0, 3.5)]}}
    wide = replace(view, resolution=(900, 600))
    track = cut_off(walker(1, [(5, 4.5, 1.2), (40, 4.5, 1.2)], wide, jitter_m=0.02), view)
    assert (track.foot_px[:, 1] == 420).all()
    events = camera_events([track], context(view, lines={}, zones=counter))
    assert [event.event_type for event in events] == [
        EventType.ZONE_ENTER, EventType.ZONE_DWELL, EventType.ZONE_EXIT,
    ]  # fmt: skip
