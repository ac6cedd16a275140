"""Following people through one camera's frames: what recorded and live video have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from floorwalker.identity.appearance import describe, quality
from floorwalker.site import Camera
from floorwalker.tracking.build import build_tracker
from floorwalker.tracking.collect import TrackCollector
from floorwalker.tracking.track import Track
from floorwalker.tracking.tracker import Tracker
from floorwalker.video.frame import Frame
from floorwalker.vision.detections import Detections

LEAST_CLARITY = 0.3


class Gathering(Protocol):
    """Takes what a tracker says frame by frame: `TrackCollector`, or `LiveJourneys` for a stream."""

    def due(self, ids: npt.NDArray[np.int64], time_s: float) -> npt.NDArray[np.bool_]:
        """Which detections are worth describing now."""
        ...

    def add(
        self,
        ids: npt.NDArray[np.int64],
        detections: Detections,
        time_s: float,
        is_confirmed: Callable[[int], bool],
        appearance: npt.NDArray[np.float32] | None = None,
        quality: npt.NDArray[np.float32] | None = None,
    ) -> None:
        """Take in one frame."""
        ...


class Following:
    """Joins one camera's detections to tracks and describes people now and then, frame by frame.

    It neither decodes nor detects, so that both may run ahead of it.
    """

    def __init__(
        self, camera: Camera, tracker: Tracker | None = None, gathering: Gathering | None = None
    ) -> None:
        """Begin.

        Args:
            camera: as the site file describes it.
            tracker: a fresh one; default: as the site file names it for the camera, else ByteTrack.
            gathering: where the sightings go, for a stream; default: a collector, which `finish` empties.

        Raises:
            InputError: the camera's calibration contradicts itself, or there is no such tracker.
        """
        self._camera = camera
        self._tracker: Tracker = tracker or build_tracker(camera.tracker)
        self._collector = TrackCollector(camera.calibrated())
        self._gathering: Gathering = gathering or self._collector

    def take(self, frame: Frame, detections: Detections) -> None:
        """Take in one frame.

        Args:
            frame: in the site file's pixels and masked (`fit_frame`), later than the frame before.
            detections: the people found in it.
        """
        ids = self._tracker.update(detections, frame.time_s)
        clarity = quality(detections, self._camera.resolution)
        wanted = self._gathering.due(ids, frame.time_s) & (clarity > LEAST_CLARITY)
        # Colours are made for the frames in which somebody is described, not for all.
        looks = describe(frame.image, detections, wanted) if wanted.any() else None
        self._gathering.add(ids, detections, frame.time_s, self._tracker.confirmed, looks, clarity)

    def finish(self) -> list[Track]:
        """The confirmed tracks, numbered from 1 in order of first sighting; nothing is held afterwards.

        Where the sightings went elsewhere there are none.
        """
        return self._collector.finish()
