"""What every video source has to hold: checks that run over files of the codecs and containers in use."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from floorwalker.errors import InputError
from floorwalker.video import probe, read_frames, sample_frames

SIZE = (96, 64)
STEP = 6


@dataclass(frozen=True)
class Source:
    """A kind of file.

    Attributes:
        name: for people.
        ending: of its name.
        codec: of the encoder.
        options: of the encoder.
        rate: frames a second.
        even: whether each frame lasts as long as the others.
    """

    name: str
    ending: str
    codec: str
    options: dict[str, str] = field(default_factory=dict)
    rate: int = 10
    even: bool = True


SOURCES = [
    Source("H.264 in MP4, B-frames", "mp4", "libx264", {"bf": "3", "g": "12", "crf": "8"}),
    Source("H.264 in Matroska, one key frame", "mkv", "libx264", {"g": "999", "crf": "8"}),
    Source("H.264 transport stream", "ts", "libx264", {"g": "10", "crf": "8"}),
    Source("H.264, frames of varying length", "mp4", "libx264", {"g": "10", "crf": "8"}, even=False),
    Source(
        "H.265 in MP4, open groups", "mp4", "libx265", {"x265-params": "open-gop=1:keyint=10:log-level=none"}
    ),
    Source("MPEG-4 in AVI", "avi", "mpeg4", {"b": "2000000"}),
    Source("Motion JPEG in AVI", "avi", "mjpeg", {}),
    Source("VP9 in WebM", "webm", "libvpx-vp9", {"crf": "10", "b": "0", "cpu-used": "8"}),
]


def write(source: Source, folder: Path, frames: int = 36) -> tuple[Path, list[float]]:
    """A clip whose n-th frame is a plain grey of 6 n, and its times from the first frame on."""
    path = folder / f"clip.{source.ending}"
    ticks = np.arange(frames) * 100 if source.even else np.cumsum(40 + 40 * (np.arange(frames) % 5))
    with av.open(str(path), "w") as container:
        stream = container.add_stream(source.codec, rate=source.rate, options=source.options)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuvj420p" if source.codec == "mjpeg" else "yuv420p"
        if not source.even:
            stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(frames):
            image = np.full((SIZE[1], SIZE[0], 3), STEP * number, np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            if not source.even:
                frame.pts, frame.time_base = int(ticks[number]), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path, ((ticks - ticks[0]) / 1000).tolist()


def yield_checks() -> Iterator[Callable[[Path, list[float]], None]]:
    """Each check takes a clip of `write` and its times."""
    yield from (
        gives_every_frame_at_its_time,
        reads_the_same_twice,
        thins_by_time,
        says_what_it_is,
        samples_the_whole,
        bears_being_cut_off_anywhere,
    )


def gives_every_frame_at_its_time(path: Path, times: list[float]) -> None:
    frames = list(read_frames(path))
    np.testing.assert_allclose([frame.time_s for frame in frames], times, atol=2e-3)
    assert [frame.index for frame in frames] == list(range(len(times)))
    for number, frame in enumerate(frames):
        assert frame.image.shape == (SIZE[1], SIZE[0], 3)
        assert frame.image.dtype == np.uint8
        assert abs(float(frame.image.mean()) - STEP * number) < STEP / 2 + 2


def reads_the_same_twice(path: Path, times: list[float]) -> None:
    for one, other in zip(read_frames(path), read_frames(path), strict=True):
        assert one.time_s == other.time_s
        np.testing.assert_array_equal(one.image, other.image)


def thins_by_time(path: Path, times: list[float]) -> None:
    kept = [frame.time_s for frame in read_frames(path, fps=4)]
    assert kept[0] == 0.0
    assert all(later - earlier > 0.05 for earlier, later in itertools.pairwise(kept))
    # The first frame of each quarter of a second, and no other.
    quarters = [int(time_s * 4 + 1e-3) for time_s in kept]
    assert quarters == sorted(set(quarters)) == sorted({int(time_s * 4 + 1e-3) for time_s in times})


def says_what_it_is(path: Path, times: list[float]) -> None:
    info = probe(path)
    assert (info.width, info.height) == SIZE
    assert info.duration_s == pytest.approx(times[-1] + 0.1, abs=0.3)


def samples_the_whole(path: Path, times: list[float]) -> None:
    taken = [frame.time_s for frame in sample_frames(path, 6)]
    assert 1 <= len(taken) <= 6
    assert taken == sorted(set(taken))
    assert taken[-1] - taken[0] > times[-1] / 3


def bears_being_cut_off_anywhere(path: Path, times: list[float]) -> None:
    whole, cut = path.read_bytes(), path.with_name(f"cut{path.suffix}")
    for share in (0.02, 0.3, 0.7, 0.99):
        cut.write_bytes(whole[: int(len(whole) * share)])
        said, read = "", []
        try:
            read = [frame.time_s for frame in read_frames(cut)]
        except InputError as error:
            said = str(error)
        assert read or str(cut) in said
        assert "\n" not in said
        assert read == sorted(set(read))
        assert len(read) <= len(times)
