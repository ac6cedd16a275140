"""Site files: every mistake is explained with its place; calibration maps both ways."""

import copy
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from floorwalker.errors import InputError
from floorwalker.site import Calibration, Site, check_site_file, load_site

GOOD = """
[[store]]
id = "S1"
timezone = "Europe/Berlin"
[store.opening_hours]
tue = { opens = 10:00:00, closes = 20:00:00 }
fri = { opens = 20:00:00, closes = 02:00:00 }

[[store.camera]]
id = "DOOR"
resolution = [960, 540]
[[store.camera.entry_line]]
id = "MAIN"
points = [[200, 300], [700, 300]]
inward = [450, 450]

[[store.camera]]
id = "TILL"
resolution = [960, 540]
[[store.camera.zone]]
id = "BILLING"
kind = "billing"
polygon = [[100, 100], [500, 100], [500, 400], [100, 400]]
counter = [[100, 100], [200, 100], [200, 200], [100, 200]]
"""


def write(tmp_path, text):
    path = tmp_path / "site.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(tmp_path, old, new):
    assert old in GOOD
    return check_site_file(write(tmp_path, GOOD.replace(old, new)))


def test_a_good_file_has_no_mistakes(tmp_path):
    path = write(tmp_path, GOOD)
    assert check_site_file(path) == []
    store, camera = load_site(path).store_of_camera("TILL")
    assert (store.id, camera.zones[0].id) == ("S1", "BILLING")


@pytest.mark.parametrize(
    ("old", "new", "place", "word"),
    [
        ("[200, 300]", "[0, 300]", "store[0].camera[0] (DOOR).entry_line[0] (MAIN).points[0]", "edge"),
        ("[200, 300]", "[-5, 300]", "store[0].camera[0] (DOOR).entry_line[0] (MAIN).points[0]", "outside"),
        ("[450, 450]", "[450, 300]", "store[0].camera[0] (DOOR).entry_line[0] (MAIN).inward", "on the line"),
        ("[500, 400]", "[500, 600]", "store[0].camera[1] (TILL).zone[0] (BILLING).polygon", "outside"),
        ('id = "TILL"', 'id = "TILL"\ntracker = "sort"', "store[0].camera[1].tracker", "'bytetrack'"),
        (
            "[[100, 100], [500, 100], [500, 400], [100, 400]]",
            "[[100, 100], [500, 400], [500, 100], [100, 400]]",
            "store[0].camera[1] (TILL).zone[0] (BILLING).polygon",
            "Self-intersection",
        ),
        ("Europe/Berlin", "Europe/Bielefeld", "store[0].timezone", "unknown time zone"),
        ('kind = "billing"', 'kind = "bar"', "store[0].camera[1].zone[0].kind", "product"),
        ('id = "TILL"', 'id = "TILL"\ncolour = 1', "store[0].camera[1].colour", "Extra inputs"),
        ('id = "TILL"', 'id = "DOOR"', "store[0].camera", "two cameras"),
        ("[[100, 100], [200, 100], [200, 200], [100, 200]]",
         "[[600, 500], [700, 500], [700, 520], [600, 520]]",
         "store[0].camera[1] (TILL).zone[0] (BILLING).counter", "wholly outside"),
        ("resolution = [960, 540]\n[[store.camera.entry_line]]", "[[store.camera.entry_line]]",
         "store[0].camera[0].resolution", "missing"),
    ],
)  # fmt: skip
def test_each_mistake_is_named_with_its_place(tmp_path, old, new, place, word):
    found = problems(tmp_path, old, new)
    assert any(problem.place == place and word in problem.message for problem in found), found


def test_no_mistake_is_told_in_the_words_of_a_program(tmp_path):
    changed = GOOD.replace(
        "[store.opening_hours]",
        '[store.pos.columns]\nstore = "s"\ntransaction = "id"\namount = "customer_total"\ntimestamp = "t"\n'
        "[store.opening_hours]",
    ).replace('id = "S1"', 'id = ".."\naliases = ["a/b"]')
    path = write(tmp_path, changed)
    found = {problem.place: problem.message for problem in check_site_file(path)}
    assert found.keys() == {"store[0].id", "store[0].aliases[0]", "store[0].pos.columns"}
    assert found["store[0].pos.columns"] == (
        "amount = 'customer_total' would read personal data by its name; map a column of numbers or ids"
    )
    assert "address" in found["store[0].id"]
    with pytest.raises(InputError) as caught:
        load_site(path)
    for message in (*found.values(), str(caught.value)):
        assert "Value error" not in message
        assert "{" not in message


def test_every_mistake_is_listed_not_only_the_first(tmp_path):
    found = problems(tmp_path, "[[200, 300], [700, 300]]", "[[0, 300], [960, 300]]")
    assert len(found) == 2


def test_what_is_no_toml_names_the_line(tmp_path):
    with pytest.raises(InputError, match="line 3"):
        check_site_file(write(tmp_path, '[[store]]\nid = "S"\nnonsense\n'))
    with pytest.raises(InputError, match="no such site file"):
        load_site(tmp_path / "absent.toml")


