"""A network made ready for one camera: its options, its input size, and what part of the picture it sees."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from floorwalker.site.model import Camera
from floorwalker.vision.detector import Detector
from floorwalker.vision.onnx.detector import OnnxDetector
from floorwalker.vision.onnx.options import read_options
from floorwalker.vision.onnx.regions import RegionDetector, RegionSettings
from floorwalker.vision.onnx.sizing import SIZE_STEP, choose_input_size, size_for_camera
from floorwalker.vision.onnx.tiles import TiledDetector, cut


def build_network(
    path: Path,
    camera: Camera | None,
    frame_size: tuple[int, int],
    threads: int | None = None,
    *,
    any_size: bool = False,
) -> Detector:
    """Make a network ready for one camera.

    Args:
        path: an .onnx file; options may lie beside it (`vision.onnx.options`).
        camera: its calibration, lines and zones choose the input size of a network that takes any; `tiles`
            and `full_look_s` choose what it sees; None: not known.
        frame_size: width and height of the frames.
        threads: threads of the engine; default: one a core.
        any_size: whether the network takes any input size although its file names one.

    Raises:
        InputError: the network or its options are not understood.
    """
    options = read_options(path)
    load = partial(
        OnnxDetector.load,
        path,
        score_threshold=options.score_threshold,
        precision=options.precision,
        threads=threads,
        person_class=options.person_class,
        engine=options.engine,
    )
    size = options.input_size or (size_for_camera(camera) if camera else choose_input_size(frame_size))
    named = size if options.input_size or any_size else None
    if camera is not None and camera.tiles > 1:
        tiles = cut(frame_size[0], camera.tiles)
        part = (tiles[0].right - tiles[0].left, frame_size[1])
        tiled = size if options.input_size else choose_input_size(part, size[0] * size[1])
        return TiledDetector(load(part, input_size=tiled if named else None, free_size=tiled), tiles)
    if camera is None or camera.full_look_s is None:
        return load(frame_size, input_size=named, free_size=size)
    whole = load(frame_size, input_size=named, free_size=size, at_once=1)
    half = (_half(whole.input_size[0]), _half(whole.input_size[1]))
    scale = min(whole.input_size[0] / frame_size[0], whole.input_size[1] / frame_size[1])
    window = (min(frame_size[0], int(half[0] / scale)), min(frame_size[1], int(half[1] / scale)))
    smaller = load(window, input_size=half, at_once=1)
    return RegionDetector(whole, smaller, window, RegionSettings(full_look_s=camera.full_look_s))


def _half(side: int) -> int:
    return -(-side // (2 * SIZE_STEP)) * SIZE_STEP
