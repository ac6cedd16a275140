"""The commands around the server, as a person calls them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import msgspec
import pytest
from typer.testing import CliRunner

from floorwalker.cli import app
from floorwalker.errors import InputError
from floorwalker.runs import Recording, Run


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=True)


def outcome(result):
    assert result.exit_code == 0, result.exception
    (tally,) = json.loads(result.stdout).values()
    return tally


def lines_of(path, events):
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    return path


def test_ingest_takes_a_file_once_and_explains_what_it_rejects(tmp_path, event):
    file = lines_of(tmp_path / "day.jsonl", [event() for _ in range(1100)])
    with file.open("a") as stream:
        stream.write(
            "\nnot an event\n" + json.dumps(event(zone_id="Z")) + "\n" + '{"x": ' + '"y' * 900_000 + "\n"
        )
    tally = outcome(run("ingest", file, "--json"))
    assert (tally["received"], tally["inserted"], tally["duplicates"], tally["rejected"]) == (
        1103,
        1100,
        0,
        3,
    )
    assert [error["line"] for error in tally["errors"]] == [1102, 1103, 1104]
    assert tally["reasons"] == {"schema": 2, "zone_id": 1}
    again = outcome(run("ingest", file, "--json"))
    assert (again["inserted"], again["duplicates"]) == (0, 1100)


def test_ingest_to_a_server(tmp_path, event, house):
    file = lines_of(tmp_path / "day.jsonl", [*[event() for _ in range(600)], event(at="23:59:59")])
    tally = outcome(run("ingest", file, "--json", "--url", house.http.base_url))
    assert (tally["inserted"], tally["reasons"]) == (600, {"future": 1})
    assert tally["errors"][0]["line"] == 601
    figures = house.get("/stores/STORE_BLR_002/metrics")
    assert (figures["entries"], figures["reentries"]) == (1, 599)


RECORDING = Recording("STORE_BLR_002", "CAM_ENTRY_01", datetime(2026, 3, 3, tzinfo=UTC), 60.0, "ab" * 32)


def of_run(event, run_, **more):
    made = event(**more)
    return made | {"metadata": made["metadata"] | {"run_id": run_.run_id}}


def run_file(path, events, run_):
    record = msgspec.json.encode({"recording": RECORDING, "run": run_, "frames": 3})
    path.with_name(f"{path.stem}.run.json").write_bytes(record)
    return lines_of(path, events)


def kept_events():
    from floorwalker.settings import Settings
    from floorwalker.warehouse import Warehouse

    warehouse = Warehouse(Settings().resolved_database_url)
    day = datetime(2026, 3, 3, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC)
    try:
        known = {store.store_id for store in warehouse.stores()}
        return len(warehouse.read("STORE_BLR_002", *day).events) if "STORE_BLR_002" in known else None
    finally:
        warehouse.close()


def test_ingest_picks_up_the_runs_record(tmp_path, event):
    for config, count in (("1" * 32, 5), ("2" * 32, 3)):
        run_ = Run(RECORDING.recording_id, "0.1", "motion", config)
        events = [of_run(event, run_) for _ in range(count)]
        file = run_file(tmp_path / f"{config[0]}.jsonl", events, run_)
        assert outcome(run("ingest", file, "--json"))["inserted"] == count
    assert kept_events() == 3


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"metadata": {"run_id": "of another run"}}, "run_id"),
        ({"camera_id": "CAM_FLOOR"}, "camera"),
        ({"store_id": "STORE_2"}, "store"),
    ],
)
def test_a_file_beside_which_another_runs_record_lies_is_refused(tmp_path, event, more, reason):
    run_ = Run(RECORDING.recording_id, "0.1", "motion", "1" * 32)
    file = run_file(tmp_path / "a.jsonl", [of_run(event, run_), of_run(event, run_) | more], run_)
    result = run("ingest", file)
    assert isinstance(result.exception, InputError)
    assert f"expected {reason}" in str(result.exception) or f"expected metadata.{reason}" in str(
        result.exception
    )
    assert kept_events() is None
    assert outcome(run("ingest", file, "--json", "--without-run"))["inserted"] == 2


def test_a_run_goes_to_a_server_as_plain_events_and_says_so(tmp_path, event, house):
    run_ = Run(RECORDING.recording_id, "0.1", "motion", "1" * 32)
    file = run_file(tmp_path / "a.jsonl", [of_run(event, run_)], run_)
    result = run("ingest", file, "--url", house.http.base_url)
    assert result.exit_code == 0
    assert "not told of runs" in result.stderr
    assert len(house.get("/stores")) == 1


def test_a_file_of_which_nothing_is_an_event_is_refused(tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_text("dear diary\n")
    result = run("ingest", file)
    assert isinstance(result.exception, InputError)
    assert "no file of events" in str(result.exception)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["ingest", "nowhere.jsonl"], "no such file"),
        (["ingest", __file__, "--url", "ftp://x"], "http"),
        (["serve", "--host", "0.0.0.0"], "API keys"),
        (["serve", "--host", "example.org"], "API keys"),
        (["pos", "load", "nowhere.csv"], "no such file"),
        (["pos", "load", __file__, "--timezone", "Mars/Olympus"], "IANA"),
    ],
)
def test_mistakes_are_explained(arguments, reason):
    result = run(*arguments)
    assert isinstance(result.exception, InputError)
    assert reason in str(result.exception)


def test_pos_load_tells_and_exits_2_where_nothing_could_be_read(tmp_path):
    file = tmp_path / "pos.csv"
    file.write_text("store_id,transaction_id,timestamp,basket_value_inr\nS1,T1,2026-03-03T10:00:00,5\n")
    result = run("pos", "load", file)
    assert result.exit_code == 2
    assert "line 2: zone" in result.stdout
    result = run("pos", "load", file, "--timezone", "Asia/Kolkata", "--json")
    assert (result.exit_code, json.loads(result.stdout)["inserted"]) == (0, 1)


def served(home: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from floorwalker.cli import main; main()", "serve", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "FLOORWALKER_HOME": str(home)},
    )


def test_serve_answers_logs_and_stops_on_ctrl_c_with_a_stream_open(tmp_path, event):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = served(tmp_path, "--port", str(port))
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as http:
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline:
                try:
                    http.get("/health")
                    break
                except httpx.TransportError:
                    time.sleep(0.1)
            assert http.post("/events/ingest", json={"events": [event()]}).json()["inserted"] == 1
            with http.stream("GET", "/stores/STORE_BLR_002/stream") as stream:
                next(stream.iter_text())
                taken = served(tmp_path, "--port", str(port))
                _, complaint = taken.communicate(timeout=30)
                assert taken.returncode == 2
                assert f"port {port} on 127.0.0.1 is in use" in complaint
                assert "Traceback" not in complaint
                process.send_signal(signal.SIGINT)
                _, log = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "Traceback" not in log
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert "/events/ingest" in [line["endpoint"] for line in lines]
