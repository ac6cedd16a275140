"""A camera's run and a day's run: lengths, files that belong together, rules that take back."""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
import pytest

from floorwalker.errors import InputError, WorkError
from floorwalker.events import Event, EventType
from floorwalker.pipeline import camera_run, outputs
from floorwalker.pipeline.camera_run import CameraJob, CameraRun
from floorwalker.pipeline.day_run import DayRun, process_day, videos_of
from floorwalker.pipeline.load_day import load_day
from floorwalker.pipeline.outputs import write_run
from floorwalker.resolutions import Attribute, Resolution
from floorwalker.runs import Gap, Recording, Run
from floorwalker.site import Store
from floorwalker.video.look import Mode
from floorwalker.video.reader import VideoInfo
from floorwalker.vision.detections import Detections
from floorwalker.warehouse import Warehouse

START = datetime(2026, 3, 3, 10, tzinfo=UTC)


def run_of(camera_id, config="c1"):
    recording = Recording("S1", camera_id, START, 60.0, f"hash-{camera_id}")
    run = Run(recording.recording_id, "0", "motion", config)
    event = Event(
        event_id=f"00000000-0000-4000-8000-{abs(hash((camera_id, config))) % 10**12:012d}",
        store_id="S1", camera_id=camera_id, visitor_id=f"VIS_{camera_id}_{config}",
        event_type=EventType.ENTRY, timestamp=START,
        metadata={"run_id": run.run_id, "queue_depth": None, "sku_zone": None, "session_seq": 1},
    )  # fmt: skip
    return CameraRun(recording, run, [], [event], 600)


def same(subject, value):
    return Resolution("S1", subject, Attribute.SAME_AS, value, "rule:handover", 0.9, START)


def visitors(warehouse):
    view = warehouse.read("S1", START.replace(hour=0), START.replace(hour=23))
    return sorted({event.visitor_id for event in view.events})


def test_a_day_takes_back_what_its_rules_no_longer_say(tmp_path):
    warehouse = Warehouse(f"sqlite:///{tmp_path}/w.db")
    a, b = run_of("A"), run_of("B")
    load_day(warehouse, DayRun([a, b], [same("VIS_B_c1", "VIS_A_c1")]))
    assert visitors(warehouse) == ["VIS_A_c1"]
    load_day(warehouse, DayRun([a, b], []))
    assert visitors(warehouse) == ["VIS_A_c1", "VIS_B_c1"]


def test_another_configuration_supersedes_and_the_same_changes_nothing(tmp_path):
    warehouse = Warehouse(f"sqlite:///{tmp_path}/w.db")
    assert load_day(warehouse, DayRun([run_of("A")], [])) == 1
    assert load_day(warehouse, DayRun([run_of("A")], [])) == 0
    load_day(warehouse, DayRun([run_of("A", "c2")], []))
    assert visitors(warehouse) == ["VIS_A_c2"]


def test_a_file_cut_short_is_as_long_as_its_frames():
    info = VideoInfo(320, 240, 60.0, 10.0, "h264", 600)
    assert camera_run._filmed_s(info, [], 59.9) == 60.0
    assert camera_run._filmed_s(info, [Gap(20.0, 60.0, "truncated")], 20.0) == 20.0
    assert camera_run._filmed_s(info, [Gap(20.0, 25.0, "missing frames")], 59.9) == 60.0


def test_three_files_appear_together_or_not_at_all(tmp_path, monkeypatch):
    events = tmp_path / "e.jsonl"
    write_run(run_of("A"), events)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(before) == {"e.jsonl", "e.run.json", "e.tracks.parquet"}

    def full(_events):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(outputs, "encode_events", full)
    with pytest.raises(WorkError, match="No space left"):
        write_run(run_of("A", "c2"), events)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_recordings_are_found_by_the_cameras_names(tmp_path):
    for name in ("DOOR.mp4", "notes.txt", "OTHER.mp4", "TILL.MKV"):
        (tmp_path / name).touch()
    assert {camera: path.name for camera, path in videos_of(tmp_path, ["DOOR", "TILL", "BACK"]).items()} == {
        "DOOR": "DOOR.mp4",
        "TILL": "TILL.MKV",
    }
    (tmp_path / "DOOR.avi").touch()
    with pytest.raises(InputError, match="two recordings"):
        videos_of(tmp_path, ["DOOR"])


def test_a_recordings_name_does_not_depend_on_its_start():
    recording = run_of("A").recording
    assert replace(recording, start_utc=START.replace(day=4)).recording_id == recording.recording_id


@dataclass(frozen=True)
class Counting:
    """Builds a detector that finds nobody and leaves a mark for each frame that it was shown."""

    marks: Path

    def __call__(self, camera):
        return CountingDetector(self.marks / camera.id)


@dataclass
class CountingDetector:
    mark: Path
    fingerprint: str = "counting"

    def prepare(self, samples):
        list(samples)

    def detect(self, frame):
        time.sleep(0.005)  # so that a recording takes seconds
        with self.mark.open("ab") as file:
            file.write(b".")
        return Detections.empty()


def grey_video(path, frames):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        grey = av.VideoFrame.from_ndarray(np.full((240, 320, 3), 128, np.uint8), format="rgb24")
        for _ in range(frames):
            grey.pts = None
            container.mux(stream.encode(grey))
        container.mux(stream.encode())
    return path


def test_an_interrupted_day_gives_up_all_recordings(tmp_path):
    store = Store.model_validate(
        {
            "id": "S1",
            "timezone": "UTC",
            "camera": [{"id": name, "resolution": [320, 240]} for name in ("A", "B")],
        }
    )
    jobs = [
        CameraJob(grey_video(tmp_path / f"{camera.id}.mp4", 2000), store, camera, START, mode=Mode.ALL)
        for camera in store.cameras
    ]

    def interrupt(*_progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        process_day(jobs, Counting(tmp_path), workers=2, on_progress=interrupt)
    seen = [path.stat().st_size for path in tmp_path.iterdir() if path.suffix != ".mp4"]
    assert seen
    assert max(seen) < 2000
