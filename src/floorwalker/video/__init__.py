"""Video: files and streams to frames with their presentation time."""
