from __future__ import annotations

import dataclasses

import msgspec
import numpy as np

from floorwalker.events import EventType
from floorwalker.journeys import camera_events
from floorwalker.journeys.day import DAY_REASONS, CameraDay, resolve_day
from floorwalker.journeys.day_matches import SameVisitor
from floorwalker.journeys.doorstep import part_on_doorstep
from floorwalker.resolutions import Attribute


def day_of(context, tracks):
    return CameraDay(context.camera, context.recording, tracks, camera_events(tracks, context))


def look(k):
    return np.eye(6, dtype=np.float32)[[k, k]]


def visitors(day):
    return {event.metadata["track_id"]: event.visitor_id for event in day.events}


def same(resolutions):
    return {item.subject: item.value for item in resolutions if item.attribute is Attribute.SAME_AS}


def staff(resolutions):
    return {item.subject for item in resolutions if item.attribute is Attribute.IS_STAFF}


def test_the_doors_entry_names_the_person_on_all_cameras(walk, context_of):
    door_context, till_context = context_of("CAM_DOOR"), context_of("CAM_TILL")
    door = day_of(door_context, [walk(1, [(2, 4.5, 0.3), (6, 4.5, 4.2)])])
    till = day_of(till_context, [walk(7, [(4, 4.5, 2.25), (6, 4.5, 4.2), (8, 4.5, 3.0), (20, 4.0, 3.0)])])
    resolutions = resolve_day(door_context.store, [till, door])
    assert same(resolutions) == {visitors(till)[7]: visitors(door)[1]}
    (only,) = resolutions
    assert only.reason == "rule:handover"
    assert 0.5 < only.confidence <= 1.0
    assert only.decided_utc > door_context.recording.start_utc


def test_visitors_whom_the_matcher_took_for_one_are_one_unless_a_camera_saw_both(walk, context_of):
    """Two go out, dressed like nobody before; somebody in other colours comes in much later."""
    context = context_of("CAM_DOOR")
    out = [walk(n, [(2, 2.5 + n, 4.2), (6, 2.5 + n, 0.3)], appearance=look(n)) for n in (1, 2)]
    day = day_of(context, [*out, walk(3, [(400, 4.5, 0.3), (404, 4.5, 4.2)], appearance=look(3))])
    named = visitors(day)
    assert len(set(named.values())) == 3
    assert same(resolve_day(context.store, [day])) == {}
    match = SameVisitor(named[1], named[3], 4.0)
    (said,) = resolve_day(context.store, [day], matches=[match])
    assert {said.subject, said.value} == {named[1], named[3]}
    assert said.confidence == round(1 / (1 + np.exp(-4.0)), 4)
    both = [SameVisitor(named[1], named[2], 9.0), SameVisitor("VIS_nobody", named[3], 9.0)]
    assert resolve_day(context.store, [day], matches=both) == []


def test_two_people_at_one_time_stay_two(walk, context_of):
    door_context, till_context = context_of("CAM_DOOR"), context_of("CAM_TILL")
    door = day_of(
        door_context, [walk(1, [(2, 3.5, 0.3), (6, 3.5, 4.2)]), walk(2, [(2, 5.5, 0.3), (6, 5.5, 4.2)])]
    )
    till = day_of(
        till_context,
        [
            walk(1, [(4, 5.5, 2.25), (6, 5.5, 4.2), (20, 6, 3)]),
            walk(2, [(4, 3.5, 2.25), (6, 3.5, 4.2), (20, 3, 3)]),
        ],
    )
    assert same(resolve_day(door_context.store, [door, till])) == {
        visitors(till)[1]: visitors(door)[2],
        visitors(till)[2]: visitors(door)[1],
    }


def test_who_works_behind_the_counter_is_staff_on_every_camera(walk, context_of):
    door_context, till_context = context_of("CAM_DOOR"), context_of("CAM_TILL")
    door = day_of(door_context, [walk(1, [(2, 4.5, 0.3), (6, 4.5, 4.2)])])
    behind = [(4, 4.5, 2.25), (6, 4.5, 4.2), (8, 4.5, 5.0), (60, 5, 5)]
    till = day_of(till_context, [walk(1, behind)])
    assert not any(event.is_staff for event in door.events)
    resolutions = resolve_day(door_context.store, [door, till])
    assert staff(resolutions) == {visitors(door)[1], visitors(till)[1]}
    assert {r.reason for r in resolutions if r.attribute is Attribute.IS_STAFF} == {"rule:staff-only-zone"}


