"""The worker of one live camera: its feed, its stretches and its delivery, until it is told to stop."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec

from floorwalker.errors import InputError
from floorwalker.events import format_utc
from floorwalker.pipeline.delivery import Delivery, Item
from floorwalker.pipeline.fitting import check_shape
from floorwalker.pipeline.live_stretch import LiveStretch, StretchRules
from floorwalker.site import Camera, Store
from floorwalker.video.feed import Feed, FeedRules
from floorwalker.video.frame import Frame
from floorwalker.video.health import Trouble
from floorwalker.video.rarely import Rarely
from floorwalker.vision.detector import Detector

LIVE_FPS = 10.0
_MOST_KEPT = 1000  # items that no disk takes
_NUDGE_S = 300.0


@dataclass(frozen=True, slots=True)
class LiveJob:
    """What to watch and how; goes to the worker's process.

    Attributes:
        store: the store.
        camera: the camera.
        address: where its stream is, with the password that may be in it.
        fps: frames a second to look at; None: the camera's own setting, else 10.
        feed: how long to wait for the stream.
        stretch: how it is looked at.
        wait_s: longest wait for a picture before the time is looked at again.
    """

    store: Store
    camera: Camera
    address: str = field(repr=False)
    fps: float | None = None
    feed: FeedRules = field(default_factory=FeedRules)
    stretch: StretchRules = field(default_factory=StretchRules)
    wait_s: float = 0.25

    @property
    def rate(self) -> float:
        """The rate that holds."""
        return self.fps or self.camera.fps or LIVE_FPS


class CameraState(msgspec.Struct, frozen=True):
    """How a camera's watching goes, for people and programs.

    Attributes:
        store_id: the store.
        camera_id: the camera.
        state: `connecting`, `learning the room`, `watching`, `camera down`, `ended`, `restarting`, or the
            trouble with its picture.
        fps: frames looked at a second, lately.
        frames: frames looked at.
        dropped: frames that were due and were overtaken by newer ones.
        reconnects: how often the stream came back.
        damaged: packets that could not be decoded.
        events: events told.
        last_event: the last one's kind and time.
        waiting_bytes: what waits for delivery.
        lost: items given up for want of room.
        refused: events and items that nobody takes.
        away: why nothing is delivered at the moment.
        reason: why no picture comes.
    """

    store_id: str
    camera_id: str
    state: str
    fps: float = 0.0
    frames: int = 0
    dropped: int = 0
    reconnects: int = 0
    damaged: int = 0
    events: int = 0
    last_event: str = ""
    waiting_bytes: int = 0
    lost: int = 0
    refused: int = 0
    away: str = ""
    reason: str = ""


class DetectorBuilder(Protocol):
    """Makes the detector of one camera, in the worker's process; must be picklable."""

    def __call__(self, camera: Camera) -> Detector:
        """A fresh detector for a stretch of this camera."""
        ...


