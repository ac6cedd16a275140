"""Reading frames in order of presentation time, the only clock there is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from floorwalker.errors import InputError
from floorwalker.runs import Gap
from floorwalker.video.container import declared_duration_s, frame_rate, open_video
from floorwalker.video.frame import Frame
from floorwalker.video.planes import Decoded, Scaler

SHORTEST_GAP_S = 1.0
TRUNCATED = "truncated"
MISSING = "missing frames"
_DUE_TOLERANCE_S = 1e-6
GapListener = Callable[[Gap], None]


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a file says of its video.

    Attributes:
        width: pixels, as shown (a rotated phone video is upright).
        height: pixels, as shown.
        duration_s: declared length in seconds; where the file does not say, estimated from its packets.
        fps: nominal frames a second; the real spacing may vary.
        codec: for example `h264`.
        frames: estimated number of frames.
    """

    width: int
    height: int
    duration_s: float
    fps: float
    codec: str
    frames: int


def probe(path: Path) -> VideoInfo:
    """Say what a video is, having decoded its first frame.

    Raises:
        InputError: the file cannot be read, or not one of its frames can.
    """
    container, stream = open_video(path)
    with container:
        rate = frame_rate(stream)
        codec = stream.codec_context.name
        duration_s = declared_duration_s(container, stream)
        frames = stream.frames
        first = next(decoded_frames(container, stream), None)
        if first is None:
            raise InputError(f"not one frame of the video can be decoded: {path}")
        width, height = Decoded.of(first, Scaler()).size
        if duration_s is None:
            packets = 1 + sum(1 for packet in container.demux(stream) if packet.size)
            duration_s = packets / float(rate)
    return VideoInfo(
        width, height, duration_s, float(rate), codec, frames or max(1, round(duration_s * float(rate)))
    )


def read_frames(
    path: Path,
    fps: float | None = None,
    on_gap: GapListener | None = None,
    keep: Callable[[VideoFrame, int], bool] | None = None,
) -> Iterator[Frame]:
    """Decode a recording.

    A frame is taken when its presentation time reaches the next multiple of 1/fps, so that the same file
    gives the same frames whatever its own rate. A file that is cut off or damaged in its middle yields what
    decodes; where nothing decodes for a second or more the gap is reported and reading goes on. Frames
    without a timestamp get one from the nominal rate, and frames whose time does not grow are left out;
    both are reported as gaps of no length.

    Args:
        path: the file.
        fps: most frames a second to yield, > 0; lower is faster and sees less; default: every frame.
        on_gap: told of each `Gap`: `missing frames`, `truncated`, `missing timestamps`, `repeated times`.
        keep: whether a decoded picture, of this index, may be taken; default: each may.

    Returns:
        Frames, their times growing from 0 (the first presentation time); colours are made when asked for.

    Raises:
        InputError: the file cannot be read, not one of its frames can, or fps is no rate.
    """
    if fps is not None and not (math.isfinite(fps) and fps > 0):
        raise InputError(f"expected a number of frames a second above 0, got {fps}")
    report = on_gap or (lambda gap: None)
    container, stream = open_video(path)
    with container:
        clock = _Clock(1.0 / float(frame_rate(stream)), report)
        declared_s = declared_duration_s(container, stream)
        scaler = Scaler()
        due_s, size = 0.0, None
        for index, decoded in enumerate(decoded_frames(container, stream)):
            time_s = clock.time_of(decoded)
            if time_s is None or time_s + _DUE_TOLERANCE_S < due_s:
                continue
            if keep is not None and not keep(decoded, index):
                continue
            if fps is not None:
                due_s = (math.floor((time_s + _DUE_TOLERANCE_S) * fps) + 1) / fps
            picture = Decoded.of(decoded, scaler, size)
            size = picture.size
            yield Frame(picture, time_s, index)
        if clock.last_s is None:
            raise InputError(f"not one frame of the video can be decoded: {path}")
        end_s = clock.last_s + clock.step_s
        if declared_s is not None and declared_s - end_s >= SHORTEST_GAP_S:
            report(Gap(end_s, declared_s, TRUNCATED))


