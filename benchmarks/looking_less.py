"""Looking only where something moves: what a network saves by it, and what it costs.

Prints, for the door camera of simulated mornings (seeds that nothing was tuned on), F1 of ENTRY and EXIT
(within 2 s of the truth), processor time a frame and how many frames were looked at whole, in part and not
at all: with every frame whole, and with `full_look_s` of 1, 2 and 5 seconds. Frames come at the camera's
rate in mode `all`, so that only the looking differs.

    python benchmarks/looking_less.py [--quick] [--json] [--seeds 101,102] [--folder FOLDER] [--detector PATH]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from _mornings import morning_in
from floorwalker.evaluation.events_match import score_events
from floorwalker.evaluation.morning import Morning
from floorwalker.pipeline.camera_run import CameraJob, process_recording
from floorwalker.settings import Settings
from floorwalker.site import Camera
from floorwalker.video.look import Mode
from floorwalker.vision.onnx.build import build_network
from floorwalker.vision.onnx.regions import RegionDetector

SEEDS = (101, 102)
FULL_LOOKS: tuple[float | None, ...] = (None, 1.0, 2.0, 5.0)
NETWORK = "detectors/yolox_nano_dynamic_hw.onnx"
TOLERANCE_S = 2.0
FPS = 10.0


@dataclass(frozen=True, slots=True)
class Row:
    """One camera looked at in one way; `whole`, `part` and `none` are frames."""

    seed: int
    camera: str
    full_look_s: float | None
    entry_f1: float
    exit_f1: float
    cpu_ms: float
    whole: int
    part: int
    none: int


def door_camera(morning: Morning) -> Camera:
    """The camera with an entry line."""
    return next(camera for camera in morning.store.cameras if camera.entry_lines)


def measure(morning: Morning, seed: int, network: Path, full_look_s: float | None, fps: float) -> Row:
    """One way of looking on one morning's door."""
    camera = door_camera(morning).model_copy(update={"full_look_s": full_look_s})
    job = replace(
        CameraJob(morning.folder / f"{camera.id}.mp4", morning.store, camera, morning.start_utc, fps),
        mode=Mode.ALL,
    )
    detector = build_network(network, camera, camera.resolution)
    begun = time.process_time()
    run = process_recording(job, detector)
    cpu_ms = 1000 * (time.process_time() - begun) / max(1, run.frames)
    true = [event for event in morning.true_events() if event.camera_id == camera.id]
    scores = {score.name: score.f1 for score in score_events(run.events, true, TOLERANCE_S)}
    looks = detector.looks if isinstance(detector, RegionDetector) else {}
    return Row(
        seed=seed,
        camera=camera.id,
        full_look_s=full_look_s,
        entry_f1=round(scores.get("ENTRY", 1.0), 4),
        exit_f1=round(scores.get("EXIT", 1.0), 4),
        cpu_ms=round(cpu_ms, 2),
        whole=looks.get("whole", run.frames),
        part=looks.get("part", 0),
        none=looks.get("none", 0),
    )


def print_table(rows: list[Row]) -> None:
    """The table for people."""
    names = ("ENTRY F1", "EXIT F1", "CPU ms a frame", "whole", "in part", "not at all")
    print(f"{'seed':>5} {'full look':>12}" + "".join(f"{name:>{max(len(name), 7) + 2}}" for name in names))
    for row in rows:
        every = "every frame" if row.full_look_s is None else f"{row.full_look_s:g} s"
        print(
            f"{row.seed:>5} {every:>12}{row.entry_f1:10.3f}{row.exit_f1:9.3f}{row.cpu_ms:16.1f}"
            f"{row.whole:9d}{row.part:9d}{row.none:12d}"
        )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one seed of three minutes")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--seeds", default="", help="other seeds, separated by commas")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--fps", type=float, default=FPS, help="frames a second to look at")
    parser.add_argument("--folder", type=Path, help="keep the mornings here, and use those already here")
    parser.add_argument("--detector", type=Path, help="an .onnx file; default: YOLOX-nano")
    arguments = parser.parse_args()
    network = arguments.detector or Settings.load().shared / "data" / NETWORK
    if not network.is_file():
        print(f"not run: no network at {network} (FLOORWALKER_SHARED)", file=sys.stderr)
        return 0
    seeds = [int(seed) for seed in arguments.seeds.split(",") if seed] or list(SEEDS)
    seeds, minutes = (seeds[:1], 3.0) if arguments.quick else (seeds, arguments.minutes)
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for seed in seeds:
            morning = morning_in(arguments.folder or Path(scratch), seed, minutes, "normal")
            for full_look_s in FULL_LOOKS:
                print(f"seed {seed}, full look {full_look_s or 'every frame'} …", file=sys.stderr)
                rows.append(measure(morning, seed, network, full_look_s, arguments.fps))
    load = os.getloadavg()[0]
    if arguments.json:
        print(json.dumps({"minutes": minutes, "rows": [asdict(row) for row in rows], "load": load}))
    else:
        print_table(rows)
        print(f"load average {load:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
