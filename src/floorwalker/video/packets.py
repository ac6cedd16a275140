"""A recording's packets: what a file tells of its pictures without decoding one of them."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from floorwalker.errors import InputError
from floorwalker.video.container import declared_duration_s, frame_rate, open_video
from floorwalker.video.reader import decoded_frames

_REPORT_EVERY = 2000
_TIMED, _KEY, _HIDDEN = 1, 2, 4
# Told of the seconds of the recording that were gone through.
TimeListener = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class PacketTable:
    """All n packets of a video stream, in order of decoding.

    Attributes:
        pts: (n,) int64 presentation times in the stream's ticks; 0 where `timed` is False.
        timed: (n,) whether the packet has a presentation time.
        size: (n,) int64 bytes.
        key: (n,) whether the file says that decoding can begin here.
        shown: (n,) whether the picture is shown; an edit list may hide pictures that others need.
        tick: seconds a tick.
        rate: nominal frames a second.
        zero_pts: presentation time of the first picture that decodes: the recording's second 0.
        declared_s: length that the file claims, or None.
    """

    pts: npt.NDArray[np.int64]
    timed: npt.NDArray[np.bool_]
    size: npt.NDArray[np.int64]
    key: npt.NDArray[np.bool_]
    shown: npt.NDArray[np.bool_]
    tick: Fraction
    rate: float
    zero_pts: int
    declared_s: float | None

    def __len__(self) -> int:
        return len(self.pts)

    @property
    def time_s(self) -> npt.NDArray[np.float64]:
        """(n,) presentation times in seconds from the first picture that decodes."""
        return np.asarray((self.pts - self.zero_pts) * float(self.tick), dtype=np.float64)


def read_packets(path: Path, on_time: TimeListener | None = None) -> PacketTable:
    """Go through a recording without decoding it.

    Args:
        path: the file.
        on_time: told now and then how many seconds were gone through.

    Returns:
        The table; of a file that breaks off, what can be read.

    Raises:
        InputError: the file cannot be read, or not one of its frames can.
    """
    zero_pts = _first_pts(path)
    pts, size, marks = array("q"), array("q"), bytearray()  # a day has a million packets
    container, stream = open_video(path)
    with container:
        tick = stream.time_base or Fraction(1)
        rate, declared_s = float(frame_rate(stream)), declared_duration_s(container, stream)
        for packet in packets_of(container, stream):
            pts.append(packet.pts or 0)
            size.append(packet.size)
            marks.append(
                _TIMED * (packet.pts is not None) + _KEY * packet.is_keyframe + _HIDDEN * packet.is_discard
            )
            if on_time and len(pts) % _REPORT_EVERY == 0:
                on_time(max(0.0, float((pts[-1] - zero_pts) * tick)))
    flags = np.frombuffer(bytes(marks), np.uint8)
    return PacketTable(
        pts=np.array(pts, np.int64),
        timed=(flags & _TIMED) > 0,
        size=np.array(size, np.int64),
        key=(flags & _KEY) > 0,
        shown=(flags & _HIDDEN) == 0,
        tick=tick,
        rate=rate,
        zero_pts=zero_pts,
        declared_s=declared_s,
    )


def packets_of(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """The packets that hold pictures, in order of decoding, up to where the file breaks off."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.FFmpegError):
            return
        if packet.size:
            yield packet


def _first_pts(path: Path) -> int:
    container, stream = open_video(path)
    with container:
        first = next(decoded_frames(container, stream), None)
    if first is None:
        raise InputError(f"not one frame of the video can be decoded: {path}")
    return first.pts or 0
