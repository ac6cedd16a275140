"""A believable morning in a shop, a real server around it, and a browser to look at it."""

from __future__ import annotations

import random
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from _review_day import crops_of, make_day, write_day
from floorwalker.events import Event, EventType
from floorwalker.server.app import create_app
from floorwalker.site import Site
from floorwalker.warehouse import Transaction, Warehouse

CHROMIUM = Path("/usr/bin/chromium")
STORE = "STORE_BLR_002"
OPENS = datetime(2026, 3, 3, 3, 30, tzinfo=UTC)  # 09:00 in Bengaluru
NOW = OPENS + timedelta(hours=3, minutes=42)
SCALE_PX = 60  # pixels a metre: every camera of this shop looks straight down
ZONES: dict[str, tuple[str, tuple[float, float, float, float]]] = {
    "ENTRANCE": ("entrance", (0.6, 0.4, 4.0, 2.2)),
    "SKINCARE": ("product", (0.6, 3.2, 4.8, 6.8)),
    "MAKEUP": ("product", (5.8, 3.2, 9.6, 6.8)),
    "HAIRCARE": ("product", (10.8, 5.2, 15.4, 9.4)),
    "FRAGRANCE": ("product", (5.8, 7.8, 9.6, 9.6)),
    "BILLING": ("billing", (10.2, 0.5, 15.4, 3.6)),
    "BACKROOM": ("staff-only", (0.5, 8.0, 4.0, 9.6)),
}


def build_site(store_id: str = STORE, name: str = "Brigade Road, Bengaluru") -> Site:
    """A shop of 16 by 10 metres."""

    def outline(x1: float, y1: float, x2: float, y2: float) -> list[list[float]]:
        return [[x * SCALE_PX, (10 - y) * SCALE_PX] for x, y in ((x1, y1), (x2, y1), (x2, y2), (x1, y2))]

    corners = [[1.0, 1.0], [15.0, 1.0], [15.0, 9.0], [1.0, 9.0]]
    camera = {
        "resolution": [16 * SCALE_PX, 10 * SCALE_PX],
        "calibration": {
            "image_points": [[x * SCALE_PX, (10 - y) * SCALE_PX] for x, y in corners],
            "floor_points": corners,
        },
    }
    door = {"id": "door", "points": [[40, 560], [240, 560]], "inward": [140, 300]}
    zones = [
        {"id": zone, "kind": kind, "polygon": outline(*box), "sku_zone": zone.lower()}
        for zone, (kind, box) in ZONES.items()
    ]
    store = {
        "id": store_id,
        "name": name,
        "timezone": "Asia/Kolkata",
        "opening_hours": {day: {"opens": "09:00", "closes": "21:00"} for day in ("mon", "tue", "wed")},
        "floor_plan": {"width_m": 16, "depth_m": 10},
        "camera": [
            {**camera, "id": "CAM_ENTRY_01", "name": "Entrance", "entry_line": [door]},
            {**camera, "id": "CAM_FLOOR_01", "name": "Floor", "zone": zones[:-2]},
            {**camera, "id": "CAM_TILL_01", "name": "Till", "zone": zones[-2:]},
        ],
    }
    return Site.model_validate({"store": [store]})


