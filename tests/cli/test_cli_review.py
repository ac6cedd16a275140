"""`floorwalker review`: the pages on files, with no database, and the verdicts for calibration."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from floorwalker.cli import app
from floorwalker.errors import InputError
from floorwalker.identity.matching.verdicts import read_verdicts


def run(*arguments: Any) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    events = [
        {
            "entry_id": f"e{number}",
            "timestamp": f"2026-03-03T09:0{number}:00Z",
            "direction": "entry",
            "camera": "door",
        }
        for number in range(3)
    ]
    people = [{"person_id": f"P-{number}", "events": [event]} for number, event in enumerate(events)]
    path = tmp_path / "m.json"
    path.write_text(json.dumps({"day_id": "2026-03-03", "store_id": "A", "people": people}))
    (tmp_path / "p.csv").write_text("qid,aid\ne1,e0\ne2,e1\n")
    return path


def test_a_list_is_reviewed_and_the_verdicts_come_out(manifest: Path, tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"
    start = [sys.executable, "-c", "from floorwalker.cli import main; main()", "review", "pairs"]
    process = subprocess.Popen(
        [*start, "--manifest", manifest, "--csv", tmp_path / "p.csv", "--state", state, "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        address = line.split()[1]
        assert address.endswith("/review/pairs"), line
        base = address.removesuffix("/review/pairs")
        until = time.monotonic() + 20
        while True:
            try:
                told = httpx.get(f"{address}/list", timeout=10).json()
                break
            except httpx.TransportError:
                assert time.monotonic() < until
                time.sleep(0.05)
        assert [pair["entries"] for pair in told["pairs"]] == [["e1", "e0"], ["e2", "e1"]]
        said = {"kind": "different", "entries": ["e1", "e0"]}
        assert httpx.post(f"{base}/review/pairs/verdicts", json=said).status_code == 201
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        process.stderr.close()
    assert process.returncode == 0
    result = run("review", "verdicts", state)
    assert json.loads(result.stdout) == {"entry_a": "e0", "entry_b": "e1", "verdict": "different"}
    assert run("review", "verdicts", state, "--out", tmp_path / "v.jsonl").exit_code == 0
    assert (tmp_path / "v.jsonl").read_text() == result.stdout
    assert read_verdicts(tmp_path / "v.jsonl") == {("e0", "e1"): False}  # as calibration reads them
    assert not (tmp_path / "floorwalker.db").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("pairs",), "PAIRS_ENTRY_MANIFESTS"),
        (("pairs", "--manifest", "none.json"), "no such file"),
        (("pairs", "--manifest", "m.json", "--csv", "other.csv"), "of its entries are in no manifest"),
        (("pairs", "--manifest", "m.json", "--manifest", "m.json"), "stands in another manifest too"),
        (("pairs", "--manifest", "m.json", "--state", "no/such/state.jsonl"), "does not exist"),
        (("clusters", "none.json"), "no such file"),
        (("manifest", "p.csv"), "no entry manifest"),
        (("verdicts", "none.jsonl"), "no such file"),
    ],
)
def test_what_cannot_be_reviewed_is_said_before_anything_is_served(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "other.csv").write_text("qid,aid\ne1,stranger\n")
    monkeypatch.chdir(tmp_path)
    result = run("review", *arguments)
    assert isinstance(result.exception, InputError)
    assert said in str(result.exception)
