"""Run by another interpreter: the trackers of the package `trackers` on detections that come as JSON.

Reads {"sequences": {name: {"fps", "frames": [[[x1, y1, x2, y2, confidence], …], …]}}, "repeat"} and prints
{"version", "results": {tracker: {sequence: {"rows": [[frame, id, x1, y1, x2, y2, confidence], …],
"seconds"}}}}. A frame's number is its place, from 1. Only the trackers' own work is timed.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from typing import Any

import numpy as np
import supervision as sv
import trackers


def builders(fps: float) -> dict[str, Any]:
    """Each tracker with its own defaults; camera motion is off, for there are no pictures."""
    return {
        "SORT": lambda: trackers.SORTTracker(frame_rate=fps),
        "ByteTrack": lambda: trackers.ByteTrackTracker(frame_rate=fps),
        "OC-SORT": lambda: trackers.OCSORTTracker(frame_rate=fps),
        "BoT-SORT": lambda: trackers.BoTSORTTracker(frame_rate=fps, enable_cmc=False),
        "C-BIoU": lambda: trackers.CBIoUTracker(frame_rate=fps),
        "McByte": lambda: trackers.McByteTracker(frame_rate=fps, enable_cmc=False),
    }


def follow(build: Any, sequence: dict[str, Any], repeat: int) -> dict[str, Any]:
    """One tracker on one sequence: its boxes, and the least time of some runs."""
    tables = [np.array(frame, dtype=np.float32).reshape(-1, 5) for frame in sequence["frames"]]
    seconds = []
    rows: list[list[float]] = []
    for _ in range(repeat):
        found = [
            sv.Detections(xyxy=t[:, :4], confidence=t[:, 4], class_id=np.zeros(len(t), dtype=int))
            for t in tables
        ]
        tracker = build()
        begun = time.perf_counter()
        answers = [tracker.update(detections) for detections in found]
        seconds.append(time.perf_counter() - begun)
        rows = [
            [number, int(track), *map(float, box), float(confidence)]
            for number, answer in enumerate(answers, start=1)
            for track, box, confidence in zip(
                answer.tracker_id, answer.xyxy, answer.confidence if len(answer) else [], strict=True
            )
            if track >= 0
        ]
    return {"rows": rows, "seconds": min(seconds)}


def main() -> None:
    request = json.load(sys.stdin)
    results: dict[str, dict[str, Any]] = {}
    for name, sequence in request["sequences"].items():
        for tracker, build in builders(sequence["fps"]).items():
            results.setdefault(tracker, {})[name] = follow(build, sequence, request["repeat"])
    print(json.dumps({"version": f"trackers {version('trackers')}", "results": results}))


if __name__ == "__main__":
    main()
