"""The answers' shapes, for the description of the API: what programs may rely on; more fields may be there.

Nothing is checked against them while serving; the tests do that.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

Utc = str  # 2026-03-03T14:22:10Z


class _Shape(BaseModel):
    model_config = ConfigDict(extra="allow")


class ErrorContent(_Shape):
    """What went wrong."""

    code: str = Field(description="Short reason for programs.")
    message: str = Field(description="The reason for people: what was expected, what came, what to do.")
    trace_id: str = Field(description="Finds the request in the log; also in the header X-Trace-Id.")
    details: Any = Field(description="More, where there is more.")


class Error(_Shape):
    """The one error body of every route."""

    error: ErrorContent


class EventProblem(_Shape):
    """Why one event was not taken."""

    index: int = Field(ge=0, description="Place of the event in the batch.")
    event_id: str | None
    code: str = Field(
        description="schema, event_id, timestamp, zone_id, range, text, future, expired, conflict, forbidden."
    )
    message: str


class Ingested(_Shape):
    """What became of a batch: received = inserted + duplicates + errors."""

    received: int = Field(ge=0)
    inserted: int = Field(ge=0)
    duplicates: int = Field(ge=0)
    errors: list[EventProblem]


class Hours(_Shape):
    """Opening hours of a weekday, local."""

    opens: str
    closes: str


class StoreBrief(_Shape):
    """A store."""

    store_id: str
    name: str
    timezone: str = Field(description="IANA name.")
    registered: bool = Field(description="Whether a site file describes it.")
    currency: str | None
    opening_hours: dict[str, Hours]
    days: list[str] = Field(description="Local days with events, newest first.")


class FloorPlan(_Shape):
    """The floor, from above."""

    width_m: float
    depth_m: float
    image_url: str | None


class LayoutZone(_Shape):
    """A zone."""

    zone_id: str
    kind: str
    polygon_m: list[tuple[float, float]] | None


class LayoutCamera(_Shape):
    """A camera."""

    camera_id: str
    name: str
    resolution: tuple[int, int]
    entry_lines: int


class Layout(_Shape):
    """How a store is laid out."""

    store_id: str
    floor_plan: FloorPlan | None
    zones: list[LayoutZone]
    cameras: list[LayoutCamera]


class WindowShape(_Shape):
    """The stretch of time asked about, its end not included."""

    from_: Utc = Field(alias="from")
    to: Utc
    timezone: str


class _Figures(_Shape):
    store_id: str
    as_of: Utc | None = Field(description="The time that `now` means in these figures.")
    window: WindowShape
    basis: str = Field(description="door, or sightings where no camera watches a door.")


class Warn(_Shape):
    """What to know before believing a figure."""

    code: str
    message: str


class MetricsZone(_Shape):
    """Dwell in a zone."""

    avg_dwell_ms: float


class Metrics(_Figures):
    """The figures of a window; the catalogue has each one's formula."""

    unique_visitors: int = Field(ge=0)
    conversion_rate: float = Field(ge=0, le=1)
    avg_dwell_ms: float = Field(ge=0)
    queue_depth_current: int = Field(ge=0)
    abandonment_rate: float = Field(ge=0, le=1)
    zones: dict[str, MetricsZone]
    staff_excluded: int = Field(ge=0)
    warnings: list[Warn]


class DropOff(_Shape):
    """The share lost at each step, per cent of the step before."""

    zone_visit: float = Field(ge=0, le=100)
    billing_queue: float = Field(ge=0, le=100)
    purchased: float = Field(ge=0, le=100)


class Funnel(_Figures):
    """Visits that reached each step."""

    entry: int = Field(ge=0)
    zone_visit: int = Field(ge=0)
    billing_queue: int = Field(ge=0)
    purchased: int = Field(ge=0)
    drop_off_pct: DropOff


class HeatmapZone(_Shape):
    """How much a zone is visited."""

    frequency: int = Field(ge=0)
    avg_dwell_ms: float = Field(ge=0)
    normalized: float = Field(ge=0, le=100)
    data_confidence: Literal["low", "high"] = Field(description="low under 20 visits.")


class Heatmap(RootModel[dict[str, HeatmapZone]]):
    """By zone."""


class TrafficBucket(_Shape):
    """Door counts of a stretch."""

    from_: Utc = Field(alias="from")
    entries: int
    exits: int
    reentries: int


class Traffic(_Figures):
    """Through the door, over the window."""

    bucket_minutes: int
    buckets: list[TrafficBucket]


class AnomalyShape(_Shape):
    """Something that stands out."""

    type: str = Field(description="BILLING_QUEUE_SPIKE, CONVERSION_DROP, DEAD_ZONE, STALE_FEED, …")
    severity: Literal["INFO", "WARN", "CRITICAL"]
    detected_at: Utc
    value: Any
    expected: Any
    suggested_action: str


class Anomalies(RootModel[list[AnomalyShape]]):
    """The most severe first."""


class StoreHealth(_Shape):
    """Whether a store's feeds are alive."""

    last_event_timestamp: Utc | None
    lag_minutes: float | None


class Health(_Shape):
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


class Probe(_Shape):
    """All is well; else the answer is 503."""

    status: Literal["ok"]


class AnyObject(_Shape):
    """An object; the description of the call says what is in it."""


class EventMetadata(_Shape):
    """What else is known of the moment."""

    queue_depth: int | None = Field(None, ge=0, description="People ahead.")
    sku_zone: str | None = None
    session_seq: int | None = Field(None, ge=1, description="1, 2, … within the visit.")


class EventShape(_Shape):
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


class Batch(_Shape):
    """Up to 500 events."""

    events: list[EventShape] = Field(max_length=500)
