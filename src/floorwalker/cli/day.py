"""`floorwalker day`: all cameras of a store, side by side, into the warehouse."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, TaskID

from floorwalker.cli.day_crossings import Crossings
from floorwalker.cli.entry_options import (
    CropsFolder,
    ReidNetwork,
    WantEntries,
    entries_path,
    network_for,
)
from floorwalker.cli.options import (
    AsJson,
    DetectorName,
    Fps,
    Quiet,
    SiteFile,
    Start,
    StoreName,
    Stride,
    TrackerName,
)
from floorwalker.cli.output import console, print_json, progress_bar
from floorwalker.cli.video_options import HowToLook
from floorwalker.errors import InputError
from floorwalker.events import format_utc, parse_utc
from floorwalker.pipeline.camera_run import CameraJob, guess_start
from floorwalker.pipeline.day_run import DayRun, NamedDetector, process_day, videos_of, workers_for
from floorwalker.pipeline.entry_payloads import write_entries
from floorwalker.pipeline.load_day import load_day
from floorwalker.pipeline.outputs import write_run
from floorwalker.settings import Settings
from floorwalker.site import Store, load_site
from floorwalker.stopping import terminated_as_interrupted
from floorwalker.tracking.build import build_tracker
from floorwalker.video.reader import probe
from floorwalker.warehouse.warehouse import Warehouse


def register(app: typer.Typer) -> None:
    """Add `floorwalker day`."""
    app.command("day")(day)


def day(
    folder: Annotated[Path, typer.Argument(help="Folder of recordings named <camera_id>.mp4.")],
    site: SiteFile,
    store: StoreName = None,
    start: Start = None,
    mode: HowToLook = None,
    stride: Stride = None,
    fps: Fps = None,
    detector: DetectorName = None,
    tracker: TrackerName = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Also write each camera's events and tracks into this folder."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Processes; default: one a core.", min=1)
    ] = None,
    match: Annotated[
        bool,
        typer.Option("--match", help="Also know people again at the doors by a re-ID network's vectors."),
    ] = False,
    entries: WantEntries = False,
    reid_network: ReidNetwork = None,
    crops: CropsFolder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Process a store's recordings side by side, join people across cameras, and load all of it."""
    content = load_site(site)
    stores = [shop for shop in content.stores if store in (None, shop.id)]
    if len(stores) != 1:
        raise InputError(f"say which store with --store: {', '.join(shop.id for shop in content.stores)}")
    settings = Settings.load()
    if entries and out is None:
        raise InputError("--entries writes into the folder of --out: name one")
    network = network_for(entries or match, reid_network, settings)
    build_tracker(tracker)  # an unknown one is refused before the work
    jobs = [
        replace(job, mode=mode, stride=stride, tracker=tracker)
        for job in day_jobs(folder, stores[0], start, fps)
    ]
    warehouse = Warehouse(settings.resolved_database_url)
    warehouse.register_site(content, site.parent)
    # The processes share the cores; engines with a thread a core each would only get in each other's way.
    threads = max(1, (os.cpu_count() or 1) // workers_for(len(jobs), workers))
    looking = Crossings(jobs, network, crops, settings if match else None)
    with terminated_as_interrupted():
        with progress_bar("s of video", quiet=quiet) as progress:
            result = process_day(
                jobs,
                NamedDetector(detector or settings.detector, settings.models_dir, threads),
                workers=workers,
                on_progress=CameraBars(progress),
                match=looking.match if match or entries or crops else None,
            )
        if out:
            out.mkdir(parents=True, exist_ok=True)
            for run in result.runs:
                write_run(run, out / f"{run.recording.camera_id}.events.jsonl")
        if out and entries:
            for run, found in zip(result.runs, looking.entries, strict=True):
                write_entries(entries_path(out / f"{run.recording.camera_id}.events.jsonl"), found)
        load_day(warehouse, result)
    _report(stores[0], result, settings, as_json)


def day_jobs(folder: Path, store: Store, start: str | None, fps: float | None) -> list[CameraJob]:
    """One job for each camera of the store that has a recording in the folder."""
    began = parse_utc(start) if start else None
    videos = videos_of(folder, [camera.id for camera in store.cameras])
    return [
        CameraJob(
            path, store, store.camera(camera_id), began or guess_start(path, probe(path).duration_s), fps
        )
        for camera_id, path in videos.items()
    ]


class CameraBars:
    """One progress bar a camera."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, camera_id: str, done: int, expected: int) -> None:
        """Move a camera's bar."""
        if camera_id not in self._tasks:
            self._tasks[camera_id] = self._progress.add_task(camera_id, total=expected)
        self._progress.update(self._tasks[camera_id], completed=done, total=expected)


def _report(store: Store, result: DayRun, settings: Settings, as_json: bool) -> None:
    rows = [
        {
            "camera_id": run.recording.camera_id,
            "start": format_utc(run.recording.start_utc),
            "frames": run.frames,
            "tracks": len(run.tracks),
            "events": len(run.events),
        }
        for run in result.runs
    ]
    if as_json:
        print_json({"store_id": store.id, "cameras": rows, "resolutions": len(result.resolutions)})
        return
    for row in rows:
        console.print(
            f"{row['camera_id']}: {row['frames']} frames, {row['tracks']} tracks, {row['events']} events",
            markup=False,
        )
    console.print(
        f"{len(result.resolutions)} resolutions; all in {settings.resolved_database_url}; "
        "look at it with: floorwalker serve",
        markup=False,
        soft_wrap=True,
    )
