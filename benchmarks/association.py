"""Association: our trackers and our peers' on the same public detections, scored and timed in one run.

Prints HOTA, IDF1, MOTA and identity switches of each tracker on each sequence, and frames a second of the
association alone (reading, scoring and building the inputs are outside the clock), with its ratio to ours.
Online a box carries the id that was believed in its own frame (`floorwalker track --online`), as all peers
have it. What looking back over the whole recording gives (`floorwalker track`) stands apart: of our most
accurate tracker, and of every peer's tracks joined and filled by the same code.

    python benchmarks/association.py [--quick] [--json] [--peers PYTHON] [--repeat N]

Peers: the package `trackers` (make peers), and BoxMOT where FLOORWALKER_BOXMOT names an interpreter with it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from _peers import NoPeer, Peer, add_peers_option, boxmot, peers
from floorwalker.evaluation.tracks import TrackScores, score_tracks
from floorwalker.tracking.build import MOST_ACCURATE, TRACKERS, build_tracker
from floorwalker.tracking.mot_files import MotTable, read_mot, sequence_fps
from floorwalker.tracking.offline import refine
from floorwalker.tracking.sequence import DEFAULT_FPS, follow_sequence
from floorwalker.vision.detections import Detections

ROOT = Path(__file__).resolve().parent.parent
PLAIN = "bytetrack-published"
PLAIN_PEER = "ByteTrack"
# The rates at which the public sequences were filmed, where no seqinfo.ini lies beside them.
FILMED_FPS = {"TUD-Campus": 25.0, "Venice-2": 30.0}
WITHIN_HOTA = 0.01


@dataclass(frozen=True, slots=True)
class SequenceData:
    """One sequence: its detections frame by frame, its truth, its rate."""

    name: str
    fps: float
    detections: MotTable
    truth: MotTable

    @property
    def frames(self) -> list[MotTable]:
        """The detections of each frame from 1 on, empty ones included."""
        last = int(max(self.detections.frame.max(), self.truth.frame.max()))
        at = np.searchsorted(self.detections.frame, np.arange(1, last + 2))
        return [self.detections.select(np.arange(a, b)) for a, b in pairwise(at.tolist())]


@dataclass(frozen=True, slots=True)
class Row:
    """One tracker on one sequence."""

    group: str
    tracker: str
    sequence: str
    scores: TrackScores
    frames: int
    seconds: float
    offline: bool = False

    @property
    def fps(self) -> float:
        """Frames a second of association."""
        return self.frames / self.seconds if self.seconds else 0.0

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "group": self.group,
            "tracker": self.tracker,
            "sequence": self.sequence,
            "offline": self.offline,
            "hota": round(self.scores.hota, 4),
            "idf1": round(self.scores.idf1, 4),
            "mota": round(self.scores.mota, 4),
            "id_switches": self.scores.id_switches,
            "frames_per_second": round(self.fps, 1),
        }


def read_sequences(folder: Path) -> list[SequenceData]:
    """Every sequence of a folder that has detections and the whole truth."""
    found = []
    for place in sorted(folder.iterdir()):
        files = place / "det" / "det.txt", place / "gt" / "gt.txt"
        if not all(file.is_file() for file in files):
            continue
        detections, truth = read_mot(files[0]), read_mot(files[1])
        if truth.frame.max() < 0.9 * detections.frame.max():
            continue  # the truth of a few frames only
        fps = sequence_fps(files[0]) or FILMED_FPS.get(place.name, DEFAULT_FPS)
        found.append(SequenceData(place.name, fps, detections, truth))
    return found


def measure_ours(name: str, data: SequenceData, repeat: int) -> Row:
    """One of our trackers online; the least time of some runs."""
    frames = data.frames
    inputs = [Detections.from_boxes(frame.xyxy, frame.confidence) for frame in frames]
    seconds: list[float] = []
    rows: list[tuple[Any, Any]] = []
    for _ in range(repeat):
        tracker = build_tracker(name, believes_first=True)
        rows = []
        begun = time.perf_counter()
        for number, detections in enumerate(inputs, start=1):
            ids = tracker.update(detections, number / data.fps)
            rows.append((ids, tracker.believed(ids)))
        seconds.append(time.perf_counter() - begun)
    ids = np.concatenate([ids for ids, _ in rows])
    believed = np.concatenate([kept for _, kept in rows])
    boxes = np.concatenate([frame.xyxy for frame in frames])[believed]
    numbers = np.concatenate([frame.frame for frame in frames])[believed]
    tracks = MotTable.of(numbers, ids[believed], boxes, np.ones(len(boxes)))
    return Row("ours", name, data.name, score_tracks(tracks, data.truth), len(frames), min(seconds))


def measure_offline(data: SequenceData) -> Row:
    """Our most accurate one, looking back over the whole sequence."""
    tracker = build_tracker(MOST_ACCURATE, believes_first=True)
    whole = follow_sequence(data.detections, tracker, data.fps).whole
    scores = score_tracks(refine(whole, data.fps), data.truth)
    return Row("ours", MOST_ACCURATE, data.name, scores, 0, 0.0, offline=True)


def measure_peers(
    peer: Peer, program: str, group: str, sequences: Sequence[SequenceData], repeat: int
) -> list[Row]:
    """All trackers of a peer, in its own interpreter."""
    request: dict[str, Any] = {"repeat": repeat, "sequences": {}}
    for data in sequences:
        tables = [np.column_stack([frame.xyxy, frame.confidence]).tolist() for frame in data.frames]
        request["sequences"][data.name] = {"fps": data.fps, "frames": tables}
    answer = peer.run(program, request)
    for tracker, why in answer.get("failed", {}).items():
        print(f"{group} {tracker}: not run, {why}", file=sys.stderr)
    rows = []
    for tracker, results in answer["results"].items():
        for data in sequences:
            table = np.array(results[data.name]["rows"], dtype=np.float64).reshape(-1, 7)
            tracks = MotTable.of(table[:, 0], table[:, 1], table[:, 2:6], table[:, 6])
            scores = score_tracks(tracks, data.truth)
            seconds = results[data.name]["seconds"]
            rows.append(Row(group, tracker, data.name, scores, len(data.frames), seconds))
            back = score_tracks(refine(tracks, data.fps), data.truth)
            rows.append(Row(group, tracker, data.name, back, 0, 0.0, offline=True))
    return rows


def overall_fps(rows: Sequence[Row], group: str, tracker: str) -> float:
    """Frames a second over all sequences together."""
    own = [row for row in rows if (row.group, row.tracker, row.offline) == (group, tracker, False)]
    return sum(row.frames for row in own) / max(sum(row.seconds for row in own), 1e-9)


def against_best(rows: Sequence[Row], name: str, *, offline: bool) -> dict[str, Any]:
    """HOTA and IDF1 on one sequence: ours, the best peer's of each."""
    here = [row for row in rows if row.sequence == name and row.offline == offline]
    ours = next(row.scores for row in here if (row.group, row.tracker) == ("ours", MOST_ACCURATE))
    peers_here = [row.scores for row in here if row.group != "ours"]
    hota, idf1 = (max(getattr(scores, key) for scores in peers_here) for key in ("hota", "idf1"))
    return {
        "hota": [round(ours.hota, 4), round(hota, 4)],
        "idf1": [round(ours.idf1, 4), round(idf1, 4)],
        "at_least_the_best_peer": bool(ours.hota >= hota and ours.idf1 >= idf1),
    }