def test_an_unknown_camera_lists_the_known_ones(tmp_path):
    site = load_site(write(tmp_path, GOOD))
    with pytest.raises(InputError, match="DOOR, TILL"):
        site.store_of_camera("BACK")


def test_opening_hours_are_local_and_may_pass_midnight(tmp_path):
    store = load_site(write(tmp_path, GOOD)).stores[0]
    tuesday = datetime(2026, 7, 7, tzinfo=UTC)
    assert store.is_open(tuesday.replace(hour=8, minute=30)) is True  # 10:30 in Berlin's summer
    assert store.is_open(tuesday.replace(hour=7, minute=30)) is False
    saturday = datetime(2026, 7, 11, tzinfo=UTC)
    assert store.is_open(saturday.replace(day=10, hour=23)) is True  # 01:00 on Saturday, opened on Friday
    assert store.is_open(saturday.replace(hour=1)) is False


def pinhole(floor, height=0.0):
    """A camera 3 m up at (6, 5) that looks at (6, 0.8): written apart from the code under test."""
    centre, target = np.array([6.0, 5.0, 3.0]), np.array([6.0, 0.8, 0.0])
    ahead = (target - centre) / np.linalg.norm(target - centre)
    right = np.cross(ahead, [0, 0, 1])
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(ahead, right), ahead])
    intrinsics = np.array([[520, 0, 480], [0, 520, 270], [0, 0, 1.0]])
    points = np.column_stack([floor, np.full(len(floor), height)]) - centre
    image = points @ rotation.T @ intrinsics.T
    return image[:, :2] / image[:, 2:]


FLOOR = np.array([[5, 1], [7, 1], [5, 2], [7, 2.5], [6, 0.2], [6.3, 1.7]])


def test_calibration_recovers_floor_and_heights():
    calibration = Calibration.from_points(pinhole(FLOOR).tolist(), FLOOR.tolist(), (960, 540))
    elsewhere = np.array([[4.5, 0.5], [7.5, 2.2]])
    np.testing.assert_allclose(calibration.to_floor(pinhole(elsewhere)), elsewhere, atol=1e-9)
    np.testing.assert_allclose(calibration.to_image(elsewhere, 1.7), pinhole(elsewhere, 1.7), atol=1e-6)
    boxes = calibration.person_boxes(elsewhere, height_m=1.7)
    assert np.all(boxes[:, 1] < pinhole(elsewhere, 1.7)[:, 1] + 15)
    assert np.all(boxes[:, 3] > pinhole(elsewhere)[:, 1] - 15)


def test_calibration_stands_a_pixel_of_noise():
    noise = np.random.default_rng(3).normal(0, 0.5, FLOOR.shape)
    calibration = Calibration.from_points((pinhole(FLOOR) + noise).tolist(), FLOOR.tolist(), (960, 540))
    error = np.linalg.norm(calibration.to_floor(pinhole(FLOOR)) - FLOOR, axis=1)
    assert error.max() < 0.05


@pytest.mark.parametrize(
    "floor",
    [[[0, 0], [1, 0], [2, 0], [3, 0]], [[1, 1], [1, 1], [1, 1], [1, 1]], [[0, 0], [1, 0], [2, 0], [0, 1]]],
)
def test_calibration_refuses_points_that_fix_nothing(floor):
    with pytest.raises(InputError):
        Calibration.from_points([(0, 0), (100, 0), (100, 100), (0, 100)], floor, (960, 540))


def test_the_horizon_has_no_floor():
    calibration = Calibration.from_points(pinhole(FLOOR).tolist(), FLOOR.tolist(), (960, 540))
    assert np.isnan(calibration.to_floor([[480, -2000]])).all()


def test_contradicting_point_pairs_are_reported(tmp_path):
    image = pinhole(FLOOR)
    image[2] += 25
    text = GOOD.replace(
        '[[store.camera]]\nid = "TILL"',
        f"[store.camera.calibration]\nimage_points = {image.tolist()}\nfloor_points = {FLOOR.tolist()}\n\n"
        '[[store.camera]]\nid = "TILL"',
    )
    found = check_site_file(write(tmp_path, text))
    assert any("contradict" in problem.message for problem in found), found


def test_fields_describe_themselves():
    schema = copy.deepcopy(Site.model_json_schema())
    for name, part in schema["$defs"].items():
        for field, described in part.get("properties", {}).items():
            assert described.get("description"), f"{name}.{field} has no description"


def test_the_worked_example_of_the_docs_passes(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "site-file.md").read_text(encoding="utf-8")
    example = page.split("```toml\n")[1].split("```")[0]
    found = check_site_file(write(tmp_path, example))
    assert [problem.severity for problem in found] == ["warning"], found


def test_the_readmes_example_passes(tmp_path):
    page = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    example = page.split("```toml\n")[1].split("```")[0]
    assert check_site_file(write(tmp_path, example)) == []
