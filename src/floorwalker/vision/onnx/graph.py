"""Loading a graph, and changing it into an equal one that does less: for OpenVINO."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import openvino
from openvino import opset13 as ops
from openvino.passes import ConstantFolding, Manager
from openvino.preprocess import ColorFormat, PrePostProcessor

from floorwalker.vision.onnx.feed import Feed
from floorwalker.vision.onnx.heads import Head
from floorwalker.vision.onnx.heads.yolox import YoloxHead
from floorwalker.vision.onnx.network_file import check_file, damaged

_YOLOX_FRONT = 5  # four sides and the objectness come before the classes
_CORNERS = ((0, 0), (1, 0), (0, 1), (1, 1))


def read_network(core: openvino.Core, path: Path) -> openvino.Model:
    """The network of a file, as the engine holds it.

    Raises:
        InputError: the file is no network, or damaged.
    """
    check_file(path)
    try:
        return core.read_model(str(path))
    except RuntimeError as error:
        raise damaged(path) from error


def feed_pictures(model: openvino.Model, feed: Feed) -> openvino.Model:
    """The model with bytes as its input, 1×height×width×3, blue-green-red.

    Args:
        model: with a picture as its only input.
        feed: what the family wants.
    """
    pre = PrePostProcessor(model)
    tensor = pre.input().tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
    tensor.set_color_format(ColorFormat.BGR)
    pre.input().model().set_layout(openvino.Layout("NCHW"))
    steps = pre.input().preprocess()
    if feed.rgb:
        steps.convert_color(ColorFormat.RGB)
    steps.convert_element_type(openvino.Type.f32)
    if any(feed.mean):
        steps.mean(list(feed.mean))
    if any(side != 1 for side in feed.spread):
        steps.scale(list(feed.spread))
    return pre.build()


def fix_inputs(model: openvino.Model, constants: Mapping[str, npt.NDArray[np.int64]]) -> None:
    """Give inputs beside the picture their value for good.

    Args:
        model: changed in place.
        constants: value of each input, by name.
    """
    for name, value in constants.items():
        port = model.input(name)
        kind = port.get_element_type().to_dtype()
        fixed = ops.constant(value.astype(kind))
        for target in port.get_target_inputs():
            target.replace_source_output(fixed.output(0))
        model.remove_parameter(port.get_node())
    model.validate_nodes_and_infer_types()


def lighten(model: openvino.Model, head: Head) -> tuple[openvino.Model, Head]:
    """An equal graph that does less, where its form is known; else the same.

    YOLOX: the scores of all classes but a person's are not computed, and the four shifted copies of the
    picture that its first convolution looks at become one convolution over the picture itself.

    Returns:
        The model and its head.
    """
    if not isinstance(head, YoloxHead):
        return model, head
    lighter = model.clone()
    folding = Manager()
    folding.register_pass(ConstantFolding())
    folding.run_passes(lighter)
    try:
        merge_focus(lighter)
        if keep_one_class(lighter, head.person_class):
            return lighter, replace(head, person_class=0)
    except _Unknown:
        return model, head
    return lighter, head


class _Unknown(Exception):
    """A part of the graph has another form than the one that is understood."""


def keep_one_class(model: openvino.Model, wanted: int) -> bool:
    """Leave one class in a YOLOX graph.

    Args:
        model: changed in place if the form is known, constants folded beforehand.
        wanted: the class that stays.

    Returns:
        Whether it was changed.
    """
    scales = [node for node in model.get_ordered_ops() if _is_scale(node)]
    for scale in scales:
        add = scale.input_value(2).get_node().input_value(0).get_node()
        convolution = add.input_value(0).get_node()
        weights = _constant(convolution.input_value(1))[wanted : wanted + 1]
        bias = _constant(add.input_value(1)).reshape(-1)[wanted : wanted + 1].reshape(1, 1, 1, 1)
        reshape = _only_reader(scale)
        shape = _constant(reshape.input_value(1)).copy()
        if reshape.get_type_name() != "Reshape" or len(shape) != 3:
            raise _Unknown
        shape[1] = _YOLOX_FRONT + 1
        one = ops.convolution(
            convolution.input_value(0), ops.constant(weights), [1, 1], [0, 0], [0, 0], [1, 1]
        )
        scale.input(2).replace_source_output(ops.sigmoid(ops.add(one, ops.constant(bias))).output(0))
        reshape.input(1).replace_source_output(ops.constant(shape).output(0))
    model.validate_nodes_and_infer_types()
    return bool(scales)


def _is_scale(node: openvino.Node) -> bool:
    """Whether a node joins sides, objectness and classes of one stride, the classes by a 1×1 convolution."""
    if node.get_type_name() != "Concat" or node.get_input_size() != 3:
        return False
    shapes = [node.input_value(place).get_partial_shape() for place in range(3)]
    if any(len(shape) != 4 or shape[1].is_dynamic for shape in shapes):
        return False
    sides, objectness, classes = (shape[1].get_length() for shape in shapes)
    if (sides, objectness) != (4, 1) or classes < 2:
        return False
    scores = node.input_value(2).get_node()
    chain = [scores.get_type_name()]
    while len(chain) < 3 and scores.get_input_size():
        scores = scores.input_value(0).get_node()
        chain.append(scores.get_type_name())
    return chain == ["Sigmoid", "Add", "Convolution"]


def merge_focus(model: openvino.Model) -> bool:
    """Make one convolution of the four shifted copies of the picture and the convolution over them.

    A 3×3 convolution over the even and odd rows and columns apart is a 6×6 convolution with stride 2 over
    the picture, with the same weights in other places.

    Args:
        model: changed in place if the form is known, constants folded beforehand.

    Returns:
        Whether it was changed.
    """
    picture = model.inputs[0]
    for joined in (node for node in model.get_ordered_ops() if node.get_type_name() == "Concat"):
        shifts = [_shift(joined.input_value(place), picture) for place in range(joined.get_input_size())]
        known = [shift for shift in shifts if shift is not None]
        if len(known) != len(shifts) or sorted(known) != sorted(_CORNERS):
            continue
        convolution = _only_reader(joined)
        weights = _constant(convolution.input_value(1))
        if convolution.get_type_name() != "Convolution" or weights.shape[1:] != (12, 3, 3):
            raise _Unknown
        merged = np.zeros((weights.shape[0], 3, 6, 6), np.float32)
        for place, (row, column) in enumerate(known):
            merged[:, :, row::2, column::2] = weights[:, 3 * place : 3 * place + 3]
        whole = ops.convolution(picture, ops.constant(merged), [2, 2], [2, 2], [2, 2], [1, 1])
        for target in convolution.output(0).get_target_inputs():
            target.replace_source_output(whole.output(0))
        model.validate_nodes_and_infer_types()
        return True
    return False


def _shift(output: openvino.Output, picture: openvino.Output) -> tuple[int, int] | None:
    """Row and column from which every second one is taken, None where it is no such thing."""
    starts: dict[int, int] = {}
    while output.get_node().get_type_name() == "Slice" and output.get_node().get_input_size() == 5:
        node = output.get_node()
        start, step, axis = (int(_constant(node.input_value(place)).reshape(-1)[0]) for place in (1, 3, 4))
        if step != 2 or axis in starts:
            return None
        starts[axis] = start
        output = node.input_value(0)
    if output.get_node() != picture.get_node() or set(starts) != {2, 3}:
        return None
    return starts[2], starts[3]


def _only_reader(node: openvino.Node) -> openvino.Node:
    readers = list(node.output(0).get_target_inputs())
    if len(readers) != 1:
        raise _Unknown
    return readers[0].get_node()


def _constant(output: openvino.Output) -> npt.NDArray[np.generic]:
    node = output.get_node()
    if node.get_type_name() != "Constant":
        raise _Unknown
    return np.asarray(node.data)
