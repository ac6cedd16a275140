"""The answers' shapes, for the description of the API: what programs may rely on; more fields may be there.

Nothing is checked against them while serving; the tests do that.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

Utc = str  # 2026-03-03T14:22:10Z


class Shape(BaseModel):
    """What is promised of an object; it may hold more."""

    model_config = ConfigDict(extra="allow")


class ErrorContent(Shape):
    """What went wrong."""

    code: str = Field(description="Short reason for programs.")
    message: str = Field(description="The reason for people: what was expected, what came, what to do.")
    trace_id: str = Field(description="Finds the request in the log; also in the header X-Trace-Id.")
    details: Any = Field(description="More, where there is more.")


class Error(Shape):
    """The one error body of every route."""

    error: ErrorContent


class EventProblem(Shape):
    """Why one event was not taken."""

    index: int = Field(ge=0, description="Place of the event in the batch.")
    event_id: str | None
    code: str = Field(
        description="schema, event_id, timestamp, zone_id, range, text, future, expired, conflict, forbidden."
    )
    message: str


class Ingested(Shape):
    """What became of a batch: received = inserted + duplicates + errors."""

    received: int = Field(ge=0)
    inserted: int = Field(ge=0)
    duplicates: int = Field(ge=0)
    errors: list[EventProblem]


class Stretch(Shape):
    """A recording of a live camera as it is known now."""

    recording_id: str = Field(description="Name of the recording: of its store, camera and content hash.")
    run_id: str = Field(description="Name of the run: of the recording and its configuration hash.")
    until: Utc = Field(description="How far the recording goes by now.")
    resolutions: int = Field(ge=0, description="How many of the resolutions were new.")


class Hours(Shape):
    """Opening hours of a weekday, local."""

    opens: str
    closes: str


class StoreBrief(Shape):
    """A store."""

    store_id: str
    name: str
    timezone: str = Field(description="IANA name.")
    registered: bool = Field(description="Whether a site file describes it.")
    currency: str | None
    opening_hours: dict[str, Hours]
    days: list[str] = Field(description="Local days with events, newest first.")


class FloorPlan(Shape):
    """The floor, from above."""

    width_m: float
    depth_m: float
    image_url: str | None


class LayoutZone(Shape):
    """A zone."""

    zone_id: str
    kind: str
    polygon_m: list[tuple[float, float]] | None


class LayoutCamera(Shape):
    """A camera."""

    camera_id: str
    name: str
    resolution: tuple[int, int]
    entry_lines: int


class Layout(Shape):
    """How a store is laid out."""

    store_id: str
    floor_plan: FloorPlan | None
    zones: list[LayoutZone]
    cameras: list[LayoutCamera]


class StoreHealth(Shape):
    """Whether a store's feeds are alive."""

    last_event_timestamp: Utc | None
    lag_minutes: float | None


class Health(Shape):
    """Whether the feeds are alive, and what re-entry matching uses."""

    status: Literal["healthy", "degraded"]
    stores: dict[str, StoreHealth]
    warnings: list[str]
    ok: bool
    threshold: float
    margin: float
    topk: int
    device: str
    model_loaded: bool


class Stores(RootModel[list[StoreBrief]]):
    """All stores that the key is for."""


class Probe(Shape):
    """All is well; else the answer is 503."""

    status: Literal["ok"]


class AnyObject(Shape):
    """An object; the description of the call says what is in it."""


class EventMetadata(Shape):
    """What else is known of the moment."""

    queue_depth: int | None = Field(None, ge=0, description="People ahead.")
    sku_zone: str | None = None
    session_seq: int | None = Field(None, ge=1, description="1, 2, … within the visit.")


class EventShape(Shape):
    """What was observed of one visitor at one moment."""

    event_id: str = Field(
        description="UUID, unique within its store for ever.", json_schema_extra={"format": "uuid"}
    )
    store_id: str = Field(min_length=1, max_length=200)
    camera_id: str = Field(min_length=1, max_length=200)
    visitor_id: str = Field(min_length=1, max_length=200, description="One a person and visit day.")
    event_type: Literal[
        "ENTRY", "EXIT", "REENTRY", "ZONE_ENTER", "ZONE_EXIT", "ZONE_DWELL", "BILLING_QUEUE_JOIN",
        "BILLING_QUEUE_ABANDON",
    ]  # fmt: skip
    timestamp: Utc = Field(
        description="ISO-8601 with a zone, of the frame.", json_schema_extra={"format": "date-time"}
    )
    zone_id: str | None = Field(None, description="null on ENTRY, EXIT and REENTRY.")
    dwell_ms: int = Field(0, ge=0, description="0 where instantaneous.")
    is_staff: bool = False
    confidence: float = Field(1.0, ge=0, le=1)
    metadata: EventMetadata = EventMetadata()


class Batch(Shape):
    """Up to 500 events."""

    events: list[EventShape] = Field(max_length=500)
