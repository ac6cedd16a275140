"""The detector without weights: people as what differs from the empty room."""

from floorwalker.vision.motion.detector import MotionDetector

__all__ = ["MotionDetector"]
