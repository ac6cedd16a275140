"""Drafts: what happened, each with its evidence and the signs from which its confidence follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from floorwalker.events import EventType
from floorwalker.journeys.dwell import dwell_marks
from floorwalker.journeys.found import CameraJourneys
from floorwalker.journeys.line_crossing import Crossing
from floorwalker.journeys.queue import QueueVisit
from floorwalker.journeys.zones import Stay
from floorwalker.site import ZoneKind
from floorwalker.tracking.track import Track

_DEEP_M = 0.6
_DEEP_SHARE = 0.3
_LONG_S = 10.0
_WAY_S = 1.0
_FOLLOWED_S = 30.0
_CROWD = 3


@dataclass(frozen=True, slots=True)
class Draft:
    """One event before it gets its names.

    Attributes:
        kind: what happened.
        track_id: the track that shows it first.
        time_s: presentation time.
        signs: what speaks for its being right, each 0 to 1, by name.
        why: the evidence, for people who ask.
        zone_id: the zone, None at the door.
        sku_zone: its merchandise group.
        dwell_ms: as in the event.
        queue_depth: as in the event's metadata.
        extra: further keys of the metadata.
    """

    kind: EventType
    track_id: int
    time_s: float
    signs: Mapping[str, float]
    why: Mapping[str, Any]
    zone_id: str | None = None
    sku_zone: str | None = None
    dwell_ms: int = 0
    queue_depth: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


def door_drafts(journeys: CameraJourneys) -> list[Draft]:
    """The door's events."""
    drafts = []
    has_left: set[int] = set()
    for crossing in journeys.crossings:
        person = journeys.person[crossing.track_id]
        kind = EventType.EXIT
        if crossing.inward:
            kind = EventType.REENTRY if person in has_left else EventType.ENTRY
        else:
            has_left.add(person)
        drafts.append(_door_draft(kind, crossing, journeys))
    return drafts


def _door_draft(kind: EventType, crossing: Crossing, journeys: CameraJourneys) -> Draft:
    track = journeys.tracks[crossing.track_id]
    returning = journeys.returning.get(crossing.track_id, 0.0)
    match = journeys.returns.get(crossing.track_id)
    signs = {
        "detected": _detected(track, crossing.time_s),
        "both_sides": float(crossing.before_s > 0 and crossing.after_s > 0),
        "depth": min(crossing.depth_m / _DEEP_M, 1.0),
        "who": _sure_who(kind, returning, match is not None),
    }
    why: dict[str, Any] = {
        "rule": "line crossing",
        **_seen(track),
        "before_s": round(crossing.before_s, 2),
        "after_s": round(crossing.after_s, 2),
        "depth_m": round(crossing.depth_m, 2),
    }
    if kind is not EventType.EXIT:
        why["returning"] = round(returning, 3)
    if kind is EventType.REENTRY and match is not None:
        why["returned"] = {
            "left_track": match.left_id,
            "probability": round(match.probability, 3),
            "margin": round(match.margin, 3),
            "away_s": round(match.away_s, 1),
        }
    extra: dict[str, Any] = {"line_id": crossing.line_id, "seen": crossing.seen}
    if crossing.inward and crossing.track_id in journeys.party:
        extra["party"] = journeys.party[crossing.track_id]
    return Draft(kind, crossing.track_id, crossing.time_s, signs, why, extra=extra)


def _sure_who(kind: EventType, returning: float, matched: bool) -> float:
    """How sure it is that ENTRY is no REENTRY, or the reverse; nothing is open where one goes out."""
    if kind is EventType.ENTRY:
        return 1.0 - returning
    return returning if kind is EventType.REENTRY and matched else 1.0


def zone_drafts(journeys: CameraJourneys) -> list[Draft]:
    """The zones' events."""
    visits = {(visit.stay.track_id, visit.stay.start_s): visit for visit in journeys.queue}
    drafts = []
    for stay in journeys.stays:
        visit = visits.get((stay.track_id, stay.start_s))
        depth = None
        if stay.zone.kind is ZoneKind.BILLING:
            depth = visit.depth if visit is not None else _ahead_of_staff(stay, journeys)
        drafts.append(_zone_draft(EventType.ZONE_ENTER, stay, journeys, stay.start_s, 0, depth))
        drafts.extend(
            _zone_draft(EventType.ZONE_DWELL, stay, journeys, at, dwell_ms)
            for at, dwell_ms in dwell_marks(stay.start_s, stay.end_s)
        )
        if not stay.ongoing:
            extra = _waits(visit)
            dwell_ms = round(stay.duration_s * 1000)
            drafts.append(_zone_draft(EventType.ZONE_EXIT, stay, journeys, stay.end_s, dwell_ms, None, extra))
    return drafts


