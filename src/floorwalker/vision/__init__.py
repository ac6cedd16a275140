"""Vision: frames to detections of people."""
