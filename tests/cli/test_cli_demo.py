"""`floorwalker demo` and `floorwalker day`: from simulated video to a store's numbers."""

import json

import pytest

from floorwalker.cli.demo import MARKER, _check, _start_afresh
from floorwalker.errors import WorkError
from floorwalker.evaluation.morning import compare, read_morning
from floorwalker.pipeline.day_run import DayRun
from floorwalker.warehouse import Warehouse


@pytest.fixture(scope="module")
def morning(tmp_path_factory):
    """One short simulated morning, filmed once for all tests of this file."""
    from floorwalker.simulation import simulate

    folder = tmp_path_factory.mktemp("morning")
    simulate(folder, 5, 0.5)
    return folder


def test_demo_prints_measured_beside_true(run, tmp_path):
    answer = run("demo", "--no-serve", "--minutes", "0.5", "--out", tmp_path / "demo", "--json", "-q")
    assert answer.code == 0, answer.err
    figures = {row["figure"]: row for row in json.loads(answer.out)["figures"]}
    truth = json.loads((tmp_path / "demo" / "morning" / "truth.json").read_text())
    assert figures["entries"]["true"] == truth["entries"] > 0
    assert abs(figures["entries"]["difference"]) <= 1
    for name in ("unique visitors", "exits", "re-entries", "conversion", "queue joins", "queue abandons"):
        assert figures[name]["difference"] == figures[name]["measured"] - figures[name]["true"]
    assert "staff excluded" in figures
    assert (tmp_path / "demo" / "floorwalker.db").is_file()


def test_demo_leaves_other_peoples_folders_alone(run, tmp_path):
    (tmp_path / "letters.txt").write_text("dear")
    answer = run("demo", "--no-serve", "--minutes", "0.5", "--out", tmp_path, "-q")
    assert answer.code == 2
    assert (tmp_path / "letters.txt").read_text() == "dear"


def test_an_interrupted_demo_can_be_started_again(tmp_path):
    out = tmp_path / "demo"
    _start_afresh(out)
    (out / "morning").mkdir()
    (out / "morning" / "CAM_ENTRY_01.mp4").write_bytes(b"half a film")
    (out / "floorwalker.db").write_bytes(b"old")
    _start_afresh(out)
    assert [path.name for path in out.iterdir()] == [MARKER]


def test_an_interrupted_simulation_can_be_started_again(tmp_path):
    from floorwalker.simulation import simulate

    simulate(tmp_path / "m", 1, 0.2, video=False)
    (tmp_path / "m" / "simulation.json").rename(tmp_path / "m" / ".simulation-unfinished")
    simulate(tmp_path / "m", 2, 0.2, video=False)
    assert json.loads((tmp_path / "m" / "simulation.json").read_text())["seed"] == 2
    assert not (tmp_path / "m" / ".simulation-unfinished").exists()


def test_a_blind_camera_is_a_broken_pipeline():
    truth = {"entries": 3, "exits": 2, "unique_visitors": 3}
    with pytest.raises(WorkError, match="exits"):
        _check(DayRun([], []), {"entries": 3, "exits": 0, "unique_visitors": 3}, truth)
    _check(DayRun([], []), truth, truth)


def test_day_loads_all_cameras_once(run, morning, tmp_path, monkeypatch):
    database = f"sqlite:///{tmp_path}/day.db"
    monkeypatch.setenv("FLOORWALKER_DATABASE_URL", database)
    site = read_morning(morning).site
    calls = [
        run(
            "day", morning, "--site", morning / "site.toml", "--start", "2026-03-03T04:30:00Z",
            "--json", "-q", "--out", tmp_path / "runs",
        )
        for _ in range(2)
    ]  # fmt: skip
    assert [call.code for call in calls] == [0, 0], calls[0].err
    first, second = (json.loads(call.out) for call in calls)
    assert first == second
    assert {row["camera_id"] for row in first["cameras"]} == {camera.id for camera in site.stores[0].cameras}
    warehouse = Warehouse(database)
    day = read_morning(morning).start_utc
    view = warehouse.read("STORE_SIM_001", day.replace(hour=0), day.replace(hour=23))
    assert len(view.events) == sum(row["events"] for row in first["cameras"])
    warehouse.close()
    assert len(list((tmp_path / "runs").glob("*.tracks.parquet"))) == 3


def test_day_names_what_is_missing(run, morning, tmp_path):
    (tmp_path / "empty").mkdir()
    answer = run("day", tmp_path / "empty", "--site", morning / "site.toml", "-q")
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert "CAM_ENTRY_01" in answer.err


def test_a_comparison_is_measured_less_true():
    truth = {
        "unique_visitors": 5, "entries": 6, "exits": 4, "reentries": 1, "conversion_rate": 0.5,
        "avg_dwell_ms": {"SHOES": 20_000}, "queue_joins": 2, "queue_abandons": 1, "staff_count": 3,
    }  # fmt: skip
    measured = truth | {
        "unique_visitors": 7, "staff_excluded": 2, "zones": {"SHOES": {"avg_dwell_ms": 15_000}}
    }  # fmt: skip
    rows = {row.figure: row for row in compare(measured, truth)}
    assert rows["unique visitors"].difference == 2
    assert rows["mean dwell SHOES"].difference == -5.0
    assert rows["staff excluded"].difference == -1
