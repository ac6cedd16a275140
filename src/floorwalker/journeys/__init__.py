"""Journeys: tracks to events."""

from floorwalker.journeys.context import CameraContext
from floorwalker.journeys.events_of_camera import JourneySettings, camera_events, camera_journeys
from floorwalker.journeys.found import CameraJourneys
from floorwalker.journeys.writing import events_of, visitor_id

__all__ = [
    "CameraContext",
    "CameraJourneys",
    "JourneySettings",
    "camera_events",
    "camera_journeys",
    "events_of",
    "visitor_id",
]
