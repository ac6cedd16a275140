"""Run by another interpreter: supervision, the package `trackers` and an engine from clip to tracks.

Reads {"network", "clip", "times", "engine": "onnxruntime" or "openvino", "size": [width, height], "score",
"overlap"} and prints {"versions", "frames", "seconds", "cpu_seconds", "boxes": [[[x1, y1, x2, y2], …], …]}:
the boxes of the clip's first time. Reading, detecting and tracking are timed, loading is not.

The peer is given the best that is to be had in a few lines: a fixed input size, OpenCV's suppression in
place of supervision's own (which costs several times as much), suppression of people alone.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import cv2
import numpy as np
import supervision as sv
import trackers

Infer = Callable[[Any], Any]


def load(engine: str, network: str, size: tuple[int, int]) -> Infer:
    """The network in an engine, with the engine's own defaults."""
    width, height = size
    if engine == "openvino":
        import openvino

        core = openvino.Core()
        model = core.read_model(network)
        model.reshape([1, 3, height, width])
        compiled = core.compile_model(model, "CPU", {"PERFORMANCE_HINT": "LATENCY"})
        request = compiled.create_infer_request()

        def infer(batch: Any) -> Any:
            request.infer({0: batch}, share_inputs=True)
            return request.get_output_tensor(0).data

        return infer
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.add_free_dimension_override_by_name("h", height)
    options.add_free_dimension_override_by_name("w", width)
    session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda batch: session.run(None, {name: batch})[0]


def grid(size: tuple[int, int]) -> tuple[Any, Any]:
    """Column and row of each cell, and its stride."""
    cells, strides = [], []
    for stride in (8, 16, 32):
        xs, ys = np.meshgrid(np.arange(size[0] // stride), np.arange(size[1] // stride))
        cells.append(np.stack([xs, ys], axis=-1).reshape(-1, 2))
        strides.append(np.full((xs.size, 1), stride))
    return np.concatenate(cells), np.concatenate(strides)


def main() -> None:
    request = json.load(sys.stdin)
    size = (request["size"][0], request["size"][1])
    infer = load(request["engine"], request["network"], size)
    cells, strides = grid(size)
    canvas = np.full((size[1], size[0], 3), 114, np.uint8)

    def detect(image: Any) -> sv.Detections:
        scale = min(size[0] / image.shape[1], size[1] / image.shape[0])
        shrunk = cv2.resize(image, (round(image.shape[1] * scale), round(image.shape[0] * scale)))
        canvas[: shrunk.shape[0], : shrunk.shape[1]] = shrunk
        rows = infer(cv2.dnn.blobFromImage(canvas))[0]
        scores = rows[:, 4] * rows[:, 5]
        keep = scores >= request["score"]
        rows, scores = rows[keep], scores[keep]
        centre = (rows[:, :2] + cells[keep]) * strides[keep]
        sides = np.exp(rows[:, 2:4]) * strides[keep]
        boxes = np.concatenate([centre - sides / 2, centre + sides / 2], axis=1) / scale
        xywh = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
        suppress: Any = cv2.dnn.NMSBoxes
        kept = np.array(suppress(xywh, scores, 0.0, request["overlap"]), dtype=np.intp).reshape(-1)
        return sv.Detections(
            xyxy=boxes[kept].astype(np.float32),
            confidence=scores[kept],
            class_id=np.zeros(len(kept), dtype=int),
        )

    tracker = trackers.ByteTrackTracker(frame_rate=sv.VideoInfo.from_video_path(request["clip"]).fps)
    detect(next(iter(sv.get_video_frames_generator(request["clip"]))))
    first: list[Any] = []
    frames, begun, cpu_begun = 0, time.perf_counter(), time.process_time()
    for turn in range(request["times"]):
        for image in sv.get_video_frames_generator(request["clip"]):
            found = detect(image)
            tracker.update(found)
            frames += 1
            if turn == 0:
                first.append(found.xyxy)
    seconds, cpu_seconds = time.perf_counter() - begun, time.process_time() - cpu_begun
    packages = ("supervision", "trackers", request["engine"])
    answer = {
        "versions": ", ".join(f"{name} {version(name)}" for name in packages),
        "frames": frames,
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "boxes": [boxes.round(2).tolist() for boxes in first],
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
