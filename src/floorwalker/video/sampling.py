"""Frames spread over a whole recording, cheaply."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av

from floorwalker.errors import InputError
from floorwalker.video.container import declared_duration_s, frame_rate, open_video
from floorwalker.video.frame import Frame
from floorwalker.video.reader import read_frames, to_bgr


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
            image = to_bgr(decoded, size)
            size = size or (image.shape[1], image.shape[0])
            time_s = float((decoded.pts - zero) * stream.time_base)
            found[decoded.pts] = Frame(image, time_s, round(time_s * rate))
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
