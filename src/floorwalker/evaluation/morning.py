"""A simulated morning: what to process, and the measured figures beside the true ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from floorwalker.errors import InputError
from floorwalker.evaluation.truth import read_events
from floorwalker.events import Event, parse_utc
from floorwalker.insights.metrics import metrics
from floorwalker.insights.picture import Picture, take_picture
from floorwalker.insights.windows import choose_window
from floorwalker.pipeline.camera_run import CameraJob
from floorwalker.pipeline.day_run import CameraProgress, DayRun, DetectorBuilder, process_day, videos_of
from floorwalker.pipeline.load_day import load_day
from floorwalker.sales.pos import Till, read_pos
from floorwalker.site import Site, Store, load_site
from floorwalker.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class Morning:
    """One simulated store morning on disk.

    Attributes:
        folder: where its files lie.
        site: the site file's content.
        store: its only store.
        start_utc: moment of presentation time 0 of every camera.
        truth: the true figures, as `truth.json` holds them.
    """

    folder: Path
    site: Site
    store: Store
    start_utc: datetime
    truth: Mapping[str, Any]

    def true_events(self) -> list[Event]:
        """What really happened."""
        return read_events(self.folder / "events.jsonl")

    def jobs(self, fps: float | None = None) -> list[CameraJob]:
        """One processing job a camera."""
        videos = videos_of(self.folder, [camera.id for camera in self.store.cameras])
        return [
            CameraJob(path, self.store, self.store.camera(camera_id), self.start_utc, fps)
            for camera_id, path in videos.items()
        ]


def read_morning(folder: Path) -> Morning:
    """Read a folder that `floorwalker simulate` wrote.

    Args:
        folder: the folder.

    Raises:
        InputError: a file is missing or not what the simulator writes.
    """
    site = load_site(folder / "site.toml")
    try:
        described = msgspec.json.decode((folder / "simulation.json").read_bytes())
        truth = msgspec.json.decode((folder / "truth.json").read_bytes())
        start_utc = parse_utc(described["start_utc"])
    except (OSError, msgspec.DecodeError, KeyError, TypeError) as error:
        raise InputError(f"{folder} holds no simulated morning: {error}") from error
    return Morning(folder, site, site.stores[0], start_utc, truth)


def measure_morning(
    morning: Morning,
    build: DetectorBuilder,
    warehouse: Warehouse,
    on_progress: CameraProgress | None = None,
) -> tuple[DayRun, dict[str, Any]]:
    """Process a morning's recordings, load them and its sales, and read the store's figures.

    Args:
        morning: what to process.
        build: makes each camera's detector.
        warehouse: where to; it should be empty.
        on_progress: called with camera, seconds of its recording done and seconds in all.

    Returns:
        The day's runs, and the figures as `GET /stores/{id}/metrics` answers them.

    Raises:
        FloorwalkerError: any part of the way failed.
    """
    day = process_day(morning.jobs(), build, on_progress=on_progress)
    return day, metrics(picture_of(morning, day, warehouse))


def picture_of(morning: Morning, day: DayRun, warehouse: Warehouse) -> Picture:
    """Load a morning's runs and its sales, and take the store's picture of that day.

    Args:
        morning: whose.
        day: what its cameras gave.
        warehouse: where to; it should be empty.
    """
    warehouse.register_site(morning.site, morning.folder)
    load_day(warehouse, day)
    shop = Till(morning.store.id, morning.store.zone_info, morning.store.currency)
    till = read_pos(morning.folder / "pos.csv", lambda _: shop)
    warehouse.load_transactions(till.transactions, timezone=morning.store.timezone)
    store = warehouse.store(morning.store.id)
    return take_picture(warehouse, store, choose_window(warehouse, store, None, None, None))


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure, measured and true.

    Attributes:
        figure: its name, for people.
        unit: empty for counts, `%` for shares from 0 to 1, `s` for seconds.
        measured: from video, through the warehouse.
        true: from the simulator.
    """

    figure: str
    unit: str
    measured: float
    true: float

    @property
    def difference(self) -> float:
        """Measured less true."""
        return self.measured - self.true


def compare(measured: Mapping[str, Any], truth: Mapping[str, Any]) -> list[Comparison]:
    """Put a store's measured figures beside the true ones.

    Args:
        measured: as `GET /stores/{id}/metrics` answers.
        truth: as `truth.json` holds.

    Returns:
        One row a figure; zones by name.
    """
    rows = [
        Comparison(label, "", measured[ours], truth[theirs])
        for label, ours, theirs in (
            ("unique visitors", "unique_visitors", "unique_visitors"),
            ("entries", "entries", "entries"),
            ("exits", "exits", "exits"),
            ("re-entries", "reentries", "reentries"),
        )
    ]
    rows.append(Comparison("conversion", "%", measured["conversion_rate"], truth["conversion_rate"]))
    for zone, dwell_ms in sorted(truth["avg_dwell_ms"].items()):
        mine = measured["zones"].get(zone, {}).get("avg_dwell_ms", 0)
        rows.append(Comparison(f"mean dwell {zone}", "s", mine / 1000, dwell_ms / 1000))
    rows += [
        Comparison("queue joins", "", measured["queue_joins"], truth["queue_joins"]),
        Comparison("queue abandons", "", measured["queue_abandons"], truth["queue_abandons"]),
        Comparison("staff excluded", "", measured["staff_excluded"], truth["staff_count"]),
    ]
    return rows
