"""A made clip of somebody who walks through a door again and again, and servers on loopback that tests
start and stop."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

SIZE = (320, 240)
FPS = 10
SECONDS = 6  # a round: once in and once out, half of it apart
SYSTEM_PYTHON = "/usr/bin/python3"
BINDINGS = """
import gi, sys
gi.require_version('Gst', '1.0'); gi.require_version('GstRtspServer', '1.0')
from gi.repository import Gst, GstRtspServer
Gst.init(None)
sys.exit(not all(Gst.ElementFactory.find(name) for name in ('appsrc', 'h264parse', 'rtph264pay')))
"""


def room(seed: int = 5) -> np.ndarray:
    """A room with enough to recognise it by."""
    rng = np.random.default_rng(seed)
    picture = np.full((SIZE[1], SIZE[0], 3), 120, np.uint8)
    for _ in range(60):
        x, y = int(rng.integers(0, SIZE[0] - 30)), int(rng.integers(0, SIZE[1] - 24))
        picture[y : y + int(rng.integers(6, 24)), x : x + int(rng.integers(8, 30))] = rng.integers(40, 220, 3)
    return picture


def picture_at(index: int) -> np.ndarray:
    """The walker comes down into the shop in seconds 0.5 to 2.5 of each round and goes in 3.5 to 5.5."""
    picture = room()
    time_s = (index / FPS) % SECONDS
    if 0.5 <= time_s <= 2.5 or 3.5 <= time_s <= 5.5:
        feet = round(float(np.interp(time_s, [0.5, 2.5, 3.5, 5.5], [70, 220, 220, 70])))
        picture[max(feet - 60, 0) : feet, 148:172] = (30, 30, 200)
        picture[max(feet - 60, 0) : max(feet - 46, 0), 152:168] = (150, 180, 230)
    noise = np.random.default_rng(index).integers(-3, 4, picture.shape)
    return np.clip(picture.astype(int) + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An H.264 file of one round of the walker."""
    path = tmp_path_factory.mktemp("clip") / "walk.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libx264", rate=FPS, options={"g": "10", "bf": "0", "preset": "ultrafast"}
        )
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for index in range(FPS * SECONDS):
            frame = av.VideoFrame.from_ndarray(picture_at(index), format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="session")
def units(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clip's access units, as the RTSP server of the tests reads them."""
    path = tmp_path_factory.mktemp("units") / "walk.units"
    with av.open(str(clip)) as container, path.open("wb") as file:
        stream = container.streams.video[0]
        plain = av.bitstream.BitStreamFilterContext("h264_mp4toannexb", stream)
        packets = [part for packet in container.demux(stream) if packet.size for part in plain.filter(packet)]
        for packet in packets:
            content = bytes(packet)
            file.write(struct.pack(">I", len(content)) + content)
    return path


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Running:
    """A process that a test started; it is ended by its own id."""

    def __init__(self, command: list[str], log: Path, **environment: str) -> None:
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **environment}
            )

    def text(self) -> str:
        return self.log.read_text(errors="replace")

    def stop(self, number: int = signal.SIGTERM, patience_s: float = 20.0) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(patience_s)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        return self.process.returncode


def wait_for(what: Callable[[], bool], patience_s: float, why: Callable[[], str] = lambda: "") -> None:
    deadline = time.monotonic() + patience_s
    while not what():
        assert time.monotonic() < deadline, f"waited {patience_s} s in vain: {why()}"
        time.sleep(0.05)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start a process: `start("name", command, VARIABLE="value")`; what still runs is stopped."""
    running: list[Running] = []

    def begin(name: str, command: list[str], **environment: str) -> Running:
        running.append(Running(command, tmp_path / f"{name}.log", **environment))
        return running[-1]

    yield begin
    for each in reversed(running):
        each.stop()


@pytest.fixture
def rtsp(start: Callable[..., Running], units: Path) -> Callable[[int], Running]:
    """Start an RTSP server on a port: `rtsp(8554)`."""
    if (
        not Path(SYSTEM_PYTHON).exists()
        or subprocess.run([SYSTEM_PYTHON, "-c", BINDINGS], check=False).returncode
    ):
        pytest.skip("not run: GStreamer's RTSP server is not installed (gir1.2-gst-rtsp-server-1.0)")

    def serve(port: int) -> Running:
        script = str(Path(__file__).parent / "rtsp_server.py")
        server = start(
            f"rtsp-{time.monotonic_ns()}", [SYSTEM_PYTHON, script, str(units), str(port), str(FPS)]
        )
        wait_for(lambda: "ready" in server.text(), 15, server.text)
        return server

    return serve


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return response.status == 200
    except OSError:
        return False
