"""Soak: a million track ids through a tracker and live journeys, and the memory that they take.

People walk through one camera's picture, over its entry line and through its zones, one crowd after the
other, for as long as it takes to begin so many tracks. Printed is the memory of the process, and what is
held, at 10 %, 50 % and 100 %: it must not grow with the people who have gone.

    python benchmarks/soak.py [--quick] [--json] [--tracks N] [--tracker NAME]
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from floorwalker.journeys import CameraContext
from floorwalker.journeys.streaming import LiveJourneys, StreamSettings
from floorwalker.runs import Recording, Run
from floorwalker.site import Store
from floorwalker.tracking.build import MOST_ACCURATE, TRACKERS, build_tracker
from floorwalker.vision.detections import Detections

TRACKS = 1_000_000
QUICK_TRACKS = 5_000
MARKS = (0.1, 0.5, 1.0)
# Small people, far apart: a hall of 90 places, each of them walked through again and again.
WIDTH, HEIGHT = 1920, 1080
COLUMNS, ROWS = 15, 6
BOX = np.array([22.0, 66.0])
FPS = 5.0
STAY_FRAMES, APART_FRAMES = 6, 2
STEP_PX = 8.0
PAUSE_S = 30.0
LOOK_S = 10.0


@dataclass(frozen=True, slots=True)
class Mark:
    """What was held when a share of the tracks had begun."""

    share: float
    tracks: int
    memory_mb: float
    in_journeys: int
    sightings: int
    events: int
    seconds: float


def hall() -> Store:
    """A store of one camera with an entry line and two zones, which most of the places lie in or near."""
    line = {"id": "door", "points": [(700.0, 0.0), (700.0, 1080.0)], "inward": (1300.0, 540.0)}
    zones = [
        {"id": "SHELF", "kind": "product", "polygon": _rectangle(900, 100, 1300, 980)},
        {"id": "TILL", "kind": "billing", "polygon": _rectangle(1400, 100, 1800, 980)},
    ]
    camera = {"id": "CAM", "resolution": (WIDTH, HEIGHT), "entry_line": [line], "zone": zones}
    return Store.model_validate({"id": "SOAK", "timezone": "UTC", "camera": [camera]})


def _rectangle(x1: int, y1: int, x2: int, y2: int) -> list[tuple[float, float]]:
    return [(float(x1), float(y1)), (float(x2), float(y1)), (float(x2), float(y2)), (float(x1), float(y2))]


def crowd(number: int, frame: int, rng: np.random.Generator) -> Detections:
    """One frame of a crowd: a person a place, who takes some steps."""
    places = np.stack(np.meshgrid(np.arange(COLUMNS), np.arange(ROWS)), axis=-1).reshape(-1, 2)
    feet = (places + np.array([0.25, 0.75])) * [WIDTH / COLUMNS, HEIGHT / ROWS]
    feet[:, 0] += STEP_PX * frame + 10.0 * (number % 3)
    feet += rng.normal(0.0, 0.7, feet.shape)
    boxes: npt.NDArray[np.float64] = np.hstack([feet - BOX * [0.5, 1.0], feet + BOX * [0.5, 0.0]])
    return Detections.from_boxes(boxes, np.full(len(boxes), 0.9))


def memory_mb() -> float:
    """Memory of this process that is in use now, not at its peak."""
    gc.collect()
    status = Path("/proc/self/status")
    for line in status.read_text().splitlines() if status.exists() else []:
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def soak(tracks: int, name: str) -> list[Mark]:
    """Run until so many tracks have begun."""
    store = hall()
    recording = Recording(store.id, "CAM", datetime(2026, 3, 3, tzinfo=UTC), 0.0, "soak")
    run = Run(recording.recording_id, "0", "soak", "0")
    context = CameraContext(store, store.camera("CAM"), recording, run)
    live = LiveJourneys(context, settings=StreamSettings(look_s=LOOK_S))
    tracker, rng = build_tracker(name), np.random.default_rng(0)
    marks: list[Mark] = []
    begun, events, last, number, now_s = time.perf_counter(), 0, 0, 0, 0.0
    kinds: Counter[str] = Counter()
    while last < tracks:
        for frame in range(STAY_FRAMES):
            now_s += 1.0 / FPS
            detections = crowd(number, frame, rng)
            ids = tracker.update(detections, now_s)
            last = max(last, int(ids.max()))
            live.add(ids, detections, now_s, tracker.confirmed)
            kinds.update(event.event_type.value for event in live.look(now_s).events)
        number += 1
        # The hall empties: the next crowd is another one.
        now_s += PAUSE_S if number % APART_FRAMES == 0 else 3.0
        events = kinds.total()
        for share in MARKS[len(marks) :]:
            if last >= share * tracks:
                marks.append(
                    Mark(
                        share, last, round(memory_mb(), 1), live.held, live.moments, events,
                        round(time.perf_counter() - begun, 1),
                    )
                )  # fmt: skip
                print(f"{share:.0%} …", file=sys.stderr)
    return marks


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_TRACKS} tracks")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--tracks", type=int, default=TRACKS, help="tracks to begin")
    parser.add_argument("--tracker", default=MOST_ACCURATE, choices=sorted(TRACKERS))
    arguments = parser.parse_args()
    tracks = QUICK_TRACKS if arguments.quick else arguments.tracks
    load = os.getloadavg()[0]
    marks = soak(tracks, arguments.tracker)
    grown = marks[-1].memory_mb / marks[0].memory_mb
    if arguments.json:
        rows = [asdict(mark) for mark in marks]
        print(
            json.dumps({"tracker": arguments.tracker, "load": load, "marks": rows, "grown": round(grown, 3)})
        )
        return 0
    print(f"load average at start: {load:.2f}; tracker: {arguments.tracker}")
    print("share    tracks     memory  in journeys  sightings    events  seconds")
    for mark in marks:
        print(
            f"{mark.share:5.0%} {mark.tracks:9d} {mark.memory_mb:7.1f} MB {mark.in_journeys:12d} "
            f" {mark.sightings:10d} {mark.events:9d} {mark.seconds:8.1f}"
        )
    print(f"memory at the end: {grown:.2f} times that at 10 %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
