"""Video: files and streams to frames with their presentation time."""

from floorwalker.video.frame import Frame
from floorwalker.video.reader import VideoInfo, probe, read_frames, sample_frames
from floorwalker.video.writer import VideoWriter

__all__ = ["Frame", "VideoInfo", "VideoWriter", "probe", "read_frames", "sample_frames"]
