"""`floorwalker process`: one recording of one camera to events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from floorwalker.cli.entry_options import (
    CropsFolder,
    ReidNetwork,
    WantEntries,
    network_for,
    write_bursts,
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
from floorwalker.cli.output import console, messages, print_json, progress_bar
from floorwalker.cli.video_options import HowToLook
from floorwalker.errors import InputError
from floorwalker.events import format_utc, parse_utc
from floorwalker.files import check_writable
from floorwalker.pipeline.annotated import write_annotated
from floorwalker.pipeline.camera_run import CameraJob, CameraRun, guess_start, process_recording
from floorwalker.pipeline.outputs import run_record_path, tracks_path, write_run
from floorwalker.settings import Settings
from floorwalker.site import Camera, Store, load_site
from floorwalker.stopping import terminated_as_interrupted
from floorwalker.video.look import Mode
from floorwalker.video.reader import probe
from floorwalker.vision.build import build_detector


def register(app: typer.Typer) -> None:
    """Add `floorwalker process`."""
    app.command("process")(process)


def process(
    video: Annotated[Path, typer.Argument(help="The recording.")],
    site: SiteFile,
    camera: Annotated[
        str, typer.Option("--camera", help="The camera that filmed it, as the site file names it.")
    ],
    store: StoreName = None,
    start: Start = None,
    mode: HowToLook = None,
    stride: Stride = None,
    fps: Fps = None,
    detector: DetectorName = None,
    tracker: TrackerName = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Events file; default: VIDEO's name with .events.jsonl, here."),
    ] = None,
    annotate: Annotated[
        Path | None,
        typer.Option("--annotate", help="Also write the video with people, lines and zones drawn."),
    ] = None,
    show_faces: Annotated[
        bool, typer.Option("--show-faces", help="Leave heads unblurred in the annotated video.")
    ] = False,
    entries: WantEntries = False,
    reid_network: ReidNetwork = None,
    crops: CropsFolder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Find the people in a recording and write what they did as events, one JSON line each."""
    events_file = out or Path(f"{video.stem}.events.jsonl")
    for target in filter(None, (events_file, annotate)):
        check_writable(target)
        if target.exists() and video.exists() and target.samefile(video):
            raise InputError(f"{target} is the recording itself; name another file")
    shop, view = load_site(site).store_of_camera(camera, store)
    info = probe(video)
    began = _start(start, video, info.duration_s)
    settings = Settings.load()
    network = network_for(entries, reid_network, settings)
    finder = build_detector(
        detector or settings.detector or view.detector, view, view.resolution, settings.models_dir
    )
    job = CameraJob(video, shop, view, began, fps, mode, stride, tracker)
    with terminated_as_interrupted(), progress_bar("s of video", quiet=quiet) as progress:
        task = progress.add_task(video.name, total=None)
        result = process_recording(
            job, finder, lambda done, expected: progress.update(task, completed=done, total=expected)
        )
        write_run(result, events_file)
        also = write_bursts(result, job, events_file, network, crops)
        if annotate:
            task = progress.add_task(annotate.name, total=None)
            write_annotated(
                annotate,
                job,
                result,
                lambda done: progress.update(task, completed=done),
                show_faces=show_faces,
            )
    _report(result, job.how(info).mode, shop, view, events_file, also, as_json)


def _start(start: str | None, video: Path, duration_s: float) -> datetime:
    if start is not None:
        try:
            began = parse_utc(start)
        except InputError as error:
            raise InputError(f"--start: {error}") from error
        if began > datetime.now(UTC):
            messages.print(
                f"--start {format_utc(began)} lies in the future: the store refuses such events",
                markup=False,
                style="yellow",
            )
        return began
    began = guess_start(video, duration_s)
    messages.print(
        f"no --start given: taking {format_utc(began)}, from when the file was last written", markup=False
    )
    return began


def _report(
    result: CameraRun,
    mode: Mode,
    store: Store,
    camera: Camera,
    events_file: Path,
    also: Sequence[Path],
    as_json: bool,
) -> None:
    files = [
        str(path) for path in (events_file, tracks_path(events_file), run_record_path(events_file), *also)
    ]
    counts = Counter(event.event_type.value for event in result.events)
    if as_json:
        print_json(
            {
                "store_id": store.id,
                "camera_id": camera.id,
                "start": format_utc(result.recording.start_utc),
                "duration_s": result.recording.duration_s,
                "mode": mode.value,
                "frames": result.frames,
                "detector": result.run.detector,
                "run_id": result.run.run_id,
                "tracks": len(result.tracks),
                "events": dict(sorted(counts.items())),
                "gaps": result.recording.gaps,
                "files": files,
            }
        )
        return
    for gap in result.recording.gaps:
        messages.print(f"{gap.start_s:.1f}-{gap.end_s:.1f} s: {gap.reason}", markup=False, style="yellow")
    listed = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())) or "none"
    console.print(
        f"{result.frames} frames looked at ({mode.value}), {len(result.tracks)} tracks; events: {listed}",
        soft_wrap=True,
    )
    console.print(f"written: {', '.join(files)}", markup=False, soft_wrap=True)
