"""Detection by networks in the ONNX format."""

from floorwalker.vision.onnx.detector import OnnxDetector
from floorwalker.vision.onnx.session import OpenVinoSession, Session, choose_input_size

__all__ = ["OnnxDetector", "OpenVinoSession", "Session", "choose_input_size"]
