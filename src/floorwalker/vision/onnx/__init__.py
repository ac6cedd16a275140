"""Detection by networks in the ONNX format."""

from floorwalker.vision.onnx.detector import OnnxDetector
from floorwalker.vision.onnx.openvino_session import OpenVinoSession
from floorwalker.vision.onnx.session import Precision, Request, Session
from floorwalker.vision.onnx.sizing import choose_input_size

__all__ = ["OnnxDetector", "OpenVinoSession", "Precision", "Request", "Session", "choose_input_size"]
