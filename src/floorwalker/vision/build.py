"""Which detector a camera gets."""

from __future__ import annotations

from pathlib import Path

from floorwalker.errors import InputError
from floorwalker.site.model import Camera
from floorwalker.vision.detector import Detector
from floorwalker.vision.models import known_models, pulled_models
from floorwalker.vision.motion import MotionDetector
from floorwalker.vision.onnx.build import build_network

MOTION = "motion"


def build_detector(
    name: str | None,
    camera: Camera | None,
    frame_size: tuple[int, int],
    models_dir: Path,
    threads: int | None = None,
) -> Detector:
    """Make the detector for one recording.

    Args:
        name: `motion`, a network of the manifest that was pulled, or the path of an .onnx file; None takes
            a pulled network where there is one, else `motion`.
        camera: the camera: its calibration serves the motion detector and a network's input size, and it
            says whether a network looks at parts of the picture; None: not known.
        frame_size: width and height of the frames.
        models_dir: folder of the pulled networks.
        threads: threads of a network's engine; default: one a core.

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
            path = models_dir / model.file
            if not path.is_file():
                raise InputError(
                    f"{model.name} is not in {models_dir}; `floorwalker models pull {model.name}` first"
                )
            return build_network(path, camera, frame_size, threads, any_size=model.free_input)
    if name.lower().endswith(".onnx"):
        return build_network(Path(name), camera, frame_size, threads)
    names = ", ".join([MOTION, *(model.name for model in known_models())])
    raise InputError(f"unknown detector {name!r}; expected one of {names}, or the path of an .onnx file")


def learns_the_room(detector: Detector) -> bool:
    """Whether a detector has to see samples of the empty room (`prepare`) before it is of any use."""
    return isinstance(detector, MotionDetector)
