"""Simulating one store morning into a folder: truth, site file and the cameras' films."""

from __future__ import annotations

import json
import multiprocessing
import os
import queue
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from floorwalker.errors import InputError
from floorwalker.events import encode_events, format_utc
from floorwalker.files import whole_file
from floorwalker.simulation import tables
from floorwalker.simulation.cameras import shop_cameras
from floorwalker.simulation.difficulty import conditions_of
from floorwalker.simulation.film import Film, shoot
from floorwalker.simulation.layout import CAMERA_IDS, FLOOR_CAMERA, STORE_ID, TIMEZONE
from floorwalker.simulation.morning import Morning, run_morning
from floorwalker.simulation.plan_picture import floor_plan_png
from floorwalker.simulation.site_writer import FLOOR_PLAN_FILE, site_toml
from floorwalker.simulation.truth_events import happenings_of, true_events
from floorwalker.simulation.truth_figures import true_figures

SIMULATOR_VERSION = 1
DESCRIPTION_FILE = "simulation.json"
TRUTH_FILE = "truth.json"
UNFINISHED_FILE = ".simulation-unfinished"
START_LOCAL = datetime(2026, 3, 3, 10, 0, tzinfo=ZoneInfo(TIMEZONE))
_REPORT_EVERY = 20
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a simulation wrote.

    Attributes:
        out: the folder.
        videos: the films' paths, none where only the truth was wanted.
        frames: frames of each film.
        events: number of true events.
        figures: the content of truth.json.
    """

    out: Path
    videos: tuple[Path, ...]
    frames: int
    events: int
    figures: dict[str, Any]


def simulate(
    out: Path,
    seed: int,
    minutes: float = 10.0,
    difficulty: str = "normal",
    fps: float = 10.0,
    size: tuple[int, int] = (960, 540),
    *,
    video: bool = True,
    workers: int | None = None,
    on_progress: Progress | None = None,
) -> Summary:
    """Simulate one store morning; the same arguments give the same bytes of truth.

    Args:
        out: folder to write into; made if missing, refused if it holds anything but an earlier simulation.
        seed: 0 or more.
        minutes: length of the morning, 0.2 to 240.
        difficulty: easy, normal or hard.
        fps: frames a second, 1 to 60; more shows motion finer and takes longer.
        size: width and height in even pixels, 320x180 to 3840x2160.
        video: write the films; without, the truth alone (the same bytes).
        workers: processes that film side by side; default: as many as there are processors, at most three.
        on_progress: called with what is done (`people`, `frames`), steps done and steps in all.

    Returns:
        What was written.

    Raises:
        InputError: an argument is out of range, or the folder holds something else.
        WorkError: writing failed.
    """
    conditions = conditions_of(difficulty)
    _check(seed, minutes, fps, size)
    _prepare(out)
    report = on_progress or _silent
    morning = run_morning(seed, minutes, conditions, lambda step, steps: report("people", step, steps))
    frames = max(1, round(morning.duration_s * fps))
    cameras = shop_cameras(size)
    films = [
        Film(morning, camera, conditions, fps, frames, out / f"{camera.camera_id}.mp4" if video else None)
        for camera in cameras
    ]
    _shoot_all(films, out, workers, report)
    recipe = f"v{SIMULATOR_VERSION}/{seed}/{minutes:g}/{difficulty}"
    happenings = happenings_of(morning)
    events = true_events(morning, happenings, START_LOCAL, recipe)
    figures = true_figures(morning, happenings, events)
    _write(out / "site.toml", site_toml(cameras))
    _write(out / FLOOR_PLAN_FILE, floor_plan_png(cameras))
    _write(out / "events.jsonl", encode_events(events))
    _write_tables(out, morning)
    _write(out / TRUTH_FILE, _json(figures))
    description = {
        "simulator_version": SIMULATOR_VERSION,
        "store_id": STORE_ID,
        "timezone": TIMEZONE,
        "start": START_LOCAL.isoformat(),
        "start_utc": format_utc(START_LOCAL),
        "seed": seed,
        "minutes": float(minutes),
        "duration_s": morning.duration_s,
        "difficulty": str(difficulty),
        "fps": float(fps),
        "size": list(size),
        "frames": frames,
        "cameras": [camera.camera_id for camera in cameras],
        "video": video,
    }
    _write(out / DESCRIPTION_FILE, _json(description))
    (out / UNFINISHED_FILE).unlink(missing_ok=True)
    videos = tuple(film.video for film in films if film.video is not None)
    return Summary(out, videos, frames, len(events), figures)


def _silent(_what: str, _done: int, _of: int) -> None:
    return None


def _check(seed: int, minutes: float, fps: float, size: tuple[int, int]) -> None:
    if seed < 0:
        raise InputError(f"the seed must be 0 or more, got {seed}")
    if not 0.2 <= minutes <= 240:
        raise InputError(f"a morning lasts 0.2 to 240 minutes, got {minutes:g}")
    if not 1 <= fps <= 60:
        raise InputError(f"expected 1 to 60 frames a second, got {fps:g}")
    width, height = size
    if not (320 <= width <= 3840 and 180 <= height <= 2160) or width % 2 or height % 2:
        raise InputError(f"expected even sides from 320x180 to 3840x2160, got {width}x{height}")


def _prepare(out: Path) -> None:
    """Make the folder, or clear away an earlier simulation's description so that it never lies."""
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is not a folder")
    known = (out / DESCRIPTION_FILE, out / UNFINISHED_FILE)
    if out.is_dir() and any(out.iterdir()) and not any(path.is_file() for path in known):
        raise InputError(
            f"{out} is not empty and holds no earlier simulation ({DESCRIPTION_FILE}); name another folder"
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / UNFINISHED_FILE).touch()
    except OSError as error:
        raise InputError(f"cannot make the folder {out}: {error.strerror}") from error
    # What is old must not stand beside what is new, should this one be interrupted.
    for name in (DESCRIPTION_FILE, TRUTH_FILE, *(f"{camera_id}.mp4" for camera_id in CAMERA_IDS)):
        (out / name).unlink(missing_ok=True)


