"""The shape of a site file. Image positions are pixels, floor positions are metres, x right and y away."""

from __future__ import annotations

from datetime import datetime, time
from enum import StrEnum
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from floorwalker.errors import InputError
from floorwalker.events import why_no_store_id
from floorwalker.site.addresses import why_no_source
from floorwalker.site.calibration import Calibration
from floorwalker.site.names import canonical_store_id
from floorwalker.site.retention import Retention
from floorwalker.site.till_format import TillFormat

Point = tuple[float, float]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f/\\]+$")]


def _store_id(name: str) -> str:
    reason = why_no_store_id(name)
    if reason is not None:
        raise ValueError(reason)
    return name


StoreId = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_store_id)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# By name alone: `floorwalker.tracking.build` needs the parts that process video.
KnownTracker = Literal["bytetrack", "bytetrack-published", "observation-centric"]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {name!r}; expected an IANA name such as Asia/Kolkata") from error
    return name


def _stream_source(source: str) -> str:
    reason = why_no_source(source)
    if reason is not None:
        raise ValueError(reason)
    return source


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ZoneKind(StrEnum):
    """What a zone is for."""

    PRODUCT = "product"
    BILLING = "billing"
    STAFF_ONLY = "staff-only"
    ENTRANCE = "entrance"


class EntryLine(_Part):
    """A line on the floor that people cross to enter or leave."""

    id: Name = Field(description="Name of the line, unique within the camera.")
    points: list[Point] = Field(
        min_length=2,
        description="The line in pixels, two points or more, drawn on the floor where feet cross.",
    )
    inward: Point = Field(description="Any point in pixels on the shop's side of the line.")


class Zone(_Part):
    """A part of the floor that one camera watches."""

    id: Name = Field(description="Name of the zone, unique within the store.")
    kind: ZoneKind = Field(description="product, billing, staff-only or entrance.")
    polygon: list[Point] = Field(
        min_length=3, description="Outline on the floor in pixels, not self-crossing."
    )
    sku_zone: str | None = Field(None, description="The merchandise group shown there, for events' metadata.")
    counter: list[Point] | None = Field(
        None,
        min_length=3,
        description="Billing zones: where the customer being served stands, in pixels; "
        "who leaves without having been there gave up.",
    )

    @model_validator(mode="after")
    def _counter_only_at_tills(self) -> Self:
        if self.counter is not None and self.kind is not ZoneKind.BILLING:
            raise ValueError("only a billing zone has a counter")
        return self


class CalibrationPoints(_Part):
    """Pairs of places seen in the image and measured on the floor."""

    image_points: list[Point] = Field(min_length=4, description="Places in pixels, four or more.")
    floor_points: list[Point] = Field(
        min_length=4, description="The same places in metres on the floor plan."
    )

    @model_validator(mode="after")
    def _pairs(self) -> Self:
        if len(self.image_points) != len(self.floor_points):
            raise ValueError(
                f"expected as many floor_points as image_points, "
                f"got {len(self.floor_points)} and {len(self.image_points)}"
            )
        return self


class Camera(_Part):
    """One camera, fixed in place."""

    id: Name = Field(description="Name of the camera, unique within the store.")
    name: str = Field("", description="A name for people.")
    resolution: tuple[int, int] = Field(
        description="Width and height in pixels to which lines, zones and calibration refer."
    )
    entry_lines: list[EntryLine] = Field(default=[], alias="entry_line", description="Lines people enter by.")
    zones: list[Zone] = Field(default=[], alias="zone", description="Zones this camera answers for.")
    masks: list[list[Point]] = Field(
        default=[],
        description="Polygons in pixels to blacken before anything else: streets, mirrors, screens.",
    )
    calibration: CalibrationPoints | None = Field(None, description="Image-to-floor point pairs.")
    fps: float | None = Field(
        None,
        gt=0,
        le=120,
        description="Frames a second to process; default: up to 10, in mode `adaptive` by what it watches.",
    )
    mode: Literal["all", "stride", "keyframes", "adaptive"] | None = Field(
        None, description="How recordings are looked at; default: adaptive."
    )
    stride: int | None = Field(
        None, ge=1, le=10_000, description="Mode `stride` looks at one frame of so many; default: 20."
    )
    detector: str | None = Field(None, description="Detector of this camera; default: the process's setting.")
    tracker: KnownTracker | None = Field(None, description="Tracker of this camera; default: bytetrack.")
    tiles: int = Field(
        1, ge=1, le=8, description="Upright parts that a network looks at one by one, for very wide views."
    )
    full_look_s: float | None = Field(
        None,
        gt=0,
        le=60,
        description="Seconds between a network's looks at the whole picture; in between it looks only where "
        "something moves. Default: every frame whole.",
    )
    # Kept out of what is dumped: it may hold a password, and decides nothing of what is seen.
    source: Annotated[str, AfterValidator(_stream_source)] | None = Field(
        None,
        exclude=True,
        repr=False,
        max_length=2000,
        description="Where `floorwalker watch` finds the live picture: rtsp://…, http(s)://… or a file "
        "beside the site file; ${NAME} stands for a variable of the environment.",
    )

    @model_validator(mode="after")
    def _tiles_or_regions(self) -> Self:
        if self.tiles > 1 and self.full_look_s is not None:
            raise ValueError("tiles and full_look_s do not go together; take one of them out")
        return self

    def calibrated(self) -> Calibration | None:
        """The camera's image-to-floor mapping, or None where the site file gives no point pairs.

        Raises:
            InputError: the point pairs do not fix a mapping.
        """
        if self.calibration is None:
            return None
        return Calibration.from_points(
            self.calibration.image_points, self.calibration.floor_points, self.resolution
        )


