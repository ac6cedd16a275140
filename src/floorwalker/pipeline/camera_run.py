"""One camera's run: a recording in, tracks and events out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from floorwalker import __version__
from floorwalker.events import Event, format_utc
from floorwalker.journeys import CameraContext, camera_events
from floorwalker.journeys.doorstep import part_on_doorstep
from floorwalker.pipeline.code import code_fingerprint
from floorwalker.pipeline.fitting import check_shape, fit_frame
from floorwalker.pipeline.following import Following
from floorwalker.runs import Gap, Recording, Run, hash_configuration, hash_file
from floorwalker.site import Camera, Store
from floorwalker.tracking.stitch import stitch_tracks
from floorwalker.tracking.track import Track
from floorwalker.video.reader import TRUNCATED, VideoInfo, probe, read_frames, sample_frames
from floorwalker.vision.detector import Detector
from floorwalker.vision.streaming import detect_stream

DEFAULT_FPS = 10.0
BACKGROUND_SAMPLES = 40

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class CameraRun:
    """What one processing of one recording gave.

    Attributes:
        recording: what was filmed.
        run: how it was processed.
        tracks: the people, in order of first sighting; positions in the site file's pixels and metres.
        events: what they did, in order of time.
        frames: how many frames were looked at.
    """

    recording: Recording
    run: Run
    tracks: list[Track]
    events: list[Event]
    frames: int


@dataclass(frozen=True, slots=True)
class CameraJob:
    """What to process and how.

    Attributes:
        video: the recording's file.
        store: the store it was filmed in.
        camera: the camera that filmed it.
        start_utc: moment of presentation time 0.
        fps: frames a second to look at; None: the camera's own setting, else up to 10.
    """

    video: Path
    store: Store
    camera: Camera
    start_utc: datetime
    fps: float | None = None

    def frames_per_second(self, info: VideoInfo) -> float:
        """The rate that holds for this recording."""
        wanted = self.fps or self.camera.fps or DEFAULT_FPS
        return min(wanted, info.fps) if info.fps else wanted


def guess_start(video: Path, duration_s: float) -> datetime:
    """When a recording began, judged by its file: last written when the recording ended.

    Args:
        video: the file.
        duration_s: its length.

    Returns:
        UTC, whole seconds.
    """
    ended = datetime.fromtimestamp(video.stat().st_mtime, UTC)
    return (ended - timedelta(seconds=duration_s)).replace(microsecond=0)


def process_recording(job: CameraJob, detector: Detector, on_progress: Progress | None = None) -> CameraRun:
    """Turn one recording into tracks and events.

    The same file, configuration and version give the same result, event ids included.

    Args:
        job: what to process.
        detector: finds the people; one instance a recording.
        on_progress: called with frames done and frames expected.

    Returns:
        The run.

    Raises:
        InputError: the video cannot be read or has another shape than the camera in the site file.
    """
    info = probe(job.video)
    check_shape(info.width, info.height, job.camera)
    fps = job.frames_per_second(info)
    gaps: list[Gap] = []
    detector.prepare(fit_frame(frame, job.camera) for frame in sample_frames(job.video, BACKGROUND_SAMPLES))
    following = Following(job.camera)
    expected = max(1, round(info.duration_s * fps))
    frames, last_s = 0, 0.0
    raw = read_frames(job.video, fps, on_gap=gaps.append)
    with closing(detect_stream(detector, (fit_frame(frame, job.camera) for frame in raw))) as stream:
        for frame, detections in stream:
            following.take(frame, detections)
            frames, last_s = frames + 1, frame.time_s
            if on_progress and frames % 20 == 0:
                on_progress(frames, max(expected, frames))
    if on_progress:
        on_progress(frames, frames)
    tracks = part_on_doorstep(stitch_tracks(following.finish()), job.camera)
    recording = Recording(
        store_id=job.store.id,
        camera_id=job.camera.id,
        start_utc=job.start_utc,
        duration_s=_filmed_s(info, gaps, last_s),
        content_hash=hash_file(job.video),
        gaps=tuple(gaps),
    )
    run = Run(
        recording_id=recording.recording_id,
        code_version=__version__,
        detector=detector.fingerprint,
        config_hash=_configuration(job, detector, fps),
    )
    events = camera_events(tracks, CameraContext(job.store, job.camera, recording, run))
    return CameraRun(recording, run, tracks, events, frames)


def _filmed_s(info: VideoInfo, gaps: Sequence[Gap], last_s: float) -> float:
    """How long was really filmed: a file cut short declares more than it holds."""
    truncated = [gap.start_s for gap in gaps if gap.reason == TRUNCATED]
    return max(min([info.duration_s, *truncated]), last_s)


def _configuration(job: CameraJob, detector: Detector, fps: float) -> str:
    return hash_configuration(
        {
            "code": code_fingerprint(),
            "detector": detector.fingerprint,
            "fps": fps,
            "start": format_utc(job.start_utc),
            "camera": job.camera.model_dump(mode="json"),
            "timezone": job.store.timezone,
        }
    )
