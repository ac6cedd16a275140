"""The shapes of `GET /manifest`, for the description of the API."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from floorwalker.server.answers import Shape, Utc


class ManifestEventTold(Shape):
    """One crossing of a door."""

    entry_id: str
    timestamp: Utc
    direction: Literal["entry", "exit"]
    camera: str
    alert_id: str | None
    images: list[str]
    score: float = Field(ge=-1, le=1, description="Cosine to the most similar person when it was answered.")
    score2: float = Field(ge=-1, le=1, description="To the next other one; -1 where there was none.")
    attrs: dict[str, Any]
    embeddings: list[list[float]] | None = Field(None, description="Absent with embeddings=false.")
    excluded: bool = Field(False, description="Whether ground truth shall not have it; absent: false.")


class ManifestPersonTold(Shape):
    """One person of the day."""

    person_id: str
    first_seen: Utc
    alias: str | None = Field(None, description="What people call them; absent: nothing.")
    notes: str | None = Field(None, description="What people wrote of them; absent: nothing.")
    events: list[ManifestEventTold]


class ManifestTold(Shape):
    """The people of a store's day, in order of their first crossing."""

    ok: Literal[True]
    day_id: str
    store_id: str
    person_count: int = Field(ge=0)
    event_count: int = Field(ge=0)
    people: list[ManifestPersonTold]


def manifest_examples() -> dict[tuple[str, str], Any]:
    """Examples by method and path."""
    event = {
        "entry_id": "e-1042",
        "timestamp": "2026-03-03T14:22:10Z",
        "direction": "exit",
        "camera": "CAM_ENTRY_01",
        "alert_id": None,
        "images": ["s3://crops/e-1042/0.jpg"],
        "score": 0.93,
        "score2": 0.41,
        "attrs": {"upper_colour": {"black": 0.8, "blue": 0.2}, "bag": "rucksack"},
        "embeddings": [[0.8, 0.6, 0.1], [0.7, 0.7, 0.1]],
    }
    person = {"person_id": "nc0009-0001", "first_seen": "2026-03-03T14:22:10Z", "events": [event]}
    return {
        ("GET", "/manifest"): {
            "ok": True,
            "day_id": "2026-03-03",
            "store_id": "nc0009",
            "person_count": 1,
            "event_count": 1,
            "people": [person],
        }
    }