def verdicts(rows: Sequence[Row], names: Sequence[str]) -> dict[str, Any]:
    """What the figures say: best of the peers on each sequence, and the ratios of speed."""
    others = [row for row in rows if row.group != "ours" and not row.offline]
    if not others:
        return {}
    result: dict[str, Any] = {
        way: {name: against_best(rows, name, offline=way == "offline") for name in names}
        for way in ("online", "offline")
    }
    rivals = {
        (row.group, row.tracker)
        for row in others
        if row.scores.hota >= result["online"][row.sequence]["hota"][0] - WITHIN_HOTA
    }
    plain = overall_fps(rows, "ours", PLAIN)
    best = overall_fps(rows, "ours", MOST_ACCURATE)
    if any(row.tracker == PLAIN_PEER for row in others):
        result["plain_speed_ratio"] = round(plain / overall_fps(rows, "trackers", PLAIN_PEER), 2)
    result["accurate_speed_ratios"] = {
        f"{group} {tracker}": round(best / overall_fps(rows, group, tracker), 2)
        for group, tracker in sorted(rivals)
    }
    return result


def print_table(rows: Sequence[Row], found: dict[str, Any], load: float) -> None:
    """The table for people."""
    print(f"load average at start: {load:.2f} (figures of speed count only on a quiet machine)")
    print(
        f"{'sequence':12} {'':7} {'of':10} {'tracker':22} {'HOTA':>5} {'IDF1':>5} {'MOTA':>5} "
        f"{'IDSW':>5} {'frames/s':>9}"
    )
    for row in sorted(rows, key=lambda row: (row.sequence, row.offline, -row.scores.hota)):
        speed = f"{row.fps:9.0f}" if row.seconds else " " * 9
        print(
            f"{row.sequence:12} {'offline' if row.offline else 'online':7} {row.group:10} {row.tracker:22} "
            f"{100 * row.scores.hota:5.1f} {100 * row.scores.idf1:5.1f} {100 * row.scores.mota:5.1f} "
            f"{row.scores.id_switches:5d} {speed}"
        )
    for way in ("online", "offline"):
        for name, one in found.get(way, {}).items():
            (hota, best_hota), (idf1, best_idf1) = one["hota"], one["idf1"]
            print(
                f"{name}, {way}: ours HOTA {100 * hota:.1f}, IDF1 {100 * idf1:.1f}; best peer of each "
                f"{100 * best_hota:.1f}, {100 * best_idf1:.1f}"
            )
    if "plain_speed_ratio" in found:
        print(
            f"plain ByteTrack: {found['plain_speed_ratio']:.2f} times as fast as that of `trackers`, "
            "all sequences together"
        )
    for name, ratio in found.get("accurate_speed_ratios", {}).items():
        print(f"{MOST_ACCURATE}: {ratio:.2f} times as fast as {name}, a peer within 1 HOTA of it or better")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="the smallest sequence, one run each")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--repeat", type=int, default=5, help="runs each; the quickest counts")
    add_peers_option(parser)
    arguments = parser.parse_args()
    folder = Path(os.environ.get("FLOORWALKER_SHARED", str(ROOT.parent / "shared"))) / "data" / "mot"
    if not folder.is_dir():
        print(f"not run: no {folder} (FLOORWALKER_SHARED)", file=sys.stderr)
        return 0
    load = os.getloadavg()[0]
    sequences = read_sequences(folder)
    repeat = 1 if arguments.quick else arguments.repeat
    if arguments.quick:
        sequences = [min(sequences, key=lambda data: len(data.detections))]
    rows = [measure_ours(name, data, repeat) for data in sequences for name in sorted(TRACKERS)]
    rows += [measure_offline(data) for data in sequences]
    not_run = []
    for peer, program, group in (
        (peers(arguments.peers), "_peer_association.py", "trackers"),
        (boxmot(), "_peer_boxmot.py", "boxmot"),
    ):
        try:
            rows += measure_peers(peer, program, group, sequences, repeat)
        except NoPeer as error:
            not_run.append(str(error))
            print(error, file=sys.stderr)
    found = verdicts(rows, [data.name for data in sequences])
    if arguments.json:
        result = {"load": load, "not_run": not_run, "rows": [row.as_dict() for row in rows], **found}
        print(json.dumps(result, indent=2))
    else:
        print_table(rows, found, load)
    return 0


if __name__ == "__main__":
    sys.exit(main())
