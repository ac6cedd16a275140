"""What holds of every engine: the same people from the same network, whatever runs it."""

import itertools
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from floorwalker.errors import InputError
from floorwalker.tracking.overlap import iou
from floorwalker.video import Frame
from floorwalker.vision.onnx import OnnxDetector, OnnxRuntimeSession, OpenVinoSession, Session

MakeSession = Callable[..., Session]
SIDE = 64


@pytest.fixture(params=[OpenVinoSession, OnnxRuntimeSession])
def make_session(request: pytest.FixtureRequest) -> MakeSession:
    return request.param


def channels_network(path: Path, side: int | str = SIDE) -> Path:
    """A YOLOX-shaped network whose first cells say the mean of each channel of its input as objectness."""
    cells = SIDE * SIDE // 64 * 21 // 16
    picture = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, side, side])
    answer = helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, cells, 6])
    place = np.zeros((1, cells, 6), np.float32)
    place[0, :, 5] = 1.0
    spread = np.zeros((3, cells * 6), np.float32)
    for channel in range(3):
        spread[channel, channel * 6 + 4] = 1.0
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["means"], axes=[2, 3], keepdims=0),
        helper.make_node("MatMul", ["means", "spread"], ["flat"]),
        helper.make_node("Reshape", ["flat", "shape"], ["rows"]),
        helper.make_node("Add", ["rows", "place"], ["out"]),
    ]
    weights = [
        helper.make_tensor("spread", TensorProto.FLOAT, spread.shape, spread.ravel()),
        helper.make_tensor("shape", TensorProto.INT64, [3], [1, cells, 6]),
        helper.make_tensor("place", TensorProto.FLOAT, place.shape, place.ravel()),
    ]
    graph = helper.make_graph(nodes, "channels", [picture], [answer], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path


def d_fine_network(path: Path) -> Path:
    """Laid out as D-FINE's export: labels, boxes and scores; boxes are shares of `orig_target_sizes`."""
    inputs = [
        helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", 3, SIDE, SIDE]),
        helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, ["N", 2]),
    ]
    outputs = [
        helper.make_tensor_value_info("labels", TensorProto.INT64, [1, 2]),
        helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, 2, 4]),
        helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 2]),
    ]
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["bright"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["bright", "both"], ["shares"]),
        helper.make_node("Reshape", ["shares", "two"], ["scores"]),
        helper.make_node("Cast", ["orig_target_sizes"], ["sizes"], to=TensorProto.FLOAT),
        helper.make_node("Concat", ["sizes", "sizes"], ["sides"], axis=1),
        helper.make_node("Mul", ["sides", "places"], ["boxes"]),
        helper.make_node("Identity", ["kinds"], ["labels"]),
    ]
    weights = [
        helper.make_tensor("both", TensorProto.FLOAT, [2], [1.0, 1.0]),
        helper.make_tensor("two", TensorProto.INT64, [2], [1, 2]),
        helper.make_tensor("places", TensorProto.FLOAT, [1, 2, 4], [0.25, 0.5, 0.5, 1.0, 0, 0, 1, 1]),
        helper.make_tensor("kinds", TensorProto.INT64, [1, 2], [0, 16]),
    ]
    graph = helper.make_graph(nodes, "d-fine", inputs, outputs, weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path


def rf_detr_network(path: Path) -> Path:
    """Laid out as RF-DETR's export; the person's logit is the mean of the first channel, normalised."""
    inputs = [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, SIDE, SIDE])]
    outputs = [
        helper.make_tensor_value_info("dets", TensorProto.FLOAT, [1, 1, 4]),
        helper.make_tensor_value_info("labels", TensorProto.FLOAT, [1, 1, 91]),
    ]
    spread = np.zeros((3, 91), np.float32)
    spread[0, 1] = 1.0
    nodes = [
        helper.make_node("ReduceMean", ["input"], ["means"], axes=[2, 3], keepdims=0),
        helper.make_node("MatMul", ["means", "spread"], ["flat"]),
        helper.make_node("Reshape", ["flat", "shape"], ["labels"]),
        helper.make_node("Identity", ["places"], ["dets"]),
    ]
    weights = [
        helper.make_tensor("spread", TensorProto.FLOAT, spread.shape, spread.ravel()),
        helper.make_tensor("shape", TensorProto.INT64, [3], [1, 1, 91]),
        helper.make_tensor("places", TensorProto.FLOAT, [1, 1, 4], [0.5, 0.5, 0.5, 1.0]),
    ]
    graph = helper.make_graph(nodes, "rf-detr", inputs, outputs, weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path


def infer(session: Session, image: np.ndarray) -> list[np.ndarray]:
    request = session.request()
    request.canvas[:] = image
    request.start()
    return [np.array(output) for output in request.wait()]


@pytest.mark.parametrize("side", [SIDE, "free"])
def test_a_family_gets_its_colours_in_its_order(
    tmp_path: Path, make_session: MakeSession, side: int | str
) -> None:
    session = make_session(channels_network(tmp_path / "net.onnx", side), (SIDE, SIDE), (SIDE, SIDE))
    image = np.broadcast_to(np.array([10, 100, 200], np.uint8), (SIDE, SIDE, 3))
    (rows,) = infer(session, image)
    np.testing.assert_allclose(rows[0, :3, 4], [10, 100, 200], rtol=1e-4)  # YOLOX: blue first, 0 to 255


def test_requests_do_not_disturb_each_other(tmp_path: Path, make_session: MakeSession) -> None:
    session = make_session(channels_network(tmp_path / "net.onnx"), (SIDE, SIDE))
    requests = [session.request() for _ in range(4)]
    for turn, (value, request) in enumerate(itertools.product((0, 40), requests)):
        del turn
        request.canvas[:] = value + requests.index(request)
        request.start()
        if value == 40:
            continue
        assert request.wait()[0][0, 0, 4] == requests.index(request)
    assert [round(float(request.wait()[0][0, 0, 4])) for request in requests] == [40, 41, 42, 43]


def test_d_fine_gets_the_size_of_its_own_input_and_answers_in_frame_pixels(
    tmp_path: Path, make_session: MakeSession
) -> None:
    session = make_session(d_fine_network(tmp_path / "net.onnx"), (320, 180))
    found = OnnxDetector(session, "d-fine").detect(Frame(np.full((180, 320, 3), 204, np.uint8), 0.0, 0))
    np.testing.assert_allclose(found.xyxy, [[80, 90, 160, 180]], atol=1e-3)
    np.testing.assert_allclose(found.confidence, [0.8], atol=1e-3)  # red-green-blue 0 to 1


def test_rf_detr_gets_red_first_normalised_and_answers_in_frame_pixels(
    tmp_path: Path, make_session: MakeSession
) -> None:
    session = make_session(rf_detr_network(tmp_path / "net.onnx"), (320, 180))
    image = np.zeros((180, 320, 3), np.uint8)
    image[..., 2] = 182  # red, one spread of 58.395 above the mean of 123.675
    found = OnnxDetector(session, "rf-detr").detect(Frame(image, 0.0, 0))
    np.testing.assert_allclose(found.xyxy, [[80, 0, 240, 180]], atol=1e-3)
    np.testing.assert_allclose(found.confidence, [1 / (1 + np.exp(-1.0))], atol=2e-3)


@pytest.mark.parametrize("content", [b"", b"no network at all", bytes(range(256)) * 20])
def test_a_damaged_network_is_an_input_error(
    tmp_path: Path, make_session: MakeSession, content: bytes
) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        make_session(path, (64, 64))
    assert "\n" not in str(caught.value)


def test_a_missing_network_and_another_file_type_are_input_errors(
    tmp_path: Path, make_session: MakeSession
) -> None:
    with pytest.raises(InputError, match="no such network"):
        make_session(tmp_path / "none.onnx", (64, 64))
    text = tmp_path / "net.txt"
    text.write_text("x")
    with pytest.raises(InputError, match=r"\.onnx"):
        make_session(text, (64, 64))


def test_a_class_that_the_network_does_not_have_is_an_input_error(
    tmp_path: Path, make_session: MakeSession
) -> None:
    with pytest.raises(InputError, match="with a class 7"):
        make_session(channels_network(tmp_path / "net.onnx"), (SIDE, SIDE), person_class=7)


def pictures(shared: Path) -> list[Frame]:
    folder = shared / "mot/MOT17-04-FRCNN-mini/img1"
    return [Frame(cv2.imread(str(folder / f"{n:06d}.jpg")), n / 30, n) for n in (1, 5)]


@pytest.mark.shared
def test_engines_agree_on_real_pictures(shared: Path) -> None:
    network = shared / "detectors/yolox_nano_dynamic_hw.onnx"
    size = (640, 384)
    openvino = OnnxDetector(OpenVinoSession(network, (1920, 1080), size), "openvino")
    onnxruntime = OnnxDetector(OnnxRuntimeSession(network, (1920, 1080), size), "onnxruntime")
    for frame in pictures(shared):
        one, other = openvino.detect(frame), onnxruntime.detect(frame)
        assert len(one) == len(other) > 15
        np.testing.assert_allclose(one.xyxy, other.xyxy, atol=0.5)
        np.testing.assert_allclose(one.confidence, other.confidence, atol=2e-3)


@pytest.mark.shared
def test_half_the_bits_find_the_same_people(shared: Path) -> None:
    """bf16 against f32: the boxes of clear people are all there, and scores move a little."""
    network = shared / "detectors/yolox_nano_dynamic_hw.onnx"
    exact = OnnxDetector(OpenVinoSession(network, (1920, 1080), precision="f32"), "f32")
    short = OnnxDetector(OpenVinoSession(network, (1920, 1080), precision="bf16"), "bf16")
    moved, clear = [], 0
    for frame in pictures(shared):
        one, other = exact.detect(frame), short.detect(frame)
        overlap = iou(one.xyxy, other.xyxy)
        best = overlap.argmax(axis=1)
        sure = one.confidence >= 0.5
        clear += int(sure.sum())
        assert (overlap[np.arange(len(best)), best] > 0.5)[sure].all()
        moved.append(np.abs(one.confidence - other.confidence[best])[sure])
    assert clear > 30
    assert np.concatenate(moved).mean() < 0.03


def test_the_precision_that_is_really_used_is_told(tmp_path: Path) -> None:
    path = channels_network(tmp_path / "net.onnx")
    assert OpenVinoSession(path, (SIDE, SIDE)).precision == "f32"
    automatic = OnnxDetector.load(path, (SIDE, SIDE))
    assert automatic.fingerprint.split()[-1] in ("bf16", "f32")
