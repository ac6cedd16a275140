"""One camera's worker: its day, its end, and what it leaves behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from floorwalker.adapters.live_delivery import LiveDelivery
from floorwalker.pipeline.day_run import NamedDetector
from floorwalker.pipeline.live_camera import LiveCamera, LiveJob
from floorwalker.pipeline.live_stretch import StretchRules
from floorwalker.pipeline.watching import Watch, WatchPlan
from floorwalker.site import Store
from floorwalker.video.feed import FeedRules
from floorwalker.warehouse import Warehouse

from .conftest import SIZE, wait_for

DOOR = {
    "id": "CAM_DOOR",
    "resolution": SIZE,
    "entry_line": [{"id": "door", "points": [(80, 150), (240, 150)], "inward": (160, 200)}],
}
STORE = Store.model_validate({"id": "S1", "timezone": "Asia/Kolkata", "camera": [DOOR]})


@pytest.fixture
def delivery(tmp_path: Path) -> LiveDelivery:
    return LiveDelivery(tmp_path, f"sqlite:///{tmp_path / 'w.db'}")


def test_a_days_end_begins_a_new_stretch_and_a_files_end_ends_it(clip: Path, tmp_path, delivery) -> None:
    job = LiveJob(STORE, STORE.cameras[0], str(clip), stretch=StretchRules(learn_s=0.5, report_s=1.0))
    began_s, evening = time.monotonic(), datetime(2026, 3, 3, 18, 29, 57, tzinfo=UTC)  # 23:59:57 in the shop

    def utc() -> datetime:
        return evening + timedelta(seconds=time.monotonic() - began_s)

    built = delivery(job, print)
    camera = LiveCamera(job, NamedDetector("motion", tmp_path), built, print, utc=utc)
    camera.start()
    while camera.step():
        pass
    assert camera.finish(10)
    assert camera.state().state == "ended"
    built.outbox.close()  # type: ignore[attr-defined]
    warehouse = Warehouse(f"sqlite:///{tmp_path / 'w.db'}")
    first, second = warehouse.recordings("S1", evening - timedelta(hours=1), evening + timedelta(hours=1))
    midnight = datetime(2026, 3, 3, 18, 30, tzinfo=UTC)
    assert first.start_utc + timedelta(seconds=first.duration_s) >= midnight
    assert timedelta(0) <= second.start_utc - midnight < timedelta(seconds=2)
    assert {gap.reason for gap in (*first.gaps, *second.gaps)} <= {"learning the room"}
    assert second.duration_s > 1
    warehouse.close()


def test_a_worker_that_dies_is_started_again_and_all_end_together(tmp_path, delivery) -> None:
    job = LiveJob(
        STORE,
        STORE.cameras[0],
        "rtsp://127.0.0.1:9/x",
        feed=FeedRules(first_pause_s=0.1, longest_pause_s=0.2),
    )
    said: list[str] = []
    states: list[str] = []
    plan = WatchPlan([job], NamedDetector("motion", tmp_path), delivery, flush_s=1.0)
    watch = Watch(plan, said.append, lambda found: states.extend(state.reason for state in found), 0.1)
    outcome: list[list[str]] = []
    thread = threading.Thread(target=lambda: outcome.append(watch.run()))
    thread.start()
    wait_for(lambda: any("refused" in reason for reason in states), 60, lambda: str(said))
    (worker,) = multiprocessing.active_children()
    os.kill(worker.pid or 0, signal.SIGKILL)
    wait_for(lambda: any("SIGKILL" in line for line in said), 10)
    states.clear()
    wait_for(lambda: any("refused" in reason for reason in states), 60, lambda: str(said))
    watch.stop()
    thread.join(20)
    assert outcome == [[]]
    assert multiprocessing.active_children() == []
    found = Warehouse(f"sqlite:///{tmp_path / 'w.db'}").recordings(
        "S1", datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC)
    )
    assert found
    assert all(gap.reason == "camera down" for recording in found for gap in recording.gaps)
