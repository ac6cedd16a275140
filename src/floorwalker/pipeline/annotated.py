"""The annotated video: a recording with its tracks, lines, zones and events drawn, to check a run by eye."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from floorwalker.events import Event
from floorwalker.pipeline.camera_run import CameraJob, CameraRun
from floorwalker.pipeline.fitting import fit_frame
from floorwalker.pipeline.looking import DEFAULT_FPS
from floorwalker.tracking.track import Track
from floorwalker.video.annotate import Annotation, annotate, blur_heads
from floorwalker.video.reader import probe, read_frames
from floorwalker.video.writer import VideoWriter

TRAIL_S = 3.0
EVENT_SHOWN_S = 2.0
BLUR_BEYOND_S = 1.0


def write_annotated(
    path: Path,
    job: CameraJob,
    result: CameraRun,
    on_frame: Callable[[int], None] | None = None,
    *,
    show_faces: bool = False,
) -> None:
    """Draw a run onto its recording, at the rate at which it was processed.

    Heads are blurred along each track, also where the detector missed a frame and for a second beyond the
    track's ends; people whom the detector never found stay as they are.

    Args:
        path: the video to write.
        job: what was processed.
        result: what came out.
        on_frame: called with the number of frames written.
        show_faces: leave heads as they are.

    Raises:
        InputError: the place cannot be written.
        WorkError: writing failed; nothing is left under the final name.
    """
    how = job.how(probe(job.video))
    fps = how.fps or DEFAULT_FPS
    lines = {line.id: line.points for line in job.camera.entry_lines}
    zones = {zone.id: zone.polygon for zone in job.camera.zones}
    with VideoWriter(path, fps) as writer:
        for count, raw in enumerate(read_frames(job.video, fps), start=1):
            frame = fit_frame(raw, job.camera)
            shown = [track for track in result.tracks if track.start_s <= frame.time_s <= track.end_s]
            image = frame.image.copy()
            if not show_faces:
                blur_heads(image, _boxes_at(result.tracks, frame.time_s, BLUR_BEYOND_S))
            annotation = Annotation(
                xyxy=_boxes_at(shown, frame.time_s, 0.0),
                ids=[track.track_id for track in shown],
                trails={track.track_id: _trail(track, frame.time_s) for track in shown},
                lines=lines,
                zones=zones,
                clock=_caption(result, frame.time_s),
                anonymise=False,
            )
            writer.write(annotate(image, annotation), frame.time_s)
            if on_frame:
                on_frame(count)


def _boxes_at(
    tracks: Sequence[Track], time_s: float, beyond_s: float
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """The tracks' boxes at a moment, between sightings interpolated."""
    boxes = [
        [np.interp(time_s, track.time_s, track.xyxy[:, side]) for side in range(4)]
        for track in tracks
        if track.start_s - beyond_s <= time_s <= track.end_s + beyond_s
    ]
    return np.array(boxes, dtype=np.float32).reshape(-1, 4)


def _trail(track: Track, time_s: float) -> list[tuple[float, float]]:
    recent = (track.time_s <= time_s) & (track.time_s > time_s - TRAIL_S)
    return [(float(x), float(y)) for x, y in track.foot_px[recent]]


def _caption(result: CameraRun, time_s: float) -> str:
    start = result.recording.start_utc
    recent = [
        event
        for event in result.events
        if 0 <= time_s - (event.timestamp - start).total_seconds() < EVENT_SHOWN_S
    ]
    return f"{time_s:7.1f} s  " + ", ".join(_named(event) for event in recent)


def _named(event: Event) -> str:
    place = f" {event.zone_id}" if event.zone_id else ""
    return f"{event.event_type.value}{place} ({event.metadata.get('track_id')})"
