"""Writing what was found of one camera's people as events."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from floorwalker.events import Event, EventType, pipeline_event_id
from floorwalker.journeys.context import CameraContext
from floorwalker.journeys.dwell import dwell_marks
from floorwalker.journeys.line_crossing import Crossing
from floorwalker.journeys.queue import QueueVisit, queue_depth
from floorwalker.journeys.staff import Presence, StaffVerdict
from floorwalker.journeys.zones import Stay
from floorwalker.site import ZoneKind

_ORDER = {kind: place for place, kind in enumerate(EventType)}


@dataclass(frozen=True, slots=True)
class CameraJourneys:
    """What was found of one camera's people, before it is written as events.

    Attributes:
        crossings: of entry lines, in order of time.
        stays: in zones.
        queue: customers' stays at the till.
        staff: what says that a track is staff; those that are not are left out.
        presence: the evidence for staff, by track.
        person: for each track the track that stands for its person; itself unless a re-entry matched.
    """

    crossings: tuple[Crossing, ...]
    stays: tuple[Stay, ...]
    queue: tuple[QueueVisit, ...]
    staff: Mapping[int, StaffVerdict]
    presence: Mapping[int, Presence]
    person: Mapping[int, int]


def visitor_id(context: CameraContext, person: int) -> str:
    """The public name of a person of one run: `VIS_` and ten hex digits."""
    recording, run = context.recording, context.run
    key = [context.store.id, context.camera.id, recording.content_hash, run.config_hash, person]
    return "VIS_" + hashlib.sha256(msgspec.json.encode(key)).hexdigest()[:10]


def events_of(journeys: CameraJourneys, context: CameraContext) -> list[Event]:
    """Write what was found as events."""
    drafts = [*_door_drafts(journeys), *_zone_drafts(journeys), *_queue_drafts(journeys)]
    drafts.sort(key=lambda draft: (draft.time_s, draft.track_id, _ORDER[draft.kind], draft.zone_id or ""))
    ordinals: Counter[tuple[int, EventType]] = Counter()
    sequence: Counter[int] = Counter()
    events = []
    for draft in drafts:
        person = journeys.person[draft.track_id]
        sequence[person] += 1
        ordinal = ordinals[draft.track_id, draft.kind]
        ordinals[draft.track_id, draft.kind] += 1
        events.append(_event(draft, journeys, context, person, sequence[person], ordinal))
    return sorted(events, key=lambda event: (event.timestamp, event.event_id))


@dataclass(frozen=True, slots=True)
class _Draft:
    kind: EventType
    track_id: int
    time_s: float
    confidence: float
    zone_id: str | None = None
    sku_zone: str | None = None
    dwell_ms: int = 0
    queue_depth: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


def _event(
    draft: _Draft, journeys: CameraJourneys, context: CameraContext, person: int, sequence: int, ordinal: int
) -> Event:
    metadata: dict[str, Any] = {
        "queue_depth": draft.queue_depth,
        "sku_zone": draft.sku_zone,
        "session_seq": sequence,
        "track_id": draft.track_id,
        "run_id": context.run.run_id,
        **draft.extra,
    }
    staff = journeys.staff.get(draft.track_id)
    if staff is not None:
        metadata["staff_rule"] = staff.rule
        metadata["staff"] = {
            "probability": round(staff.probability, 3),
            "signs": {sign: round(weight, 2) for sign, weight in sorted(staff.signs.items())},
        }
    return Event(
        event_id=pipeline_event_id(
            context.store.id,
            context.camera.id,
            context.recording.content_hash,
            context.run.config_hash,
            draft.track_id,
            draft.kind,
            ordinal,
        ),
        store_id=context.store.id,
        camera_id=context.camera.id,
        visitor_id=visitor_id(context, person),
        event_type=draft.kind,
        timestamp=context.moment(draft.time_s),
        zone_id=draft.zone_id,
        dwell_ms=draft.dwell_ms,
        is_staff=staff is not None,
        confidence=round(float(np.clip(draft.confidence, 0.0, 1.0)), 4),
        metadata=metadata,
    )


def _door_drafts(journeys: CameraJourneys) -> list[_Draft]:
    drafts = []
    has_left: set[int] = set()
    for crossing in journeys.crossings:
        person = journeys.person[crossing.track_id]
        kind = EventType.EXIT
        if crossing.inward:
            kind = EventType.REENTRY if person in has_left else EventType.ENTRY
        else:
            has_left.add(person)
        extra = {"line_id": crossing.line_id, "seen": crossing.seen}
        drafts.append(_Draft(kind, crossing.track_id, crossing.time_s, crossing.confidence, extra=extra))
    return drafts


def _zone_drafts(journeys: CameraJourneys) -> list[_Draft]:
    drafts = []
    for stay in journeys.stays:
        depth = None
        if stay.zone.kind is ZoneKind.BILLING:
            customers = [other for other in journeys.stays if other.track_id not in journeys.staff]
            depth = queue_depth(stay, customers)

        def draft(
            kind: EventType, time_s: float, dwell_ms: int, stay: Stay = stay, depth: int | None = depth
        ) -> _Draft:
            return _Draft(
                kind,
                stay.track_id,
                time_s,
                stay.confidence,
                stay.zone.id,
                stay.zone.sku_zone,
                dwell_ms,
                depth if kind is EventType.ZONE_ENTER else None,
            )

        drafts.append(draft(EventType.ZONE_ENTER, stay.start_s, 0))
        drafts.extend(
            draft(EventType.ZONE_DWELL, at, dwell_ms)
            for at, dwell_ms in dwell_marks(stay.start_s, stay.end_s)
        )
        if not stay.ongoing:
            drafts.append(draft(EventType.ZONE_EXIT, stay.end_s, round(stay.duration_s * 1000)))
    return drafts


def _queue_drafts(journeys: CameraJourneys) -> list[_Draft]:
    drafts = []
    for visit in journeys.queue:
        if not visit.joined:
            continue
        stay = visit.stay
        at = (stay.confidence, stay.zone.id, stay.zone.sku_zone)
        drafts.append(
            _Draft(EventType.BILLING_QUEUE_JOIN, stay.track_id, stay.start_s, *at, queue_depth=visit.depth)
        )
        if visit.abandoned:
            evidence = {"evidence": "place", "at_counter_s": round(visit.at_counter_s or 0.0, 1)}
            waited = round(stay.duration_s * 1000)
            drafts.append(
                _Draft(
                    EventType.BILLING_QUEUE_ABANDON, stay.track_id, stay.end_s, *at, waited, None, evidence
                )
            )
    return drafts
