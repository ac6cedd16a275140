from __future__ import annotations

import json

import pytest

TRUTH = "".join(f"{f},{p},{10 * f + 200 * p},50,40,120,1,-1,-1,-1\n" for f in range(1, 21) for p in (1, 2))
EVENT = (
    '{{"event_id": "{id}", "store_id": "S", "camera_id": "C", "visitor_id": "VIS_1", "event_type": "{kind}", '
    '"timestamp": "2026-03-03T10:00:{second:02d}Z", "zone_id": null, "dwell_ms": 0, "is_staff": false, '
    '"confidence": 0.9, "metadata": {{}}}}\n'
)


@pytest.fixture
def truth(tmp_path):
    path = tmp_path / "gt.txt"
    path.write_text(TRUTH)
    return path


def test_tracks_are_scored_as_table_json_and_page(run, tmp_path, truth):
    table = run("evaluate", "tracks", truth, truth)
    assert table.code == 0
    assert "HOTA" in table.out
    assert "2 for 2 people" in table.out
    page = tmp_path / "scores.html"
    told = run("evaluate", "tracks", truth, truth, "--json", "--plot", page)
    scores = json.loads(told.out)
    assert (scores["hota"], scores["idf1"], scores["id_switches"], scores["skipped_lines"]) == (
        1.0,
        1.0,
        0,
        0,
    )
    text = page.read_text()
    assert "Plotly.newPlot" in text
    assert "src=" not in text.split("Plotly.newPlot")[-1]


def test_detections_are_scored(run, tmp_path, truth):
    found = tmp_path / "det.txt"
    found.write_text(
        "".join(f"{f},-1,{10 * f + 200},50,40,120,0.8\n" for f in range(1, 31)) + "31,-1,1,1,0,9,1\n"
    )
    told = run("evaluate", "detections", found, truth, "--json", "--plot", tmp_path / "scores.html")
    scores = json.loads(told.out)
    assert (scores["boxes"], scores["recall50"], scores["skipped_lines"]) == (30, 0.5, 1)
    assert "left out 1 boxes" in told.err
    within = json.loads(run("evaluate", "detections", found, truth, "--within-truth", "--json").out)
    assert within["boxes"] == 20
    assert "mAP" in run("evaluate", "detections", found, truth).out
    assert (tmp_path / "scores.html").stat().st_size > 100_000


def test_events_tell_misses_and_inventions_apart(run, tmp_path):
    (tmp_path / "true.jsonl").write_text(
        "".join(EVENT.format(id=f"00000000-0000-4000-8000-{k:012d}", kind="ENTRY", second=k) for k in (1, 20))
    )
    (tmp_path / "found.jsonl").write_text(
        "".join(EVENT.format(id=f"00000000-0000-4000-8000-{k:012d}", kind="ENTRY", second=k) for k in (2, 40))
    )
    page = tmp_path / "scores.html"
    told = run(
        "evaluate", "events", tmp_path / "found.jsonl", tmp_path / "true.jsonl", "--json", "--plot", page
    )
    score = json.loads(told.out)["scores"][0]
    assert (score["missed"], score["invented"], score["net_error"], score["gross_error"]) == (1, 1, 0, 2)
    assert "invented" in page.read_text()


@pytest.mark.parametrize(
    ("text", "says"),
    [("1,1,2,3\n", "line 1"), ("", "holds no box"), ("1,1,5,5,nan,9\n", "holds no box")],
)
def test_a_truth_of_no_use_is_refused(run, tmp_path, truth, text, says):
    bad = tmp_path / "bad.txt"
    bad.write_text(text)
    for kind in ("tracks", "detections"):
        refused = run("evaluate", kind, truth, bad)
        assert refused.code == 2
        assert says in refused.err


def test_a_picture_that_cannot_be_drawn_is_refused_before_the_work(run, tmp_path, truth):
    assert "ends with .html" in run("evaluate", "tracks", truth, truth, "--plot", tmp_path / "a.png").err
    refused = run("evaluate", "tracks", truth, truth, "--plot", tmp_path / "nowhere" / "a.html")
    assert refused.code == 2
    assert "does not exist" in refused.err
