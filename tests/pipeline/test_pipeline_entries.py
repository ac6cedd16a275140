"""Entries of a recording: from real video by the shared networks to a server's `/match` form."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from floorwalker.cli import main

SITE = Path(__file__).parents[1] / "sites" / "real_clips.toml"


def call(monkeypatch, capsys, *arguments) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["floorwalker", *map(str, arguments)])
    code = 0
    try:
        main()
    except SystemExit as leaving:
        code = int(leaving.code or 0)
    return (code, *capsys.readouterr())


def test_who_leaves_over_the_line_becomes_an_entry(shared, tmp_path, monkeypatch, capsys):
    """People leave to the right, one after the other; each is most like themselves."""
    clip = shared / "videos" / "one-by-one-person-detection.mp4"
    network = shared / "reid-models" / "person-reidentification-retail-0248.onnx"
    process = (
        "process", clip, "--site", SITE, "--camera", "CAM_TABLE",
        "--start", "2026-03-03T23:30:00Z", "--detector", "motion", "--fps", "4",
            "--out", tmp_path / "t.events.jsonl",
        "--entries", "--reid-network", network, "--crops", tmp_path / "crops", "--json", "-q",
    )  # fmt: skip
    code, out, err = call(monkeypatch, capsys, *process)
    assert code == 0, err
    assert str(tmp_path / "t.events.entries.jsonl") in json.loads(out)["files"]
    events = [json.loads(line) for line in (tmp_path / "t.events.jsonl").read_text().splitlines()]
    crossed = {e["event_id"]: e for e in events if e["event_type"] in ("ENTRY", "EXIT", "REENTRY")}
    entries = [json.loads(line) for line in (tmp_path / "t.events.entries.jsonl").read_text().splitlines()]
    assert len(entries) == len(crossed) >= 5
    for entry in entries:
        event = crossed[entry["entry_id"]]
        assert (entry["timestamp"], entry["camera"], entry["store_id"]) == (
            event["timestamp"], "CAM_TABLE", "ROOM",
        )  # fmt: skip
        assert entry["day_id"] == "2026-03-04"  # it is night there
        assert entry["direction"] == ("exit" if event["event_type"] == "EXIT" else "entry")
        assert 1 <= len(entry["embeddings"]) <= 10
        assert len(entry["embeddings"]) == len(entry["images"])
        heights = [cv2.imread(image).shape[0] for image in entry["images"]]
        assert min(heights) >= 48
    within, between = _alike(entries)
    assert within > between + 0.2

    # What was written as crops is what `reid payloads` reads.
    again = (
        "reid", "payloads", tmp_path / "crops", "--out", tmp_path / "payloads", "--network", network,
        "--json", "-q",
    )  # fmt: skip
    code, out, err = call(monkeypatch, capsys, *again)
    assert (code, json.loads(out)["made"]) == (0, len(entries)), err
    one = entries[0]
    place = tmp_path / "payloads" / "ROOM" / one["day_id"] / f"{one['entry_id']}.json"
    made = json.loads(place.read_text())
    assert {name: made[name] for name in ("timestamp", "direction", "camera")} == {
        name: one[name] for name in ("timestamp", "direction", "camera")
    }
    assert np.mean(np.sum(_unit(made["embeddings"]) * _unit(one["embeddings"]), axis=1)) > 0.97


def _unit(rows: list[list[float]]) -> np.ndarray:
    vectors = np.array(rows)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _alike(entries: list[dict]) -> tuple[float, float]:
    """Mean cosine of images of one burst, and of images of two."""
    bursts = [_unit(entry["embeddings"]) for entry in entries if len(entry["embeddings"]) > 1]
    within = [(b @ b.T)[np.triu_indices(len(b), 1)].mean() for b in bursts]
    between = [(a @ b.T).mean() for n, a in enumerate(bursts) for b in bursts[n + 1 :]]
    return float(np.mean(within)), float(np.mean(between))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--entries",), "needs a network"),
        (("--reid-network", "x.onnx"), "ask for them with --entries"),
        (("--entries", "--reid-network", "none.onnx"), "none.onnx"),
    ],
)
def test_what_is_asked_wrongly_is_told_before_the_work(tmp_path, monkeypatch, capsys, shared, options, why):
    clip = shared / "videos" / "one-by-one-person-detection.mp4"
    code, _, err = call(
        monkeypatch, capsys, "process", clip, "--site", SITE, "--camera", "CAM_TABLE",
        "--start", "2026-03-03T23:30:00Z", "--out", Path(tmp_path) / "t.events.jsonl", *options,
    )  # fmt: skip
    assert (code, why in err) == (2, True)
    assert not (tmp_path / "t.events.jsonl").exists()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--entries", "--reid-network", "none.onnx"), "folder of --out"),
        (("--match",), "needs a network"),
        (("--match", "--reid-network", "none.onnx"), "none.onnx"),
    ],
)
def test_a_day_is_asked_wrongly(tmp_path, monkeypatch, capsys, options, why):
    told = call(monkeypatch, capsys, "day", tmp_path, "--site", SITE, "--store", "ROOM", *options)
    assert (told[0], why in told[2]) == (2, True), told
