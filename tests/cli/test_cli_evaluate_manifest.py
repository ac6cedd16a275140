"""`floorwalker evaluate manifest`."""

from __future__ import annotations

import json
from pathlib import Path


def write(path: Path, day: str = "2026-03-03", **people: str) -> Path:
    def event(entry: str) -> dict[str, str]:
        return {
            "entry_id": entry,
            "timestamp": f"{day}T09:00:00Z",
            "direction": "entry",
            "camera": "door",
        }

    listed = [{"person_id": name, "events": [event(e) for e in entries]} for name, entries in people.items()]
    path.write_text(json.dumps({"ok": True, "day_id": day, "store_id": "s", "people": listed}))
    return path


def write_truth(path: Path, day: str = "2026-03-03", **people: str) -> Path:
    persons = {name: list(entries) for name, entries in people.items()}
    path.write_text(json.dumps({"day_id": day, "store_id": "s", "persons": persons}))
    return path


def test_scores_as_json_and_as_a_table(run, tmp_path):
    manifest = write(tmp_path / "m.json", p="abc", q="d")
    truth = write_truth(tmp_path / "gt.json", x="ab", y="cd")
    told = run("evaluate", "manifest", manifest, "--truth", truth, "--json")
    assert told.code == 0
    score = json.loads(told.out)
    assert score["pairs"]["f1"] == 0.4
    assert score["visitors_error"] == 0.0
    assert (score["entries"], score["missing"], score["unknown"]) == (4, 0, 0)
    table = run("evaluate", "manifest", manifest, "--truth", truth).out
    assert "pairs of entries" in table
    assert "2 persons, truly 2: unique visitors +0.0%" in table


def test_wrong_input_is_told_in_one_line(run, tmp_path):
    manifest = write(tmp_path / "m.json", p="abc")
    for truth, why in (
        (tmp_path / "none.json", "no such file"),
        (manifest, "no cluster truth"),
        (write_truth(tmp_path / "other.json", "2026-03-04", x="ab"), "expected the same store's day"),
        (write_truth(tmp_path / "strange.json", x="xy"), "holds no entry"),
    ):
        told = run("evaluate", "manifest", manifest, "--truth", truth)
        assert (told.code, told.out) == (2, "")
        assert why in told.err
        assert told.err.count("\n") == 1