class FloorPlan(_Part):
    """The floor in metres: origin at the lower left, x right, y up the plan."""

    width_m: float = Field(gt=0, le=2000, description="Extent along x.")
    depth_m: float = Field(gt=0, le=2000, description="Extent along y.")
    image: str | None = Field(None, description="Picture of the plan that fills it, beside the site file.")


class OpeningHours(_Part):
    """When the shop is open on one weekday, local time; closing at or before opening means the next day."""

    opens: time = Field(description="Local time of opening.")
    closes: time = Field(description="Local time of closing.")


class Store(_Part):
    """One shop."""

    id: StoreId = Field(description="Name of the store in events and addresses.")
    name: str = Field("", description="A name for people.")
    aliases: list[StoreId] = Field(
        default=[], description="What other systems call the store: in their events and the tills' files."
    )
    timezone: Annotated[str, AfterValidator(_known_zone)] = Field(description="IANA time zone.")
    currency: str = Field("INR", min_length=3, max_length=3, description="ISO 4217 code of the till.")
    opening_hours: dict[Weekday, OpeningHours] = Field(
        default={}, description="By weekday (mon … sun); a weekday left out is closed, none at all: unknown."
    )
    floor_plan: FloorPlan | None = Field(None, description="Extent and picture of the floor.")
    pos: TillFormat | None = Field(
        None, description="How the till writes its files, where it is neither of the two forms known."
    )
    retention: Retention | None = Field(None, description="How long the store keeps what, in days.")
    cameras: list[Camera] = Field(default=[], alias="camera", description="The store's cameras.")

    @property
    def zone_info(self) -> ZoneInfo:
        """The store's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def all_names(self) -> frozenset[str]:
        """The id and the aliases, each as it is and in its canonical form."""
        names = (self.id, *self.aliases)
        return frozenset(names) | frozenset(map(canonical_store_id, names))

    def camera(self, camera_id: str) -> Camera:
        """The camera of this name.

        Raises:
            InputError: the store has no such camera; the message lists those it has.
        """
        for camera in self.cameras:
            if camera.id == camera_id:
                return camera
        known = ", ".join(camera.id for camera in self.cameras) or "none"
        raise InputError(f"store {self.id} has no camera {camera_id!r}; the site file names: {known}")

    def is_open(self, moment_utc: datetime) -> bool | None:
        """Whether the shop is open at a moment; None where no opening hours are given."""
        if not self.opening_hours:
            return None
        local = moment_utc.astimezone(self.zone_info)
        now, day = local.time(), local.weekday()
        today = self.opening_hours.get(WEEKDAYS[day])
        yesterday = self.opening_hours.get(WEEKDAYS[day - 1])
        if today and today.opens < today.closes and today.opens <= now < today.closes:
            return True
        if today and today.opens >= today.closes and now >= today.opens:
            return True
        return bool(yesterday and yesterday.opens >= yesterday.closes and now < yesterday.closes)


class Site(_Part):
    """All stores of a site file."""

    stores: list[Store] = Field(min_length=1, alias="store", description="The stores.")

    def store_of_camera(self, camera_id: str, store_id: str | None = None) -> tuple[Store, Camera]:
        """The store and camera that a camera name means.

        Args:
            camera_id: the camera.
            store_id: needed only where several stores have a camera of this name.

        Raises:
            InputError: no such camera or store, or the name is not unique.
        """
        stores = [store for store in self.stores if store_id in (None, store.id)]
        if not stores:
            raise InputError(
                f"the site file has no store {store_id!r}; it names: {', '.join(s.id for s in self.stores)}"
            )
        found = [(store, camera) for store in stores for camera in store.cameras if camera.id == camera_id]
        if len(found) == 1:
            return found[0]
        if found:
            raise InputError(
                f"several stores have a camera {camera_id!r}; say which with --store: "
                + ", ".join(store.id for store, _ in found)
            )
        known = ", ".join(camera.id for store in stores for camera in store.cameras) or "none"
        raise InputError(f"the site file has no camera {camera_id!r}; it names: {known}")
