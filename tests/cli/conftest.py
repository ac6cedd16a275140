"""Running the command line inside the test's process, and small videos to run it on."""

import sys
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest

from floorwalker.cli import main


@dataclass
class Outcome:
    """What a command answered."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch, capsys):
    """Call the command line with arguments and catch its exit code and its two streams."""

    def call(*arguments) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["floorwalker", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code or 0
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call


def write_video(path: Path, frames: int = 60, size: tuple[int, int] = (320, 240), fps: int = 10) -> Path:
    """A small real video: a dark block the size of a person crosses a still, textured picture."""
    width, height = size
    rng = np.random.default_rng(0)
    still = rng.integers(90, 160, (height, width, 3), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in range(frames):
            image = still.copy()
            if index > frames // 4:
                x = int((index - frames // 4) / (frames * 0.75) * (width - 40))
                image[80:200, x : x + 36] = (20, 30, 40)
            for packet in stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


SITE = """
[[store]]
id = "S1"
timezone = "Europe/Berlin"
[[store.camera]]
id = "DOOR"
resolution = [320, 240]
[[store.camera.entry_line]]
id = "MAIN"
points = [[160, 120], [160, 225]]
inward = [240, 180]
[[store.camera.zone]]
id = "SHOES"
kind = "product"
polygon = [[180, 120], [310, 120], [310, 230], [180, 230]]
"""


@pytest.fixture
def site(tmp_path) -> Path:
    """A site file for the small video."""
    path = tmp_path / "site.toml"
    path.write_text(SITE)
    return path


@pytest.fixture
def video(tmp_path) -> Path:
    """The small video."""
    return write_video(tmp_path / "clip.mp4")


@pytest.fixture
def long_video(tmp_path) -> Path:
    """A small video that takes long enough to be stopped in its middle."""
    return write_video(tmp_path / "long.mp4", frames=200)


@pytest.fixture
def long_day(tmp_path) -> Path:
    """A folder with a recording of the door that takes long enough to be stopped in its middle."""
    folder = tmp_path / "day"
    folder.mkdir()
    write_video(folder / "DOOR.mp4", frames=1500)
    return folder
