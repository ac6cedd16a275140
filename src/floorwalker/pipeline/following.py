"""Following people through one camera's frames: what recorded and live video have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from floorwalker.identity.appearance import describe, distinctness, quality
from floorwalker.site import Camera
from floorwalker.tracking.build import build_tracker
from floorwalker.tracking.collect import TrackCollector
from floorwalker.tracking.overlap import grow, overlaps
from floorwalker.tracking.track import Track
from floorwalker.tracking.tracker import Tracker
from floorwalker.video.frame import Frame
from floorwalker.vision.detections import Detections

LEAST_CLARITY = 0.3
_NEAR = 0.1  # growth of boxes, in heights, and
_TOUCHING = 0.05  # their overlap, from which on two people may be taken for each other


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
        # Both are empty, and so false, at the start.
        self._tracker: Tracker = build_tracker(camera.tracker) if tracker is None else tracker
        self._collector = TrackCollector(camera.calibrated())
        self._gathering: Gathering = self._collector if gathering is None else gathering

    def take(self, frame: Frame, detections: Detections) -> None:
        """Take in one frame.

        Args:
            frame: in the site file's pixels and masked (`fit_frame`), later than the frame before.
            detections: the people found in it.
        """
        clarity = quality(detections, self._camera.resolution)
        # Colours are made for the frames in which somebody is described, not for all.
        crowded = _crowded(detections)
        if crowded.any():
            crowded &= distinctness(detections, self._camera.resolution) > LEAST_CLARITY
        looks = describe(frame.image, detections, crowded) if crowded.any() else None
        ids = self._tracker.update(detections, frame.time_s, looks)
        wanted = self._gathering.due(ids, frame.time_s) & (clarity > LEAST_CLARITY) & ~crowded
        if wanted.any():
            alone = describe(frame.image, detections, wanted)
            looks = alone if looks is None else looks + alone
        self._gathering.add(ids, detections, frame.time_s, self._tracker.confirmed, looks, clarity)

    def finish(self) -> list[Track]:
        """The confirmed tracks, numbered from 1 in order of first sighting; nothing is held afterwards.

        Where the sightings went elsewhere there are none.
        """
        return self._collector.finish()


def _crowded(detections: Detections) -> npt.NDArray[np.bool_]:
    """Who stands so close to somebody else that looks must tell which of them is who.

    Nobody where the detector does not know which pixels are people's: looks without that are too vague.
    """
    if detections.foreground is None or len(detections) < 2:
        return np.zeros(len(detections), dtype=bool)
    boxes = grow(np.asarray(detections.xyxy.T, dtype=np.float64), _NEAR)
    shared = overlaps(boxes, boxes)
    np.fill_diagonal(shared, 0.0)
    return np.asarray(shared.max(axis=1) > _TOUCHING)
