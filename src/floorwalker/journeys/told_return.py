"""A way in as a stream tells it, by those who are remembered outside."""

from __future__ import annotations

import msgspec

from floorwalker.events import Event, EventType
from floorwalker.identity.outside import Return
from floorwalker.journeys.confidence import confidence_of
from floorwalker.journeys.confidence_table import TABLE


def told_as(event: Event, back: Return | None) -> Event:
    """A way in as what it is to those who remember who left: the rules see those who are held alone.

    Args:
        event: the way in, as the rules say.
        back: who came back by it; None: somebody new.

    Returns:
        The same as ENTRY or REENTRY, with its evidence and the confidence that follows.
    """
    why = {key: value for key, value in event.metadata["why"].items() if key != "returned"}
    kind, signs = EventType.ENTRY, dict(why["signs"])
    if back is not None:
        kind, signs["who"] = EventType.REENTRY, round(back.returning, 3)
        why["returning"] = signs["who"]
        why["returned"] = {
            "left_track": back.person.track_id,
            "probability": round(back.probability, 3),
            "margin": round(back.margin, 3),
            "away_s": round(back.away_s, 1),
        }
    return msgspec.structs.replace(
        event,
        event_type=kind,
        confidence=round(confidence_of(kind, signs, TABLE), 4),
        metadata={**event.metadata, "why": {**why, "signs": signs}},
    )
