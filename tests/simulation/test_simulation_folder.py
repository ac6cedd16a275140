import hashlib
import json

import av
import pytest

from floorwalker.errors import InputError
from floorwalker.simulation import simulate
from floorwalker.site import check_site_file, load_site

TINY = {"minutes": 0.2, "fps": 2, "size": (320, 180), "workers": 1}


def digests(folder):
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.suffix not in (".mp4",) and path.name != "simulation.json"
    }


def test_the_same_seed_gives_the_same_truth_with_and_without_films(tmp_path):
    simulate(tmp_path / "a", seed=5, **TINY)
    simulate(tmp_path / "b", seed=5, video=False, **TINY)
    simulate(tmp_path / "c", seed=6, video=False, **TINY)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    assert digests(tmp_path / "c")["positions.csv"] != digests(tmp_path / "a")["positions.csv"]


def test_truth_depends_neither_on_workers_nor_on_the_picture(tmp_path):
    simulate(tmp_path / "a", seed=5, video=False, minutes=0.2, fps=2, size=(320, 180), workers=2)
    simulate(tmp_path / "b", seed=5, video=False, minutes=0.2, fps=1, size=(480, 270), workers=1)
    a, b = digests(tmp_path / "a"), digests(tmp_path / "b")
    for name in ("events.jsonl", "positions.csv", "people.csv", "pos.csv", "truth.json"):
        assert a[name] == b[name]


def test_films_have_the_promised_frames_times_and_size(filmed):
    described = json.loads((filmed / "simulation.json").read_text())
    assert described["frames"] == 180
    for camera in described["cameras"]:
        with av.open(str(filmed / f"{camera}.mp4")) as container:
            stream = container.streams.video[0]
            assert stream.codec_context.name == "h264"
            frames = list(container.decode(stream))
        times = [float(frame.pts * frame.time_base) for frame in frames]
        assert len(frames) == 180
        assert (frames[0].width, frames[0].height) == (320, 180)
        assert times == pytest.approx([index / 10 for index in range(180)], abs=1e-4)


def test_films_show_the_people_where_the_boxes_say(filmed, table):
    """Where a box moves in, the picture changes; where nobody is, only noise and light do."""
    rows = table(filmed / "CAM_TILL_01.boxes.csv")
    with av.open(str(filmed / "CAM_TILL_01.mp4")) as container:
        frames = [frame.to_ndarray(format="gray").astype(int) for frame in container.decode(video=0)]
    cashier = [row for row in rows if row["person_id"] == "P0001"]
    others = {row["frame"] for row in rows if row["person_id"] != "P0001"}
    alone = next(row for row in cashier if row["frame"] not in others)
    picture = frames[int(alone["frame"])]
    x1, y1, x2, y2 = (round(float(alone[key])) for key in ("x1", "y1", "x2", "y2"))
    beside = picture[y1 : (y1 + y2) // 2, x2 + 2 : x2 + 2 + (x2 - x1)]
    assert abs(picture[y1 : (y1 + y2) // 2, x1:x2].mean() - beside.mean()) > 20


def test_the_site_file_has_no_mistakes(unfilmed):
    assert check_site_file(unfilmed / "site.toml") == []


def test_the_line_and_the_calibration_keep_clear_of_the_edge(unfilmed):
    cameras = {camera.id: camera for camera in load_site(unfilmed / "site.toml").stores[0].cameras}
    width, height = cameras["CAM_ENTRY_01"].resolution
    for x, y in cameras["CAM_ENTRY_01"].entry_lines[0].points:
        assert min(x, y, width - x, height - y) >= 70
    for camera in cameras.values():
        pairs = camera.calibration
        assert len(pairs.image_points) >= 6
        assert camera.calibrated().error_px(pairs.image_points, pairs.floor_points) < 0.05


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "diary.txt").write_text("mine")
    with pytest.raises(InputError, match="not empty"):
        simulate(tmp_path, seed=1, **TINY)
    assert [path.name for path in tmp_path.iterdir()] == ["diary.txt"]


def test_an_earlier_simulation_is_overwritten(tmp_path):
    simulate(tmp_path, seed=1, **TINY)
    simulate(tmp_path, seed=2, video=False, **TINY)
    assert json.loads((tmp_path / "simulation.json").read_text())["seed"] == 2
    assert not list(tmp_path.glob("*.mp4"))
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": -1},
        {"minutes": 0},
        {"minutes": float("nan")},
        {"fps": 0.5},
        {"size": (961, 540)},
        {"size": (10, 10)},
        {"difficulty": "nightmare"},
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_written(tmp_path, wrong):
    with pytest.raises(InputError):
        simulate(tmp_path / "out", **({"seed": 1, **TINY} | wrong))
    assert not (tmp_path / "out").exists()
