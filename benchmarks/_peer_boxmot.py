"""Run by another interpreter: BoxMOT's trackers without appearance on detections that come as JSON.

Reads and prints what `_peer_association.py` does. Nothing of BoxMOT (AGPL-3.0) comes into this project: it is
called where somebody has installed it, and its answers are scored.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from typing import Any

import numpy as np
from boxmot import create_tracker
from boxmot.trackers.specs import TrackerSpec

# The defaults of a configuration, with what needs pictures or a network switched off: the detections are
# all there is.
OPTIONS: dict[str, dict[str, Any]] = {
    "bytetrack": {},
    "ocsort": {},
    "botsort": {"use_embeddings": False, "use_cmc": False},
    "boosttrack": {"use_embeddings": False, "use_cmc": False},
    "sfsort": {},
    "occluboost": {"use_embeddings": False, "use_cmc": False},
    "deepocsort": {"use_embeddings": False, "cmc_off": True},
}


def make(name: str, fps: float) -> Any:
    """A tracker with the defaults of its configuration."""
    options = dict(OPTIONS[name])
    if name in ("bytetrack", "botsort"):
        options["frame_rate"] = round(fps)
    return create_tracker(TrackerSpec(name, options=tuple(sorted(options.items()))))


def follow(name: str, sequence: dict[str, Any], repeat: int) -> dict[str, Any]:
    """One tracker on one sequence: its boxes, and the least time of some runs."""
    tables = [np.array(frame, dtype=np.float32).reshape(-1, 5) for frame in sequence["frames"]]
    found = [np.column_stack([t, np.zeros(len(t), dtype=np.float32)]) for t in tables]
    picture = np.zeros((1080, 1920, 3), dtype=np.uint8)
    seconds = []
    answers: list[Any] = []
    for _ in range(repeat):
        tracker = make(name, sequence["fps"])
        begun = time.perf_counter()
        answers = [tracker.update(detections, picture) for detections in found]
        seconds.append(time.perf_counter() - begun)
    rows = []
    for number, answer in enumerate(answers, start=1):
        for row in np.asarray(getattr(answer, "data", answer), dtype=np.float64).reshape(-1, 8):
            rows.append([number, int(row[4]), *map(float, row[:4]), float(row[5])])
    return {"rows": rows, "seconds": min(seconds)}


def main() -> None:
    request = json.load(sys.stdin)
    results: dict[str, dict[str, Any]] = {}
    failed: dict[str, str] = {}
    for tracker in OPTIONS:
        for name, sequence in request["sequences"].items():
            try:
                results.setdefault(tracker, {})[name] = follow(tracker, sequence, request["repeat"])
            except Exception as error:  # one that needs what is not there must not hide the others
                failed[tracker] = f"{type(error).__name__}: {error}"[:200]
                results.pop(tracker, None)
                break
    print(json.dumps({"version": f"boxmot {version('boxmot')}", "results": results, "failed": failed}))


if __name__ == "__main__":
    main()
