"""One camera's run: a recording in, tracks and events out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from floorwalker import __version__
from floorwalker.events import Event, format_utc
from floorwalker.journeys import CameraContext, camera_events
from floorwalker.journeys.doorstep import part_on_doorstep
from floorwalker.pipeline.code import code_fingerprint
from floorwalker.pipeline.fitting import check_shape, fit_frame
from floorwalker.pipeline.following import Following
from floorwalker.pipeline.looking import how_to_look
from floorwalker.runs import Gap, Recording, Run, hash_configuration, hash_file
from floorwalker.site import Camera, Store
from floorwalker.tracking.build import DEFAULT_TRACKER, build_tracker
from floorwalker.tracking.stitch import stitch_tracks
from floorwalker.tracking.track import Track
from floorwalker.video.health_watch import HealthWatch
from floorwalker.video.look import How, Look, Mode
from floorwalker.video.reader import TRUNCATED, VideoInfo, probe, sample_frames
from floorwalker.vision.detector import Detector
from floorwalker.vision.streaming import detect_stream

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
        fps: frames a second to look at; None: the camera's own setting, else what its mode and role need.
        mode: how to look at it; None: the camera's own setting, else `adaptive`.
        stride: mode `stride` looks at one frame of so many; None: the camera's own setting, else 20.
        tracker: joins detections to tracks; None: the camera's own setting, else ByteTrack.
    """

    video: Path
    store: Store
    camera: Camera
    start_utc: datetime
    fps: float | None = None
    mode: Mode | None = None
    stride: int | None = None
    tracker: str | None = None

    def how(self, info: VideoInfo) -> How:
        """The mode and settings that hold for this recording."""
        return how_to_look(self.camera, info.fps, mode=self.mode, fps=self.fps, stride=self.stride)


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
        on_progress: called with seconds of the recording done and seconds in all; a look ahead counts as
            half of the way.

    Returns:
        The run.

    Raises:
        InputError: the video cannot be read or has another shape than the camera in the site file.
    """
    info = probe(job.video)
    check_shape(info.width, info.height, job.camera)
    how = job.how(info)
    tracker = build_tracker(job.tracker or job.camera.tracker)
    gaps: list[Gap] = []
    covered = _Covered(info.duration_s, how.mode is Mode.ADAPTIVE, on_progress)
    detector.prepare(fit_frame(frame, job.camera) for frame in sample_frames(job.video, BACKGROUND_SAMPLES))
    following, health = Following(job.camera, tracker), HealthWatch()
    look = Look(job.video, how, on_gap=gaps.append, on_time=covered.ahead)
    frames, last_s = 0, 0.0
    for stretch in look.stretches():
        with closing(detect_stream(detector, (fit_frame(frame, job.camera) for frame in stretch))) as stream:
            for frame, detections in stream:
                following.take(frame, detections)
                health.take(frame)
                look.heed(frame.time_s, len(detections) > 0)
                frames, last_s = frames + 1, frame.time_s
                covered.done(last_s)
    covered.done(info.duration_s)
    tracks = part_on_doorstep(stitch_tracks(following.finish()), job.camera)
    recording = Recording(
        store_id=job.store.id,
        camera_id=job.camera.id,
        start_utc=job.start_utc,
        duration_s=_filmed_s(info, gaps, last_s),
        content_hash=hash_file(job.video),
        gaps=(*gaps, *health.finish(last_s)),
    )
    run = Run(
        recording_id=recording.recording_id,
        code_version=__version__,
        detector=detector.fingerprint,
        config_hash=_configuration(job, detector, how),
    )
    events = camera_events(tracks, CameraContext(job.store, job.camera, recording, run))
    return CameraRun(recording, run, tracks, events, frames)


def _filmed_s(info: VideoInfo, gaps: Sequence[Gap], last_s: float) -> float:
    """How long was really filmed: a file cut short declares more than it holds."""
    truncated = [gap.start_s for gap in gaps if gap.reason == TRUNCATED]
    return max(min([info.duration_s, *truncated]), last_s)


@dataclass(slots=True)
class _Covered:
    """Tells how much of a recording was covered, in whole seconds and only when they change."""

    duration_s: float
    looks_ahead: bool
    report: Progress | None
    _told: int = -1

    def ahead(self, time_s: float) -> None:
        self._tell(time_s / 2)

    def done(self, time_s: float) -> None:
        self._tell((self.duration_s + time_s) / 2 if self.looks_ahead else time_s)

    def _tell(self, time_s: float) -> None:
        seconds = int(time_s)
        if self.report is not None and seconds > self._told:
            self._told = seconds
            self.report(seconds, max(seconds, int(self.duration_s)))


def _configuration(job: CameraJob, detector: Detector, how: How) -> str:
    return hash_configuration(
        {
            "code": code_fingerprint(),
            "detector": detector.fingerprint,
            "tracker": job.tracker or job.camera.tracker or DEFAULT_TRACKER,
            "look": asdict(how),
            "start": format_utc(job.start_utc),
            "camera": job.camera.model_dump(mode="json"),
            "timezone": job.store.timezone,
        }
    )
