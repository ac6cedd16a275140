"""The context of a camera's tracks: where, when and by which run they were made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from floorwalker.runs import Recording, Run
from floorwalker.site import Camera, Store


@dataclass(frozen=True, slots=True)
class CameraContext:
    """What turns one recording's tracks into events.

    Attributes:
        store: the store.
        camera: its camera; lines, zones and calibration refer to its resolution, and so do the tracks.
        recording: what was filmed.
        run: which processing made the tracks.
    """

    store: Store
    camera: Camera
    recording: Recording
    run: Run

    def moment(self, time_s: float) -> datetime:
        """The UTC time of a presentation time, in whole milliseconds."""
        return self.recording.start_utc + timedelta(milliseconds=round(time_s * 1000))
