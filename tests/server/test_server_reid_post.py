"""`floorwalker reid post` against a real server, on both databases."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from floorwalker.cli import main

DAY = "2026-03-03"
VECTORS = {name: np.random.default_rng(seed).normal(size=(3, 32)).round(5) for seed, name in enumerate("abc")}


@pytest.fixture
def post(house, monkeypatch, capsys):
    def call(*arguments) -> tuple[int, str, str]:
        rest = list(arguments)
        url = rest.pop(rest.index("--to") + 1) if "--to" in rest else str(house.http.base_url)
        rest = [each for each in rest if each != "--to"]
        line = ["floorwalker", "reid", "post", *rest, "--url", url, "--quiet"]
        monkeypatch.setattr(sys, "argv", [str(each) for each in line])
        code = 0
        try:
            main()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        return (code, *capsys.readouterr())

    return call


def payload(entry_id: str, who: str, at: str, store: str = "s1", **more) -> dict:
    return {
        "day_id": DAY,
        "store_id": store,
        "entry_id": entry_id,
        "timestamp": f"{DAY}T{at}Z",
        "direction": "entry",
        "camera": "door",
        "images": [],
        "embeddings": VECTORS[who].tolist(),
        "attrs": {},
    } | more


def lines(path: Path, *payloads: dict) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in payloads))
    return path


def manifest(house, store: str = "s1") -> dict[str, list[str]]:
    told = house.get("/manifest", day_id=DAY, store_id=store, embeddings="false")
    return {person["person_id"]: [e["entry_id"] for e in person["events"]] for person in told["people"]}


def test_entries_go_in_order_of_time_and_once(house, post, tmp_path):
    """Written in another order than they happened; interrupted; and gone on with."""
    path = lines(
        tmp_path / "door.entries.jsonl",
        payload("e3", "a", "11:00:00"),
        payload("e1", "a", "09:00:00"),
        payload("e2", "b", "10:00:00"),
        payload("f1", "c", "10:00:00", "s2"),
    )
    code, out, _ = post(path, "--json")
    tally = json.loads(out)
    assert (code, tally["found"], tally["answered"], tally["failed"]) == (0, 4, 4, 0)
    assert tally["statuses"] == {"match": 1, "new": 3}
    assert manifest(house) == {"s1-0001": ["e1", "e3"], "s1-0002": ["e2"]}
    kept = tmp_path / "door.entries.answers.jsonl"
    answers = [json.loads(line) for line in kept.read_text().splitlines()]
    assert {a["entry_id"]: a["person_id"] for a in answers} == {
        "e1": "s1-0001",
        "e2": "s1-0002",
        "e3": "s1-0001",
        "f1": "s2-0001",
    }
    whole = kept.read_bytes()
    kept.write_bytes(whole[: whole.index(b"\n") + 20])  # killed while writing the second answer
    code, out, _ = post(path, "--json")
    assert (code, json.loads(out)["skipped"], json.loads(out)["answered"]) == (0, 1, 3)
    assert {json.loads(line)["entry_id"] for line in kept.read_text().splitlines() if line.endswith("}")} == {
        "e1", "e2", "e3", "f1",
    }  # fmt: skip
    assert manifest(house) == {"s1-0001": ["e1", "e3"], "s1-0002": ["e2"]}


def test_a_dry_run_sends_and_writes_nothing(house, post, tmp_path):
    folder = tmp_path / "payloads" / "s1" / DAY
    folder.mkdir(parents=True)
    (folder / "e1.json").write_text(json.dumps(payload("e1", "a", "09:00:00")))
    code, out, _ = post(tmp_path / "payloads", "--dry-run", "--json")
    planned = json.loads(out)["would_send"]
    assert (code, planned) == (0, [{"store_id": "s1", "day_id": DAY, "entries": 1}])
    assert manifest(house) == {}
    assert sorted(path.name for path in tmp_path.rglob("*.json*")) == ["e1.json"]
    (folder / "e2.json").write_text(json.dumps(payload("e2", "a", "09:00:00", "a/b")))
    (folder / "e3.json").write_text("{")
    code, out, err = post(tmp_path / "payloads", "--dry-run", "--json")
    assert (code, json.loads(out)["reasons"]) == (1, {"unfit": 2})
    assert "2 of 3 entries are unfit" in err


def test_what_the_server_refuses_is_counted_by_its_code(house, post, tmp_path):
    path = lines(
        tmp_path / "e.jsonl",
        payload("e1", "a", "09:00:00"),
        payload("e2", "a", "09:10:00", embeddings=[[0.0] * 32]),
        payload("e3", "a", "09:20:00", embeddings=[[1.0] * 7]),
        payload("e4", "a", "09:30:00", embeddings=[]),
        payload("e1", "b", "09:40:00"),
        payload("e5", "a", "09:50:00"),
    )
    code, out, err = post(path, "--json")
    tally = json.loads(out)
    assert (code, tally["answered"], tally["failed"]) == (1, 2, 4)
    assert tally["reasons"] == {"twice": 1, "zero_vector": 1, "wrong_dimension": 1, "empty_embeddings": 1}
    assert "4 of 6 entries were not taken" in err
    assert manifest(house) == {"s1-0001": ["e1", "e5"]}


def test_what_cannot_be_done_is_told_in_one_line(house, post, tmp_path, monkeypatch):
    monkeypatch.setattr("floorwalker.cli.reid_post.ATTEMPTS", 2)
    path = lines(tmp_path / "e.jsonl", payload("e1", "a", "09:00:00"))
    for arguments, code, why in (
        ((path, "--to", "http://127.0.0.1:9"), 1, "does not answer"),
        ((path, "--to", f"{house.http.base_url}/nothing"), 1, "answered 404"),
        ((path, "--to", "ftp://x"), 2, "an address such as"),
        ((tmp_path / "none.jsonl",), 2, "no such file"),
        ((lines(tmp_path / "empty.jsonl"),), 2, "holds no payloads"),
    ):
        told = post(*arguments)
        assert told[0] == code, told
        assert why in told[2]
        assert told[2].count("\n") == 1
    assert manifest(house) == {}
