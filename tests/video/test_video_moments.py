"""Frames of known times, by jumping or by decoding: the same pictures as when all is decoded."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from floorwalker.video.moments import frames_at
from floorwalker.video.reader import read_frames


def film(path: Path, frames: int = 300, gop: int = 50) -> Path:
    """30 s with B-frames, each picture of another grey."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"g": str(gop), "bf": "2"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(frames):
            image = np.full((48, 64, 3), 40 + index % 180, np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts", "h264"])
def test_the_same_pictures_as_when_all_is_decoded(tmp_path, ending):
    path = film(tmp_path / f"film.{ending}")
    everything = {frame.time_s: frame.image for frame in read_frames(path)}
    times = sorted(everything)
    asked = [times[place] for place in (0, 1, 7, 120, 121, 130, 249, 298)]
    found = list(frames_at(path, [*reversed(asked), asked[0]]))
    assert [frame.time_s for frame in found] == pytest.approx(asked, abs=1e-6)
    for frame, time_s in zip(found, asked, strict=True):
        np.testing.assert_array_equal(frame.image, everything[time_s])


def test_nothing_asked_and_beyond_the_end(tmp_path):
    path = film(tmp_path / "film.mp4", frames=20)
    assert list(frames_at(path, [])) == []
    assert [frame.time_s for frame in frames_at(path, [1.0, 99.0])] == [pytest.approx(1.0)]
