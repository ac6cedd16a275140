"""Floorwalker: from the video of a shop's cameras to the numbers its people decide by."""

__version__ = "0.1.0"
