"""A day's run: all cameras of a store side by side, then what only all of them together show."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2

from floorwalker.errors import InputError, WorkError
from floorwalker.journeys.day import CameraDay, resolve_day
from floorwalker.journeys.day_matches import SameVisitor
from floorwalker.pipeline.camera_run import CameraJob, CameraRun, process_recording
from floorwalker.resolutions import Resolution
from floorwalker.site import Camera
from floorwalker.vision.build import build_detector
from floorwalker.vision.detector import Detector

POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class DayRun:
    """What a store's cameras gave together.

    Attributes:
        runs: one a recording, in the order asked for.
        resolutions: who is the same person on two cameras, and who is staff.
    """

    runs: list[CameraRun]
    resolutions: list[Resolution]


class DetectorBuilder(Protocol):
    """Makes the detector of one camera, in the worker's process; must be picklable."""

    def __call__(self, camera: Camera) -> Detector:
        """A fresh detector for a recording of this camera."""
        ...


@dataclass(frozen=True, slots=True)
class NamedDetector:
    """Builds the detector that a name means.

    Attributes:
        name: `motion`, a pulled network's name, a path, or None for the camera's own or the default.
        models_dir: folder of the pulled networks.
        threads: threads of a network's engine; None: one a core.
    """

    name: str | None
    models_dir: Path
    threads: int | None = None

    def __call__(self, camera: Camera) -> Detector:
        """A fresh detector for a recording of this camera."""
        return build_detector(
            self.name or camera.detector, camera, camera.resolution, self.models_dir, self.threads
        )


CameraProgress = Callable[[str, int, int], None]


def videos_of(folder: Path, camera_ids: Sequence[str]) -> dict[str, Path]:
    """The recordings of a folder, by camera: files named `<camera_id>` with a video's ending.

    Args:
        folder: where they lie.
        camera_ids: the cameras of the site file.

    Returns:
        Camera to file; cameras without a file are left out.

    Raises:
        InputError: no such folder, two files for a camera, or none at all.
    """
    if not folder.is_dir():
        raise InputError(f"no such folder: {folder}")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.stem not in camera_ids or path.suffix.lower() not in {".mp4", ".mkv", ".avi", ".mov", ".ts"}:
            continue
        if path.stem in found:
            raise InputError(f"two recordings for camera {path.stem}: {found[path.stem]} and {path}")
        found[path.stem] = path
    if not found:
        raise InputError(f"{folder} holds no recording named <camera_id>.mp4 for: {', '.join(camera_ids)}")
    return found


def workers_for(recordings: int, workers: int | None = None) -> int:
    """How many processes work at one time: no more than there are recordings, and one a core by default."""
    return min(workers or os.cpu_count() or 1, max(1, recordings))


def process_day(
    jobs: Sequence[CameraJob],
    build: DetectorBuilder,
    *,
    workers: int | None = None,
    on_progress: CameraProgress | None = None,
    match: Callable[[Sequence[CameraRun]], Sequence[SameVisitor]] | None = None,
) -> DayRun:
    """Process the recordings of one store side by side and resolve what they show together.

    Args:
        jobs: one a recording.
        build: makes each recording's detector.
        workers: processes; default: one a core.
        on_progress: called with camera, seconds of its recording done and seconds in all.
        match: tells which visitors are one person by a network's vectors, once all recordings are done; None:
            no network looks at them.

    Returns:
        The runs and the day's resolutions. When one recording fails, or the call is interrupted, the others
        are given up within a second of video.

    Raises:
        InputError: a video cannot be used.
        WorkError: a worker died.
    """
    count = workers_for(len(jobs), workers)
    context = multiprocessing.get_context("spawn")
    with (
        context.Manager() as manager,
        ProcessPoolExecutor(count, mp_context=context, initializer=_leave_signals_to_the_caller) as pool,
    ):
        reports: queue.Queue[tuple[str, int, int]] = manager.Queue()
        given_up = manager.Event()
        # The longest first, so that no worker is left with it alone at the end.
        order = sorted(range(len(jobs)), key=lambda index: -jobs[index].video.stat().st_size)
        futures = {index: pool.submit(_work, jobs[index], build, reports, given_up) for index in order}
        try:
            _follow(list(futures.values()), reports, on_progress)
            runs = [futures[index].result() for index in range(len(jobs))]
        except BrokenProcessPool as error:
            raise WorkError("a worker process died, most likely for want of memory") from error
        except BaseException:
            with suppress(OSError, EOFError):  # where the manager is gone, reporting ends the workers
                given_up.set()
            pool.shutdown(cancel_futures=True)  # before the manager ends, through which workers report
            raise
    days = [
        CameraDay(job.camera, run.recording, run.tracks, run.events)
        for job, run in zip(jobs, runs, strict=True)
    ]
    matches = () if match is None else match(runs)
    return DayRun(runs, resolve_day(jobs[0].store, days, matches=matches))


def _leave_signals_to_the_caller() -> None:
    """A terminal and a supervisor tell every process to stop; who started the workers tells them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _work(
    job: CameraJob,
    build: DetectorBuilder,
    reports: queue.Queue[tuple[str, int, int]],
    given_up: threading.Event,
) -> CameraRun:
    cv2.setNumThreads(1)  # one core a worker: threads of several workers would only get in each other's way

    def go_on() -> None:
        if given_up.is_set():
            raise WorkError("the day was given up")

    def report(done: int, expected: int) -> None:
        go_on()
        reports.put((job.camera.id, done, expected))

    go_on()
    return process_recording(job, build(job.camera), report)


def _follow(
    futures: list[Future[CameraRun]],
    reports: queue.Queue[tuple[str, int, int]],
    on_progress: CameraProgress | None,
) -> None:
    """Pass progress on until all are done; the first failure ends the wait."""
    pending = set(futures)
    while pending:
        done, pending = wait(pending, timeout=POLL_S, return_when=FIRST_EXCEPTION)
        while on_progress:
            try:
                on_progress(*reports.get_nowait())
            except queue.Empty:
                break
        for future in done:
            future.result()
