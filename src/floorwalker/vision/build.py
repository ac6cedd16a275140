"""Which detector a camera gets."""

from __future__ import annotations

from pathlib import Path

from floorwalker.errors import InputError
from floorwalker.site.model import Camera
from floorwalker.vision.detector import Detector
from floorwalker.vision.models import KnownModel, known_models, pulled_models
from floorwalker.vision.motion import MotionDetector
from floorwalker.vision.onnx import OnnxDetector, choose_input_size

MOTION = "motion"


def build_detector(
    name: str | None, camera: Camera | None, frame_size: tuple[int, int], models_dir: Path
) -> Detector:
    """Make the detector for one recording.

    Args:
        name: `motion`, a network of the manifest that was pulled, or the path of an .onnx file; None takes
            a pulled network where there is one, else `motion`.
        camera: the camera, whose calibration the motion detector uses; None: not known.
        frame_size: width and height of the frames.
        models_dir: folder of the pulled networks.

    Returns:
        A detector for this recording only.

    Raises:
        InputError: no such network, not pulled yet, or not understood.
    """
    if name is None:
        pulled = pulled_models(models_dir)
        name = pulled[0].name if pulled else MOTION
    if name == MOTION:
        return MotionDetector(frame_size, camera.calibrated() if camera else None)
    for model in known_models():
        if model.name == name:
            return _load_known(model, frame_size, models_dir)
    if name.lower().endswith(".onnx"):
        return OnnxDetector.load(Path(name), frame_size)
    names = ", ".join([MOTION, *(model.name for model in known_models())])
    raise InputError(f"unknown detector {name!r}; expected one of {names}, or the path of an .onnx file")


def _load_known(model: KnownModel, frame_size: tuple[int, int], models_dir: Path) -> OnnxDetector:
    path = models_dir / model.file
    if not path.is_file():
        raise InputError(f"{model.name} is not in {models_dir}; `floorwalker models pull {model.name}` first")
    size = choose_input_size(frame_size) if model.free_input else None
    return OnnxDetector.load(path, frame_size, input_size=size)
