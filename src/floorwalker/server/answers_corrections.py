"""The shapes of visitors, corrections and history, for the description of the API."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from floorwalker.server.answers import Shape, Utc


class OfDay(Shape):
    """Of one local day of a store."""

    store_id: str
    day: str
    timezone: str


class VisitorShape(Shape):
    """Somebody who was seen that day."""

    visitor_id: str
    observed_ids: list[str] = Field(description="The names that cameras gave.")
    first_seen: Utc
    last_seen: Utc
    is_staff: bool


class Visitors(OfDay):
    """Everybody who was seen that day, by first sighting."""

    visitors: list[VisitorShape]


class CorrectionShape(Shape):
    """What a person said."""

    correction_id: str
    made_at: Utc
    by: str = Field(description="Who says so, as they gave their name.")
    key_name: str | None = Field(description="Whose key was shown; null where none was needed.")
    note: str
    statements: list[dict[str, Any]]
    undone_at: Utc | None


class CorrectionMade(OfDay):
    """A correction, and what it changed."""

    correction: CorrectionShape
    repeated: bool = Field(description="Whether it was made before: sent twice, it is one.")
    figures: dict[str, dict[str, Any]]
    changed: dict[str, Any]


class CorrectionList(OfDay):
    """What people said of a day, undone or not."""

    corrections: list[CorrectionShape]


class HistoryPoint(Shape):
    """A moment at which figures changed."""

    at: Utc
    changed: dict[str, Any]
    causes: list[dict[str, Any]]


class History(OfDay):
    """How a day's figures came to be what they are."""

    figures: dict[str, Any]
    points: list[HistoryPoint]
    truncated: bool