@dataclass(slots=True)
class _Clock:
    """Presentation times from the first frame on, with gaps reported."""

    step_s: float
    report: GapListener
    last_s: float | None = None
    _zero_s: float = 0.0
    _said: set[str] = field(default_factory=set)

    def time_of(self, frame: VideoFrame) -> float | None:
        """Seconds since the first frame, or None where the time does not grow."""
        stamp_s = None if frame.pts is None or frame.time_base is None else float(frame.pts * frame.time_base)
        if self.last_s is None:
            self._zero_s = stamp_s or 0.0
        if stamp_s is None:
            self._say_once("missing timestamps")
            time_s = 0.0 if self.last_s is None else self.last_s + self.step_s
        else:
            time_s = stamp_s - self._zero_s
        if self.last_s is not None:
            if time_s < self.last_s - SHORTEST_GAP_S:  # the clock was set back: go on from here
                self._zero_s += time_s - self.last_s - self.step_s
                time_s = self.last_s + self.step_s
                self._say_once("repeated times")
            if time_s <= self.last_s:
                self._say_once("repeated times")
                return None
            if time_s - self.last_s - self.step_s >= SHORTEST_GAP_S:
                self.report(Gap(self.last_s + self.step_s, time_s, MISSING))
        self.last_s = time_s
        return time_s

    def _say_once(self, reason: str) -> None:
        if reason not in self._said:
            self._said.add(reason)
            at_s = self.last_s or 0.0
            self.report(Gap(at_s, at_s, reason))


def decoded_frames(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Frames of a stream, damaged packets left out."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.error.FFmpegError:  # the container breaks off here
            packet = None
        try:
            frames = stream.decode(packet)
        except av.error.EOFError:
            return
        except av.error.FFmpegError:
            frames = []
        yield from (frame for frame in frames if not frame.is_corrupt)
        if packet is None:
            return


def sample_frames(path: Path, count: int) -> Iterator[Frame]:
    """Pick frames over the whole recording by jumping from key frame to key frame.

    Where key frames are rare (fewer than a third of what is asked for) the recording is decoded instead,
    so that short clips are sampled too.

    Args:
        path: the file.
        count: most frames to yield, ≥ 1; more cost more time.

    Returns:
        Frames in order of time; their `index` is estimated from the nominal rate.

    Raises:
        InputError: the file cannot be read, or not one of its frames can.
    """
    if count < 1:
        raise InputError(f"expected at least one sample, got {count}")
    times = _key_frame_times(path, count)
    if len(times) >= max(1, count // 3):
        yield from times.values()
    else:
        yield from _by_decoding(path, count)


def _key_frame_times(path: Path, count: int) -> dict[int, Frame]:
    """Key frames nearest before evenly spread times, by their time stamp."""
    container, stream = open_video(path)
    found: dict[int, Frame] = {}
    with container:
        duration_s = declared_duration_s(container, stream)
        if duration_s is None or stream.time_base is None:
            return found
        stream.codec_context.skip_frame = "NONKEY"
        stream.thread_type = "SLICE"  # with frame threads each seek would first fill the pipeline
        rate, zero, size = float(frame_rate(stream)), stream.start_time or 0, None
        scaler = Scaler()
        for ordinal in range(count):
            target = zero + int(duration_s * (ordinal + 0.5) / count / stream.time_base)
            if found and target <= max(found):
                continue
            try:
                container.seek(target, stream=stream, backward=True)
                decoded = next(container.decode(stream), None)
            except av.error.FFmpegError:  # not seekable, or cut off here
                continue
            if decoded is None or decoded.pts is None or decoded.pts in found:
                continue
            picture = Decoded.of(decoded, scaler, size)
            size = picture.size
            time_s = float((decoded.pts - zero) * stream.time_base)
            found[decoded.pts] = Frame(picture, time_s, round(time_s * rate))
    return dict(sorted(found.items()))


def _by_decoding(path: Path, count: int) -> Iterator[Frame]:
    container, stream = open_video(path)
    with container:
        duration_s = declared_duration_s(container, stream)
    step_s = (duration_s or 0.0) / count
    due_s, yielded = step_s / 2, 0
    for frame in read_frames(path):
        if frame.time_s >= due_s:
            due_s += step_s
            yielded += 1
            yield frame
        if yielded >= count:
            return
