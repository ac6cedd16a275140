"""Writing what was found of one camera's people as events."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

import msgspec

from floorwalker.events import Event, EventType, pipeline_event_id
from floorwalker.journeys.confidence import confidence_of
from floorwalker.journeys.confidence_table import TABLE
from floorwalker.journeys.context import CameraContext
from floorwalker.journeys.drafts import Draft, door_drafts, queue_drafts, zone_drafts
from floorwalker.journeys.found import CameraJourneys

_ORDER = {kind: place for place, kind in enumerate(EventType)}


def visitor_id(context: CameraContext, person: int) -> str:
    """The public name of a person of one run: `VIS_` and ten hex digits."""
    return "VIS_" + _digest(context, person)


def group_id(context: CameraContext, party: int) -> str:
    """The name of those who came in together: `GRP_` and ten hex digits."""
    return "GRP_" + _digest(context, party)


def _digest(context: CameraContext, number: int) -> str:
    recording, run = context.recording, context.run
    key = [context.store.id, context.camera.id, recording.content_hash, run.config_hash, number]
    return hashlib.sha256(msgspec.json.encode(key)).hexdigest()[:10]


def events_of(journeys: CameraJourneys, context: CameraContext) -> list[Event]:
    """Write what was found as events."""
    drafts = [*door_drafts(journeys), *zone_drafts(journeys), *queue_drafts(journeys)]
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


def _event(
    draft: Draft, journeys: CameraJourneys, context: CameraContext, person: int, sequence: int, ordinal: int
) -> Event:
    metadata: dict[str, Any] = {
        "queue_depth": draft.queue_depth,
        "sku_zone": draft.sku_zone,
        "session_seq": sequence,
        "track_id": draft.track_id,
        "run_id": context.run.run_id,
        **{key: value for key, value in draft.extra.items() if key != "party"},
        "why": {**draft.why, "signs": {name: round(value, 3) for name, value in draft.signs.items()}},
    }
    if "party" in draft.extra:
        metadata["group_id"] = group_id(context, draft.extra["party"])
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
        confidence=round(confidence_of(draft.kind, draft.signs, TABLE), 4),
        metadata=metadata,
    )