def _ahead_of_staff(stay: Stay, journeys: CameraJourneys) -> int:
    """Customers at the till when staff comes there."""
    there = {
        visit.stay.track_id
        for visit in journeys.queue
        if visit.stay.zone.id == stay.zone.id
        and visit.stay.start_s < stay.start_s
        and visit.stay.end_s >= stay.start_s
    }
    return len(there)


def _waits(visit: QueueVisit | None) -> dict[str, Any]:
    """How long somebody waited and was served, where the counter tells; the queue's place they had."""
    if visit is None or visit.wait_s is None or visit.service_s is None:
        return {}
    return {"wait_s": round(visit.wait_s, 1), "service_s": round(visit.service_s, 1)}


def _zone_draft(
    kind: EventType,
    stay: Stay,
    journeys: CameraJourneys,
    time_s: float,
    dwell_ms: int,
    queue_depth: int | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Draft:
    why = {"rule": "stay in zone", **_of_stay(stay, journeys)}
    signs = _signs_of_stay(stay, journeys, time_s)
    return Draft(
        kind,
        stay.track_id,
        time_s,
        signs,
        why,
        stay.zone.id,
        stay.zone.sku_zone,
        dwell_ms,
        queue_depth,
        {**_several(stay), **(extra or {})},
    )


def queue_drafts(journeys: CameraJourneys) -> list[Draft]:
    """The queue's events."""
    drafts = []
    for visit in journeys.queue:
        if not visit.joined:
            continue
        stay, counter_s = visit.stay, visit.at_counter_s or 0.0
        queued = {"unserved": 1.0 - min(counter_s / 4.0, 1.0), "ahead": min(visit.depth / 3, 1.0)}
        why = {
            "rule": "queue",
            **_of_stay(stay, journeys),
            "ahead_tracks": list(visit.ahead),
            "at_counter_s": round(counter_s, 1),
        }
        at = (stay.zone.id, stay.zone.sku_zone)
        kind, end = EventType.BILLING_QUEUE_JOIN, EventType.BILLING_QUEUE_ABANDON
        more = {**_several(stay), "position": visit.depth + 1}
        signs = _signs_of_stay(stay, journeys, stay.start_s) | queued
        drafts.append(Draft(kind, stay.track_id, stay.start_s, signs, why, *at, 0, visit.depth, more))
        if visit.abandoned:
            evidence = {**_several(stay), "evidence": "place", "at_counter_s": round(counter_s, 1)}
            waited_ms = round(stay.duration_s * 1000)
            signs = _signs_of_stay(stay, journeys, stay.end_s) | queued
            drafts.append(Draft(end, stay.track_id, stay.end_s, signs, why, *at, waited_ms, None, evidence))
    return drafts


def _several(stay: Stay) -> dict[str, Any]:
    return {"tracks": list(stay.tracks)} if len(stay.tracks) > 1 else {}


def _of_stay(stay: Stay, journeys: CameraJourneys) -> dict[str, Any]:
    """The evidence of a stay."""
    return {
        **_seen(journeys.tracks[stay.track_id]),
        "stay_s": [round(stay.start_s, 2), round(stay.end_s, 2)],
        "entered": "seen" if stay.entered else "first noticed inside",
        "left": "still there" if stay.ongoing else "seen" if stay.left else "lost from sight inside",
        "sighted": round(stay.sighted, 2),
        "depth": round(stay.depth, 2),
    }


def _signs_of_stay(stay: Stay, journeys: CameraJourneys, time_s: float) -> dict[str, float]:
    """The signs of an event of a stay, some of which belong to its moment."""
    first, last = (journeys.tracks[track_id] for track_id in (stay.shown_by[0], stay.shown_by[-1]))
    shows = stay.shown_by[-1] if time_s >= last.start_s else stay.shown_by[0]
    close = journeys.neighbours.close(stay.shown_by, shows, time_s)
    return {
        "detected": stay.confidence,
        "entered": min(max(stay.start_s - first.start_s, 0.0) / _WAY_S, 1.0),
        "left": 1.0 if stay.ongoing else min(max(last.end_s - stay.end_s, 0.0) / _WAY_S, 1.0),
        "long": min(stay.duration_s / _LONG_S, 1.0),
        "deep": min(stay.depth / _DEEP_SHARE, 1.0),
        "sighted": stay.sighted,
        "whole": 1.0 / len(stay.shown_by),
        "followed": min((last.end_s - first.start_s) / _FOLLOWED_S, 1.0),
        "alone": 1.0 - min(close / _CROWD, 1.0),
    }


def _seen(track: Track) -> dict[str, Any]:
    """When a track was seen, and how often."""
    return {"track_s": [round(track.start_s, 2), round(track.end_s, 2)], "frames": len(track.time_s)}


def _detected(track: Track, time_s: float) -> float:
    """Mean confidence of the detections around a moment."""
    near = np.abs(track.time_s - time_s) <= 1.0
    return float(np.mean(track.confidence[near] if near.any() else track.confidence))
