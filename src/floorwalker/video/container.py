"""Opening a recording: what is wrong with a file is said in one line."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from floorwalker.errors import InputError

FALLBACK_RATE = Fraction(25)


def open_video(path: Path) -> tuple[InputContainer, VideoStream]:
    """Open a recording and find its video.

    Args:
        path: file of any format that FFmpeg reads.

    Returns:
        The container, which the caller closes, and its first video stream.

    Raises:
        InputError: no such file, a folder, an empty file, not a video, or no video stream.
    """
    if not path.exists():
        raise InputError(f"no such video: {path}")
    if path.is_dir():
        raise InputError(f"expected a video file, got a folder: {path}")
    if path.is_file() and path.stat().st_size == 0:
        raise InputError(f"the video file is empty (0 bytes): {path}")
    try:
        container = av.open(str(path), metadata_errors="replace")
    except PermissionError as error:
        raise InputError(f"no permission to read the video: {path}") from error
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise InputError(
            f"cannot read {path} as a video: it is no video, or its index is missing because the recording "
            f"was cut off ({_reason(error)})"
        ) from error
    if not container.streams.video:
        container.close()
        raise InputError(f"the file holds no video stream, only {_kinds(container)}: {path}")
    stream = container.streams.video[0]
    if stream.codec_context is None or stream.codec_context.width == 0:
        container.close()
        raise InputError(f"the video's pictures have no size or an unknown codec: {path}")
    stream.thread_type = "AUTO"
    return container, stream


def frame_rate(stream: VideoStream) -> Fraction:
    """Nominal frames a second of a stream; 25 where the file does not say."""
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate is not None and 0 < rate <= 1000:
            return Fraction(rate)
    return FALLBACK_RATE


def declared_duration_s(container: InputContainer, stream: VideoStream) -> float | None:
    """Length that the file claims, in seconds, or None where it does not say."""
    if stream.duration is not None and stream.time_base is not None and stream.duration > 0:
        return float(stream.duration * stream.time_base)
    if container.duration is not None and container.duration > 0:
        return float(container.duration / av.time_base)
    return None


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _kinds(container: InputContainer) -> str:
    return ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