class Shop:
    """Writes what happens in a shop, the same for the same seed."""

    def __init__(self, seed: int, store_id: str = STORE) -> None:
        self.random = random.Random(seed)
        self.store_id = store_id
        self.events: list[Event] = []
        self.sales: list[Transaction] = []

    def write(self, kind: str, who: str, at: datetime, zone: str | None = None, **more: Any) -> None:
        camera = "CAM_ENTRY_01" if zone is None else "CAM_TILL_01" if zone == "BILLING" else "CAM_FLOOR_01"
        fields: dict[str, Any] = {
            "event_id": str(uuid.UUID(int=self.random.getrandbits(128), version=4)),
            "store_id": self.store_id,
            "camera_id": camera,
            "visitor_id": who,
            "event_type": EventType(kind),
            "timestamp": at,
            "zone_id": zone,
            "confidence": 0.9,
        }
        self.events.append(Event(**(fields | more)))

    def stay(self, who: str, zone: str, at: datetime, seconds: int, **more: Any) -> datetime:
        """Enter a zone, stay, leave; gives the time of leaving."""
        self.write("ZONE_ENTER", who, at, zone, **more)
        for passed in range(30, seconds, 30):
            self.write(
                "ZONE_DWELL", who, at + timedelta(seconds=passed), zone, dwell_ms=passed * 1000, **more
            )
        left = at + timedelta(seconds=seconds)
        self.write("ZONE_EXIT", who, left, zone, dwell_ms=seconds * 1000, **more)
        return left

    def visit(self, who: str, at: datetime) -> datetime:
        """One customer's way through the shop; gives the time of leaving."""
        dice = self.random
        self.write("ENTRY", who, at)
        at += timedelta(seconds=5)
        for zone, chance in (("SKINCARE", 0.65), ("MAKEUP", 0.5), ("FRAGRANCE", 0.3), ("HAIRCARE", 0.08)):
            if dice.random() < chance:
                at = self.stay(who, zone, at, dice.randint(15, 220)) + timedelta(seconds=8)
        if dice.random() < 0.42:
            ahead = dice.choice([0, 1, 1, 2, 3])
            waiting = 40 + 50 * ahead
            if ahead:
                self.write("BILLING_QUEUE_JOIN", who, at, "BILLING", metadata={"queue_depth": ahead})
            gives_up = ahead >= 2 and dice.random() < 0.4
            at = self.stay(who, "BILLING", at, 35 if gives_up else waiting)
            if gives_up:
                self.write("BILLING_QUEUE_ABANDON", who, at, "BILLING")
            else:
                self.sell(at - timedelta(seconds=20))
        at += timedelta(seconds=dice.randint(5, 20))
        self.write("EXIT", who, at)
        return at

    def sell(self, at: datetime) -> None:
        """One sale at the till."""
        time_us = round(at.timestamp() * 1e6)
        number = f"T{len(self.sales):04d}-{self.random.getrandbits(24):06x}"
        self.sales.append(
            Transaction(self.store_id, number, time_us, self.random.randint(200, 4000) * 100, "INR")
        )

    def morning(self, opens: datetime = OPENS, minutes: int = 240, a_quarter: float = 9.0) -> None:
        """People come by a rate that rises and falls; two of staff are there throughout."""
        for name in ("VIS_staff1", "VIS_staff2"):
            self.write("ENTRY", name, opens, is_staff=True)
            self.stay(name, "BACKROOM", opens + timedelta(minutes=2), 600, is_staff=True)
            self.stay(name, "BILLING", opens + timedelta(minutes=15), 3600, is_staff=True)
        for quarter in range(minutes // 15):
            wave = 1 - abs(quarter / (minutes / 15) - 0.6)
            for _ in range(round(a_quarter * wave * (0.7 + 0.6 * self.random.random()))):
                at = opens + timedelta(minutes=15 * quarter, seconds=self.random.randint(0, 899))
                who = f"VIS_{self.random.getrandbits(32):08x}"
                left = self.visit(who, at)
                if self.random.random() < 0.06:
                    self.write("REENTRY", who, left + timedelta(minutes=4))
                    self.write("EXIT", who, left + timedelta(minutes=9))
        self.rush(opens + timedelta(minutes=160))
        self.events.sort(key=lambda event: event.timestamp)

    def rush(self, at: datetime, people: int = 7) -> None:
        """So many come to the till one after another that a queue grows."""
        for ahead in range(people):
            who = f"VIS_rush{self.random.getrandbits(24):06x}"
            self.write("ENTRY", who, at - timedelta(minutes=6, seconds=-12 * ahead))
            joins = at + timedelta(seconds=20 * ahead)
            if ahead:
                self.write("BILLING_QUEUE_JOIN", who, joins, "BILLING", metadata={"queue_depth": ahead})
            left = self.stay(who, "BILLING", joins, 60 * (ahead + 1) - 20 * ahead)
            self.sell(left - timedelta(seconds=10))
            self.write("EXIT", who, left + timedelta(seconds=25))


def fill_morning(warehouse: Warehouse, days: int = 2) -> None:
    """Register the shop and write its last mornings."""
    warehouse.register_site(build_site())
    for ago in reversed(range(days)):
        shop = Shop(seed=11 + ago)
        shop.morning(OPENS - timedelta(days=ago))
        warehouse.add_events([event for event in shop.events if event.timestamp < NOW], live=False)
        now_us = round(NOW.timestamp() * 1e6)
        warehouse.load_transactions([sale for sale in shop.sales if sale.time_us < now_us])


class Served:
    """A server on a loopback port, around a warehouse.

    Attributes:
        warehouse: what it serves.
        url: its address, the same after a new start.
    """

    def __init__(self, warehouse: Warehouse, port: int = 0, **more: Any) -> None:
        self.warehouse = warehouse
        self._more = more
        self._port = port
        self.start_again()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start_again(self) -> None:
        app = create_app(
            self.warehouse, log=lambda _: None, stopping=lambda: self._server.should_exit, **self._more
        )
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=5))
        listener = socket.create_server(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()
        until = time.monotonic() + 20
        while not self._server.started:
            assert self._thread.is_alive(), "the server did not start"
            assert time.monotonic() < until, "the server did not start in time"
            time.sleep(0.02)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        assert not self._thread.is_alive(), "the server did not stop"


@pytest.fixture
def empty_warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    """A warehouse whose clock stands at noon of the shop's day."""
    warehouse = Warehouse(f"sqlite:///{tmp_path / 'floorwalker.db'}", clock=lambda: NOW)
    yield warehouse
    warehouse.close()


@pytest.fixture
def serving() -> Iterator[Callable[..., Served]]:
    """Serves warehouses until the test ends."""
    running: list[Served] = []

    def begin(warehouse: Warehouse, **more: Any) -> Served:
        running.append(Served(warehouse, **more))
        return running[-1]

    yield begin
    for server in running:
        server.stop()


@pytest.fixture
def served(empty_warehouse: Warehouse, serving: Callable[[Warehouse], Served]) -> Served:
    """The shop's two mornings, served to one test that may change them."""
    fill_morning(empty_warehouse)
    return serving(empty_warehouse)


@pytest.fixture(scope="module")
def displayed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The shop's two mornings, served to tests that only look."""
    folder = tmp_path_factory.mktemp("displayed")
    warehouse = Warehouse(f"sqlite:///{folder / 'floorwalker.db'}", clock=lambda: NOW)
    fill_morning(warehouse)
    running = Served(warehouse)
    yield running
    running.stop()
    warehouse.close()


@pytest.fixture
def shop_site() -> Callable[[str, str], Site]:
    """Makes the shop's site under another name."""
    return build_site


@pytest.fixture
def shop_opens() -> datetime:
    """When the shop opened today."""
    return OPENS


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser; tests that need it are skipped where there is none."""
    if not CHROMIUM.exists():
        pytest.skip(f"not run: no browser at {CHROMIUM} (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=[*flags, "--disable-component-update", "--disable-sync"]
        )
        yield browser
        browser.close()


@pytest.fixture
def review_day(shared: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Path]:
    """Writes a store's day of real crops where the review pages may open it; hands out its path."""
    monkeypatch.setenv("FLOORWALKER_IMAGE_PLACES", str(shared / "reid-images"))
    monkeypatch.setenv("FLOORWALKER_REVIEW_PLACES", str(tmp_path))

    def write(entries: int = 5000, **more: Any) -> Path:
        day = make_day(crops_of(shared / "reid-images"), entries=entries, **more)
        return write_day(day, tmp_path / f"day-{entries}.json")

    return write


@pytest.fixture
def page(chromium: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A page of the browser, 1280 wide or as a test asks; no script on it may break, no dialogue may open."""
    width = getattr(request, "param", 1280)
    context = chromium.new_context(viewport={"width": width, "height": 900})
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("dialog", lambda dialog: (faults.append("dialog"), dialog.dismiss()))
    yield opened
    context.close()
    assert faults == []