def test_the_whole_day_takes_back_what_one_camera_thought_of_a_customer(walk, context_of):
    context = context_of("CAM_DOOR")
    day = day_of(context, [walk(1, [(2, 4.5, 0.3), (6, 4.5, 4.2)])])
    thought = [msgspec.structs.replace(event, is_staff=True) for event in day.events]
    (said,) = resolve_day(context.store, [dataclasses.replace(day, events=thought)])
    assert (said.attribute, said.value, said.reason) == (Attribute.IS_STAFF, "false", "rule:whole-day")
    assert said.reason in DAY_REASONS
    assert resolve_day(context.store, [day]) == []


def test_a_re_entry_shares_the_visitor_and_is_none_for_strangers(walk, context_of):
    context = context_of("CAM_DOOR")
    out = walk(1, [(5, 4.5, 4.0), (9, 4.5, 0.3)], appearance=look(1))
    other = walk(2, [(12, 4.5, 4.0), (16, 4.5, 0.3)], appearance=look(2))
    back = walk(3, [(60, 4.5, 0.3), (64, 4.5, 4.0)], appearance=look(1))
    new = walk(4, [(80, 4.5, 0.3), (84, 4.5, 4.0)], appearance=look(3))
    events = camera_events([out, other, back, new], context)
    assert [event.event_type for event in events] == [
        EventType.EXIT,
        EventType.EXIT,
        EventType.REENTRY,
        EventType.ENTRY,
    ]
    assert events[2].visitor_id == events[0].visitor_id
    assert len({event.visitor_id for event in events}) == 3
    assert [event.metadata["session_seq"] for event in events] == [1, 1, 2, 1]


def test_an_exit_belongs_to_the_one_who_came_in(walk, context_of):
    context = context_of("CAM_DOOR")
    tracks = [
        walk(1, [(5, 4.0, 0.3), (8, 4.0, 3.5)], appearance=look(1)),
        walk(2, [(6, 5.5, 0.3), (9, 5.5, 3.5)], appearance=look(2)),
        walk(3, [(40, 4.5, 3.5), (43, 4.5, 0.3)], appearance=look(2)),
        walk(4, [(50, 4.5, 3.5), (53, 4.5, 0.3)], appearance=look(1)),
    ]
    day = day_of(context, tracks)
    named = visitors(day)
    assert same(resolve_day(context.store, [day])) == {named[3]: named[2], named[4]: named[1]}


def test_no_recordings_resolve_to_nothing(context_of):
    context = context_of("CAM_DOOR")
    assert resolve_day(context.store, []) == []
    assert resolve_day(context.store, [day_of(context, [])]) == []


def test_a_gap_in_sight_outside_the_door_ends_a_track(walk, context_of):
    camera = context_of("CAM_DOOR").camera
    gone = walk(1, [(0, 4.5, 4.0), (4, 4.5, 0.4)])
    other = walk(1, [(6, 4.3, 0.5), (9, 4.5, 3.5)])
    inside = walk(2, [(20, 4.5, 3.0), (24, 6.0, 4.0)])
    back = walk(2, [(27, 6.0, 4.1), (30, 4.5, 3.0)])
    one, two = (
        dataclasses.replace(
            a,
            **{
                name: np.concatenate([getattr(a, name), getattr(b, name)])
                for name in ("time_s", "xyxy", "foot_px", "floor_m", "confidence")
            },
            appearance=np.eye(4, dtype=np.float32),
        )
        for a, b in ((gone, other), (inside, back))
    )
    parts = part_on_doorstep([one, two], camera)
    assert [(part.track_id, part.start_s, round(part.end_s, 1)) for part in parts] == [
        (1, 0.0, 4.0),
        (2, 6.0, 9.0),
        (3, 20.0, 30.0),
    ]
    assert [len(part.appearance) for part in parts] == [2, 2, 4]
    assert part_on_doorstep([two], camera) == [two]


def test_who_walked_off_outside_is_not_who_walks_towards_the_door_inside(walk, context_of):
    camera = context_of("CAM_DOOR").camera

    def joined(first, second):
        parts = [walk(1, first), walk(1, second)]
        names = ("time_s", "xyxy", "foot_px", "floor_m", "confidence")
        whole = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
        return part_on_doorstep([dataclasses.replace(parts[0], **whole)], camera)

    off = [(0, 4.5, 4.0), (4, 4.5, 0.4)]
    assert len(joined(off, [(5.5, 4.5, 4.5), (9, 4.5, 0.4)])) == 2
    assert len(joined([off[0], (2, 4.5, 2.4)], [(3.2, 4.5, 1.4), (5, 4.5, 0.4)])) == 1  # hidden on the line


