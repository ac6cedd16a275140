"""A live feed: a stream that is read for as long as it takes, of which the newest picture counts."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from floorwalker.site.addresses import is_address, masked
from floorwalker.video.arrival import ArrivalClock
from floorwalker.video.frame import Frame
from floorwalker.video.planes import Decoded, Scaler
from floorwalker.video.rarely import Rarely

_DUE_TOLERANCE_S = 1e-6


@dataclass(frozen=True, slots=True)
class FeedRules:
    """How long a feed waits for what.

    Attributes:
        open_s: for a stream to open.
        read_s: for its next packet; a stream that brings none for longer is opened anew.
        first_pause_s: before the second attempt; each further pause is twice as long, up to
        longest_pause_s.
        jitter: share by which a pause is longer or shorter, so that cameras behind one switch do not all
            come at once.
    """

    open_s: float = 10.0
    read_s: float = 8.0
    first_pause_s: float = 0.5
    longest_pause_s: float = 30.0
    jitter: float = 0.3

    def pause_s(self, failures: int, chance: random.Random) -> float:
        """How long to wait after a number of failures in a row."""
        longest = min(self.first_pause_s * 2 ** min(failures - 1, 20), self.longest_pause_s)
        return float(longest * (1 + chance.uniform(-self.jitter, self.jitter)))


@dataclass(frozen=True, slots=True)
class FeedState:
    """How a feed is.

    Attributes:
        connected: whether pictures come.
        ended: a file was read to its end; nothing more comes.
        reconnects: how often it came back.
        dropped: pictures that were due and were overtaken by newer ones before anybody took them.
        damaged: packets that could not be decoded.
        clock_jumps: how often the stream's own clock jumped.
        reason: why it is not connected.
    """

    connected: bool
    ended: bool
    reconnects: int
    dropped: int
    damaged: int
    clock_jumps: int
    reason: str


class Feed:
    """Reads a stream in a thread of its own and holds the newest picture that is due, and no other.

    Args:
        address: rtsp or http address, or a file, which is then read at its own pace and ends.
        fps: most pictures a second that are due.
        say: takes lines for people; no password is in them.
        rules: how long to wait.
        now: a clock in seconds that only goes forward; pictures' times are on it.
        chance: of the pauses.
    """

    def __init__(
        self,
        address: str,
        fps: float,
        say: Callable[[str], None],
        *,
        rules: FeedRules | None = None,
        now: Callable[[], float] = time.monotonic,
        chance: random.Random | None = None,
    ) -> None:
        self._address = address
        self._fps = fps
        self._rules = rules or FeedRules()
        self._now = now
        self._chance = chance or random.Random()
        self._rarely = Rarely(say, now)
        self._clock = ArrivalClock()
        self._scaler = Scaler()
        self._changed = threading.Condition()
        self._newest: Frame | None = None
        self._stopping = threading.Event()
        self._anew = threading.Event()
        self._connected = self._ended = self._was_connected = False
        self._reconnects = self._dropped = self._damaged = self._index = 0
        self._reason = "connecting"
        self._last_s = -1.0
        self._paced_from_s: float | None = None
        self._thread = threading.Thread(target=self._run, name=f"feed {masked(address)}", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self, patience_s: float = 2.0) -> None:
        """Read no more; the thread ends by itself when its wait for the stream does."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(patience_s)

    def reconnect(self) -> None:
        """Open the stream anew, for one that shows the same picture again and again."""
        self._anew.set()

    def newest(self, patience_s: float) -> Frame | None:
        """The newest picture that nobody took yet; waits for one, None where none came."""
        with self._changed:
            if self._newest is None and not self._ended:
                self._changed.wait(patience_s)
            found, self._newest = self._newest, None
            return found

    def state(self) -> FeedState:
        """How it is now."""
        with self._changed:
            return FeedState(
                self._connected,
                self._ended and self._newest is None,
                self._reconnects,
                self._dropped,
                self._damaged,
                self._clock.jumps,
                self._reason,
            )

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            before = self._index
            reason = self._read_once()
            if self._stopping.is_set():
                return
            if reason is None:
                with self._changed:
                    self._connected, self._ended, self._reason = False, True, "ended"
                    self._changed.notify_all()
                return
            failures = 1 if self._index > before else failures + 1
            pause_s = self._rules.pause_s(failures, self._chance)
            with self._changed:
                self._connected, self._reason = False, reason
            self._rarely("away", f"{reason}; trying again for as long as it takes, next in {pause_s:.1f} s")
            self._stopping.wait(pause_s)

    def _read_once(self) -> str | None:
        """Open and read until it breaks off: why, or None where a file came to its end."""
        self._anew.clear()
        try:
            container, stream = self._open()
        except (av.error.FFmpegError, OSError, ValueError) as error:
            return f"cannot open the stream: {_plain(error)}"
        with container:
            if stream is None:
                return "the stream holds no video"
            self._clock.restart()
            try:
                for decoded in self._decoded(container, stream):
                    self._take(decoded)
                    if self._anew.is_set():
                        return "the picture stands still"
            except (av.error.FFmpegError, OSError) as error:
                return f"the stream broke off: {_plain(error)}"
        return "the stream ended" if is_address(self._address) else None

    def _open(self) -> tuple[InputContainer, VideoStream | None]:
        options = {}
        if self._address.lower().startswith("rtsp"):
            # Over UDP a busy network shows torn pictures instead of late ones.
            options = {"rtsp_transport": "tcp", "allowed_media_types": "video", "analyzeduration": "1000000"}
        waits = (self._rules.open_s, self._rules.read_s)
        container = av.open(self._address, options=options, timeout=waits, metadata_errors="replace")
        stream = container.streams.video[0] if container.streams.video else None
        if stream is not None:
            stream.codec_context.thread_count = 1  # cameras share the machine; threads add delay
        return container, stream

    def _decoded(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        for packet in container.demux(stream):
            if self._stopping.is_set():
                return
            try:
                frames = stream.decode(packet)
            except av.error.EOFError:
                return
            except av.error.FFmpegError:
                self._damaged += 1
                continue
            yield from (frame for frame in frames if not frame.is_corrupt)

    def _take(self, decoded: VideoFrame) -> None:
        stamped = decoded.pts is not None and decoded.time_base is not None
        stamp_s = float(decoded.pts * decoded.time_base) if stamped else None  # type: ignore[operator]
        if not is_address(self._address):
            self._keep_pace(stamp_s)
        last_s = self._last_s
        time_s = self._last_s = self._clock.time_of(stamp_s, self._now())
        self._index += 1
        if math.floor((time_s + _DUE_TOLERANCE_S) * self._fps) == math.floor(
            (last_s + _DUE_TOLERANCE_S) * self._fps
        ):
            return
        with self._changed:
            if not self._connected:
                self._connected, self._reason = True, ""
                self._reconnects += self._was_connected
                if self._was_connected:
                    self._rarely("back", "the stream is back")
                self._was_connected = True
                self._rarely.forget("away")
            self._dropped += self._newest is not None
            self._newest = Frame(Decoded.of(decoded, self._scaler), time_s, self._index - 1)
            self._changed.notify_all()

    def _keep_pace(self, stamp_s: float | None) -> None:
        """Read a file as if it were filmed now."""
        if stamp_s is None:
            return
        if self._paced_from_s is None:
            self._paced_from_s = self._now() - stamp_s
        ahead_s = self._paced_from_s + stamp_s - self._now()
        if ahead_s > 0:
            self._stopping.wait(min(ahead_s, 3600.0))


def _plain(error: Exception) -> str:
    if isinstance(error, av.error.ExitError):  # how the library reports that its patience ended
        return "it brought nothing in time"
    return masked(getattr(error, "strerror", None) or str(error))
