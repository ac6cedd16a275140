"""The shapes of the figures, for the description of the API."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, RootModel

from floorwalker.server.answers import Shape, Utc

UNWATCHED = "null where no camera watched"
Number = Annotated[int | None, Field(ge=0, description=UNWATCHED)]
Duration = Annotated[float | None, Field(ge=0, description=UNWATCHED)]
Share = Annotated[float | None, Field(ge=0, le=1, description=UNWATCHED)]
Percent = Annotated[float | None, Field(ge=0, le=100, description=UNWATCHED)]


class WindowShape(Shape):
    """The stretch of time asked about, its end not included."""

    from_: Utc = Field(alias="from")
    to: Utc
    timezone: str


class FiguresShape(Shape):
    """What all figures say of themselves."""

    store_id: str
    as_of: Utc | None = Field(description="The time that `now` means in these figures.")
    window: WindowShape
    basis: str = Field(description="door, or sightings where no camera watches a door.")


class Warn(Shape):
    """What to know before believing a figure."""

    code: str
    message: str


class MetricsZone(Shape):
    """Dwell in a zone."""

    avg_dwell_ms: Duration


class Metrics(FiguresShape):
    """The figures of a window; the catalogue has each one's formula."""

    unique_visitors: Number
    conversion_rate: Share
    avg_dwell_ms: Duration
    queue_depth_current: Number
    abandonment_rate: Share
    zones: dict[str, MetricsZone]
    staff_excluded: Number
    warnings: list[Warn]


class DropOff(Shape):
    """The share lost at each step, per cent of the step before."""

    zone_visit: Percent
    billing_queue: Percent
    purchased: Percent


class Funnel(FiguresShape):
    """Visits that reached each step."""

    entry: Number
    zone_visit: Number
    billing_queue: Number
    purchased: Number
    drop_off_pct: DropOff


class HeatmapZone(Shape):
    """How much a zone is visited."""

    frequency: Number
    avg_dwell_ms: Duration
    normalized: Percent
    data_confidence: Literal["low", "high"] = Field(description="low under 20 visits.")


class Heatmap(RootModel[dict[str, HeatmapZone]]):
    """By zone."""


class TrafficBucket(Shape):
    """Door counts of a stretch."""

    from_: Utc = Field(alias="from")
    entries: int | None = Field(description="null where no camera watched the door.")
    exits: int | None
    reentries: int | None


class Traffic(FiguresShape):
    """Through the door, over the window."""

    bucket_minutes: int
    buckets: list[TrafficBucket]


class AnomalyShape(Shape):
    """Something that stands out."""

    type: str = Field(description="BILLING_QUEUE_SPIKE, CONVERSION_DROP, DEAD_ZONE, STALE_FEED, …")
    severity: Literal["INFO", "WARN", "CRITICAL"]
    detected_at: Utc
    value: Any
    expected: Any
    suggested_action: str


class Anomalies(RootModel[list[AnomalyShape]]):
    """The most severe first."""


class HistogramBin(Shape):
    """How many stays lasted so long; the last bin has no end."""

    from_s: float
    to_s: float | None
    count: int = Field(ge=0)


class Spread(Shape):
    """How long stays lasted; null where there is none."""

    n: int = Field(ge=0)
    mean_ms: float | None
    p50_ms: float | None
    p90_ms: float | None
    max_ms: float | None
    histogram: list[HistogramBin]


class Dwell(FiguresShape):
    """How long people stayed: in all zones, in each, in the shop."""

    stays: Spread
    zones: dict[str, Spread]
    in_shop: Spread


class Match(Shape):
    """A sale and the visit it was assigned to."""

    transaction_id: str


class Purchases(FiguresShape):
    """Which sale was whose, one to one."""

    transactions: Number
    matched: Number
    matches: list[Match]


class DayFigures(Shape):
    """The figures of one local day."""

    day: str
    swept: bool = Field(description="Whether retention took its events: figures of them are null.")
    unique_visitors: Number
    conversion_rate: Share
    avg_dwell_ms: Duration


class Days(Shape):
    """Day by day; uniques of days do not add up to those of a week."""

    store_id: str
    timezone: str
    from_: str = Field(alias="from")
    to: str
    days: list[DayFigures]


class LatestEvent(Shape):
    """An event as it counts today."""

    timestamp: Utc
    event_id: str
    event_type: str
    visitor_id: str
    camera_id: str
    zone_id: str | None
    is_staff: bool


class LatestEvents(Shape):
    """Newest first."""

    store_id: str
    events: list[LatestEvent]


class CatalogueEntry(Shape):
    """What one field of an answer means."""

    id: str
    name: str
    formula: str
    source: list[str]
    unit: str
    filters: list[str]


class Catalogue(Shape):
    """Each field of each answer."""

    answers: dict[str, str]
    sources: dict[str, str]
    metrics: list[CatalogueEntry]
