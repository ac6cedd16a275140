"""One camera's run: a recording in, tracks and events out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np

from floorwalker import __version__
from floorwalker.errors import InputError
from floorwalker.events import Event, format_utc
from floorwalker.identity.appearance import describe, quality
from floorwalker.journeys import CameraContext, camera_events
from floorwalker.pipeline.code import code_fingerprint
from floorwalker.runs import Gap, Recording, Run, hash_configuration, hash_file
from floorwalker.site import Camera, Store
from floorwalker.tracking.bytetrack import ByteTrack
from floorwalker.tracking.collect import TrackCollector
from floorwalker.tracking.stitch import stitch_tracks
from floorwalker.tracking.track import Track
from floorwalker.video.frame import Frame
from floorwalker.video.reader import TRUNCATED, VideoInfo, probe, read_frames, sample_frames
from floorwalker.vision.detector import Detector

DEFAULT_FPS = 10.0
BACKGROUND_SAMPLES = 40
ASPECT_TOLERANCE = 0.02
LEAST_CLARITY = 0.3

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
    check_shape(info, job.camera)
    fps = job.frames_per_second(info)
    gaps: list[Gap] = []
    detector.prepare(fit_frame(frame, job.camera) for frame in sample_frames(job.video, BACKGROUND_SAMPLES))
    collector = TrackCollector(job.camera.calibrated())
    tracker = ByteTrack()
    expected = max(1, round(info.duration_s * fps))
    frames, last_s = 0, 0.0
    for raw in read_frames(job.video, fps, on_gap=gaps.append):
        frame = fit_frame(raw, job.camera)
        detections = detector.detect(frame)
        ids = tracker.update(detections, frame.time_s)
        clarity = quality(detections, job.camera.resolution)
        wanted = collector.due(ids, frame.time_s) & (clarity > LEAST_CLARITY)
        looks = describe(frame.image, detections, wanted)
        collector.add(ids, detections, frame.time_s, tracker.confirmed, looks, clarity)
        frames, last_s = frames + 1, frame.time_s
        if on_progress and frames % 20 == 0:
            on_progress(frames, max(expected, frames))
    if on_progress:
        on_progress(frames, frames)
    tracks = stitch_tracks(collector.finish())
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


def check_shape(info: VideoInfo, camera: Camera) -> None:
    """Refuse a video whose shape is not the camera's: lines and zones would lie elsewhere.

    Raises:
        InputError: the sides' ratio differs by more than 2 percent.
    """
    width, height = camera.resolution
    ratio = (info.width / info.height) / (width / height)
    if abs(ratio - 1) > ASPECT_TOLERANCE:
        raise InputError(
            f"the video is {info.width}×{info.height}, but camera {camera.id} in the site file is "
            f"{width}×{height}: its lines and zones do not fit this picture"
        )


def fit_frame(frame: Frame, camera: Camera) -> Frame:
    """The frame in the site file's pixels, with the camera's masks blackened."""
    width, height = camera.resolution
    image = frame.image
    if image.shape[:2] != (height, width):
        shrinks = image.shape[0] > height
        image = cv2.resize(
            image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        ).astype(np.uint8, copy=False)
    if camera.masks:
        image = image.copy()
        cv2.fillPoly(image, [np.round(np.array(mask)).astype(np.int32) for mask in camera.masks], (0, 0, 0))
    if image is frame.image:
        return frame
    return Frame(image, frame.time_s, frame.index)
