from __future__ import annotations

import json

import pytest

from floorwalker.tracking.mot_files import read_mot


@pytest.fixture
def detections(tmp_path):
    path = tmp_path / "det.txt"
    rows = [
        f"{frame},-1,{100 + 5 * frame + 400 * person},{200 + 5 * person},50,150,0.9,-1,-1,-1\n"
        for frame in range(11, 61)
        for person in (0, 1)
        if not (person == 1 and 30 <= frame < 40)
    ]
    path.write_text("".join(rows))
    return path


def test_tracks_are_written_in_the_same_format(run, tmp_path, detections):
    out = tmp_path / "tracks.txt"
    told = run("track", detections, "--out", out, "--fps", 25)
    assert told.code == 0
    assert "2 tracks of" in told.out
    tracks = read_mot(out)
    assert (tracks.frame.min(), tracks.frame.max()) == (11, 60)
    assert set(tracks.track_id.tolist()) == {1, 2}
    again = tmp_path / "again.txt"
    run("track", detections, "--out", again, "--fps", 25)
    assert again.read_text() == out.read_text()


@pytest.mark.parametrize("name", ["bytetrack", "bytetrack-published", "observation-centric"])
def test_each_tracker_can_be_chosen(run, tmp_path, detections, name):
    told = run("track", detections, "--out", tmp_path / "t.txt", "--tracker", name, "--json", "-q")
    answer = json.loads(told.out)
    assert (answer["tracker"], answer["tracks"], answer["frames"], answer["detections"]) == (name, 2, 50, 90)
    assert answer["fps"] == 30.0


def test_a_recording_is_looked_back_over_unless_told_otherwise(run, tmp_path, detections):
    (tmp_path / "seqinfo.ini").write_text("[Sequence]\nframeRate=25\n")
    out = tmp_path / "t.txt"
    answer = json.loads(run("track", detections, "--out", out, "--json").out)
    assert (answer["fps"], answer["boxes"], answer["offline"]) == (25.0, 100, True)
    short = run("track", detections, "--out", out, "--longest-gap", 0.2, "--json")
    assert json.loads(short.out)["boxes"] == 90
    online = json.loads(run("track", detections, "--out", out, "--online", "--json").out)
    assert (online["boxes"], online["offline"]) == (90, False)


def test_bad_calls_are_told_in_a_line_and_leave_nothing(run, tmp_path, detections):
    out = tmp_path / "t.txt"
    assert "expected one of bytetrack, " in run("track", detections, "--out", out, "--tracker", "sort").err
    bad = tmp_path / "bad.txt"
    bad.write_text("1,-1,1,1,5,5,0.9\n1,-1,1,1,five,5,0.9\n")
    refused = run("track", bad, "--out", out)
    assert refused.code == 2
    assert "line 2" in refused.err
    assert run("track", tmp_path / "none.txt", "--out", out).code == 2
    assert run("track", detections, "--out", tmp_path / "nowhere" / "t.txt").code == 2
    assert not out.exists()


def test_boxes_of_no_use_are_counted(run, tmp_path, detections):
    detections.write_text(detections.read_text() + "60,-1,nan,1,5,5,0.9\n")
    told = run("track", detections, "--out", tmp_path / "t.txt")
    assert told.code == 0
    assert "left out 1 boxes" in told.err
