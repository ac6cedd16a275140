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
    assert house.get("/stores/STORE_BLR_002/metrics")["entries"] == 600


def test_ingest_picks_up_the_runs_record(tmp_path, event):
    recording = Recording("STORE_BLR_002", "CAM_ENTRY_01", datetime(2026, 3, 3, tzinfo=UTC), 60.0, "ab" * 32)
    for config, count in (("1" * 32, 5), ("2" * 32, 3)):
        run_ = Run(recording.recording_id, "0.1", "motion", config)
        file = lines_of(tmp_path / f"{config[0]}.jsonl", [event() for _ in range(count)])
        record = msgspec.json.encode({"recording": recording, "run": run_, "frames": 3})
        file.with_name(f"{config[0]}.run.json").write_bytes(record)
        assert outcome(run("ingest", file, "--json"))["inserted"] == count
    from floorwalker.settings import Settings
    from floorwalker.warehouse import Warehouse

    warehouse = Warehouse(Settings().resolved_database_url)
    day = datetime(2026, 3, 3, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC)
    assert len(warehouse.read("STORE_BLR_002", *day).events) == 3
    warehouse.close()


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
