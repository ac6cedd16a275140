"""`floorwalker process`: what it writes, and how it answers bad input."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import av
import numpy as np
import pytest
from onnx import TensorProto, helper, save

from floorwalker.events import decode_event
from floorwalker.tracking.store import read_tracks


def process(run, video, site, out, *more, camera="DOOR", start="2026-03-03T10:00:00Z"):
    starting = ["--start", start] if start else []
    return run("process", video, "--site", site, "--camera", camera, *starting, "--out", out, "-q", *more)


def test_a_crossing_becomes_events_tracks_and_a_record(run, video, site, tmp_path):
    out = tmp_path / "events.jsonl"
    answer = process(run, video, site, out, "--json")
    assert answer.code == 0, answer.err
    events = [decode_event(line) for line in out.read_bytes().splitlines()]
    kinds = [event.event_type.value for event in events]
    assert kinds.count("ENTRY") == 1
    assert "ZONE_ENTER" in kinds
    assert "EXIT" not in kinds
    summary = json.loads(answer.out)
    assert sum(summary["events"].values()) == len(events)
    stored = read_tracks(tmp_path / "events.tracks.parquet")
    assert len(stored.tracks) == summary["tracks"] == 1
    record = json.loads((tmp_path / "events.run.json").read_text())
    assert record["recording"]["start_utc"] == "2026-03-03T10:00:00Z"
    assert stored.run.run_id == summary["run_id"]
    assert all(event.metadata["run_id"] == summary["run_id"] for event in events)


def test_the_same_input_gives_the_same_bytes(run, video, site, tmp_path):
    for name in ("a", "b"):
        assert process(run, video, site, tmp_path / f"{name}.jsonl").code == 0
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    assert (tmp_path / "a.jsonl").stat().st_size > 0


def test_the_mode_is_chosen_by_the_call_and_another_mode_is_another_run(run, video, site, tmp_path):
    told = {
        mode: json.loads(process(run, video, site, tmp_path / f"{mode}.jsonl", "--mode", mode, "--json").out)
        for mode in ("all", "stride", "keyframes", "adaptive")
    }
    assert {mode: summary["mode"] for mode, summary in told.items()} == {mode: mode for mode in told}
    assert len({summary["run_id"] for summary in told.values()}) == 4
    assert told["keyframes"]["frames"] < told["all"]["frames"]
    answer = process(run, video, site, tmp_path / "x.jsonl", "--mode", "some")
    assert answer.code == 2
    assert "adaptive" in answer.err


def test_the_tracker_can_be_chosen_and_is_part_of_the_run(run, video, site, tmp_path):
    runs = {}
    for name in (None, "bytetrack", "observation-centric"):
        how = ["--tracker", name] if name else []
        answer = process(run, video, site, tmp_path / "out.jsonl", "--json", *how)
        assert answer.code == 0, answer.err
        runs[name] = json.loads(answer.out)["run_id"]
    assert runs[None] == runs["bytetrack"] != runs["observation-centric"]
    one_clear_line(process(run, video, site, tmp_path / "out.jsonl", "--tracker", "sort"), 2)


def test_timestamps_are_start_plus_presentation_time(run, video, site, tmp_path):
    for name, start in (("a", "2026-03-03T10:00:00Z"), ("b", "2026-03-03T12:00:00+01:00")):
        assert process(run, video, site, tmp_path / f"{name}.jsonl", start=start).code == 0
    first, second = (
        [decode_event(line) for line in (tmp_path / f"{name}.jsonl").read_bytes().splitlines()]
        for name in "ab"
    )
    assert {(b.timestamp - a.timestamp).total_seconds() for a, b in zip(first, second, strict=True)} == {
        3600.0
    }
    assert not {event.event_id for event in first} & {event.event_id for event in second}


def test_without_a_start_time_the_guess_is_said(run, video, site, tmp_path):
    answer = process(run, video, site, tmp_path / "e.jsonl", start=None)
    assert answer.code == 0
    assert "no --start given" in answer.err


def test_the_annotated_video_has_the_same_length(run, video, site, tmp_path):
    look = tmp_path / "look.mp4"
    assert process(run, video, site, tmp_path / "e.jsonl", "--annotate", look).code == 0
    with av.open(str(look)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 60


def bad_text(tmp_path):
    path = tmp_path / "text.mp4"
    path.write_text("this is no video\n" * 50)
    return path


def bad_empty(tmp_path):
    path = tmp_path / "empty.mp4"
    path.touch()
    return path


def bad_truncated(tmp_path):
    whole = (tmp_path / "clip.mp4").read_bytes()
    path = tmp_path / "truncated.mp4"
    path.write_bytes(whole[: len(whole) // 2])
    return path


def bad_frameless(tmp_path):
    path = tmp_path / "frameless.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000, layout="mono")
        silence = np.zeros((1, 1024), dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
        frame.sample_rate = 16000
        for packet in [*stream.encode(frame), *stream.encode()]:
            container.mux(packet)
    return path


@pytest.mark.parametrize(
    "make",
    [bad_text, bad_empty, bad_truncated, bad_frameless, lambda folder: folder, lambda folder: folder / "x"],
)
def test_bad_videos_get_one_clear_line(run, video, site, tmp_path, make):
    bad = make(tmp_path)
    answer = process(run, bad, site, tmp_path / "out.jsonl")
    one_clear_line(answer, 2)
    assert str(bad) in answer.err
    assert not list(tmp_path.glob("*out*"))


def one_clear_line(answer, code):
    assert answer.code == code
    assert answer.err.count("\n") == 1, answer.err
    assert "Traceback" not in answer.err


def test_an_unknown_camera_names_the_known_ones(run, video, site, tmp_path):
    answer = process(run, video, site, tmp_path / "out.jsonl", camera="BACK")
    one_clear_line(answer, 2)
    assert "DOOR" in answer.err


def test_a_start_without_zone_is_refused(run, video, site, tmp_path):
    answer = process(run, video, site, tmp_path / "out.jsonl", start="2026-03-03T10:00:00")
    one_clear_line(answer, 2)
    assert "zone" in answer.err


def test_another_shape_than_the_site_files_is_refused(run, video, site, tmp_path):
    site.write_text(site.read_text().replace("[320, 240]", "[640, 240]"))
    one_clear_line(process(run, video, site, tmp_path / "out.jsonl"), 2)


def test_an_output_that_cannot_be_is_refused_before_the_work(run, video, site, tmp_path):
    one_clear_line(process(run, video, site, tmp_path / "absent" / "out.jsonl"), 2)
    one_clear_line(process(run, video, site, tmp_path), 2)


def test_the_recording_itself_is_never_overwritten(run, video, site, tmp_path):
    before = video.read_bytes()
    one_clear_line(process(run, video, site, tmp_path / "e.jsonl", "--annotate", video), 2)
    one_clear_line(process(run, video, site, video), 2)
    assert video.read_bytes() == before


def test_a_site_file_with_mistakes_is_refused_before_the_work(run, video, site, tmp_path):
    site.write_text(site.read_text().replace("[[160, 120], [160, 225]]", "[[160, 120], [160, 240]]"))
    answer = process(run, video, site, tmp_path / "e.jsonl")
    one_clear_line(answer, 2)
    assert "edge" in answer.err
    site.write_text(site.read_text().replace("[320, 240]", "[320, 0]"))
    one_clear_line(process(run, video, site, tmp_path / "e.jsonl"), 2)


def test_a_variable_that_cannot_be_is_named(run, monkeypatch):
    monkeypatch.setenv("FLOORWALKER_PORT", "abc")
    answer = run("config")
    one_clear_line(answer, 2)
    assert "FLOORWALKER_PORT" in answer.err


def strange_network(path):
    """An ONNX network whose output no head understands."""
    image = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64])
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 3, 64, 64])
    graph = helper.make_graph([helper.make_node("Relu", ["images"], ["out"])], "strange", [image], [out])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)


def test_a_network_of_another_shape_is_refused(run, video, site, tmp_path):
    strange_network(tmp_path / "strange.onnx")
    answer = process(run, video, site, tmp_path / "out.jsonl", "--detector", tmp_path / "strange.onnx")
    one_clear_line(answer, 2)
    (tmp_path / "broken.onnx").write_bytes(b"no network")
    one_clear_line(
        process(run, video, site, tmp_path / "out.jsonl", "--detector", tmp_path / "broken.onnx"), 2
    )
    one_clear_line(process(run, video, site, tmp_path / "out.jsonl", "--detector", "no-such"), 2)


def test_a_full_disk_leaves_nothing_half_written(video, site, tmp_path):
    """A limit on the size of written files stands for the full disk: the kernel refuses the write alike."""
    out = tmp_path / "out"
    out.mkdir()

    def small_files():
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (256, 256))

    done = subprocess.run(
        [
            sys.executable, "-c", "from floorwalker.cli import main; main()", "process", str(video),
            "--site", str(site), "--camera", "DOOR", "--start", "2026-03-03T10:00:00Z",
            "--out", str(out / "events.jsonl"), "-q",
        ],
        preexec_fn=small_files, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "cannot write" in done.stderr or "failed" in done.stderr
    assert list(out.iterdir()) == []


def test_bad_calls_exit_with_2(run):
    assert run("process").code == 2
    assert run("nonsense").code == 2
    assert run("process", "--fps", "fast").code == 2


def test_a_start_in_the_future_is_told(run, video, site, tmp_path):
    answer = process(run, video, site, tmp_path / "e.jsonl", start="2199-01-01T00:00:00Z")
    assert answer.code == 0
    assert "2199-01-01T00:00:00Z lies in the future" in answer.err


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_who_is_told_to_stop_leaves_nothing_half_written(long_video, site, tmp_path, told):
    out = tmp_path / "out"
    out.mkdir()
    command = [
        *(sys.executable, "-c", "from floorwalker.cli import main; main()", "process", long_video),
        *("--site", site, "--camera", "DOOR", "--start", "2026-03-03T10:00:00Z", "-q"),
        *("--detector", "motion", "--out", out / "e.jsonl", "--annotate", out / "look.mp4"),
    ]
    work = subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE, text=True)
    while not list(out.glob(".look.*")):  # the annotated video is being written under another name
        assert work.poll() is None, work.stderr.read()
        time.sleep(0.01)
    work.send_signal(told)
    _, err = work.communicate(timeout=60)
    assert work.returncode == 130
    assert "Traceback" not in err
    assert sorted(path.name for path in out.iterdir()) == ["e.jsonl", "e.run.json", "e.tracks.parquet"]


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_a_day_that_is_told_to_stop_leaves_nothing_and_no_worker(long_day, site, tmp_path, told):
    command = [
        *(sys.executable, "-c", "from floorwalker.cli import main; main()", "day", long_day, "--site", site),
        *("--start", "2026-03-03T10:00:00Z", "-q", "--detector", "motion", "--out", tmp_path / "out"),
    ]
    work = subprocess.Popen(
        list(map(str, command)), stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while not any(reads(process, long_day / "DOOR.mp4") for process in processes_of(work.pid) - {work.pid}):
        assert work.poll() is None, work.stderr.read()
        time.sleep(0.01)
    os.killpg(work.pid, told)  # as a terminal and a supervisor do: every process is told
    _, err = work.communicate(timeout=60)
    assert work.returncode == 130
    assert "Traceback" not in err
    for _ in range(500):  # those that tidy up after the others end a moment later
        if not processes_of(work.pid):
            break
        time.sleep(0.02)
    assert processes_of(work.pid) == set()
    assert not (tmp_path / "out").exists()


def processes_of(session):
    """The ids of the processes of a session."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (folder / "stat").read_text().rpartition(")")[2].split()[3] == str(session):
                found.add(int(folder.name))
    return found


def reads(process, path):
    """Whether a process has a file open."""
    with suppress(OSError):
        return any(link.readlink() == path for link in Path(f"/proc/{process}/fd").iterdir())
    return False


def test_the_machines_time_zone_changes_nothing(run, video, site, tmp_path, monkeypatch):
    moments = {}
    for zone in ("Asia/Kolkata", "America/New_York"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        for start in ("2026-03-03T10:00:00Z", None):
            out = tmp_path / f"{zone.replace('/', '-')}.jsonl"
            assert process(run, video, site, out, start=start).code == 0
            moments.setdefault(start, set()).add(out.read_bytes())
    monkeypatch.undo()
    time.tzset()
    assert [len(files) for files in moments.values()] == [1, 1]
