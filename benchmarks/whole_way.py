"""The whole way of a frame: decode, detect, track; every frame through the network.

Prints, for each clip, frames a second of ours, of the limit (our decoding and the network alone, side by
side, in the same precision, with nothing done to any picture or box) and of two peers that do the same work
with the same network: supervision and the package `trackers` with ONNX Runtime, and with OpenVINO. All take
turns, round by round; the medians are compared. Clips are repeated so that a run takes some seconds. The
share of the peer's boxes that ours has too (IoU above 0.5), and the other way round, shows that nothing was
left out.

    python benchmarks/whole_way.py [--quick] [--json] [--peers PYTHON] [--precision auto|bf16|f32]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from _peers import NoPeer, Peer, add_peers_option, peers
from floorwalker.settings import Settings
from floorwalker.tracking.bytetrack import ByteTrack
from floorwalker.tracking.overlap import assign, iou
from floorwalker.video.frame import Frame
from floorwalker.video.reader import probe, read_frames
from floorwalker.vision.onnx import OnnxDetector, OpenVinoSession, Precision, Request
from floorwalker.vision.onnx.detector import OVERLAP_THRESHOLD, SCORE_THRESHOLD
from floorwalker.vision.streaming import ahead_of, detect_stream

CLIPS = {"videos/supermarket-checkout.mp4": 4, "videos/mall-plaza.mp4": 1}
NETWORK = "detectors/yolox_nano_dynamic_hw.onnx"
SIZE = (960, 544)
ENGINES = ("onnxruntime", "openvino")
WANTED_RATIO, WANTED_LIMIT = 1.6, 0.85
Boxes = list[npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Row:
    """One contender on one clip.

    Attributes:
        clip: file name.
        contender: who.
        fps: median frames a second.
        cpu_ms: median processor time of a frame, which other work on the machine changes less.
        ours: how many times as fast ours is; 1 for ours itself.
        peer_found: share of the peer's boxes that ours has, None for ours and the limit.
        ours_found: share of ours that the peer has.
    """

    clip: str
    contender: str
    fps: float
    cpu_ms: float
    ours: float
    peer_found: float | None = None
    ours_found: float | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took; `boxes` are those of the clip's first time."""

    frames: int
    seconds: float
    cpu_seconds: float
    boxes: Boxes


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to do the work, and its runs so far."""

    name: str
    work: Callable[[], Run]
    runs: list[Run] = field(default_factory=list)

    def fps(self) -> float:
        """Median frames a second."""
        return median(run.frames / run.seconds for run in self.runs)

    def cpu_ms(self) -> float:
        """Median processor time of a frame in milliseconds."""
        return median(1000 * run.cpu_seconds / run.frames for run in self.runs)


class Stopwatch:
    """Wall time and processor time since it was made."""

    def __init__(self) -> None:
        self._begun, self._cpu = time.perf_counter(), time.process_time()

    def run(self, frames: int, boxes: Boxes) -> Run:
        """What was taken until now."""
        return Run(frames, time.perf_counter() - self._begun, time.process_time() - self._cpu, boxes)


def repeated(clip: Path, times: int) -> Iterator[Frame]:
    """A clip's frames several times over; their times begin anew each time."""
    for _ in range(times):
        yield from read_frames(clip)


