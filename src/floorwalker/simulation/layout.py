"""The floor of the simulated shop: things, zones, door, line and lane, in metres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

STORE_ID = "STORE_SIM_001"
TIMEZONE = "Asia/Kolkata"
WIDTH_M = 14.0
DEPTH_M = 10.0

Point = tuple[float, float]
Rect = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A thing that stands on the floor, as a box parallel to the walls.

    Attributes:
        name: what it is.
        rect: x1, y1, x2, y2 in metres.
        height_m: its top above the floor.
        look: which texture its sides wear.
    """

    name: str
    rect: Rect
    height_m: float
    look: Literal["shelf", "wall", "counter", "plinth", "rail", "bench", "table"]


@dataclass(frozen=True, slots=True)
class FloorZone:
    """A zone as a rectangle of the floor, and where people in it look.

    Attributes:
        zone_id: name in events.
        kind: product, billing or staff-only.
        camera_id: the camera that answers for it.
        rect: x1, y1, x2, y2 in metres.
        sku_zone: the merchandise group, for product zones.
        facing: unit vector towards the goods.
    """

    zone_id: str
    kind: Literal["product", "billing", "staff-only"]
    camera_id: str
    rect: Rect
    sku_zone: str | None = None
    facing: Point = (0.0, 1.0)

    @property
    def corners(self) -> tuple[Point, Point, Point, Point]:
        """The four corners in order round the rectangle."""
        x1, y1, x2, y2 = self.rect
        return (x1, y1), (x2, y1), (x2, y2), (x1, y2)

    def contains(self, x: float, y: float) -> bool:
        """Whether a floor position lies in the zone, edges included."""
        x1, y1, x2, y2 = self.rect
        return x1 <= x <= x2 and y1 <= y <= y2


ENTRY_CAMERA = "CAM_ENTRY_01"
FLOOR_CAMERA = "CAM_FLOOR_01"
TILL_CAMERA = "CAM_TILL_01"
CAMERA_IDS = (ENTRY_CAMERA, FLOOR_CAMERA, TILL_CAMERA)

DOOR_X = (6.1, 7.9)
DOOR_HEIGHT_M = 2.3
ENTRY_LINE: tuple[Point, Point] = ((5.5, 1.1), (8.5, 1.1))
INWARD_POINT: Point = (7.0, 2.0)

BOXES = (
    Box("gondola skincare", (1.6, 5.0, 4.6, 5.6), 1.05, "shelf"),
    Box("gondola makeup", (5.8, 5.0, 8.0, 5.6), 1.05, "shelf"),
    Box("wall shelf fragrance", (0.3, 0.0, 4.4, 0.45), 1.9, "shelf"),
    Box("window display left", (4.6, 0.0, 5.5, 1.3), 0.9, "plinth"),
    Box("window display right", (8.5, 0.0, 9.4, 1.3), 0.9, "plinth"),
    Box("stock room", (10.6, 0.0, 14.0, 2.4), 2.7, "wall"),
    Box("offers table", (11.4, 2.4, 13.9, 4.4), 0.8, "table"),
    Box("till counter", (10.2, 7.65, 13.2, 8.25), 1.0, "counter"),
    Box("till gate", (13.2, 7.65, 14.0, 8.25), 1.0, "counter"),
    Box("back bench", (0.5, 8.0, 7.9, 10.0), 0.9, "bench"),
    Box("lane rail", (9.1, 5.98, 13.2, 6.04), 0.0, "rail"),
)
RAIL_POSTS_X = (9.1, 10.12, 11.15, 12.17, 13.2)
RAIL_Y = 6.01
RAIL_HEIGHT_M = 0.95

PRODUCT_ZONES = (
    FloorZone("SKINCARE", "product", FLOOR_CAMERA, (2.1, 5.65, 4.8, 6.9), "skincare", (0.0, -1.0)),
    FloorZone("MAKEUP", "product", FLOOR_CAMERA, (5.6, 5.65, 8.1, 6.9), "makeup", (0.0, -1.0)),
    FloorZone("HAIRCARE", "product", FLOOR_CAMERA, (1.5, 3.7, 4.8, 4.95), "haircare", (0.0, 1.0)),
    FloorZone("FRAGRANCE", "product", FLOOR_CAMERA, (0.8, 0.5, 4.3, 1.9), "fragrance", (0.0, -1.0)),
)
BILLING_ZONE = FloorZone("BILLING", "billing", TILL_CAMERA, (8.8, 6.1, 13.3, 7.6))
STAFF_ZONE = FloorZone("BEHIND_TILL", "staff-only", TILL_CAMERA, (9.8, 8.3, 13.8, 9.6))
ZONES = (*PRODUCT_ZONES, BILLING_ZONE, STAFF_ZONE)
COUNTER_RECT: Rect = (11.95, 6.6, 13.05, 7.6)

QUEUE_SLOTS: tuple[Point, ...] = (
    (12.4, 7.1),
    (11.45, 7.1),
    (10.65, 7.1),
    (9.87, 7.1),
    (9.1, 7.1),
    (8.25, 7.0),
    (7.6, 7.1),
)
LANE_MOUTH: Point = (8.4, 6.95)
LANE_END: tuple[Point, Point] = ((13.65, 7.0), (13.65, 5.5))
CASHIER_SPOT: Point = (11.95, 8.72)
STAFF_GAP: tuple[Point, Point] = ((9.4, 8.6), (8.5, 7.85))
SELLER_SPOTS: tuple[Point, ...] = ((5.2, 4.3), (8.6, 4.2), (5.2, 6.2), (5.0, 2.6), (9.2, 3.0))
WAITING_SPOTS: tuple[Point, ...] = ((9.6, 5.0), (10.3, 4.8), (9.2, 4.3), (10.2, 3.8))

_FAR = 30.0
WALLS: tuple[Rect, ...] = (
    (-1.0, -0.2, 0.0, 11.0),
    (14.0, -0.2, 15.0, 11.0),
    (-1.0, 10.0, 15.0, 11.0),
    (-_FAR, -0.2, DOOR_X[0], 0.0),
    (DOOR_X[1], -0.2, _FAR, 0.0),
)
THINGS: tuple[Rect, ...] = tuple(box.rect for box in BOXES)
STAFF_AREA: Rect = (8.9, 7.65, 14.0, 10.0)
LANE_AREA: Rect = (8.8, 6.0, 14.0, 7.7)
