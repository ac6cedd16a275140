"""Looking at parts of a picture: tiles of wide views, and regions in which something changed."""

from pathlib import Path

import numpy as np
import pytest

from floorwalker.errors import InputError
from floorwalker.site import Camera
from floorwalker.video import Frame
from floorwalker.vision.detections import Detections
from floorwalker.vision.onnx.options import options_path, read_options
from floorwalker.vision.onnx.regions import RegionDetector, RegionSettings
from floorwalker.vision.onnx.sizing import size_for_camera, smallest_person_px
from floorwalker.vision.onnx.tiles import TiledDetector, cut

SIZE = (640, 360)


class Bright:
    """Finds bright upright blocks: one box a block, cut off where the picture ends."""

    fingerprint = "bright"
    ahead = 4

    def __init__(self) -> None:
        self.sizes: list[tuple[int, int]] = []

    def prepare(self, samples: object) -> None:
        pass

    def detect(self, frame: Frame) -> Detections:
        self.sizes.append(frame.size)
        bright = np.concatenate([[False], (frame.image[:, :, 0] > 200).any(axis=0), [False]])
        edges = np.flatnonzero(np.diff(bright.astype(int)))
        boxes = []
        for left, right in zip(edges[::2], edges[1::2], strict=True):
            rows = np.flatnonzero((frame.image[:, left:right, 0] > 200).any(axis=1))
            boxes.append([left, rows[0], right, rows[-1] + 1])
        return Detections.from_boxes(boxes, np.full(len(boxes), 0.9))

    def begin(self, frame: Frame) -> "Found":
        return Found(self.detect(frame))


class Found:
    def __init__(self, found: Detections) -> None:
        self.found = found

    def result(self) -> Detections:
        return self.found


def picture(*people: tuple[int, int, int, int], time_s: float = 0.0) -> Frame:
    image = np.full((SIZE[1], SIZE[0], 3), 60, np.uint8)
    for x1, y1, x2, y2 in people:
        image[y1:y2, x1:x2] = 250
    return Frame(image, time_s, round(time_s * 10))


def boxes_of(found: Detections) -> list[list[float]]:
    return sorted(found.xyxy.tolist())


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_tiles_cover_the_frame_with_an_overlap_and_every_column_belongs_to_one(count: int) -> None:
    tiles = cut(1920, count)
    assert tiles[0].left == 0
    assert tiles[-1].right == 1920
    assert len({tile.right - tile.left for tile in tiles}) == 1
    for column in range(0, 1920, 7):
        owners = [tile for tile in tiles if tile.core[0] <= column < tile.core[1]]
        assert len(owners) == 1
        assert owners[0].left <= column < owners[0].right


def test_people_on_the_border_of_two_tiles_are_found_once_and_whole() -> None:
    tiles = cut(SIZE[0], 2)
    border = round((tiles[1].left + tiles[0].right) / 2)
    people = [(20, 100, 50, 200), (border - 12, 90, border + 14, 190), (600, 50, 630, 160)]
    detector = TiledDetector(Bright(), tiles)
    assert boxes_of(detector.detect(picture(*people))) == [list(map(float, person)) for person in people]
    assert "tiles" in detector.fingerprint
    assert len(detector.detect(picture())) == 0


def regions(full_look_s: float = 2.0) -> tuple[RegionDetector, Bright, Bright]:
    whole, part = Bright(), Bright()
    return RegionDetector(whole, part, (320, 180), RegionSettings(full_look_s=full_look_s)), whole, part


def test_where_nothing_moves_nobody_looks_and_those_who_were_there_are_still_there() -> None:
    detector, whole, part = regions()
    person = (100, 100, 130, 180)
    for step in range(20):
        assert boxes_of(detector.detect(picture(person, time_s=step / 10))) == [[100, 100, 130, 180]]
    assert len(whole.sizes) == 1
    assert not part.sizes
    assert detector.looks == {"whole": 1, "part": 0, "none": 19}


def test_who_moves_is_followed_in_a_window_and_who_stands_elsewhere_stays() -> None:
    detector, whole, part = regions(full_look_s=60)
    standing = (560, 40, 590, 120)
    for step in range(15):
        walker = (60 + 6 * step, 150, 90 + 6 * step, 240)
        found = boxes_of(detector.detect(picture(standing, walker, time_s=step / 10)))
        assert found == sorted([list(map(float, standing)), list(map(float, walker))])
    assert len(whole.sizes) == 1
    assert set(part.sizes) == {(320, 180)}


