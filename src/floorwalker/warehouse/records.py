"""What the warehouse takes and gives, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo as TimeZone

import msgspec

from floorwalker.resolutions import Resolution
from floorwalker.site import Store, ZoneKind

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_us(moment: datetime) -> int:
    """An aware time as microseconds since 1970, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


def from_us(time_us: int) -> datetime:
    """Microseconds since 1970 as an aware UTC time, exactly."""
    return _EPOCH + timedelta(microseconds=time_us)


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """A store as the warehouse knows it.

    Attributes:
        store_id: the store.
        name: a name for people; the id where nobody gave one.
        timezone: IANA name; UTC where the store is known from events only.
        registered: whether a site file describes it.
        site: its part of the site file, or None.
        version: grows with every commit that touches the store.
        swept_before_us: what it saw before this was removed by retention; 0: nothing was.
    """

    store_id: str
    name: str
    timezone: str
    registered: bool
    site: Store | None
    version: int
    swept_before_us: int = 0

    @property
    def zone_info(self) -> TimeZone:
        """The store's time zone."""
        return TimeZone(self.timezone)

    def is_open(self, moment_utc: datetime) -> bool | None:
        """Whether the shop is open; None where nobody said when it is."""
        return self.site.is_open(moment_utc) if self.site else None


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """A camera of a registered store."""

    camera_id: str
    name: str
    width_px: int
    height_px: int
    entry_lines: int


@dataclass(frozen=True, slots=True)
class ZoneInfo:
    """A zone of a registered store; `floor_polygon_m` is None where its camera is not calibrated."""

    zone_id: str
    camera_id: str
    kind: ZoneKind
    sku_zone: str | None
    floor_polygon_m: tuple[tuple[float, float], ...] | None


@dataclass(frozen=True, slots=True)
class FloorImage:
    """The picture of a store's floor plan."""

    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Feed:
    """What was last heard of one camera.

    Attributes:
        store_id: the store.
        camera_id: the camera.
        last_event_us: time of its latest event.
        last_live_us: time of its latest event that arrived within an hour of happening; None: never.
    """

    store_id: str
    camera_id: str
    last_event_us: int
    last_live_us: int | None


@dataclass(frozen=True, slots=True)
class Transaction:
    """One order at the till.

    Attributes:
        store_id: the store.
        transaction_id: unique within the store.
        time_us: moment of the sale, microseconds UTC.
        amount_minor: total in hundredths of the currency's unit; negative for a return.
        currency: ISO 4217 code.
        kind: `sale` or `return`.
        salespeople: ids of those who served, sorted.
    """

    store_id: str
    transaction_id: str
    time_us: int
    amount_minor: int
    currency: str
    kind: str = "sale"
    salespeople: tuple[str, ...] = ()


class ResolvedEvent(msgspec.Struct, frozen=True, gc=False):
    """One observed event, with what is known of its visitor by now.

    Attributes:
        time_us: when, microseconds UTC.
        event_id: the event.
        camera_id: the camera.
        observed_id: the visitor_id as observed.
        visitor_id: the visitor_id of the person it resolves to.
        event_type: one of the eight, as text.
        zone_id: the zone; None at the door.
        dwell_ms: as observed.
        is_staff: resolved: true where the person is staff at all that day.
        queue_depth: people ahead, where observed.
        group_id: the group they came in with, where observed.
    """

    time_us: int
    event_id: str
    camera_id: str
    observed_id: str
    visitor_id: str
    event_type: str
    zone_id: str | None
    dwell_ms: int
    is_staff: bool
    queue_depth: int | None
    group_id: str | None


@dataclass(frozen=True, slots=True)
class StoreView:
    """The resolved view of one store over a stretch of time.

    Attributes:
        events: sorted by time.
        transactions: sorted by time.
        corrections: what people said of purchases and abandons, latest last, subjects resolved.
        till_offset_s: seconds by which the till's clock was ahead, taken off the transactions' times.
    """

    events: tuple[ResolvedEvent, ...]
    transactions: tuple[Transaction, ...]
    corrections: tuple[Resolution, ...]
    till_offset_s: float = 0.0


@dataclass(frozen=True, slots=True)
class EventFault:
    """Why one event of a batch was not taken.

    Attributes:
        index: its place in the batch, from 0.
        event_id: its id, where it could be read.
        code: short reason for programs, for example `conflict`, `future`, `timestamp`.
        message: the reason for people.
    """

    index: int
    event_id: str | None
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of a batch: received = inserted + duplicates + errors."""

    inserted: int = 0
    duplicates: int = 0
    errors: tuple[EventFault, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What became of a load of transactions.

    Attributes:
        inserted: how many were new.
        duplicates: how many were known.
        conflicts: those known with another content, by id.
        expired: how many lie in days that retention swept.
    """

    inserted: int = 0
    duplicates: int = 0
    conflicts: tuple[str, ...] = field(default=())
    expired: int = 0
