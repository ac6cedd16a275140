"""Small recordings of a room with a grey floor, somebody now and then, made as a test needs them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np

SIZE = (192, 108)
Stay = tuple[float, float]


@cache
def _grain() -> np.ndarray:
    return np.random.default_rng(7).normal(0, 1.5, (13, SIZE[1], SIZE[0], 3)).astype(np.float32)


@cache
def _floor() -> np.ndarray:
    tiles = np.random.default_rng(5).integers(70, 130, (SIZE[1] // 12, SIZE[0] // 12, 1))
    return np.kron(tiles, np.ones((12, 12, 3))).astype(np.float32)


def room(time_s: float, stays: Sequence[Stay] = ()) -> np.ndarray:
    """A picture of the room: whoever is there crosses it from left to right during each stay."""
    picture = _floor().copy()
    for start_s, end_s in stays:
        if start_s <= time_s < end_s:
            x = int((SIZE[0] - 20) * (time_s - start_s) / (end_s - start_s))
            picture[30:80, x : x + 18] = (30, 40, 220)
    picture += _grain()[round(time_s * 1000) // 10 % 13]
    return np.clip(picture, 0, 255).astype(np.uint8)


def record(
    path: Path,
    times_s: Sequence[float],
    picture: Callable[[float], np.ndarray],
    *,
    codec: str = "libx264",
    gop: int = 20,
    parameters: str = "",
    options: dict[str, str] | None = None,
    container: str | None = None,
) -> Path:
    """Encode pictures at given times.

    Args:
        path: the file.
        times_s: presentation times.
        picture: makes the picture of a time.
        codec: libx264 or libx265.
        gop: frames from key frame to key frame.
        parameters: the encoder's own, as `bframes=2:open-gop=1`.
        options: other options of the encoder.
        container: the format, where the name does not tell.
    """
    ticks = Fraction(1, 1000)
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.codec_context.time_base = ticks
        stream.codec_context.gop_size = gop
        kind = "x265-params" if codec == "libx265" else "x264-params"
        stream.options = {
            "preset": "veryfast",
            "crf": "26",
            kind: ":".join(filter(None, ["scenecut=0", f"keyint={gop}", "log-level=none", parameters])),
            **(options or {}),
        }
        for time_s in (*times_s, None):
            frame = None
            if time_s is not None:
                frame = av.VideoFrame.from_ndarray(picture(time_s), format="bgr24")
                frame.pts, frame.time_base = round(time_s * 1000), ticks
            for packet in stream.encode(frame):
                out.mux(packet)
    return path
