"""Explaining: an event's evidence in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from floorwalker.errors import InputError
from floorwalker.events import DOOR_EVENTS, Event, EventType, format_utc

_SEEN = {
    "both sides": "was seen on both sides of it",
    "appeared behind": "was first seen just behind it, walking away from it: nobody saw the crossing",
    "vanished before": "was lost from sight just before it, walking towards it: nobody saw the crossing",
}


def explain(event: Event) -> list[str]:
    """Why an event was written, sentence by sentence.

    Args:
        event: as the pipeline wrote it.

    Raises:
        InputError: it holds no evidence, because another program or an older version wrote it.
    """
    why = event.metadata.get("why")
    if not isinstance(why, Mapping):
        raise InputError(
            f"event {event.event_id} tells no evidence (metadata.why): another program or an older version "
            "wrote it; process the recording again to have it told"
        )
    try:
        parts = [_head(event, why)]
        if event.event_type in DOOR_EVENTS:
            parts += _door(event, why)
        else:
            parts += _zone(event, why)
        return [*parts, *_staff(event), _confidence(event, why)]
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError(f"the evidence of event {event.event_id} cannot be read: {error!r}") from error


def _head(event: Event, why: Mapping[str, Any]) -> str:
    start_s, end_s = why["track_s"]
    tracks = event.metadata.get("tracks", [event.metadata["track_id"]])
    named = "track" if len(tracks) == 1 else "tracks"
    listed = ", ".join(str(track) for track in tracks)
    return (
        f"{event.event_type.value} of {event.visitor_id} at {format_utc(event.timestamp)}, "
        f"{event.camera_id}: {named} {listed} (the first seen in {why['frames']} frames, "
        f"{start_s:.1f} to {end_s:.1f} s of the recording), rule: {why['rule']}."
    )


def _door(event: Event, why: Mapping[str, Any]) -> list[str]:
    line, seen = event.metadata["line_id"], event.metadata["seen"]
    way = "outward" if event.event_type is EventType.EXIT else "inward"
    parts = [f"It went {way} over line {line} and {_SEEN[seen]}."]
    if why["before_s"] > 0:
        parts.append(
            f"It was {why['before_s']:.1f} s on the side it came from and {why['after_s']:.1f} s on the "
            f"other, on each at least {why['depth_m']:.1f} m off the line."
        )
    returned = why.get("returned")
    if returned is not None:
        parts.append(
            f"It is taken for the person of track {returned['left_track']}, who left "
            f"{returned['away_s']:.0f} s before: probability {returned['probability']:.2f}, "
            f"{returned['margin']:.2f} above the next."
        )
    elif event.event_type is EventType.REENTRY:
        parts.append("The same track had gone out before.")
    elif event.event_type is EventType.ENTRY:
        parts.append(
            f"The probability of being anybody who had left is {why['returning']:.2f}: somebody new."
        )
    if "group_id" in event.metadata:
        parts.append(f"Came in side by side with others: group {event.metadata['group_id']}.")
    return parts


def _zone(event: Event, why: Mapping[str, Any]) -> list[str]:
    start_s, end_s = why["stay_s"]
    parts = [
        f"It was in zone {event.zone_id} from {start_s:.1f} to {end_s:.1f} s (coming in: {why['entered']}; "
        f"going out: {why['left']}), in sight for {why['sighted']:.0%} of that, up to {why['depth']:.1f} "
        "body heights from the zone's edge."
    ]
    if "ahead_tracks" in why:
        ahead = ", ".join(str(track) for track in why["ahead_tracks"]) or "none"
        parts.append(f"Ahead in the queue: {ahead}. It stood at the counter for {why['at_counter_s']:.1f} s.")
    if event.event_type is EventType.BILLING_QUEUE_ABANDON:
        parts.append("That it gave up rests on the place alone; the till's rows decide in the resolved view.")
    if "wait_s" in event.metadata:
        parts.append(
            f"It waited {event.metadata['wait_s']:.1f} s and was served {event.metadata['service_s']:.1f} s."
        )
    return parts


def _staff(event: Event) -> list[str]:
    staff = event.metadata.get("staff")
    if not event.is_staff or not isinstance(staff, Mapping):
        return []
    signs = ", ".join(f"{sign} {weight:+.1f}" for sign, weight in staff["signs"].items())
    return [f"Staff with probability {staff['probability']:.2f}, by log-odds: {signs}."]


def _confidence(event: Event, why: Mapping[str, Any]) -> str:
    signs = ", ".join(f"{name.replace('_', ' ')} {value:.2f}" for name, value in why["signs"].items())
    return f"Confidence {event.confidence:.2f}, from: {signs}."
