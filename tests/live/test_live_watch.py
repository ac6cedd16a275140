"""`floorwalker watch` on a real RTSP server and a real API, both of which go away and come back."""

from __future__ import annotations

import json
import signal
import sys
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from .conftest import SECONDS, Running, answers, free_port, wait_for

SITE = """
[[store]]
id = "S1"
timezone = "Asia/Kolkata"

[[store.camera]]
id = "CAM_DOOR"
resolution = [320, 240]
source = "rtsp://shop:${DOOR_PASSWORD}@127.0.0.1:%d/camera"

[[store.camera.entry_line]]
id = "door"
points = [[80, 150], [240, 150]]
inward = [160, 200]
"""
PROGRAM = [sys.executable, "-c", "from floorwalker.cli import main; main()"]


class Shop:
    """What the test starts: an API, an RTSP camera and a watcher."""

    def __init__(self, folder: Path, start: Callable[..., Running], rtsp: Callable[[int], Running]) -> None:
        self.folder, self._start, self._rtsp = folder, start, rtsp
        self.camera_port, self.api_port = free_port(), free_port()
        self.site = folder / "site.toml"
        self.site.write_text(SITE % self.camera_port)
        self.url = f"http://127.0.0.1:{self.api_port}"
        self._watches = 0

    def serve(self) -> Running:
        command = [*PROGRAM, "serve", "--site", str(self.site), "--port", str(self.api_port)]
        server = self._start("api", command, FLOORWALKER_HOME=str(self.folder / "server"))
        wait_for(lambda: answers(f"{self.url}/livez"), 40, server.text)
        return server

    def film(self) -> Running:
        return self._rtsp(self.camera_port)

    def watch(self) -> Running:
        self._watches += 1
        command = [*PROGRAM, "watch", "--site", str(self.site), "--url", self.url, "--json"]
        command += ["--detector", "motion", "--learn", "4", "--every", "0.2"]
        home = str(self.folder / "watcher")
        return self._start(f"watch-{self._watches}", command, FLOORWALKER_HOME=home, DOOR_PASSWORD="geheim")

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=10) as response:
            return json.load(response)

    def events(self) -> list[dict[str, Any]]:
        found = self.get("/stores/S1/events?limit=200")["events"]
        return sorted(found, key=lambda event: event["timestamp"])


def state_of(watch: Running) -> dict[str, Any]:
    lines = [
        line for line in watch.text().splitlines() if line.startswith('{"cameras"') and line.endswith("}")
    ]
    return json.loads(lines[-1])["cameras"][0] if lines else {"state": "", "events": 0, "waiting_bytes": 0}


def utc_text(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).isoformat()


def times_of(events: list[dict[str, Any]]) -> list[float]:
    return [datetime.fromisoformat(event["timestamp"]).timestamp() for event in events]


def assert_none_lost_and_none_doubled(events: list[dict[str, Any]]) -> None:
    """The walker goes in and out by turns, every half round."""
    kinds = ["out" if event["event_type"] == "EXIT" else "in" for event in events]
    assert all(a != b for a, b in pairwise(kinds)), kinds
    times = times_of(events)
    assert len(times) == round((times[-1] - times[0]) / (SECONDS / 2)) + 1, times


@pytest.fixture
def shop(tmp_path: Path, start: Callable[..., Running], rtsp: Callable[[int], Running]) -> Shop:
    return Shop(tmp_path, start, rtsp)


def test_nothing_is_lost_or_doubled_while_camera_server_and_watcher_come_and_go(shop: Shop) -> None:
    api, camera, watch = shop.serve(), shop.film(), shop.watch()
    wait_for(lambda: state_of(watch)["events"] >= 1, 90, watch.text)
    wait_for(lambda: len(shop.events()) >= 1, 10, api.text)

    # The server goes, and so does the camera, which comes back: what is seen waits on the disk.
    api.stop()
    camera.stop()
    wait_for(lambda: state_of(watch)["state"] == "camera down", 30, watch.text)
    time.sleep(4)
    shop.film()
    wait_for(
        lambda: state_of(watch)["reconnects"] == 1 and state_of(watch)["state"] == "watching", 60, watch.text
    )
    back_s = time.time()
    wait_for(lambda: state_of(watch)["last_event"].partition(" ")[2] > utc_text(back_s), 60, watch.text)
    assert state_of(watch)["waiting_bytes"] > 0
    assert "no answer" in state_of(watch)["away"]

    # The watcher is killed; the next one sends what it left behind.
    told = state_of(watch)["events"]
    watch.process.send_signal(signal.SIGKILL)
    watch.process.wait(10)
    shop.serve()
    again = shop.watch()
    wait_for(lambda: len(shop.events()) >= told, 60, again.text)
    assert again.stop(signal.SIGTERM) == 0
    final = state_of(again)
    assert (final["waiting_bytes"], final["lost"], final["refused"]) == (0, 0, 0)

    events = shop.events()
    assert len({event["event_id"] for event in events}) == len(events)
    down = shop.get("/stores/S1/metrics")["coverage"]["down"]
    assert {"camera down", "learning the room", "no recording"} <= {gap["reason"] for gap in down}
    (outage,) = (gap for gap in down if gap["reason"] == "camera down")
    start, end = (datetime.fromisoformat(outage[side]).timestamp() for side in ("from", "to"))
    assert end - start >= 3
    times = times_of(events)
    assert not [at for at in times if start + 1 < at < end - 1]
    assert_none_lost_and_none_doubled([event for event, at in zip(events, times, strict=True) if at < start])
    assert_none_lost_and_none_doubled([event for event, at in zip(events, times, strict=True) if at > end])
    assert "geheim" not in watch.text() + again.text()
