import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import openvino
import pytest
from onnx import TensorProto, helper

from floorwalker.errors import InputError
from floorwalker.video import Frame, read_frames
from floorwalker.vision.onnx import OnnxDetector, choose_input_size
from floorwalker.vision.onnx.feed import Placement
from floorwalker.vision.onnx.graph import lighten
from floorwalker.vision.onnx.heads.grid import Grid
from floorwalker.vision.onnx.heads.yolox import YoloxHead
from floorwalker.vision.onnx.letterbox import Letterbox

CELLS_64 = 8 * 8 + 4 * 4 + 2 * 2


def constant_network(path: Path, output: np.ndarray, side: int = 64) -> Path:
    """A network that always answers the same."""
    shape_in = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, side, side])
    shape_out = helper.make_tensor_value_info("out", TensorProto.FLOAT, list(output.shape))
    zero = helper.make_node("ReduceSum", ["images"], ["sum"], keepdims=0)
    scaled = helper.make_node("Mul", ["sum", "nought"], ["zero"])
    added = helper.make_node("Add", ["answer", "zero"], ["out"])
    weights = [
        helper.make_tensor("answer", TensorProto.FLOAT, output.shape, output.ravel()),
        helper.make_tensor("nought", TensorProto.FLOAT, [], [0.0]),
    ]
    graph = helper.make_graph([zero, scaled, added], "constant", [shape_in], [shape_out], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path


@pytest.mark.parametrize("placement", list(Placement))
def test_boxes_come_back_through_the_letterbox(placement: Placement) -> None:
    box = Letterbox.fit(placement, (1280, 720), (640, 608))
    image = np.zeros((720, 1280, 3), np.uint8)
    image[100:300, 400:500] = (0, 0, 255)
    canvas = np.full((608, 640, 3), 114, np.uint8)
    box.paint(Frame(image, 0.0, 0), canvas)
    ys, xs = np.nonzero((canvas[..., 2] > 150) & (canvas[..., 1] < 50))
    found = np.array([[xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]], np.float32)
    np.testing.assert_allclose(box.to_frame(found)[0], [400, 100, 500, 300], atol=3)


@pytest.mark.parametrize(
    ("frame", "expected"), [((1280, 720), (960, 544)), ((768, 432), (960, 544)), ((800, 600), (864, 640))]
)
def test_free_input_sizes_follow_the_frames(frame: tuple[int, int], expected: tuple[int, int]) -> None:
    assert choose_input_size(frame) == expected


def test_a_detector_reports_people_in_frame_pixels_without_doubles(tmp_path: Path) -> None:
    output = np.zeros((1, CELLS_64, 6), np.float32)
    for cell, score in ((9, 0.9), (10, 0.8), (63, 0.7)):
        column, row = cell % 8, cell // 8
        centre = (12.0, 14.0) if cell < 63 else (50.0, 50.0)
        output[0, cell, :6] = [
            centre[0] / 8 - column,
            centre[1] / 8 - row,
            np.log(10 / 8),
            np.log(20 / 8),
            score,
            1.0,
        ]
    detector = OnnxDetector.load(constant_network(tmp_path / "net.onnx", output), (128, 128))
    found = detector.detect(Frame(np.zeros((128, 128, 3), np.uint8), 0.0, 0))
    np.testing.assert_allclose(found.xyxy, [[14, 8, 34, 48], [90, 80, 110, 120]], atol=0.01)
    np.testing.assert_allclose(found.foot_px[0], [24, 48], atol=0.01)
    assert "64x64" in detector.fingerprint


def test_a_network_with_another_output_is_an_input_error_that_says_what_is_understood(tmp_path: Path) -> None:
    path = constant_network(tmp_path / "net.onnx", np.zeros((1, 10, 7), np.float32))
    with pytest.raises(InputError, match=r"\[1, 10, 7\].*YOLOX.*YOLOv8") as caught:
        OnnxDetector.load(path, (64, 64))
    assert "\n" not in str(caught.value)


@pytest.mark.shared
def test_a_real_network_finds_the_person_of_a_real_clip(shared: Path) -> None:
    network = shared / "detectors/yolox_nano_dynamic_hw.onnx"
    clip = shared / "videos/one-by-one-person-detection.mp4"
    detector = OnnxDetector.load(network, (768, 432))
    frames = {round(frame.time_s): frame for frame in read_frames(clip, fps=0.5) if frame.time_s < 30}
    assert len(detector.detect(frames[4])) == 0
    found = detector.detect(frames[28])
    assert len(found) == 1
    x1, y1, x2, y2 = found.xyxy[0]
    assert 370 < x1 < 400
    assert 430 < x2 < 560
    assert y2 - y1 > 350


@pytest.mark.shared
def test_the_lightened_graph_answers_what_the_whole_one_does(shared: Path) -> None:
    core = openvino.Core()
    network = core.read_model(str(shared / "detectors/yolox_nano_dynamic_hw.onnx"))
    network.reshape([1, 3, 96, 160])
    head = YoloxHead(Grid.of((160, 96)), person_class=2)
    lighter, head_after = lighten(network, head)
    assert head_after.person_class == 0
    assert tuple(lighter.outputs[0].shape) == (1, len(head.grid), 6)
    assert not any(node.get_type_name() == "Slice" for node in lighter.get_ordered_ops())
    picture = np.random.default_rng(0).uniform(0, 255, (1, 3, 96, 160)).astype(np.float32)
    options = {"INFERENCE_PRECISION_HINT": "f32"}
    whole, less = (
        next(iter(core.compile_model(model, "CPU", options)(picture).values()))
        for model in (network, lighter)
    )
    np.testing.assert_allclose(less[..., :5], whole[..., :5], atol=1e-3)
    np.testing.assert_allclose(less[..., 5], whole[..., 7], atol=1e-4)


def test_a_graph_of_another_form_stays_as_it_is(tmp_path: Path) -> None:
    path = constant_network(tmp_path / "net.onnx", np.zeros((1, CELLS_64, 85), np.float32))
    network = openvino.Core().read_model(str(path))
    head = YoloxHead(Grid.of((64, 64)))
    lighter, head_after = lighten(network, head)
    assert head_after == head
    assert tuple(lighter.outputs[0].shape) == (1, CELLS_64, 85)


def test_what_openvino_would_report_to_its_maker_is_reported_to_nobody():
    program = (
        "import floorwalker.vision.onnx, openvino.tools.ovc.telemetry_utils as reporting;"
        "print(reporting.tm.__name__)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "openvino.tools.ovc.telemetry_stub"