def test_who_leaves_is_gone_and_who_comes_is_seen() -> None:
    detector, _, _ = regions(full_look_s=60)
    assert len(detector.detect(picture((200, 100, 230, 190)))) == 1
    assert len(detector.detect(picture(time_s=0.1))) == 0
    assert len(detector.detect(picture((300, 120, 330, 210), time_s=0.2))) == 1


def test_movement_all_over_the_picture_is_looked_at_whole() -> None:
    detector, whole, part = regions(full_look_s=60)
    detector.detect(picture())
    found = detector.detect(picture((10, 10, 40, 90), (600, 250, 630, 350), time_s=0.1))
    assert len(found) == 2
    assert len(whole.sizes) == 2
    assert not part.sizes


def test_everything_is_looked_at_every_few_seconds_and_after_a_jump_back_in_time() -> None:
    detector, whole, _ = regions(full_look_s=1.0)
    for step in range(31):
        detector.detect(picture((100, 100, 130, 180), time_s=step / 10))
    assert 3 <= len(whole.sizes) <= 4
    looked = len(whole.sizes)
    detector.detect(picture(time_s=0.0))
    assert len(whole.sizes) == looked + 1


def camera(**more: object) -> Camera:
    """A camera 3 m up that looks along y; the line is 8 m away, the zone 4 m."""
    image = [(480 + 620 * x / (y + 0.001), 270 + 620 * 3 / y) for y in (5.0, 10.0, 20.0) for x in (-1.0, 1.0)]
    floor = [(x, y) for y in (5.0, 10.0, 20.0) for x in (-1.0, 1.0)]
    line = [(380, 270 + 620 * 3 / 8), (580, 270 + 620 * 3 / 8)]
    content = {
        "id": "CAM",
        "resolution": (960, 540),
        "entry_line": [{"id": "DOOR", "points": line, "inward": (480, 530)}],
        "calibration": {"image_points": image, "floor_points": floor},
        **more,
    }
    return Camera.model_validate(content)


def test_the_smallest_person_who_matters_stands_at_the_far_end_of_lines_and_zones() -> None:
    expected = 620 * 1.5 / 8
    assert smallest_person_px(camera()) == pytest.approx(expected, rel=0.15)
    far = {"id": "FAR", "kind": "product", "polygon": [(470, 340), (490, 340), (490, 400)]}
    assert smallest_person_px(camera(zone=[far])) < 0.6 * expected
    assert smallest_person_px(camera(calibration=None)) is None
    assert smallest_person_px(camera(entry_line=[])) is None


def test_the_input_is_as_large_as_the_smallest_person_needs_within_bounds() -> None:
    near = size_for_camera(camera())
    far = {"id": "FAR", "kind": "product", "polygon": [(470, 340), (490, 340), (490, 400)]}
    large = size_for_camera(camera(zone=[far]))
    assert near[0] * near[1] < large[0] * large[1] < 1.1 * 736 * 1280
    assert all(side % 32 == 0 for side in (*near, *large))
    assert smallest_person_px(camera()) * near[0] / 960 >= 90
    assert size_for_camera(camera(calibration=None)) == (960, 544)


def test_tiles_and_regions_do_not_go_together() -> None:
    assert camera(tiles=3).tiles == 3
    with pytest.raises(ValueError, match="do not go together"):
        camera(tiles=3, full_look_s=2.0)


def test_options_beside_a_network_are_read_and_wrong_ones_named(tmp_path: Path) -> None:
    network = tmp_path / "net.onnx"
    assert read_options(network).person_class is None
    options_path(network).write_text('person_class = 3\nprecision = "f32"\ninput_size = [640, 384]\n')
    options = read_options(network)
    assert (options.person_class, options.precision, options.input_size) == (3, "f32", (640, 384))
    options_path(network).write_text("persons = 3\n")
    with pytest.raises(InputError, match=r"net\.toml: persons"):
        read_options(network)
    options_path(network).write_text("person_class = \n")
    with pytest.raises(InputError, match="not TOML"):
        read_options(network)