def whole_way(network: Path, clip: Path, times: int, precision: Precision) -> Run:
    """Ours: decode, detect and track every frame."""
    info = probe(clip)
    detector = OnnxDetector.load(network, (info.width, info.height), input_size=SIZE, precision=precision)
    detector.detect(next(read_frames(clip)))
    tracker, found = ByteTrack(), []
    turn_s, last_s = 0.0, -1.0
    watch = Stopwatch()
    for frame, detections in detect_stream(detector, repeated(clip, times)):
        if frame.time_s < last_s:
            turn_s += last_s + 1 / info.fps
        last_s = frame.time_s
        tracker.update(detections, turn_s + last_s)
        found.append(detections.xyxy)
    return watch.run(len(found), found[: len(found) // times])


def limit(network: Path, clip: Path, times: int, precision: Precision) -> Run:
    """Decoding and the network side by side, always on the same grey canvas; nothing else is done."""
    info = probe(clip)
    session = OpenVinoSession(network, (info.width, info.height), SIZE, precision)
    idle: deque[Request] = deque(session.request() for _ in range(session.parallel + 1))
    for request in idle:
        request.start()
        request.wait()
    busy: deque[Request] = deque()
    frames, watch = 0, Stopwatch()
    for _ in ahead_of(repeated(clip, times), session.parallel + 1):
        if not idle:
            busy[0].wait()
            idle.append(busy.popleft())
        idle[0].start()
        busy.append(idle.popleft())
        frames += 1
    for request in busy:
        request.wait()
    return watch.run(frames, [])


def peer_way(peer: Peer, engine: str, network: Path, clip: Path, times: int) -> Run:
    """A peer's."""
    answer = peer.run(
        "_peer_whole_way.py",
        {
            "network": str(network),
            "clip": str(clip),
            "times": times,
            "engine": engine,
            "size": SIZE,
            "score": SCORE_THRESHOLD,
            "overlap": OVERLAP_THRESHOLD,
        },
    )
    boxes = [np.array(frame, np.float32).reshape(-1, 4) for frame in answer["boxes"]]
    return Run(answer["frames"], answer["seconds"], answer["cpu_seconds"], boxes)


def shared_boxes(ours: Boxes, theirs: Boxes) -> tuple[float, float]:
    """Shares of theirs that ours has, and of ours that theirs has, one to one at IoU above 0.5."""
    pairs = sum(len(assign(iou(a, b), 0.5)[0]) for a, b in zip(ours, theirs, strict=True))
    return pairs / max(1, sum(map(len, theirs))), pairs / max(1, sum(map(len, ours)))


def measure(
    data: Path, clip: str, times: int, rounds: int, peer: Peer, precision: Precision
) -> Iterator[Row]:
    """All contenders on one clip, in turns."""
    path, network = data / clip, data / NETWORK
    contenders = [
        Contender("ours", partial(whole_way, network, path, times, precision)),
        Contender("limit", partial(limit, network, path, times, precision)),
        *(
            Contender(f"peer, {engine}", partial(peer_way, peer, engine, network, path, times))
            for engine in ENGINES
        ),
    ]
    for turn in range(rounds):
        for contender in list(contenders):
            print(f"{path.name}, round {turn + 1}: {contender.name} …", file=sys.stderr)
            try:
                contender.runs.append(contender.work())
            except NoPeer as reason:
                print(f"note: {reason}", file=sys.stderr)
                contenders.remove(contender)
    ours = contenders[0]
    for contender in contenders:
        shares: list[float] = []
        if contender.name.startswith("peer"):
            shares = [round(s, 4) for s in shared_boxes(ours.runs[0].boxes, contender.runs[0].boxes)]
        fps = contender.fps()
        yield Row(
            path.name,
            contender.name,
            round(fps, 2),
            round(contender.cpu_ms(), 2),
            round(ours.fps() / fps, 3),
            *shares,
        )


def verdict(rows: list[Row]) -> dict[str, Any]:
    """Whether the aims are reached: times the peer with ONNX Runtime, and share of the limit."""
    worst_peer = min((row.ours for row in rows if row.contender == "peer, onnxruntime"), default=None)
    worst_limit = min(row.ours for row in rows if row.contender == "limit")
    return {
        "least_times_peer": worst_peer,
        "least_share_of_limit": worst_limit,
        "reached": worst_peer is not None and worst_peer >= WANTED_RATIO and worst_limit >= WANTED_LIMIT,
    }


def print_table(rows: list[Row], outcome: dict[str, Any]) -> None:
    """The table for people."""
    names = ("frames/s", "CPU ms", "ours is", "its boxes in ours", "ours in its")
    print(f"{'clip':26} {'contender':18}" + "".join(f"{name:>{len(name) + 3}}" for name in names))
    for row in rows:
        shares = "".join(
            f"{share:>{width}.1%}"
            for share, width in ((row.peer_found, 20), (row.ours_found, 14))
            if share is not None
        )
        print(f"{row.clip:26} {row.contender:18}{row.fps:11.1f}{row.cpu_ms:9.1f}{row.ours:9.2f}×{shares}")
    print(
        f"least: {outcome['least_times_peer']} times the peer with ONNX Runtime (wanted {WANTED_RATIO}), "
        f"{outcome['least_share_of_limit']} of the limit (wanted {WANTED_LIMIT})"
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one round")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contender")
    parser.add_argument("--precision", choices=["auto", "bf16", "f32"], default="auto", help="ours")
    add_peers_option(parser)
    arguments = parser.parse_args()
    data = Settings.load().shared / "data"
    if not (data / NETWORK).is_file():
        print(f"not run: the real material is not in {data} (FLOORWALKER_SHARED)", file=sys.stderr)
        return 0
    peer = peers(arguments.peers)
    load_before = os.getloadavg()[0]
    rows = [
        row
        for clip, times in CLIPS.items()
        for row in measure(
            data, clip, times, 1 if arguments.quick else arguments.rounds, peer, arguments.precision
        )
    ]
    outcome = {**verdict(rows), "load_before": load_before, "load_after": os.getloadavg()[0]}
    if arguments.json:
        print(json.dumps({"rows": [asdict(row) for row in rows], **outcome}))
    else:
        print_table(rows, outcome)
        print(
            f"load average {load_before:.2f} before, {outcome['load_after']:.2f} after; "
            "on a quiet machine the first is near 0"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
