"""What each family's outputs mean, on outputs laid out as the families publish them."""

from pathlib import Path

import numpy as np
import pytest

from floorwalker.video import Frame
from floorwalker.vision.onnx import OpenVinoSession
from floorwalker.vision.onnx.heads import Signature, recognise_head
from floorwalker.vision.onnx.letterbox import Letterbox

CELLS_64 = 8 * 8 + 4 * 4 + 2 * 2


def signature(*shapes: tuple[int, ...], names: tuple[str, ...] = (), **others: tuple[int, ...]) -> Signature:
    named = names or tuple(f"out{number}" for number in range(len(shapes)))
    return Signature((64, 64), dict(zip(named, shapes, strict=True)), others)


def test_yolox_boxes_are_decoded_with_grid_and_stride() -> None:
    head = recognise_head(signature((1, CELLS_64, 85)))
    assert head is not None
    assert head.family == "yolox"
    output = np.zeros((1, CELLS_64, 85), np.float32)
    cell = 64 + 4 * 1 + 2  # stride 16, row 1, column 2
    output[0, cell, :6] = [0.5, 0.25, np.log(1.5), np.log(2.0), 0.9, 0.8]
    boxes, scores = head.decode([output], 0.35)
    np.testing.assert_allclose(boxes, [[40 - 12, 20 - 16, 40 + 12, 20 + 16]], atol=1e-4)
    np.testing.assert_allclose(scores, [0.72], atol=1e-6)


def test_yolov8_boxes_are_centres_and_sizes() -> None:
    head = recognise_head(signature((1, 20, CELLS_64)))
    assert head is not None
    assert head.family == "yolov8"
    output = np.zeros((1, 20, CELLS_64), np.float32)
    output[0, :5, 7] = [30, 20, 10, 16, 0.6]
    output[0, 5, 9] = 0.99  # another class is no person
    boxes, scores = head.decode([output], 0.35)
    np.testing.assert_allclose(boxes, [[25, 12, 35, 28]])
    np.testing.assert_allclose(scores, [0.6], atol=1e-6)


def test_nanodet_distances_are_means_of_distributions() -> None:
    cells = (64, 16, 4)
    shapes = [(1, count, 80) for count in cells] + [(1, count, 32) for count in cells]
    head = recognise_head(signature(*shapes))
    assert head is not None
    assert head.family == "nanodet"
    outputs = [np.zeros(shape, np.float32) for shape in shapes]
    outputs[1][0, 4 * 1 + 2, 0] = 0.8  # stride 16, row 1, column 2: the middle is at 40, 24
    outputs[1][0, 3, 5] = 0.9  # another class is no person
    sides = np.full((4, 8), -50.0, np.float32)
    sides[0, 1] = sides[1, 0] = sides[2, 1] = 0.0
    sides[3, [1, 2]] = 0.0  # half at 1, half at 2
    outputs[4][0, 4 * 1 + 2] = sides.ravel()
    boxes, scores = head.decode(outputs, 0.35)
    np.testing.assert_allclose(boxes, [[40 - 16, 24, 40 + 16, 24 + 24]], atol=1e-4)
    np.testing.assert_allclose(scores, [0.8], atol=1e-6)


def rf_detr_outputs(classes: int) -> tuple[np.ndarray, np.ndarray]:
    boxes = np.zeros((1, 5, 4), np.float32)
    boxes[0, 2] = [0.5, 0.25, 0.25, 0.5]
    logits = np.full((1, 5, classes), -9.0, np.float32)
    logits[0, 2, 1] = 1.0
    logits[0, 3, 2] = 5.0
    return boxes, logits


@pytest.mark.parametrize("classes", [4, 91])
def test_rf_detr_boxes_are_shares_of_the_picture_and_outputs_told_apart_by_name(classes: int) -> None:
    boxes, logits = rf_detr_outputs(classes)
    head = recognise_head(signature(logits.shape, boxes.shape, names=("labels", "dets")))
    assert head is not None
    assert (head.family, head.person_class, head.repeats) == ("rf-detr", 1, False)
    found, scores = head.decode([logits, boxes], 0.35)
    np.testing.assert_allclose(found, [[24, 0, 40, 32]], atol=1e-4)
    np.testing.assert_allclose(scores, [1 / (1 + np.exp(-1))], atol=1e-6)


def test_the_person_of_a_network_trained_on_ones_own_classes_can_be_another() -> None:
    boxes, logits = rf_detr_outputs(4)
    names = ("dets", "labels")
    head = recognise_head(signature(boxes.shape, logits.shape, names=names), person_class=2)
    assert head is not None
    found, _ = head.decode([boxes, logits], 0.35)
    assert len(found) == 1
    np.testing.assert_allclose(found, [[0, 0, 0, 0]])
    assert recognise_head(signature(boxes.shape, logits.shape, names=names), person_class=4) is None


def test_d_fine_answers_in_pixels_of_the_size_it_is_told() -> None:
    names = ("labels", "boxes", "scores")
    head = recognise_head(signature((1, 3), (1, 3, 4), (1, 3), names=names, orig_target_sizes=(1, 2)))
    assert head is not None
    assert head.family == "d-fine"
    assert head.constants["orig_target_sizes"].tolist() == [[64, 64]]
    labels = np.array([[0, 7, 0]])
    boxes = np.array([[[1, 2, 30, 40], [0, 0, 9, 9], [5, 5, 6, 6]]], np.float32)
    scores = np.array([[0.9, 0.8, 0.1]], np.float32)
    found, kept = head.decode([labels, boxes, scores], 0.35)
    np.testing.assert_allclose(found, [[1, 2, 30, 40]])
    np.testing.assert_allclose(kept, [0.9], atol=1e-6)


@pytest.mark.parametrize(
    "shapes", [[(1, 25200, 85)], [(1, 6, 7)], [(1, CELLS_64, 85), (1, 4, 4)], [(1, 1000)], [(1, 5, 4)] * 6]
)
def test_other_outputs_are_not_guessed_at(shapes: list[tuple[int, ...]]) -> None:
    assert recognise_head(signature(*shapes)) is None


@pytest.mark.shared
def test_a_real_nanodet_finds_the_people_of_a_real_picture(shared: Path) -> None:
    import cv2

    session = OpenVinoSession(shared / "detectors/nanodet_m_416.onnx", (1920, 1080))
    image = cv2.imread(str(shared / "mot/MOT17-04-FRCNN-mini/img1/000001.jpg"))
    request = session.request()
    letterbox = Letterbox.fit(session.head.feed.placement, (1920, 1080), session.input_size)
    letterbox.paint(Frame(image, 0.0, 0), request.canvas)
    request.start()
    boxes, scores = session.head.decode(request.wait(), 0.35)
    assert len(boxes) > 10
    tall = boxes[:, 3] - boxes[:, 1] > boxes[:, 2] - boxes[:, 0]
    assert scores[tall].max() > 0.6
