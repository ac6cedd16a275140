"""Simulated mornings for benchmarks: made once, followed once a detector and code, read often."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from floorwalker.evaluation.morning import Morning, read_morning
from floorwalker.evaluation.truth import TrueBoxes
from floorwalker.journeys import CameraContext, camera_events
from floorwalker.journeys.day import CameraDay, resolve_day
from floorwalker.pipeline.camera_run import CameraRun
from floorwalker.pipeline.code import code_fingerprint
from floorwalker.pipeline.day_run import CameraProgress, DayRun, DetectorBuilder, process_day
from floorwalker.simulation import simulate
from floorwalker.site import Camera
from floorwalker.tracking.store import read_tracks, write_tracks
from floorwalker.vision.detector import Detector

# What decides the tracks; what is made of them is made anew each time.
_PIXEL_ROOMS = (
    *("site", "video", "vision", "tracking", "pipeline", "identity/appearance.py", "identity/likeness.py"),
    "journeys/doorstep.py",
)


@dataclass(frozen=True, slots=True)
class TruthBuilder:
    """Makes detectors that read the simulator's boxes."""

    folder: Path

    def __call__(self, camera: Camera) -> Detector:
        return TrueBoxes(self.folder / f"{camera.id}.boxes.csv")


def morning_in(folder: Path, seed: int, minutes: float, difficulty: str) -> Morning:
    """A simulated morning, made where the folder does not hold it yet."""
    place = folder / f"{difficulty}-{seed}-{minutes:g}"
    if not (place / "truth.json").is_file():
        simulate(place, seed, minutes, difficulty)
    return read_morning(place)


def followed(
    morning: Morning,
    name: str,
    build: DetectorBuilder,
    *,
    workers: int | None = None,
    on_progress: CameraProgress | None = None,
) -> DayRun:
    """A morning's runs; tracks that the same code made before are read from beside the morning.

    Args:
        morning: what to process.
        name: of the detector, for the folder of its tracks.
        build: makes each camera's detector.
        workers: processes; default: one a core.
        on_progress: called with camera, seconds of its recording done and seconds in all.
    """
    kept = morning.folder.parent / "tracks" / f"{morning.folder.name}-{name}-{code_fingerprint(_PIXEL_ROOMS)}"
    kept.mkdir(parents=True, exist_ok=True)
    jobs = morning.jobs()
    files = {job.camera.id: kept / f"{job.camera.id}.tracks.parquet" for job in jobs}
    missing = [job for job in jobs if not files[job.camera.id].is_file()]
    if missing:
        for run in process_day(missing, build, workers=workers, on_progress=on_progress).runs:
            write_tracks(files[run.recording.camera_id], run.tracks, run.recording, run.run)
    runs = []
    for job in jobs:
        stored = read_tracks(files[job.camera.id])
        context = CameraContext(job.store, job.camera, stored.recording, stored.run)
        tracks = list(stored.tracks)
        runs.append(CameraRun(stored.recording, stored.run, tracks, camera_events(tracks, context), 0))
    days = [
        CameraDay(job.camera, run.recording, run.tracks, run.events)
        for job, run in zip(jobs, runs, strict=True)
    ]
    return DayRun(runs, resolve_day(morning.store, days))