def test_who_goes_out_and_comes_in_again_in_other_clothes_is_two(walk, context_of):
    camera = context_of("CAM_DOOR").camera
    one, two = np.eye(8, dtype=np.float32)[:2]

    def parts(before, after):
        track = walk(1, [(0, 4.5, 4.0), (4, 4.5, 0.4), (8, 4.5, 4.0)])
        return part_on_doorstep(
            [dataclasses.replace(track, appearance=np.stack([before] * 4 + [after] * 4))], camera
        )

    assert [round(part.start_s) for part in parts(one, two)] == [0, 4]
    assert len(parts(one, one)) == 1


def test_who_turned_round_near_the_door_while_out_of_sight_is_two(walk, context_of):
    camera = context_of("CAM_DOOR").camera
    came, left = walk(1, [(0, 4.5, 0.4), (3, 4.5, 2.8)]), walk(1, [(6, 4.7, 2.9), (9, 4.5, 0.3)])
    both = dataclasses.replace(
        came,
        **{
            name: np.concatenate([getattr(came, name), getattr(left, name)])
            for name in ("time_s", "xyxy", "foot_px", "floor_m", "confidence")
        },
    )
    assert len(part_on_doorstep([both], camera)) == 2


def test_passers_by_before_the_door_are_nobodys_journey(walk, context_of):
    door_context, till_context = context_of("CAM_DOOR"), context_of("CAM_TILL")
    came = walk(1, [(2, 4.5, 0.3), (6, 4.5, 4.2)], appearance=look(1))
    passer = walk(2, [(20, 3.2, 1.0), (24, 5.8, 1.0)], appearance=look(1))
    door = day_of(door_context, [came, passer])
    till = day_of(
        till_context, [walk(7, [(30, 4.5, 2.25), (34, 4.5, 3.0), (50, 4.0, 3.0)], appearance=look(1))]
    )
    # The way from the door to the till was not seen; who passes by meanwhile does not come between.
    assert same(resolve_day(door_context.store, [door, till])) == {visitors(till)[7]: visitors(door)[1]}


def test_three_who_come_in_together_are_three_entries_of_one_group(walk, context_of):
    context = context_of("CAM_DOOR")
    three = [
        walk(n, [(2 + 0.4 * n, 3.6 + 0.6 * n, 0.3), (6 + 0.4 * n, 3.6 + 0.6 * n, 4.2)]) for n in (1, 2, 3)
    ]
    later = walk(4, [(5.2, 5.8, 0.3), (9.2, 5.8, 4.2)])
    events = camera_events([*three, later], context)
    groups = {event.metadata["track_id"]: event.metadata.get("group_id") for event in events}
    assert [event.event_type for event in events] == [EventType.ENTRY] * 4
    assert groups[1] is not None
    assert groups[1].startswith("GRP_")
    assert groups[1] == groups[2] == groups[3]
    assert groups[4] is None


def test_an_event_tells_why(walk, context_of):
    context = context_of("CAM_DOOR")
    out = walk(1, [(5, 4.5, 4.0), (9, 4.5, 0.3)], appearance=look(1))
    back = walk(2, [(90, 4.5, 0.3), (94, 4.5, 4.0)], appearance=look(1))
    left, returned = camera_events([out, back], context)
    why = left.metadata["why"]
    assert why["rule"] == "line crossing"
    assert why["track_s"] == [5.0, 9.0]
    assert why["frames"] == 41
    assert why["before_s"] > 1.5
    assert why["after_s"] > 1.0
    assert returned.event_type is EventType.REENTRY
    assert returned.metadata["why"]["returned"]["left_track"] == 1
    assert returned.metadata["why"]["returned"]["away_s"] > 80
    assert 0 < returned.confidence < 1


def test_waiting_and_being_served_are_told_for_each_customer(walk, context_of):
    context = context_of("CAM_TILL")
    first = walk(1, [(0, 7.5, 3.0), (3, 2.5, 3.0), (30, 2.5, 3.0), (33, 1.0, 3.0)])
    second = walk(
        2, [(10, 7.5, 3.0), (12, 4.0, 3.0), (34, 4.0, 3.0), (36, 2.5, 3.0), (50, 2.5, 3.0), (53, 1.0, 3.0)]
    )
    events = camera_events([first, second], context)
    (joined,) = [event for event in events if event.event_type is EventType.BILLING_QUEUE_JOIN]
    assert joined.metadata["queue_depth"] == 1
    assert joined.metadata["position"] == 2
    assert joined.metadata["why"]["ahead_tracks"] == [1]
    left = {e.metadata["track_id"]: e.metadata for e in events if e.event_type is EventType.ZONE_EXIT}
    assert left[1]["wait_s"] < 3.0
    assert 24.0 < left[2]["wait_s"] < 26.0
    assert 14.0 < left[2]["service_s"] < 18.0