def _shoot_all(films: list[Film], out: Path, workers: int | None, report: Progress) -> None:
    """Film with all cameras, side by side where there are several workers; the busiest view first."""
    films = sorted(films, key=lambda film: film.camera.camera_id != FLOOR_CAMERA)
    total = sum(film.frames for film in films)
    count = min(len(films), workers or os.cpu_count() or 1)
    if count <= 1:
        done = 0
        for film in films:

            def one(amount: int) -> None:
                nonlocal done
                done += amount
                report("frames", done, total)

            _shoot_one(film, out, one)
        return
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, ProcessPoolExecutor(count, mp_context=context) as pool:
        ticks: queue.Queue[int] = manager.Queue()
        pending: set[Future[None]] = {pool.submit(_shoot_one, film, out, ticks.put) for film in films}
        done = 0
        while pending:
            finished, pending = wait(pending, timeout=0.25, return_when=FIRST_COMPLETED)
            while not ticks.empty():
                done += ticks.get()
            report("frames", done, total)
            for future in finished:
                future.result()


def _shoot_one(film: Film, out: Path, on_frames: Callable[[int], Any]) -> None:
    """Film with one camera and write its boxes; the film gets its name when it is whole."""
    waiting = 0

    def tick() -> None:
        nonlocal waiting
        waiting += 1
        if waiting == _REPORT_EVERY:
            on_frames(waiting)
            waiting = 0

    if film.video is None:
        boxes = shoot(film, tick)
    else:
        with whole_file(film.video) as temporary:
            boxes = shoot(
                Film(film.morning, film.camera, film.conditions, film.fps, film.frames, temporary), tick
            )
    on_frames(waiting)
    _write(out / f"{film.camera.camera_id}.boxes.csv", boxes)


def _write_tables(out: Path, morning: Morning) -> None:
    _write(out / "positions.csv", tables.positions_csv(morning))
    _write(out / "people.csv", tables.people_csv(morning))
    _write(out / "interactions.csv", tables.interactions_csv(morning))
    _write(out / "pos.csv", tables.pos_csv(morning, START_LOCAL))
    _write(out / "sales.csv", tables.sales_csv(morning))
    _write(out / "shifts.csv", tables.shifts_csv(morning, START_LOCAL))


def _write(path: Path, content: str | bytes) -> None:
    with whole_file(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
