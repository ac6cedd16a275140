"""One stretch of a live camera: frames in, events and coverage out, until the local day ends."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

import msgspec

from floorwalker import __version__
from floorwalker.events import Event, format_utc
from floorwalker.journeys import CameraContext
from floorwalker.journeys.streaming import LiveJourneys, StreamSettings, Told
from floorwalker.pipeline.code import code_fingerprint
from floorwalker.pipeline.coverage_log import LEARNING, CoverageLog
from floorwalker.pipeline.delivery import MOST_EVENTS, EventsItem, Item, StretchItem
from floorwalker.pipeline.fitting import fit_frame
from floorwalker.pipeline.following import Following
from floorwalker.runs import Gap, Recording, Run, hash_configuration
from floorwalker.site import Camera, Store
from floorwalker.video.frame import Frame
from floorwalker.video.health_watch import HealthWatch, WatchRules
from floorwalker.vision.build import learns_the_room
from floorwalker.vision.detector import Detector


@dataclass(frozen=True, slots=True)
class StretchRules:
    """How a stretch is looked at and told of.

    Attributes:
        report_s: between two words on how far the camera watched, where nothing happens.
        learn_s: how long a detector that has to know the empty room looks at it before it begins; what
            happens meanwhile is not seen. Raising it keeps people out of the room's picture who stand still.
        learn_every_s: between two pictures that it learns from.
        stream: when events are told.
        health: when a camera is not well.
    """

    report_s: float = 15.0
    learn_s: float = 30.0
    learn_every_s: float = 1.0
    stream: StreamSettings = field(default_factory=StreamSettings)
    health: WatchRules = field(default_factory=WatchRules)


class LiveStretch:
    """Follows the people of one camera from one moment on; time 0 is that moment.

    Args:
        store: the store.
        camera: the camera.
        start_utc: the moment.
        fps: frames a second that it is meant to get.
        detector: a fresh one.
        rules: how it is looked at.
    """

    def __init__(
        self,
        store: Store,
        camera: Camera,
        start_utc: datetime,
        fps: float,
        detector: Detector,
        rules: StretchRules | None = None,
    ) -> None:
        self._rules = rules or StretchRules()
        self._camera = camera
        self._detector = detector
        # A stretch has no file whose content could name it while it grows: where and when it began does.
        content = hashlib.sha256(msgspec.json.encode(["live", store.id, camera.id, format_utc(start_utc)]))
        recording = Recording(store.id, camera.id, start_utc, 0.0, content.hexdigest())
        configuration = {
            "code": code_fingerprint(),
            "detector": detector.fingerprint,
            "fps": fps,
            "camera": camera.model_dump(mode="json"),
            "timezone": store.timezone,
            "live": True,
        }
        run = Run(
            recording.recording_id, __version__, detector.fingerprint, hash_configuration(configuration)
        )
        self.context = CameraContext(store, camera, recording, run)
        self._journeys = LiveJourneys(self.context, settings=self._rules.stream)
        self._following = Following(camera, gathering=self._journeys)
        self._health = HealthWatch(self._rules.health)
        self._coverage = CoverageLog()
        self._samples: list[Frame] | None = [] if learns_the_room(detector) else None
        self._reported_s = 0.0
        self.frames = 0
        self.last_event: Event | None = None

    @property
    def trouble(self) -> str:
        """What is wrong with the camera's picture; empty: nothing."""
        return "" if self._health.trouble is None else self._health.trouble.value

    @property
    def is_learning(self) -> bool:
        """Whether the detector still learns the empty room."""
        return self._samples is not None

    def is_down(self, now_s: float) -> bool:
        """Whether no picture came for too long."""
        return self._coverage.is_down(now_s)

    def take(self, raw: Frame) -> None:
        """Take in a frame.

        Args:
            raw: as it came, its time counted from the stretch's start; masks are applied before anything
                else sees it.
        """
        frame = fit_frame(raw, self._camera)
        if self._coverage.picture(frame.time_s):
            self._health.interrupted(frame.time_s)
        self._health.take(frame)
        self._coverage.add(self._health.take_gaps())
        if self._samples is not None:
            self._learn(self._samples, frame)
            return
        self._following.take(frame, self._detector.detect(frame))
        self.frames += 1

    def look(self, now_s: float) -> Iterator[Item]:
        """What is to be told by now: events, and then how far the camera watched.

        Args:
            now_s: the time since the stretch's start, also while no picture comes.
        """
        told = self._journeys.look(now_s)
        if told.events or told.resolutions or now_s - self._reported_s >= self._rules.report_s:
            yield from self._items(told, now_s)

    def finish(self, now_s: float) -> Iterator[Item]:
        """The stretch ends: all that is left to tell."""
        yield from self._items(self._journeys.finish(now_s), now_s)

    def _items(self, told: Told, now_s: float) -> Iterator[Item]:
        for start in range(0, len(told.events), MOST_EVENTS):
            yield EventsItem(list(told.events[start : start + MOST_EVENTS]))
        if told.events:
            self.last_event = told.events[-1]
        self._reported_s = now_s
        recording = replace(
            self.context.recording,
            duration_s=round(now_s, 3),
            gaps=self._coverage.gaps(now_s, self._ongoing(now_s)),
        )
        yield StretchItem(recording, self.context.run, list(told.resolutions))

    def _ongoing(self, now_s: float) -> list[Gap]:
        found = []
        if self._health.trouble is not None:
            found.append(Gap(self._health.since_s, now_s, self._health.trouble.value))
        if self._samples:
            found.append(Gap(self._samples[0].time_s, now_s, LEARNING))
        return found

    def _learn(self, samples: list[Frame], frame: Frame) -> None:
        if not samples or frame.time_s - samples[-1].time_s >= self._rules.learn_every_s:
            _ = frame.image  # made now: the decoder's own buffers are not held for so long
            samples.append(frame)
        if frame.time_s - samples[0].time_s < self._rules.learn_s:
            return
        self._detector.prepare(samples)
        self._coverage.add([Gap(samples[0].time_s, frame.time_s, LEARNING)])
        self._samples = None
