"""Moments: a few frames of a recording whose times are known, without decoding all of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from floorwalker.video.container import frame_rate, open_video
from floorwalker.video.frame import Frame
from floorwalker.video.planes import Decoded, Scaler
from floorwalker.video.reader import decoded_frames, read_frames

# Decoding on is cheaper than jumping, up to about the distance of two key frames.
_FAR_S = 4.0
_NEAR_S = 1e-3


def frames_at(path: Path, times_s: Sequence[float]) -> Iterator[Frame]:
    """The frames of given presentation times.

    Jumps to the key frame before each stretch of them. Where a file does not let itself be jumped in, or
    its time stamps cannot be trusted, all of it is decoded.

    Args:
        path: the file.
        times_s: presentation times of frames, as `read_frames` counts them, in any order.

    Yields:
        The first frame at or after each time, in order of time; times beyond the end yield nothing.

    Raises:
        InputError: the file cannot be read.
    """
    wanted = sorted(set(times_s))
    done = 0
    for frame in _by_jumping(path, wanted):
        if frame is None:
            break
        done += 1
        yield frame
    else:
        return
    yield from _picked(read_frames(path), wanted[done:])


def _by_jumping(path: Path, wanted: Sequence[float]) -> Iterator[Frame | None]:
    """The frames; None where jumping does not lead to them."""
    container, stream = open_video(path)
    with container:
        rate, base = float(frame_rate(stream)), stream.time_base
        first = next(decoded_frames(container, stream), None)
        if first is None or first.pts is None or base is None:
            yield None
            return
        zero, scaler = first.pts, Scaler()
        for stretch in _stretches(wanted):
            try:
                container.seek(zero + int((stretch[0] - _NEAR_S) / base), stream=stream, backward=True)
            except av.error.FFmpegError:
                yield None
                return
            count = 0
            onward = _on_from_here(container, stream, zero, float(base), rate, scaler)
            for frame, time_s in zip(_picked(onward, stretch), stretch, strict=False):
                if abs(frame.time_s - time_s) > _NEAR_S:
                    break
                count += 1
                yield frame
            if count < len(stretch):
                yield None
                return


def _on_from_here(
    container: InputContainer, stream: VideoStream, zero: int, base: float, rate: float, scaler: Scaler
) -> Iterator[Frame]:
    size = None
    for decoded in decoded_frames(container, stream):
        if decoded.pts is None:
            return
        time_s = (decoded.pts - zero) * base
        picture = Decoded.of(decoded, scaler, size)
        size = picture.size
        yield Frame(picture, time_s, round(time_s * rate))


def _picked(frames: Iterable[Frame], wanted: Sequence[float]) -> Iterator[Frame]:
    """Of frames in order of time the first at or after each time."""
    place = 0
    for frame in frames:
        while place < len(wanted) and frame.time_s >= wanted[place] - _NEAR_S:
            yield frame
            place += 1
        if place == len(wanted):
            return


def _stretches(wanted: Sequence[float]) -> list[list[float]]:
    stretches: list[list[float]] = [[wanted[0]]] if wanted else []
    for before, after in pairwise(wanted):
        if after - before > _FAR_S:
            stretches.append([])
        stretches[-1].append(after)
    return stretches