class LiveCamera:
    """Watches one camera.

    Args:
        job: what to watch and how.
        build: makes a stretch's detector.
        delivery: where events and coverage go.
        say: takes lines for people.
        now: a clock in seconds that only goes forward.
        utc: the time of day, asked once a stretch.
    """

    def __init__(
        self,
        job: LiveJob,
        build: DetectorBuilder,
        delivery: Delivery,
        say: Callable[[str], None],
        *,
        now: Callable[[], float] = time.monotonic,
        utc: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._job = job
        self._build = build
        self._delivery = delivery
        self._rarely = Rarely(say, now)
        self._now = now
        self._utc = utc
        self._feed = Feed(job.address, job.rate, say, rules=job.feed, now=now)
        self._kept: deque[Item] = deque(maxlen=_MOST_KEPT)
        self._recent: deque[float] = deque(maxlen=100)
        self._frames = self._events = self._lost = 0
        self._last_event = ""
        self._nudged_s = 0.0
        self._wrong_shape = ""
        self._stretch, self._began_s = self._begin()

    def start(self) -> None:
        """Begin to read and to deliver."""
        self._delivery.start()
        self._feed.start()

    def step(self) -> bool:
        """Take the next frame, if one comes, and tell what is to be told.

        Returns:
            False as soon as nothing will come any more: a file came to its end.
        """
        frame = self._feed.newest(self._job.wait_s)
        if frame is not None:
            self._take(frame)
        now_s = self._now() - self._began_s
        self._hand_over(self._stretch.look(now_s))
        self._nudge(now_s)
        if self._local_day() != self._day:
            self._hand_over(self._stretch.finish(now_s))
            self._stretch, self._began_s = self._begin()
        return not (frame is None and self._feed.state().ended)

    def finish(self, patience_s: float) -> bool:
        """Stop reading, tell the rest, and deliver what can be delivered in a time.

        Returns:
            Whether everything was delivered; the rest waits on the disk.
        """
        self._feed.stop()
        self._hand_over(self._stretch.finish(self._now() - self._began_s))
        return self._delivery.stop(patience_s) and not self._kept

    def state(self) -> CameraState:
        """How it goes."""
        feed, delivery = self._feed.state(), self._delivery
        return CameraState(
            self._job.store.id,
            self._job.camera.id,
            self._word(feed.connected, feed.ended),
            self._fps(),
            self._frames,
            feed.dropped,
            feed.reconnects,
            feed.damaged,
            self._events,
            self._last_event,
            delivery.outbox.size,
            delivery.outbox.dropped + self._lost,
            delivery.state.refused,
            delivery.state.away,
            self._wrong_shape or feed.reason,
        )

    def _begin(self) -> tuple[LiveStretch, float]:
        job = self._job
        began_s, start = self._now(), self._utc()
        start = start.replace(microsecond=start.microsecond // 1000 * 1000)
        self._day = start.astimezone(job.store.zone_info).date()
        self._day_start = (start, began_s)
        stretch = LiveStretch(job.store, job.camera, start, job.rate, self._build(job.camera), job.stretch)
        return stretch, began_s

    def _local_day(self) -> object:
        start, began_s = self._day_start
        moment = start + timedelta(seconds=self._now() - began_s)
        return moment.astimezone(self._job.store.zone_info).date()

    def _take(self, frame: Frame) -> None:
        try:
            check_shape(*frame.size, self._job.camera)
        except InputError as error:
            self._wrong_shape = str(error)
            self._rarely("shape", f"{self._job.camera.id}: {error}; the pictures are passed over")
            return
        self._wrong_shape = ""
        time_s = frame.time_s - self._began_s
        if time_s >= 0:
            self._stretch.take(frame.at(time_s))
            self._frames += 1
            self._recent.append(self._now())

    def _hand_over(self, items: Iterable[Item]) -> None:
        for item in items:
            if len(self._kept) == _MOST_KEPT:
                self._lost += 1
            self._kept.append(item)
            self._events += len(getattr(item, "events", ()))
        if self._stretch.last_event is not None:
            event = self._stretch.last_event
            self._last_event = f"{event.event_type.value} {format_utc(event.timestamp)}"
        try:
            while self._kept:
                self._delivery.put(self._kept[0])
                self._kept.popleft()
        except OSError as error:
            reason = error.strerror or error
            self._rarely("disk", f"{self._job.camera.id}: the spool cannot be written ({reason}); trying on")

    def _nudge(self, now_s: float) -> None:
        """A camera that hangs often shows its last picture for ever: opened anew, some come back."""
        if self._stretch.trouble == Trouble.FROZEN and now_s - self._nudged_s > _NUDGE_S:
            self._nudged_s = now_s
            self._feed.reconnect()

    def _word(self, connected: bool, ended: bool) -> str:
        if ended:
            return "ended"
        if self._wrong_shape:
            return "wrong shape"
        if self._frames == 0 and not connected:
            return "connecting"
        if not connected or self._stretch.is_down(self._now() - self._began_s):
            return "camera down"
        return self._stretch.trouble or ("learning the room" if self._stretch.is_learning else "watching")

    def _fps(self) -> float:
        times = [at for at in self._recent if self._now() - at <= 10.0]
        return round((len(times) - 1) / (times[-1] - times[0]), 1) if len(times) > 1 else 0.0
