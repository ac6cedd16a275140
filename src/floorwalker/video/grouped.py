"""Decoding chosen groups of pictures, each by itself, with the times that decoding everything gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from floorwalker.errors import WorkError
from floorwalker.video.container import open_video
from floorwalker.video.frame import Frame
from floorwalker.video.groups import Groups
from floorwalker.video.packets import PacketTable, packets_of
from floorwalker.video.planes import Decoded, Scaler


@dataclass(frozen=True, slots=True)
class StoredGroup:
    """One group's packets, as they come out of the file.

    Attributes:
        number: which group.
        packets: its own, and the next group's that its last pictures need.
        first: index of the first packet in the table.
    """

    number: int
    packets: Sequence[Packet[VideoStream]]
    first: int


def stored_groups(path: Path, table: PacketTable, groups: Groups) -> Iterator[StoredGroup]:
    """Go through a recording group by group, decoding nothing.

    Packets run by and are dropped where nobody wants them: that costs a few microseconds each, works in files
    that cannot be sought in, and leaves no doubt about where a group begins.

    Raises:
        WorkError: the file is another than the one the table was made of.
    """
    container, stream = open_video(path)
    with container:
        held: list[Packet[VideoStream]] = []
        first, number = 0, 0
        for packet in packets_of(container, stream):
            at = first + len(held)
            if at >= len(table) or packet.pts != table.pts[at]:
                raise WorkError(f"{path} changed while it was being read")
            held.append(packet)
            while number < len(groups) and at + 1 == groups.tail[number]:
                yield StoredGroup(number, tuple(held), first)
                number += 1
                begin = int(groups.first[number]) if number < len(groups) else at + 1
                held, first = held[begin - first :], begin


class FrameMaker:
    """Makes frames of decoded pictures, with the recording's time and place in it.

    Args:
        table: the recording's packets.
        groups: their groups.
    """

    def __init__(self, table: PacketTable, groups: Groups) -> None:
        self._tick = table.tick
        self._zero_s = float(table.zero_pts * table.tick)
        self._index = groups.index
        self._scaler = Scaler()
        self._size: tuple[int, int] | None = None

    def frame(self, decoded: VideoFrame, at: int) -> Frame:
        """The frame of a decoded picture.

        Args:
            decoded: a picture that has a presentation time.
            at: index of its packet.
        """
        picture = Decoded.of(decoded, self._scaler, self._size)
        self._size = picture.size
        time_s = float((decoded.pts or 0) * self._tick) - self._zero_s
        return Frame(picture, time_s, int(self._index[at]))


class GroupDecoder:
    """Decodes groups one at a time; close it, or use it in a `with` block.

    Args:
        path: the recording.
        table: its packets.
        groups: their groups.
    """

    def __init__(self, path: Path, table: PacketTable, groups: Groups) -> None:
        self._container, stream = open_video(path)
        self._context = stream.codec_context
        self._groups = groups
        self._pts = table.pts
        self._maker = FrameMaker(table, groups)
        self.came = np.zeros(len(table), bool)
        self.asked = np.zeros(len(table), bool)

    def __enter__(self) -> GroupDecoder:
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    def pictures(
        self, group: StoredGroup, wanted: npt.NDArray[np.bool_]
    ) -> Iterator[tuple[VideoFrame, Frame]]:
        """Decode what is needed of one group.

        Args:
            group: the packets.
            wanted: (n,) which pictures of the recording are wanted; others of this group are decoded where
                wanted ones need them, and dropped.

        Yields:
            The wanted pictures that decode, in order of presentation, as decoded and as a frame.
        """
        stored = slice(group.first, group.first + len(group.packets))
        own = (self._groups.owner[stored] == group.number) & wanted[stored]
        asked = np.flatnonzero(own)
        if len(asked) == 0:
            return
        self.asked[group.first + asked] = True
        by_pts = dict(zip(self._pts[stored].tolist(), range(stored.start, stored.stop), strict=True))
        self._context.flush_buffers()
        needed = [
            packet
            for packet, is_wanted in zip(group.packets[: asked[-1] + 1], own, strict=False)
            if is_wanted or not packet.is_disposable  # no other picture refers to a disposable one
        ]
        for packet in (*needed, None):
            try:
                frames = self._context.decode(packet)
            except av.error.FFmpegError:  # damaged; what comes after it may be whole
                continue
            for frame in frames:
                at = by_pts.get(frame.pts) if frame.pts is not None else None
                if at is None or frame.is_corrupt or self._groups.owner[at] != group.number:
                    continue
                self.came[at] = True
                if wanted[at]:
                    yield frame, self._maker.frame(frame, at)

    def over_border(self, group: StoredGroup, following: StoredGroup, pts: int) -> VideoFrame | None:
        """Decode a group and on into the next, up to a picture that ought to come out the same without it.

        Args:
            group: where decoding begins.
            following: the next group.
            pts: the picture wanted.

        Returns:
            The picture, or None where it does not decode.
        """
        self._context.flush_buffers()
        own = group.packets[: following.first - group.first]
        for packet in (*own, *following.packets, None):
            try:
                frames = self._context.decode(packet)
            except av.error.FFmpegError:
                continue
            for frame in frames:
                if frame.pts == pts:
                    return frame
        return None
