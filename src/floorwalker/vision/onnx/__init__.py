"""Detection by networks in the ONNX format."""

from floorwalker.vision.onnx.detector import OnnxDetector
from floorwalker.vision.onnx.onnxruntime_session import OnnxRuntimeSession
from floorwalker.vision.onnx.openvino_session import OpenVinoSession
from floorwalker.vision.onnx.session import Engine, Precision, Request, Session
from floorwalker.vision.onnx.sizing import choose_input_size

__all__ = [
    "Engine",
    "OnnxDetector",
    "OnnxRuntimeSession",
    "OpenVinoSession",
    "Precision",
    "Request",
    "Session",
    "choose_input_size",
]
