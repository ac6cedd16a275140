"""What a camera's run leaves on disk: events, tracks and a record of the run."""

from __future__ import annotations

from pathlib import Path

import msgspec

from floorwalker.events import encode_events
from floorwalker.files import whole_file
from floorwalker.pipeline.camera_run import CameraRun
from floorwalker.tracking.store import write_tracks


def run_record_path(events: Path) -> Path:
    """Where the run's record lies beside an events file."""
    return events.with_name(f"{events.stem}.run.json")


def tracks_path(events: Path) -> Path:
    """Where the tracks lie beside an events file."""
    return events.with_name(f"{events.stem}.tracks.parquet")


def write_run(result: CameraRun, events: Path) -> None:
    """Write a run's events (JSON lines), and beside them its tracks (Parquet) and its record (JSON).

    Args:
        result: the run.
        events: the events file; `NAME.tracks.parquet` and `NAME.run.json` lie beside it.

    Raises:
        InputError: the place cannot be written.
        WorkError: writing failed; no half-written file is left under a final name.
    """
    record = {"recording": result.recording, "run": result.run, "frames": result.frames}
    # All three are whole before any gets its name: a record must never stand beside another run's events.
    with (
        whole_file(events) as events_part,
        whole_file(run_record_path(events)) as record_part,
        whole_file(tracks_path(events)) as tracks_part,
    ):
        write_tracks(tracks_part, result.tracks, result.recording, result.run)
        record_part.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")
        events_part.write_bytes(encode_events(result.events))
